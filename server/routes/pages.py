"""`GET /v1/documents/{id}/pages/{n}`: a page of a PDF as a picture, with the quotes that a reader looks for marked.

Include this router before that of the documents: an id may hold slashes, so theirs would take this address.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.responses import Response
from pydantic import StringConstraints

from server.dependencies import PartsDep, needs
from server.pdf_page import PageRenderer
from server.problems import NotFound
from server.routes.documents import PassagesDep, original_path

MAX_QUOTES = 20
MAX_QUOTE_CHARS = 4_000
NO_PAGES = "Ce document n’est pas un PDF : il n’a pas de pages à montrer."

QuoteText = Annotated[str, StringConstraints(max_length=MAX_QUOTE_CHARS)]


@asynccontextmanager
async def _renderer(_: FastAPI) -> AsyncIterator[dict[str, PageRenderer]]:
    """Give the one renderer of the app, whose process starts at the first page."""
    renderer = PageRenderer()
    try:
        yield {"page_renderer": renderer}
    finally:
        renderer.close()


router = APIRouter(prefix="/v1/documents", lifespan=_renderer, dependencies=[needs("ask")])


def pdf_of(hits: PassagesDep, parts: PartsDep) -> FilePath:
    """Find the PDF whose pages are asked for."""
    path = original_path(parts, hits)
    if path.suffix.lower() != ".pdf":
        raise NotFound(NO_PAGES)
    return path


@router.get("/{document_id:path}/pages/{number}", response_class=Response)
async def page(
    request: Request,
    path: Annotated[FilePath, Depends(pdf_of)],
    number: Annotated[int, Path(ge=1, le=1_000_000)],
    quote: Annotated[list[QuoteText] | None, Query(max_length=MAX_QUOTES)] = None,
) -> Response:
    """Send a page, and say in headers how many pages there are and where the first mark is."""
    renderer: PageRenderer = request.state.page_renderer
    image = await renderer.rendered(path, number, quote or [])
    headers = {
        "Cache-Control": "private, no-store",  # a right to read may be withdrawn
        "X-Content-Type-Options": "nosniff",
        "X-Fanal-Pages": str(image.pages),
        "X-Fanal-Highlighted": str(image.marked),
    }
    if image.top is not None:
        headers |= {"X-Fanal-Top": f"{image.top:.4f}", "X-Fanal-Left": f"{image.left:.4f}"}
    return Response(image.png, media_type="image/png", headers=headers)
