"""`/v1/assistants`: other tasks than syntheses: what there are, and one carried out; nothing of it is kept."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel

from server.assistant_schemas import AssistantAnswer, AssistantRequest, AssistantView
from server.assisting import run as work
from server.dependencies import CallerDep, PartsDep, TodayDep, needs
from server.leaving import while_connected
from server.problems import NotFound
from server.routes.limited import limited
from server.routes.private import PRIVATE, private
from server.routes.streaming import EventStream, as_sent, wants_events
from server.schemas import QueueEvent

UNKNOWN = "Cet assistant n’existe pas."

router = APIRouter(prefix="/v1/assistants", dependencies=[needs("draft"), Depends(private)])


@router.get("")
def assistants(parts: PartsDep) -> list[AssistantView]:
    """List the assistants."""
    return [one.view() for one in parts.assistants.all()]


@router.post("/{assistant_id}", response_model=AssistantAnswer, dependencies=[Depends(limited)])
async def run(
    assistant_id: str,
    body: AssistantRequest,
    request: Request,
    parts: PartsDep,
    caller: CallerDep,
    day: TodayDep,
) -> Response | AssistantAnswer:
    """Carry out an assistant's task; `Accept: text/event-stream` gives its place in the queue, then its answer.

    A client that leaves stops a model that is writing.
    """
    assistant = parts.assistants.get(assistant_id)
    if assistant is None:
        raise NotFound(UNKNOWN)
    events = work.run(parts, caller, assistant, body, day)
    if wants_events(request):
        return EventStream(as_sent(events, _named), PRIVATE)
    return await while_connected(request, _whole(events))


async def _whole(events: AsyncGenerator[QueueEvent | AssistantAnswer, None]) -> AssistantAnswer:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, AssistantAnswer):
                return event
    raise RuntimeError("the assistant ended without an answer")


def _named(event: QueueEvent | AssistantAnswer) -> tuple[str, BaseModel]:
    return ("queue" if isinstance(event, QueueEvent) else "done"), event
