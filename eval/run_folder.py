"""The folder of a run while it is made: what is done is written as it comes, and taken up again after a stop.

    DATA_DIR/evaluations/<run_id>/progress.jsonl   an `Asked` a line, once its case is asked
                                  judged.jsonl     a CaseResult a line, once it is judged
                                  run.lock         held by the program that makes it, until it ends or is killed

`server.quality.run_files` tells the files that a finished run has, and reads them.
"""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TypeVar

from pydantic import BaseModel, ValidationError

from eval.exchanges import Asked
from eval.run_warnings import fallbacks
from ingest.errors import StorageFailed
from ingest.text import fold
from server.evaluation_schemas import CaseResult, CaseTiming, RunView
from server.quality.catalogue import JUDGED as JUDGED_METRICS
from server.quality.run_files import CASES, LOCK, PROGRESS, TIMINGS, VIEW

JUDGED = "judged.jsonl"

NAME_CHARS = 40
"""Most characters of a suite's name in the id of a run."""

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
"""Who may read a run on this machine: its owner alone, as the organisation's texts and questions are in it."""

Row = TypeVar("Row", bound=BaseModel)


class _Line(BaseModel):
    """A line of the progress."""

    result: CaseResult
    timing: CaseTiming


class RunFolder:
    """A run that is being made; made by `begin` or `take_up`, and to be closed.

    Every method raises `StorageFailed` when the disk refuses; what was written before stays.
    """

    def __init__(self, path: Path, view: RunView, lock: IO[str]) -> None:
        self.path = path
        self.view = view
        self._lock = lock

    def asked(self) -> dict[str, Asked]:
        """Give the cases that were asked before a stop, by their ids.

        One that failed then is asked again, as is one that the documents answered in the place of the model.
        """
        lines = _rows(self.path / PROGRESS, _Line)
        return {
            line.result.case.id: Asked(line.result, line.timing)
            for line in lines
            if line.result.status != "failed" and not fallbacks([line.result], self.view.configuration)
        }

    def judged(self, scored: Iterable[CaseResult]) -> dict[str, CaseResult]:
        """Give the cases that were judged before a stop, by their ids, where what was judged is what was answered.

        One that failed, was answered otherwise since, or that the judge gave no score for, is judged again.

        Args:
            scored: the cases as they are now.
        """
        now = {result.case.id: _content(result) for result in scored}
        return {
            result.case.id: result
            for result in _rows(self.path / JUDGED, CaseResult)
            if result.status != "failed"
            and _content(result) == now.get(result.case.id)
            and not set(result.unscored) & set(JUDGED_METRICS)
        }

    def note_asked(self, asked: Asked) -> None:
        """Keep a case that was asked."""
        self._append(PROGRESS, _Line(result=asked.result, timing=asked.timing))

    def note_judged(self, result: CaseResult) -> None:
        """Keep a case that was judged."""
        self._append(JUDGED, result)

    def save(self, view: RunView) -> None:
        """Write what is known of the run."""
        self.view = view
        self._write(VIEW, view.model_dump_json(indent=2) + "\n")

    def finish(self, view: RunView, results: Iterable[CaseResult], timings: Iterable[CaseTiming]) -> None:
        """Write the run whole, its state last; what was kept for a stop goes."""
        self._write(CASES, "".join(f"{one.model_dump_json()}\n" for one in results))
        self._write(TIMINGS, "".join(f"{one.model_dump_json()}\n" for one in timings))
        self.save(view)
        for name in (PROGRESS, JUDGED):
            (self.path / name).unlink(missing_ok=True)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Say in `run.json` that the run was interrupted, whatever ends it before its time."""
        try:
            yield
        except BaseException:
            with suppress(
                StorageFailed
            ):  # a full disk is what stopped it: the next run takes it up all the same
                self.save(self.view.model_copy(update={"state": "interrupted"}))
            raise

    def keep_private(self) -> None:
        """Let only its owner read what others wrote there: the reports."""
        with _refusals(self.path):
            for path in self.path.iterdir():
                path.chmod(PRIVATE_FILE)

    def close(self) -> None:
        """Let another program have it."""
        if self.view.state == "done":
            (self.path / LOCK).unlink(missing_ok=True)
        self._lock.close()

    def _append(self, name: str, row: BaseModel) -> None:
        path = self.path / name
        with _refusals(self.path):
            path.touch(mode=PRIVATE_FILE)
            with path.open("ab") as file:
                file.write(row.model_dump_json().encode() + b"\n")

    def _write(self, name: str, text: str) -> None:
        path = self.path / name
        new = path.with_name(f".{name}.new")
        with _refusals(self.path):
            new.touch(mode=PRIVATE_FILE)
            with new.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)


def begin(root: Path, suite: str, view: Callable[[str], RunView]) -> RunFolder:
    """Make the folder of a new run.

    Args:
        root: `DATA_DIR/evaluations`.
        view: gives the run's beginning from its id.

    Raises:
        StorageFailed: the folder cannot be made or written.
    """
    with _refusals(root):
        root.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        path = _made(root, f"{datetime.now():%Y%m%d-%H%M%S}-{_legible(suite)}")
        (path / LOCK).touch(mode=PRIVATE_FILE)
        lock = (path / LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    folder = RunFolder(path, view(path.name), lock)
    try:
        folder.save(folder.view)
    except StorageFailed:
        lock.close()
        shutil.rmtree(path, ignore_errors=True)  # nothing is in it
        raise
    return folder


def take_up(root: Path, same: Callable[[RunView], bool]) -> RunFolder | None:
    """Take up the newest run that was stopped and is the same; None when there is none.

    One that another program is making is left to it.

    Args:
        same: tells whether a run is the one that is wanted.
    """
    for path in sorted(root.glob(f"*/{VIEW}"), reverse=True):
        try:
            view = RunView.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue
        if view.state == "done" or not same(view):
            continue
        if lock := _held(path.parent):
            for name in (PROGRESS, JUDGED):
                _cut_last_line(path.with_name(name))
            folder = RunFolder(path.parent, view, lock)
            folder.save(view.model_copy(update={"state": "running"}))
            return folder
    return None


def under_way(root: Path) -> list[str]:
    """Name the runs that other programs are making."""
    found = []
    for path in sorted(root.glob(f"*/{LOCK}")):
        lock = _held(path.parent)
        if lock is None:
            found.append(path.parent.name)
        else:
            lock.close()
    return found


def _content(result: CaseResult) -> tuple[object, ...]:
    """What a judge's scores are about."""
    return result.case, result.status, result.answer, result.draft


def _made(root: Path, name: str) -> Path:
    for end in ("", *(f"-{number}" for number in range(2, 1_000))):
        with suppress(FileExistsError):
            path = root / f"{name}{end}"
            path.mkdir(mode=PRIVATE_FOLDER)
            return path
    raise OSError(errno.EEXIST, "", name)


def _legible(suite: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(suite))[:NAME_CHARS].strip("-") or "suite"


def _held(path: Path) -> IO[str] | None:
    try:
        lock = (path / LOCK).open("a")
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _cut_last_line(path: Path) -> None:
    """Take off a line that was being written when the program was killed."""
    with _refusals(path.parent), suppress(FileNotFoundError), path.open("rb+") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)


def _rows(path: Path, row: type[Row]) -> Iterator[Row]:
    """Read the lines of a file that can be read: what the others held is done again."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        with suppress(ValidationError):
            yield row.model_validate_json(line)


@contextmanager
def _refusals(folder: Path) -> Iterator[None]:
    """Say in French what the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFailed(
                f"Le disque de « {folder} » est plein. Ce qui est fait est gardé : faites de la place, puis relancez "
                "la même commande, qui continuera."
            ) from error
        raise StorageFailed(
            f"« {folder} » ne peut pas être écrit ({error.strerror}). Ce qui est fait est gardé ; corrigez, puis "
            "relancez la même commande, qui continuera."
        ) from error
