"""The files of a run's folder, read whole: the folder goes in, a `LoadedRun` comes out.

<run_id>/run.json        RunView
         cases.jsonl     a CaseResult a line, in the order of the suite
         timings.jsonl   a CaseTiming a line
         progress.jsonl  `{"result": CaseResult, "timing": CaseTiming}` a line, of a run that is under way
         run.lock        held by the program that makes it
         report.html, report.md, report.json
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from server.evaluation_schemas import CaseResult, CaseTiming, RunView
from server.quality.errors import RunDamaged, RunUnderWay
from server.schemas import Wire

VIEW = "run.json"
CASES = "cases.jsonl"
TIMINGS = "timings.jsonl"
PROGRESS = "progress.jsonl"
LOCK = "run.lock"

Row = TypeVar("Row", bound=Wire)


@dataclass(frozen=True)
class LoadedRun:
    """A finished run and its cases; `timings` by the id of their case."""

    view: RunView
    results: list[CaseResult]
    timings: dict[str, CaseTiming]


def load_run(folder: Path) -> LoadedRun:
    """Read a run that is finished.

    Raises:
        RunDamaged: a file lacks or cannot be read.
        RunUnderWay: it is not finished.
    """
    view = read_view(folder)
    if view.state != "done":
        raise RunUnderWay(
            f"L’évaluation « {view.id} » n’est pas terminée : {view.done} cas sur {view.cases}."
        )
    timings = folder / TIMINGS
    known = read_rows(timings, CaseTiming) if timings.exists() else iter(())
    return LoadedRun(
        view, list(read_rows(folder / CASES, CaseResult)), {timing.case_id: timing for timing in known}
    )


def read_view(folder: Path) -> RunView:
    """Read `run.json`; the run goes by the name of its folder, so that a copy is a run of its own.

    Raises:
        RunDamaged: it lacks or cannot be read.
    """
    path = folder / VIEW
    try:
        view = RunView.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunDamaged(f"Le fichier {VIEW} manque ou ne se lit pas ({error.strerror}).") from error
    except ValidationError as error:
        raise RunDamaged(f"Le fichier {VIEW} est abîmé : {_first(error)}.") from error
    return view.model_copy(update={"id": folder.name})


def read_rows(path: Path, row: type[Row]) -> Iterator[Row]:
    """Read a JSON Lines file.

    Raises:
        RunDamaged: it lacks, or a line of it cannot be read.
    """
    for number, line in enumerate(read_lines(path), start=1):
        try:
            yield row.model_validate_json(line)
        except ValidationError as error:
            raise RunDamaged(
                f"Le fichier {path.name} est abîmé, ligne {number} : {_first(error)}."
            ) from error


def read_lines(path: Path) -> Iterator[bytes]:
    """Give the lines of a file one after the other, less one that is still being written.

    Raises:
        RunDamaged: the file lacks or cannot be read.
    """
    try:
        with path.open("rb") as lines:
            yield from (line for line in lines if line.endswith(b"\n"))
    except OSError as error:
        raise RunDamaged(f"Le fichier {path.name} manque ou ne se lit pas ({error.strerror}).") from error


def _first(error: ValidationError) -> str:
    """Say what is wrong first, in French: the library's own words are English."""
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, problem["loc"]))
    if problem["type"] == "json_invalid":
        return "ce n’est pas du JSON, ou il est coupé"
    if problem["type"] == "missing":
        return f"le champ « {place} » manque"
    return f"le champ « {place} » ne se lit pas" if place else "son contenu n’est pas celui attendu"
