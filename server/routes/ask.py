"""`POST /v1/ask`: a cited answer, whole as JSON or statement by statement as server-sent events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio.to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from server import ask as path
from server.access import Caller
from server.converse import converse
from server.dependencies import CallerDep, Parts, PartsDep, TodayDep, needs
from server.leaving import while_connected
from server.routes.limited import limited
from server.routes.streaming import EventStream, as_sent, wants_events
from server.schemas import Answer, AskRequest, PassagesEvent, QueueEvent
from server.store.audit import Act, opaque

router = APIRouter(prefix="/v1", dependencies=[needs("ask")])


@router.post("/ask", response_model=Answer, dependencies=[Depends(limited)])
async def ask(
    body: AskRequest, request: Request, parts: PartsDep, caller: CallerDep, day: TodayDep
) -> Response | Answer:
    """Answer a question; `Accept: text/event-stream` gives the events as they come."""
    await anyio.to_thread.run_sync(parts.audit.note, _act(body, parts, caller))
    events = converse(parts, body, caller, day)
    if wants_events(request):
        return EventStream(as_sent(events, _named))
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


def _named(event: path.Event) -> tuple[str, BaseModel]:
    match event:
        case path.Waiting(place):
            return "queue", QueueEvent(place=place)
        case path.PassagesFound(passages, standalone, label):
            return "passages", PassagesEvent(
                passages=passages, standalone_question=standalone, model_label=label
            )
        case path.StatementReady(statement):
            return "statement", statement
        case path.Done(answer):
            return "done", answer
