"""`/v1/assistants`: other tasks than syntheses: what there are, and one carried out; nothing of it is kept."""

import uuid
from functools import partial

import anyio.to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from server.access import Caller
from server.assist import RULES, assist
from server.assistant_schemas import AssistantAnswer, AssistantRequest, AssistantView
from server.assisting.input import GivenInputs
from server.dependencies import CallerDep, Parts, PartsDep, TodayDep
from server.leaving import while_connected
from server.problems import NotFound
from server.routes.private import private
from server.store.audit import Act

UNKNOWN = "Cet assistant n’existe pas."

router = APIRouter(prefix="/v1/assistants", dependencies=[Depends(private)])


@router.get("")
def assistants(parts: PartsDep) -> list[AssistantView]:
    """List the assistants."""
    return [one.view() for one in parts.assistants.all()]


@router.post("/{assistant_id}", response_model=AssistantAnswer)
async def run(
    assistant_id: str,
    body: AssistantRequest,
    request: Request,
    parts: PartsDep,
    caller: CallerDep,
    day: TodayDep,
) -> Response | AssistantAnswer:
    """Carry out an assistant's task; a client that leaves stops a model that is writing.

    The audit's first line comes before a model is asked: it is there whatever becomes of the answer.
    """
    assistant = parts.assistants.get(assistant_id)
    if assistant is None:
        raise NotFound(UNKNOWN)
    run_id = uuid.uuid4().hex
    work = assist(
        assistant,
        body,
        parts.drafting,
        parts.masker,
        groups=caller.groups,
        today=day,
        before=partial(_record_begun, parts, caller, run_id, assistant.id),
    )
    answer = await while_connected(request, work)
    if isinstance(answer, AssistantAnswer):
        await anyio.to_thread.run_sync(_record_run, parts, caller, run_id, answer)
    return answer


def _record_begun(parts: Parts, caller: Caller, run_id: str, assistant_id: str, given: GivenInputs) -> None:
    writer = parts.drafting.writer
    counts = {
        "masks": sum(len(one.entities) for one in given.masked.values()),
        "found_unmasked": given.unmasked,
        "note_sentences": len(given.sentences),
    }
    model = writer.model if writer else RULES
    parts.audit.record(Act("assistant_begun", caller.user, run_id, assistant_id, model, counts))


def _record_run(parts: Parts, caller: Caller, run_id: str, answer: AssistantAnswer) -> None:
    counts = {
        "masks": sum(map(len, answer.entities.values())),
        "note_sentences": len(answer.inputs),
        "sections": len(answer.sections),
    }
    parts.audit.record(Act("assistant_run", caller.user, run_id, answer.assistant, answer.model, counts))
