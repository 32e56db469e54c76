"""Conversations: masked answers and feedback go in; lists, whole conversations and what came before come out.

Everything is asked for by its owner: what is another's does not exist. Whether the owner may still read the
documents behind an answer is not decided here (`server.history`).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Select, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from server.schemas import Answer, ConversationSummary, FeedbackRequest, FeedbackView
from server.store.database import Database
from server.store.kept import (
    KeptAnswer,
    KeptConversation,
    KeptPassage,
    feedback_view,
    kept_answer,
    kept_passages,
    summary,
)
from server.store.models import StoredAnswer, StoredConversation, StoredFeedback

TITLE_CHARS = 80

PURGED_AT_ONCE = 500
"""Conversations that one transaction deletes: others write between two of them."""


def _now() -> datetime:
    return datetime.now(UTC)


class Conversations:
    """What is kept of the conversations; usable from several threads.

    Args:
        database: owned from here on: `close` closes it.
        clock: gives the time, with its zone.

    Every method raises `StorageFailed` when the disk refuses, and `DatabaseUnavailable` when the database does
    not answer.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._clock = clock

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def record(
        self,
        owner: str,
        answer: Answer,
        replaces: str | None,
        groups: Mapping[str, tuple[str, ...]],
        embedder: str | None = None,
        *,
        begins: bool = True,
    ) -> bool:
        """Keep an answer in its conversation, which it begins when its owner has none of that id.

        Args:
            answer: masked. One that is kept already is left as it is.
            replaces: id of the answer of this conversation whose place it takes; an unknown one is passed over.
            groups: by passage id, who may read the passage.
            embedder: what the index was written for.
            begins: False when the conversation was there as the question came: one that was deleted since does
                not come back.

        Returns:
            Whether the answer is kept.
        """

        def work(session: Session) -> bool:
            if session.get(StoredAnswer, (owner, answer.id)) is not None:
                return True
            now = self._clock()
            conversation = _opened(session, owner, answer, now, begins=begins)
            if conversation is None:
                return False
            conversation.updated_at = max(conversation.updated_at, now)
            row = _row(owner, answer, now, groups, embedder)
            row.position, row.replaces = _placed(session, row, replaces)
            session.add(row)
            return True

        return self._database.write(work)

    def holds(self, owner: str, conversation_id: str) -> bool:
        """Tell whether the owner has a conversation of that id."""
        key = (owner, conversation_id)
        return self._database.read(lambda session: session.get(StoredConversation, key) is not None)

    def recent(
        self, owner: str, conversation_id: str, limit: int, before: str | None = None
    ) -> list[KeptAnswer]:
        """Give the last answers of a conversation, oldest first; none when the owner has no such conversation.

        Args:
            limit: how many at most; smalltalk is left out and does not count: it is not what a follow-up is about.
            before: id of an answer: only those above it, as for one that is asked for again.
        """
        shown = _shown(owner, conversation_id).where(StoredAnswer.abstention.is_distinct_from("smalltalk"))
        if before is not None:
            limiting = _position(owner, conversation_id, before).scalar_subquery()
            shown = shown.where(StoredAnswer.position < func.coalesce(limiting, StoredAnswer.position + 1))
        newest = shown.order_by(StoredAnswer.position.desc()).limit(limit)
        return self._database.read(
            lambda session: [kept_answer(row) for row in reversed(session.scalars(newest).all())]
        )

    def passages(self, owner: str, conversation_id: str) -> list[KeptPassage]:
        """Give the passages that the answers of a conversation showed, replaced ones included."""
        return self._database.read(lambda session: _passages(session, owner, conversation_id))

    def summaries(self, owner: str, limit: int = 50) -> list[ConversationSummary]:
        """Give the owner's conversations, the one last asked in first."""
        turns = (
            select(func.count())
            .where(
                StoredAnswer.owner == StoredConversation.owner,
                StoredAnswer.conversation_id == StoredConversation.id,
                StoredAnswer.replaced_by.is_(None),
            )
            .scalar_subquery()
        )
        rows = (
            select(StoredConversation, turns)
            .where(StoredConversation.owner == owner)
            .order_by(StoredConversation.updated_at.desc(), StoredConversation.id)
            .limit(limit)
        )
        return self._database.read(
            lambda session: [summary(row, count) for row, count in session.execute(rows)]
        )

    def view(self, owner: str, conversation_id: str) -> KeptConversation | None:
        """Give a conversation, None when the owner has none of that id."""
        turns = (
            _shown(owner, conversation_id)
            .add_columns(StoredFeedback)
            .outerjoin(
                StoredFeedback,
                (StoredFeedback.owner == StoredAnswer.owner) & (StoredFeedback.answer_id == StoredAnswer.id),
            )
            .order_by(StoredAnswer.position)
        )

        def work(session: Session) -> KeptConversation | None:
            row = session.get(StoredConversation, (owner, conversation_id))
            if row is None:
                return None
            shown = _passages(session, owner, conversation_id)
            kept = [kept_answer(answer, feedback) for answer, feedback in session.execute(turns)]
            return KeptConversation(row.id, row.title, row.created_at, row.updated_at, kept, shown)

        return self._database.read(work)

    def count(self) -> int:
        """Count the conversations, everybody's."""
        counted = select(func.count()).select_from(StoredConversation)
        return self._database.read(lambda session: session.scalar(counted) or 0)

    def delete(self, owner: str, conversation_id: str) -> bool:
        """Delete a conversation with its answers and feedback; tells whether there was one."""
        this = (StoredConversation.owner == owner, StoredConversation.id == conversation_id)
        gone = delete(StoredConversation).where(*this).returning(StoredConversation.id)
        removed = self._database.write(lambda session: len(session.scalars(gone).all()))
        self._database.scrub()
        return removed > 0

    def delete_all(self, owner: str) -> int:
        """Delete all that the owner asked; gives how many conversations that was."""
        gone = (
            delete(StoredConversation)
            .where(StoredConversation.owner == owner)
            .returning(StoredConversation.id)
        )
        removed = self._database.write(lambda session: len(session.scalars(gone).all()))
        self._database.scrub()
        return removed

    def purge(self, before: datetime) -> int:
        """Delete the conversations, everybody's, whose last question is older; gives how many."""
        removed = 0
        while found := self._database.write(lambda session: _purge_some(session, before)):
            removed += found
        self._database.scrub()
        return removed

    def give_feedback(self, owner: str, given: FeedbackRequest) -> FeedbackView | None:
        """Keep what the owner thinks of an answer, in place of what they thought; None when it is not theirs.

        Args:
            given: its comment is masked.
        """

        def work(session: Session) -> FeedbackView | None:
            if session.get(StoredAnswer, (owner, given.answer_id)) is None:
                return None
            row = StoredFeedback(
                owner=owner,
                answer_id=given.answer_id,
                useful=given.useful,
                reasons=list(dict.fromkeys(given.reasons)),
                comment=given.comment,
                created_at=self._clock(),
            )
            return feedback_view(session.merge(row))

        return self._database.write(work)


def title_of(question: str) -> str:
    """Cut a question between words to the length of a title."""
    words = " ".join(question.split())
    if len(words) <= TITLE_CHARS:
        return words
    head, space, _ = words[:TITLE_CHARS].rpartition(" ")
    return f"{(head if space else words[: TITLE_CHARS - 1]).rstrip(' ,;:')}…"


def _opened(
    session: Session, owner: str, answer: Answer, now: datetime, *, begins: bool
) -> StoredConversation | None:
    """Give the answer's conversation and keep others from writing in it; a missing one is made if it may be."""
    key = (owner, answer.conversation_id)
    conversation = session.get(StoredConversation, key, with_for_update=True)
    if conversation is None and begins:
        title = title_of(answer.question)
        conversation = StoredConversation(owner=owner, id=key[1], title=title, created_at=now, updated_at=now)
        session.add(conversation)
        session.flush()
    return conversation


def _row(
    owner: str, answer: Answer, now: datetime, groups: Mapping[str, tuple[str, ...]], embedder: str | None
) -> StoredAnswer:
    return StoredAnswer(
        owner=owner,
        id=answer.id,
        conversation_id=answer.conversation_id,
        created_at=now,
        question=answer.question,
        as_of=answer.as_of,
        mode=answer.mode,
        abstained=answer.abstained,
        abstention=answer.abstention,
        model=answer.model,
        prompt_version=answer.prompt_version,
        embedder=embedder,
        answer=answer.model_dump(mode="json"),
        groups={passage: list(names) for passage, names in groups.items()},
    )


def _placed(session: Session, row: StoredAnswer, replaces: str | None) -> tuple[int, str | None]:
    """Give the place of a new answer, and the id of the one that it replaces when there is such a one."""
    here = (StoredAnswer.owner == row.owner, StoredAnswer.conversation_id == row.conversation_id)
    if replaces is not None:
        place = session.scalar(_position(row.owner, row.conversation_id, replaces))
        if place is not None:
            shown = (*here, StoredAnswer.position == place, StoredAnswer.replaced_by.is_(None))
            session.execute(update(StoredAnswer).where(*shown).values(replaced_by=row.id))
            return place, replaces
    last = session.scalar(select(func.max(StoredAnswer.position)).where(*here))
    return (0 if last is None else last + 1), None


def _position(owner: str, conversation_id: str, answer_id: str) -> Select[int]:
    return select(StoredAnswer.position).where(
        StoredAnswer.owner == owner,
        StoredAnswer.conversation_id == conversation_id,
        StoredAnswer.id == answer_id,
    )


def _shown(owner: str, conversation_id: str) -> Select[StoredAnswer]:
    return select(StoredAnswer).where(
        StoredAnswer.owner == owner,
        StoredAnswer.conversation_id == conversation_id,
        StoredAnswer.replaced_by.is_(None),
    )


def _passages(session: Session, owner: str, conversation_id: str) -> list[KeptPassage]:
    rows = select(StoredAnswer.position, StoredAnswer.answer, StoredAnswer.groups).where(
        StoredAnswer.owner == owner, StoredAnswer.conversation_id == conversation_id
    )
    return [passage for row in session.execute(rows) for passage in kept_passages(*row)]


def _purge_some(session: Session, before: datetime) -> int:
    keys = tuple_(StoredConversation.owner, StoredConversation.id)
    old = StoredConversation.updated_at < before
    some = session.execute(
        select(StoredConversation.owner, StoredConversation.id).where(old).limit(PURGED_AT_ONCE)
    ).all()
    if not some:
        return 0
    # `old` again: someone may have asked in one of them since it was found.
    gone = delete(StoredConversation).where(keys.in_([tuple(key) for key in some]), old)
    return len(session.scalars(gone.returning(StoredConversation.id)).all())
