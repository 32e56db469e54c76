"""The runs that `eval` wrote, as quality teams read them: `DATA_DIR/evaluations` goes in, lists and details come out.

A folder that cannot be read is told apart and hides no other; a run is read while it is written, never half of a line.
"""

import fcntl
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from server.case_schemas import CaseKind
from server.evaluation_schemas import (
    BrokenRun,
    CaseDetail,
    CaseLine,
    CaseResult,
    CaseStatus,
    CaseTiming,
    MetricInfo,
    ReportFormat,
    RunDetail,
    RunList,
    RunSummary,
    RunView,
)
from server.quality.catalogue import CATALOGUE
from server.quality.errors import RunDamaged, RunUnderWay, RunUnknown
from server.quality.outcomes import outcome_of
from server.quality.run_files import (
    CASES,
    LOCK,
    PROGRESS,
    TIMINGS,
    VIEW,
    LoadedRun,
    load_run,
    read_lines,
    read_view,
)

EVALUATIONS: Final = "evaluations"
"""Folder of the runs, in the data folder."""

RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_MADE = re.compile(r"\d{8}-\d{6}-")
"""How the id of a run begins: a folder without `run.json` is a broken run only if it is called so."""
REPORTS: Final = {"html": "report.html", "md": "report.md", "json": "report.json"}
KEPT: Final = 8
"""Runs whose lines stay in memory: some 2 MB for a thousand cases."""
_DELETED = ".supprime-"
_CASE_ID = re.compile(rb'\{"case": ?\{"id": ?"([A-Za-z0-9_.:-]+)"')
_TIMING_ID = re.compile(rb'\{"case_id": ?"([A-Za-z0-9_.:-]+)"')
_DONE_ID = re.compile(rb'\{"result": ?' + _CASE_ID.pattern)

_Signature = tuple[int, int, int]


class Runs:
    """The runs of a folder. Make one and keep it: it remembers what it read of the files that did not change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._views: dict[str, tuple[_Signature, RunView]] = {}
        self._lines: dict[str, tuple[_Signature, list[CaseLine]]] = {}

    @property
    def folder(self) -> Path:
        """Where the runs are."""
        return self._folder

    def listing(self) -> RunList:
        """List the runs, the newest first, and the folders that are none that can be read."""
        runs: list[RunSummary] = []
        broken: list[BrokenRun] = []
        for folder in self._folders():
            try:
                runs.append(_summary(self._view(folder)))
            except RunDamaged as error:
                broken.append(BrokenRun(id=folder.name, reason=str(error)))
        runs.sort(key=lambda run: (run.started_at, run.id), reverse=True)
        return RunList(runs=runs, catalogue=catalogue_of(runs), broken=broken)

    def list(self) -> Sequence[RunSummary]:
        """List the runs that can be read, the newest first."""
        return self.listing().runs

    def detail(self, run_id: str) -> RunDetail:
        """Give a run and a line for each of its cases; none while it is under way.

        Raises:
            RunUnknown: there is no such run.
            RunDamaged: it cannot be read.
        """
        folder = self.path(run_id)
        view = self._view(folder)
        lines = self._case_lines(folder) if view.state == "done" else []
        return RunDetail(**_fields(view), catalogue=catalogue_of([view]), lines=lines)

    def case(self, run_id: str, case_id: str) -> CaseDetail:
        """Give what one case gave, and how long it took: its line alone is read whole.

        Raises:
            RunUnknown: there is no such run, or it has no such case.
            RunDamaged: it cannot be read.
        """
        folder = self.path(run_id)
        line = _line_of(folder / CASES, _CASE_ID, case_id) if (folder / CASES).exists() else None
        if line is None:
            raise RunUnknown(f"L’évaluation « {run_id} » n’a pas de cas « {case_id} ».")
        timings = folder / TIMINGS
        timing = _line_of(timings, _TIMING_ID, case_id) if timings.exists() else None
        try:
            return CaseDetail(
                result=CaseResult.model_validate_json(line),
                timing=CaseTiming.model_validate_json(timing) if timing else None,
            )
        except ValidationError as error:
            raise RunDamaged(f"Le cas « {case_id} » de l’évaluation « {run_id} » est abîmé.") from error

    def load(self, run_id: str) -> LoadedRun:
        """Read a finished run whole.

        Raises:
            RunUnknown: there is no such run.
            RunUnderWay: it is not finished.
            RunDamaged: it cannot be read.
        """
        return load_run(self.path(run_id))

    def report(self, run_id: str, report_format: ReportFormat) -> Path:
        """Give the file of a report.

        Raises:
            RunUnknown: there is no such run, or its report is not written.
        """
        path = self.path(run_id) / REPORTS[report_format]
        if not path.is_file():
            raise RunUnknown(
                f"L’évaluation « {run_id} » n’a pas de rapport {report_format} : il est écrit quand elle se termine, "
                f"ou par « python -m eval report {run_id} »."
            )
        return path

    def delete(self, run_id: str) -> None:
        """Delete a run, whole: it leaves the list at once, then its files are removed.

        Raises:
            RunUnknown: there is no such run.
            RunUnderWay: it is being written.
        """
        folder = self.path(run_id)
        if _is_running(folder):
            raise RunUnderWay(f"L’évaluation « {run_id} » est en cours : attendez sa fin, ou arrêtez-la.")
        gone = self._folder / f"{_DELETED}{secrets.token_hex(8)}"
        try:
            folder.rename(gone)
        except FileNotFoundError as error:  # deleted meanwhile
            raise RunUnknown(f"L’évaluation « {run_id} » n’existe pas.") from error
        self._views.pop(run_id, None)
        self._lines.pop(run_id, None)
        for left in self._folder.glob(f"{_DELETED}*"):  # those that a stopped server left too
            shutil.rmtree(left, ignore_errors=True)

    def path(self, run_id: str) -> Path:
        """Give the folder of a run.

        Raises:
            RunUnknown: there is no such run.
        """
        folder = self._folder / run_id
        if not RUN_ID.fullmatch(run_id) or not _is_run(folder):
            raise RunUnknown(f"L’évaluation « {run_id[:80]} » n’existe pas.")
        return folder

    def _folders(self) -> Sequence[Path]:
        if not self._folder.is_dir():
            return ()
        return [
            folder
            for folder in sorted(self._folder.iterdir())
            if RUN_ID.fullmatch(folder.name) and _is_run(folder)
        ]

    def _view(self, folder: Path) -> RunView:
        signature = _signature(folder / VIEW)
        known = self._views.get(folder.name)
        if known is None or known[0] != signature:
            known = (signature, read_view(folder))
            self._views[folder.name] = known
        view = known[1]
        return view if view.state == "done" else _under_way(view, folder)

    def _case_lines(self, folder: Path) -> Sequence[CaseLine]:
        signature = _signature(folder / CASES)
        known = self._lines.pop(folder.name, None)
        if known is None or known[0] != signature:
            known = (signature, [_case_line(line) for line in read_lines(folder / CASES)])
        self._lines[folder.name] = known
        for oldest in [*self._lines][:-KEPT]:
            self._lines.pop(oldest, None)
        return known[1]


class _CaseStart(BaseModel):
    """What a line of the list says of a case."""

    id: str
    kind: CaseKind = "ask"
    question: str = ""
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    must_abstain: bool = False


class _AnswerStart(BaseModel):
    abstained: bool


class _ResultStart(BaseModel):
    """The little of a `CaseResult` that a list shows: its passages, most of its bytes, are skipped."""

    case: _CaseStart
    answer: _AnswerStart | None = None
    status: CaseStatus = "done"
    scores: dict[str, float] = {}
    unscored: dict[str, str] = {}


def catalogue_of(runs: Sequence[RunSummary]) -> Sequence[MetricInfo]:
    """Give the metrics that runs hold, in the order in which people read them."""
    held = {metric.name for run in runs for metric in run.metrics}
    return [info for name, info in CATALOGUE.items() if name in held]


def _case_line(line: bytes) -> CaseLine:
    try:
        start = _ResultStart.model_validate_json(line)
    except ValidationError as error:
        raise RunDamaged(f"Le fichier {CASES} est abîmé : un cas ne se lit pas.") from error
    case = start.case
    return CaseLine(
        id=case.id,
        kind=case.kind,
        question=case.question,
        groups=[*case.groups],
        tags=[*case.tags],
        must_abstain=case.must_abstain,
        abstained=start.answer.abstained if start.answer else None,
        status=start.status,
        outcome=outcome_of(start),
        scores=start.scores,
        unscored=[*start.unscored],
    )


def _line_of(path: Path, start: re.Pattern[bytes], wanted: str) -> bytes | None:
    for line in read_lines(path):
        found = start.match(line)
        if found and found[1] == wanted.encode():
            return line
    return None


def _summary(view: RunView) -> RunSummary:
    return RunSummary(**{name: getattr(view, name) for name in RunSummary.model_fields})


def _fields(view: RunView) -> dict[str, object]:
    return {name: getattr(view, name) for name in RunView.model_fields}


def _signature(path: Path) -> _Signature:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _is_run(folder: Path) -> bool:
    """Tell whether a folder is a run, be it broken: its neighbours hold what runs share, and are none."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    return (folder / VIEW).exists() or (_MADE.match(folder.name) is not None and not _is_held(folder))


def _under_way(view: RunView, folder: Path) -> RunView:
    """Say how far a run is, and that it was interrupted where the program that made it was killed."""
    stopped = view.state == "running" and not _is_held(folder)
    return view.model_copy(
        update={
            "done": max(view.done, _done(folder / PROGRESS)),
            "state": "interrupted" if stopped else view.state,
        }
    )


def _done(progress: Path) -> int:
    """Count the cases that were tried; one that failed may be there twice."""
    try:
        return len({found[1] for line in read_lines(progress) if (found := _DONE_ID.match(line))})
    except RunDamaged:  # not begun, or ended meanwhile
        return 0


def _is_held(folder: Path) -> bool:
    """Tell whether a program is making the run: it holds a lock that goes with it, however it ends."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _is_running(folder: Path) -> bool:
    try:
        return _under_way(read_view(folder), folder).state == "running"
    except RunDamaged:
        return False
