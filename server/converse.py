"""A question in its conversation: what came before it is read, its answer is kept, masked.

A request and its caller go in; the events of `server.ask` come out. `ask_with` does the same for a client that
keeps its conversation itself.
"""

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import date

import anyio.to_thread

from ingest.errors import SourceUnavailable, StorageFailed
from server import ask as path
from server.access import Caller
from server.conversation import Turn
from server.dependencies import Parts
from server.history import groups_of, turns_before
from server.schemas import Answer, AskRequest

logger = logging.getLogger(__name__)

TURNS = 6
"""Turns before a question that are read: older ones no longer say what it is about."""

NOT_KEPT = "Cette réponse n’a pas pu être enregistrée dans l’historique : copiez-la si vous en avez besoin."
NO_HISTORY = "L’historique de la conversation est illisible : la question a été comprise seule."


async def ask_with(
    parts: Parts,
    request: AskRequest,
    caller: Caller,
    history: Sequence[Turn],
    today: date,
    known: Mapping[str, str] | None = None,
) -> AsyncGenerator[path.Event, None]:
    """Ask without keeping anything, in the queue for the model.

    Args:
        history: masked.
        known: what was masked in it.
    """
    async with parts.queue.place(caller.user) as place:
        events = path.ask(
            request,
            parts.asking,
            history=history,
            known=known,
            groups=caller.groups,
            today=today,
            place=place,
        )
        async with aclosing(events):
            async for event in events:
                yield event


async def converse(
    parts: Parts, request: AskRequest, caller: Caller, today: date
) -> AsyncGenerator[path.Event, None]:
    """Ask, and keep the answer in the caller's conversation.

    A store that fails costs the reader the history, never the answer.
    """
    troubles: list[str] = []
    history, begins = await _history(parts, request, caller, troubles)
    async with aclosing(ask_with(parts, request, caller, history, today)) as events:
        async for event in events:
            if isinstance(event, path.Done):
                await _keep(parts, request, caller, event, troubles, begins=begins)
                event = path.Done(_warned(event, troubles), event.masked)
            yield event


async def _history(
    parts: Parts, request: AskRequest, caller: Caller, troubles: list[str]
) -> tuple[list[Turn], bool]:
    """Give the turns before the question, and whether its answer may begin a conversation."""
    if request.conversation_id is None:
        return [], True
    try:
        return await anyio.to_thread.run_sync(
            _before, parts, caller, request.conversation_id, request.replaces
        )
    except (StorageFailed, SourceUnavailable) as error:
        logger.error("history not read: %s", error)
        troubles.append(NO_HISTORY)
        return [], True


def _before(
    parts: Parts, caller: Caller, conversation_id: str, replaces: str | None
) -> tuple[list[Turn], bool]:
    begins = not parts.conversations.holds(caller.user, conversation_id)
    return turns_before(parts, caller, conversation_id, TURNS, replaces), begins


async def _keep(
    parts: Parts, request: AskRequest, caller: Caller, done: path.Done, troubles: list[str], *, begins: bool
) -> None:
    try:
        await anyio.to_thread.run_sync(_record, parts, request, caller, done.masked, begins)
    except (StorageFailed, SourceUnavailable) as error:
        logger.error("answer not kept: %s", error)
        troubles.append(NOT_KEPT)


def _record(parts: Parts, request: AskRequest, caller: Caller, answer: Answer, begins: bool) -> None:
    groups = groups_of(parts.index, answer.passages)
    embedder = parts.store.embedder.name
    if not parts.conversations.record(caller.user, answer, request.replaces, groups, embedder, begins=begins):
        logger.info("answer not kept: its conversation was deleted while it was being written")


def _warned(done: path.Done, troubles: Sequence[str]) -> Answer:
    return done.answer.model_copy(update={"warnings": [*done.answer.warnings, *troubles]})
