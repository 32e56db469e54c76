"""`GET /v1/sources`, what is indexed, source by source; `DELETE /v1/sources/{name}` takes one out."""

from fastapi import APIRouter

from ingest.sources.config import read_sources
from ingest.status import SourceStatus, source_statuses
from server.dependencies import CallerDep, PartsDep, TodayDep, needs
from server.problems import NotFound
from server.rights import may_read
from server.schemas import ForgottenSource, SourceSummary
from server.store.audit import Act

router = APIRouter(prefix="/v1")


@router.get("/sources", dependencies=[needs("ask")])
def sources(parts: PartsDep, caller: CallerDep, today: TodayDep) -> list[SourceSummary]:
    """List the sources with something that the caller may read: their counts, and what they need."""
    configs = {config.name: config for config in read_sources(parts.settings.sources_file)}
    statuses = source_statuses(parts.manifest, parts.settings, configs, today)
    return [_summary(status) for status in statuses if may_read(status.name, parts, caller)]


@router.delete("/sources/{name}", dependencies=[needs("administer")])
def forget(name: str, parts: PartsDep, caller: CallerDep) -> ForgottenSource:
    """Take all that a source brought out of the index; a run that is under way answers 409."""
    if name not in parts.manifest.states() or not may_read(name, parts, caller):
        raise NotFound("Cette source n’est pas dans l’index.")
    removed = parts.ingestions.forget(name)
    parts.audit.note(Act("source_forgotten", caller.user, name, counts={"documents": removed}))
    return ForgottenSource(removed=removed)


def _summary(status: SourceStatus) -> SourceSummary:
    state = status.state
    return SourceSummary(
        name=status.name,
        kind=state.kind,
        documents=state.documents,
        passages=state.passages,
        embedded=state.embedded,
        failures=state.failures,
        set_aside=state.set_aside,
        stale=len(status.stale),
        bytes=state.bytes,
        problem=state.problem,
        last_run=state.last_run,
    )
