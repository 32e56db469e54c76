"""`POST /v1/ingestions` and where a run stands."""

from fastapi import APIRouter

from server.access import Caller
from server.dependencies import CallerDep, Parts, PartsDep, needs
from server.problems import NotFound
from server.rights import may_read
from server.schemas import IngestionRequest, IngestionView
from server.store.audit import Act

router = APIRouter(prefix="/v1/ingestions", dependencies=[needs("administer")])


@router.post("", status_code=202)
def start(body: IngestionRequest, parts: PartsDep, caller: CallerDep) -> IngestionView:
    """Start an ingestion; one that is under way answers 409."""
    run = parts.ingestions.start(body)
    parts.audit.note(Act("ingestion_started", caller.user, run.id))
    return _visible(run, parts, caller)


@router.get("/{run_id}")
def view(run_id: str, parts: PartsDep, caller: CallerDep) -> IngestionView:
    """Say where a run stands."""
    run = parts.ingestions.view(run_id)
    if run is None:
        raise NotFound("Cette ingestion n’existe pas, ou est trop ancienne.")
    return _visible(run, parts, caller)


def _visible(run: IngestionView, parts: Parts, caller: Caller) -> IngestionView:
    """Leave out the reports, which name files, of sources that the caller may not read."""
    kept = [report for report in run.reports if may_read(report.source, parts, caller)]
    hidden = sum(len(report.failures) for report in run.reports) - sum(
        len(report.failures) for report in kept
    )
    source = run.source if run.source and may_read(run.source, parts, caller) else ""
    return run.model_copy(update={"reports": kept, "reserved_failures": hidden, "source": source})
