"""The reports of a run: its folder goes in, `report.html`, `report.md` and `report.json` are written beside its cases.

The HTML is one page that needs no network; the Markdown is for a wiki or the summary of a CI job; the JSON is the whole
run in one file, for other programs.
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field

from ingest.errors import StorageFailed
from server.evaluation_schemas import CaseResult, CaseTiming, MetricInfo, RunView
from server.quality.run_files import LoadedRun, load_run
from server.quality.runs import REPORTS, catalogue_of
from server.schemas import Wire


class ReportFile(Wire):
    """`report.json`: a run, its cases and how long they took; a change that breaks readers raises `version`.

    Args:
        catalogue: the metrics it holds, with their French label and help.
    """

    version: Literal[1] = 1
    run: RunView
    catalogue: list[MetricInfo]
    cases: list[CaseResult]
    timings: list[CaseTiming] = Field(default_factory=list)


def write_reports(folder: Path) -> None:
    """Write the three reports of a finished run, each whole or not at all.

    Raises:
        RunDamaged: a file of the run cannot be read.
        RunUnderWay: it is not finished.
        StorageFailed: the disk refuses.
    """
    write_reports_of(load_run(folder), folder)


def write_reports_of(run: LoadedRun, folder: Path) -> None:
    """Write the three reports of a run into a folder."""
    from eval.reporting.html import run_page
    from eval.reporting.markdown import run_markdown

    write_whole(folder / REPORTS["html"], run_page(run))
    write_whole(folder / REPORTS["md"], run_markdown(run))
    write_whole(folder / REPORTS["json"], _report_file(run).model_dump_json() + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it.

    Raises:
        StorageFailed: the disk refuses.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StorageFailed(f"« {path} » ne peut pas être écrit ({error.strerror}).") from error


def _report_file(run: LoadedRun) -> ReportFile:
    return ReportFile(
        run=run.view,
        catalogue=list(catalogue_of([run.view])),
        cases=run.results,
        timings=list(run.timings.values()),
    )
