"""The inbox of the quality team: what readers thought of their answers goes in, as the caller may read it it comes out.

An answer is shown as its history is (`server.history`). Of an answer that rests on what the caller may not read, the
question and the comment are withheld too: who typed them had read it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ingest.documents import EVERYONE
from ingest.index import Index
from server.access import Caller
from server.case_schemas import FeedbackItem
from server.dependencies import Parts
from server.history import readable
from server.schemas import Answer
from server.store.audit import Act, opaque
from server.store.inbox import KeptFeedback

RESERVED = "Question réservée : sa réponse s’appuie sur un document que vous ne pouvez pas lire."
"""What stands in place of a question."""


def read(
    parts: Parts, caller: Caller, *, limit: int, useful: bool | None = None, since: datetime | None = None
) -> list[FeedbackItem]:
    """Give the last opinions, the newest first; that they were read is in the audit.

    Args:
        limit: how many at most.
        useful: only those that say so, or that say the contrary; None for all.
        since: only those that are not older.

    Raises:
        StorageFailed: they cannot be read, or the audit cannot be written.
    """
    kept = parts.inbox.newest(limit, useful, since)
    made = parts.cases.of_answers([one.turn.answer.id for one in kept], caller.groups)
    items = [_item(one, parts.index, caller, made.get(one.turn.answer.id)) for one in kept]
    parts.audit.record(Act("feedback_read", caller.user, counts={"items": len(items)}))
    return items


def readers_of_answer(parts: Parts, caller: Caller, answer_id: str) -> frozenset[str] | None:
    """Tell which groups one needs to read a case that the caller makes of an answer.

    Returns:
        None when there is no such feedback, or the caller may not read its question.
    """
    kept = parts.inbox.of_answer(answer_id)
    if kept is None or _is_reserved(kept, parts.index, caller):
        return None
    groups = kept.turn.groups
    open_to_all = all(EVERYONE in groups.get(shown.id, ()) for shown in kept.turn.answer.passages)
    return frozenset() if open_to_all else caller.groups


def _item(kept: KeptFeedback, index: Index, caller: Caller, case_id: str | None) -> FeedbackItem:
    feedback = kept.feedback
    reserved = _is_reserved(kept, index, caller)
    return FeedbackItem(
        answer_id=feedback.answer_id,
        useful=feedback.useful,
        reasons=feedback.reasons,
        comment="" if reserved else feedback.comment,
        created_at=feedback.created_at,
        answer=_answer(kept, index, caller.groups, reserved=reserved),
        case_id=case_id,
    )


def _answer(kept: KeptFeedback, index: Index, groups: frozenset[str], *, reserved: bool) -> Answer:
    shown: Sequence[Answer] = [turn.answer for turn in readable([kept.turn], kept.shown, index, groups)]
    # A client chose the id of the conversation, which may be a name.
    hidden = {"conversation_id": opaque(kept.turn.answer.conversation_id)}
    if reserved:
        hidden |= {"question": RESERVED}
    return shown[0].model_copy(update=hidden)


def _is_reserved(kept: KeptFeedback, index: Index, caller: Caller) -> bool:
    """Tell whether the answer, or one above it, loses something for this caller, who is not the one who asked."""
    if kept.owner == caller.user:
        return False
    answer = kept.turn.answer
    # A rewriting goes when an answer above it has lost something: every answer is asked as if it had one.
    rewritten = answer.standalone_question or answer.question
    asked = replace(kept.turn, answer=answer.model_copy(update={"standalone_question": rewritten}))
    return readable([asked], kept.shown, index, caller.groups)[0].answer != asked.answer
