"""`/v1/evaluations`: the runs that `python -m eval run` wrote: read, compared, their reports sent, deleted."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse

from server.comparison_schemas import Comparison
from server.dependencies import CallerDep, PartsDep, needs
from server.evaluation_schemas import CaseDetail, ReportFormat, RunDetail, RunList
from server.quality.compare import compare
from server.quality.run_rights import (
    check_deletable,
    check_report,
    readable_case,
    readable_comparison,
    readable_run,
    reader_of,
)
from server.routes.private import PRIVATE, private
from server.store.audit import Act

router = APIRouter(prefix="/v1/evaluations", dependencies=[needs("quality"), Depends(private)])

MEDIA_TYPES: dict[ReportFormat, str] = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
}

SANDBOX = {
    "Content-Security-Policy": (
        "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
        "style-src 'unsafe-inline'; img-src data:"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""A report holds what documents and models wrote, and is opened from this server's own address: its scripts may draw
its pages, and reach nothing; a link to a document opens in a page of its own, under the same sandbox."""


@router.get("")
def runs(parts: PartsDep) -> RunList:
    """List the runs, the newest first; one that is under way says how far it is."""
    return parts.runs.listing()


@router.get("/{run_id}")
def run(run_id: str, parts: PartsDep, caller: CallerDep) -> RunDetail:
    """Give a run's figures and its cases, a line each."""
    return readable_run(parts.runs.detail(run_id), reader_of(parts, caller))


@router.get("/{run_id}/cases/{case_id}")
def case(run_id: str, case_id: str, parts: PartsDep, caller: CallerDep) -> CaseDetail:
    """Give what a case gave, as far as the caller may read it."""
    detail = parts.runs.case(run_id, case_id)
    return readable_case(detail, parts.runs.detail(run_id), reader_of(parts, caller))


@router.get("/{run_id}/report", response_class=FileResponse)
def report(
    run_id: str,
    parts: PartsDep,
    caller: CallerDep,
    written_as: Annotated[ReportFormat, Query(alias="format")] = "html",
) -> FileResponse:
    """Send a run's report; 403 when it holds what the caller may not read."""
    path = parts.runs.report(run_id, written_as)
    check_report(parts.runs.load(run_id), reader_of(parts, caller))
    return FileResponse(
        path,
        media_type=MEDIA_TYPES[written_as],
        filename=f"{run_id}.{written_as}",
        content_disposition_type="inline" if written_as == "html" else "attachment",
        headers={**PRIVATE, **SANDBOX},
    )


@router.get("/{before}/compare/{after}")
def comparison(before: str, after: str, parts: PartsDep, caller: CallerDep) -> Comparison:
    """Compare two runs, case by case."""
    first, second = parts.runs.load(before), parts.runs.load(after)
    return readable_comparison(compare(first, second), first, second, reader_of(parts, caller))


@router.delete("/{run_id}", status_code=204)
def delete(run_id: str, parts: PartsDep, caller: CallerDep) -> None:
    """Delete a run and its reports; 403 when it holds what the caller may not read, as its report is."""
    check_deletable(parts.runs, run_id, reader_of(parts, caller))  # one that is refused leaves no line
    parts.audit.record(Act("evaluation_deleted", caller.user, run_id))
    parts.runs.delete(run_id)
