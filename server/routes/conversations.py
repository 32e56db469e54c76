"""`/v1/conversations`: what the caller asked before, with the answers that they may still read; and its deletion."""

from typing import Annotated

from fastapi import APIRouter, Query

from server.dependencies import CallerDep, PartsDep, needs
from server.history import view_of
from server.problems import NotFound
from server.schemas import ConversationId, ConversationSummary, ConversationView, RemovedConversations
from server.store.audit import Act, opaque

router = APIRouter(prefix="/v1/conversations", dependencies=[needs("ask")])

ONE = "/{conversation_id:path}"
"""A path rather than a segment: an empty id is refused, where a redirect to the list would delete everything."""

UNKNOWN = "Cette conversation n’existe pas, ou a été supprimée."


@router.get("")
def conversations(
    parts: PartsDep, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[ConversationSummary]:
    """List the caller's conversations, the one last asked in first."""
    return parts.conversations.summaries(caller.user, limit)


@router.get(ONE)
def conversation(conversation_id: ConversationId, parts: PartsDep, caller: CallerDep) -> ConversationView:
    """Give one of the caller's conversations."""
    kept = parts.conversations.view(caller.user, conversation_id)
    if kept is None:
        raise NotFound(UNKNOWN)
    parts.audit.record(Act("conversation_read", caller.user, opaque(conversation_id)))
    return view_of(kept, parts.index, caller.groups)


@router.delete(ONE, status_code=204)
def delete(conversation_id: ConversationId, parts: PartsDep, caller: CallerDep) -> None:
    """Delete one of the caller's conversations."""
    if not parts.conversations.holds(caller.user, conversation_id):
        raise NotFound(UNKNOWN)
    parts.audit.record(Act("conversation_deleted", caller.user, opaque(conversation_id)))
    parts.conversations.delete(caller.user, conversation_id)


@router.delete("")
def delete_all(parts: PartsDep, caller: CallerDep) -> RemovedConversations:
    """Delete all of the caller's conversations."""
    parts.audit.record(Act("conversations_deleted", caller.user))
    return RemovedConversations(removed=parts.conversations.delete_all(caller.user))
