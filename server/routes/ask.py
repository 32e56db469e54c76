"""`POST /v1/ask`: a cited answer, whole as JSON or statement by statement as server-sent events."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel

from ingest.errors import FanalError
from server import ask as path
from server.access import Caller
from server.converse import converse
from server.dependencies import CallerDep, Parts, PartsDep, TodayDep
from server.leaving import while_connected
from server.problems import problem_of, unexpected
from server.schemas import Answer, AskRequest, PassagesEvent
from server.store.audit import Act, opaque

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/v1")

EVENT_STREAM = "text/event-stream"


@router.post("/ask", response_model=Answer)
async def ask(
    body: AskRequest, request: Request, parts: PartsDep, caller: CallerDep, day: TodayDep
) -> Response | Answer:
    """Answer a question; `Accept: text/event-stream` gives the events as they come."""
    await anyio.to_thread.run_sync(parts.audit.note, _act(body, parts, caller))
    events = converse(parts, body, caller, day)
    if EVENT_STREAM in request.headers.get("accept", ""):
        return EventSourceResponse(
            _stream(events), headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        )
    return await while_connected(request, _whole(events))


def _act(body: AskRequest, parts: Parts, caller: Caller) -> Act:
    conversation = opaque(body.conversation_id) if body.conversation_id else ""
    return Act("question_asked", caller.user, conversation, model=parts.generator.model)


async def _whole(events: AsyncGenerator[path.Event, None]) -> Answer:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, path.Done):
                return event.answer
    raise RuntimeError("the ask path ended without an answer")


async def _stream(events: AsyncGenerator[path.Event, None]) -> AsyncIterator[bytes]:
    """Write the events; once the stream has begun, an error is an event as well."""
    try:
        async with aclosing(events):
            async for event in events:
                yield _written(event)
    except FanalError as error:
        yield _sse("error", problem_of(error))
    except Exception:  # the headers are gone: only an event can still tell the reader
        logger.exception("the ask path failed")
        yield _sse("error", unexpected())


def _written(event: path.Event) -> bytes:
    match event:
        case path.PassagesFound(passages, standalone):
            return _sse("passages", PassagesEvent(passages=passages, standalone_question=standalone))
        case path.StatementReady(statement):
            return _sse("statement", statement)
        case path.Done(answer):
            return _sse("done", answer)


def _sse(name: str, data: BaseModel) -> bytes:
    return format_sse_event(event=name, data_str=data.model_dump_json())
