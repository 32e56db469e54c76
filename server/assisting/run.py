"""An assistant at work for a caller: a request goes in, places in the queue for the model come out, then the answer.

prepare -> audit -> wait for the model -> carry out -> audit

The audit's first line comes before a model is asked: it is there whatever becomes of the answer.
"""

import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date

import anyio.to_thread

from server.access import Caller
from server.assist import RULES, AssistantWork, carry_out, prepare
from server.assistant_schemas import AssistantAnswer, AssistantRequest
from server.assisting.assistants import AssistantForm
from server.dependencies import Parts
from server.drafting.service import waited
from server.schemas import QueueEvent
from server.store.audit import Act


async def run(
    parts: Parts, caller: Caller, assistant: AssistantForm, request: AssistantRequest, today: date
) -> AsyncGenerator[QueueEvent | AssistantAnswer, None]:
    """Carry out an assistant's task; nothing of it is kept.

    Raises:
        DraftRequestWrong: an input is missing, unknown or too long, or a mask is none of its text.
        ModelBusy: too many wait for the model.
        StorageFailed: the audit cannot be written.
    """
    run_id = uuid.uuid4().hex
    work = await prepare(assistant, request, parts.drafting, parts.masker, groups=caller.groups, today=today)
    await anyio.to_thread.run_sync(_record_begun, parts, caller, run_id, work)
    async with parts.queue.place(caller.user) as place:
        if work.to_write:
            async with aclosing(waited(parts, place)) as moves:
                async for moved in moves:
                    yield moved
        answer = await carry_out(work)
    await anyio.to_thread.run_sync(_record_run, parts, caller, run_id, answer)
    yield answer


def _record_begun(parts: Parts, caller: Caller, run_id: str, work: AssistantWork) -> None:
    given, writer = work.given, work.parts.writer
    counts = {
        "masks": sum(len(one.entities) for one in given.masked.values()),
        "found_unmasked": given.unmasked,
        "note_sentences": len(given.sentences),
    }
    model = writer.model if writer else RULES
    parts.audit.record(Act("assistant_begun", caller.user, run_id, work.assistant.id, model, counts))


def _record_run(parts: Parts, caller: Caller, run_id: str, answer: AssistantAnswer) -> None:
    counts = {
        "masks": sum(map(len, answer.entities.values())),
        "note_sentences": len(answer.inputs),
        "sections": len(answer.sections),
    }
    parts.audit.record(Act("assistant_run", caller.user, run_id, answer.assistant, answer.model, counts))
