"""`GET /v1/sources`: what is indexed, source by source."""

from fastapi import APIRouter

from server.dependencies import CallerDep, PartsDep
from server.rights import may_read
from server.schemas import SourceSummary

router = APIRouter(prefix="/v1")


@router.get("/sources")
def sources(parts: PartsDep, caller: CallerDep) -> list[SourceSummary]:
    """List the sources with something that the caller may read: their counts and their dense progress."""
    return [
        SourceSummary(
            name=name,
            kind=state.kind,
            documents=state.documents,
            passages=state.passages,
            embedded=state.embedded,
            failures=state.failures,
            last_run=state.last_run,
        )
        for name, state in parts.manifest.states().items()
        if may_read(name, parts, caller)
    ]
