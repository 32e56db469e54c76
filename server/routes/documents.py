"""`GET /v1/documents/{id}` and its original file; an id may hold slashes, so the longer address comes first."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse

from ingest.documents import EVERYONE
from ingest.index import Hit, SearchFilter
from ingest.sources.config import SourceConfig, read_sources
from server.dependencies import CallerDep, Parts, PartsDep, needs
from server.problems import NotFound
from server.retrieve import passage_of
from server.schemas import DocumentView

router = APIRouter(prefix="/v1/documents", dependencies=[needs("ask")])


def passages_of(document_id: str, parts: PartsDep, caller: CallerDep) -> list[Hit]:
    """Give the document's passages; one that the caller may not read does not exist for them."""
    hits = parts.index.passages(SearchFilter(groups=caller.groups, document_id=document_id))
    if not hits:
        raise NotFound("Ce document n’existe pas, ou n’est plus dans la base.")
    return hits


PassagesDep = Annotated[list[Hit], Depends(passages_of)]


@router.get("/{document_id:path}/file")
def original(hits: PassagesDep, parts: PartsDep) -> FileResponse:
    """Send the original file, to be shown by the browser where it can; never as a page of this site."""
    path = original_path(parts, hits)
    shown = path.suffix.lower() == ".pdf"
    # A browser's PDF viewer does not run in a sandbox, nor where nothing may be loaded.
    policy = "frame-ancestors 'none'" if shown else "sandbox"
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": policy}
    disposition = "inline" if shown else "attachment"
    return FileResponse(path, filename=path.name, content_disposition_type=disposition, headers=headers)


@router.get("/{document_id:path}")
def document(document_id: str, hits: PassagesDep, caller: CallerDep) -> DocumentView:
    """Give a document and its passages in reading order."""
    first = hits[0].payload
    names = ("source", "kind", "title", "url", "number", "status", "valid_from", "valid_to", "file")
    return DocumentView(
        id=document_id,
        passages=[passage_of(hit) for hit in hits],
        groups=[] if EVERYONE in first["groups"] else sorted(caller.groups & set(first["groups"])),
        **{name: first[name] for name in names},
    )


def original_path(parts: Parts, hits: Sequence[Hit]) -> Path:
    """Find the original of a document that was given to its caller as `hits`.

    Raises:
        NotFound: it has none to send: it was fetched (`pages`), or read record by record.
    """
    source, file = hits[0].payload["source"], hits[0].payload["file"]
    settings = parts.settings
    configs = {config.name: config for config in read_sources(settings.sources_file)}
    if file is not None and source in configs:
        path = _sendable(configs[source], settings.sources_file.parent, file)
        if path is not None:
            return path
    raise NotFound("L’original de ce document n’est pas disponible.")


def _sendable(config: SourceConfig, base: Path, file: str) -> Path | None:
    """Find a file in its source's folder, or the source's one file; a path or link that leaves it is not followed."""
    if config.folder is not None:
        folder = base / config.folder
    elif config.file is not None and file == config.file.name:
        folder = (base / config.file).parent
    else:
        return None
    root = os.path.realpath(folder)
    path = Path(os.path.realpath(os.path.join(root, file)))
    return path if path.is_relative_to(root) and path.is_file() else None
