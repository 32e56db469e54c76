"""`GET /v1/audit`: who did what, as a table for a spreadsheet; `POST /v1/purges`: what has had its time goes now."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from server.audit_table import written
from server.dependencies import CallerDep, PartsDep, TodayDep, needs
from server.draft_schemas import PurgeReport
from server.routes.private import PRIVATE, private
from server.schemas import Day
from server.store.audit import Act

router = APIRouter(prefix="/v1", dependencies=[needs("administer"), Depends(private)])


@router.get("/audit", response_class=StreamingResponse)
def audit(
    parts: PartsDep,
    caller: CallerDep,
    today: TodayDep,
    since: Annotated[Day | None, Query(alias="from")] = None,
    until: Annotated[Day | None, Query(alias="to")] = None,
) -> StreamingResponse:
    """Send the audit as CSV, both days included; its last column says where a line was changed or taken out."""
    parts.audit.record(Act("audit_exported", caller.user))
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="journal-{today}.csv"'}
    table = written(parts.audit.lines(since, until))
    return StreamingResponse(table, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/purges")
def purge(parts: PartsDep, caller: CallerDep) -> PurgeReport:
    """Delete what has had its time, everybody's, without waiting for the night."""
    return parts.retention.purge(caller.user)
