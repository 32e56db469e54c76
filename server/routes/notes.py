"""`POST /v1/notes?name=…`: the text of a file of notes, which is not kept and never written to a disk."""

from typing import Annotated

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from ingest.parse.parsed import MEGABYTE
from server.access import Caller
from server.dependencies import CallerDep, Parts, PartsDep, needs
from server.drafting.errors import NotesTooHeavy, TooManyFiles
from server.leaving import while_connected
from server.mask_schemas import NotesText
from server.notes import NOTES_LIMITS, read_notes
from server.routes.private import private
from server.store.audit import Act

router = APIRouter(prefix="/v1", dependencies=[needs("draft"), Depends(private)])

TOO_HEAVY = (
    f"Ce fichier pèse plus que les {NOTES_LIMITS.max_bytes // MEGABYTE} Mo permis pour des notes : découpez-le, ou "
    "retirez-en les images."
)

TOO_MANY = "D’autres fichiers de notes sont déjà en cours de lecture : réessayez dans une minute."

READ_AT_ONCE = 2
"""Files that are read at once: each has a process of its own, which may take a gigabyte."""

MOST = 8
"""Files that are read, or wait for it with their bytes in memory."""

_READERS = CapacityLimiter(READ_AT_ONCE)
"""Threads of their own: a file that waits for its turn takes none of those that the other requests run in."""


class _Waiting:
    """Counts the files that are here; used by the event loop's thread alone."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        if self.count >= MOST:
            raise TooManyFiles(TOO_MANY)
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


_WAITING = _Waiting()


@router.post("/notes", response_model=NotesText)
async def notes(
    request: Request,
    parts: PartsDep,
    caller: CallerDep,
    name: Annotated[str, Query(min_length=1, max_length=300)],
) -> Response | NotesText:
    """Give the text of the file that is the body of the request; `name` says what it is by its extension."""
    with _WAITING:
        data = await _body(request)
        # A reader whose client left goes on to its end, and holds its place until then: no more are ever at work.
        work = anyio.to_thread.run_sync(_read, parts, caller, name, data, limiter=_READERS)
        return await while_connected(request, work)


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > NOTES_LIMITS.max_bytes:
            raise NotesTooHeavy(TOO_HEAVY)
    return bytes(data)


def _read(parts: Parts, caller: Caller, name: str, data: bytes) -> NotesText:
    text = read_notes(name, data)
    parts.audit.record(Act("notes_read", caller.user, counts={"characters": len(text.text)}))
    return text
