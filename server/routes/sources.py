"""`GET /v1/sources`: what is indexed, source by source."""

from fastapi import APIRouter

from ingest.index import SearchFilter
from server.dependencies import CallerDep, PartsDep
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
        if not state.passages or parts.index.count(SearchFilter(groups=caller.groups, sources=(name,)))
    ]
