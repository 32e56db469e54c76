"""`POST /v1/search`: the passages that best match a query."""

from fastapi import APIRouter

from server.dependencies import CallerDep, PartsDep, needs
from server.mask import without_placeholders
from server.retrieve import passage_of
from server.schemas import SearchRequest, SearchResponse
from server.store.audit import Act

router = APIRouter(prefix="/v1", dependencies=[needs("ask")])


@router.post("/search")
def search(body: SearchRequest, parts: PartsDep, caller: CallerDep) -> SearchResponse:
    """Find passages in force on `as_of` (today by default) that the caller may read, best first."""
    parts.audit.note(Act("search", caller.user))
    # The embedder may be a service elsewhere: it is a model like another.
    masked = parts.masker.mask(body.query, about="question").text
    query = without_placeholders(masked) or masked
    hits, _ = parts.retriever.search(query, body, caller.groups, body.k)
    return SearchResponse(passages=[passage_of(hit) for hit in hits])
