"""Answers that come as server-sent events: typed events go in, a response comes out that outlives silence and readers.

- A comment is sent whenever nothing else has been for `PING_S`: a proxy closes a connection that stays silent.
- What writes the events runs ahead of who reads them: a slow reader holds neither the model nor a place in its queue.
- A reader who leaves stops it at once.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import TypeVar

import anyio
from fastapi import Request
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from ingest.errors import FanalError
from server.problems import problem_of, unexpected

logger = logging.getLogger(__name__)

EVENT_STREAM = "text/event-stream"

PING_S = 10.0
"""Longest silence, in seconds: nginx and most others close at 60, some at 15."""

EventT = TypeVar("EventT")


def wants_events(request: Request) -> bool:
    """Tell whether the client asked for the events as they come."""
    return EVENT_STREAM in request.headers.get("accept", "")


class EventStream(EventSourceResponse):
    """A response made of pieces that are written while they are read.

    Args:
        pieces: closed when the response ends, however it ends.
        headers: beside those that keep proxies from gathering or keeping the pieces.
    """

    def __init__(self, pieces: AsyncGenerator[bytes, None], headers: Mapping[str, str] | None = None) -> None:
        self._kept_alive = kept_alive(pieces)
        unbuffered = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **(headers or {})}
        super().__init__(self._kept_alive, headers=unbuffered)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces; Starlette leaves them open when it is interrupted while it sends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._kept_alive.aclose()


async def kept_alive(
    pieces: AsyncGenerator[bytes, None], silence_s: float | None = None
) -> AsyncGenerator[bytes, None]:
    """Give the pieces as they come, and a comment after each silence.

    Args:
        silence_s: how long a silence is; None for `PING_S`.
    """
    silence_s = PING_S if silence_s is None else silence_s
    written: asyncio.Queue[bytes | None] = asyncio.Queue()
    writing = asyncio.create_task(_write(pieces, written))
    try:
        while True:
            try:
                async with asyncio.timeout(silence_s):
                    piece = await written.get()
            except TimeoutError:
                yield KEEPALIVE_COMMENT
                continue
            if piece is None:
                break
            yield piece
        await writing  # what went wrong in it is raised here
    finally:
        writing.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.wait({writing})


async def _write(pieces: AsyncGenerator[bytes, None], written: asyncio.Queue[bytes | None]) -> None:
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                written.put_nowait(piece)
    finally:
        written.put_nowait(None)


async def as_sent(
    events: AsyncGenerator[EventT, None], named: Callable[[EventT], tuple[str, BaseModel]]
) -> AsyncGenerator[bytes, None]:
    """Write events; once a stream has begun, an error is an event as well.

    Args:
        named: gives the name and the data of an event.
    """
    try:
        async with aclosing(events):
            async for event in events:
                yield sent(*named(event))
    except FanalError as error:
        yield sent("error", problem_of(error))
    except Exception:  # the headers are gone: only an event can still tell the reader
        logger.exception("a stream of events failed")
        yield sent("error", unexpected())


def sent(name: str, data: BaseModel) -> bytes:
    """Write one event."""
    return format_sse_event(event=name, data_str=data.model_dump_json())
