"""The inbox: what readers thought of their answers, everybody's, comes out with the answers, the newest first.

It goes with its conversation. Whether the one who reads it may read the documents behind an answer is not decided here
(`server.quality.inbox`).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.schemas import FeedbackView
from server.store.database import Database
from server.store.kept import KeptAnswer, KeptPassage, feedback_view, kept_answer, kept_passages
from server.store.models import StoredAnswer, StoredFeedback


@dataclass(frozen=True, slots=True)
class KeptFeedback:
    """What the owner of an answer thought of it.

    Args:
        turn: the answer.
        shown: the passages of all the answers of its conversation.
    """

    owner: str
    turn: KeptAnswer
    feedback: FeedbackView
    shown: list[KeptPassage]


class Inbox:
    """Reads the feedback; usable from several threads.

    Every method raises `StorageFailed` when another version wrote what this one cannot read, and
    `DatabaseUnavailable` when the database does not answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(
        self, limit: int, useful: bool | None = None, since: datetime | None = None
    ) -> list[KeptFeedback]:
        """Give the last opinions.

        Args:
            limit: how many at most.
            useful: only those that say so, or that say the contrary; None for all.
            since: only those that are not older.
        """
        wanted = _FEEDBACK.order_by(StoredFeedback.created_at.desc(), StoredFeedback.answer_id).limit(limit)
        if useful is not None:
            wanted = wanted.where(StoredFeedback.useful == useful)
        if since is not None:
            wanted = wanted.where(StoredFeedback.created_at >= since)

        return self._found(wanted)

    def of_answer(self, answer_id: str) -> KeptFeedback | None:
        """Give the opinion on an answer, None when there is none."""
        found = self._found(_FEEDBACK.where(StoredFeedback.answer_id == answer_id).limit(1))
        return found[0] if found else None

    def _found(self, wanted: Select[StoredAnswer, StoredFeedback]) -> list[KeptFeedback]:
        def work(session: Session) -> list[KeptFeedback]:
            shown = _Shown(session)
            return [
                KeptFeedback(
                    answer.owner, kept_answer(answer), feedback_view(feedback), shown.with_answer(answer)
                )
                for answer, feedback in session.execute(wanted)
            ]

        return self._database.read(work)


_FEEDBACK = select(StoredAnswer, StoredFeedback).join(
    StoredFeedback,
    (StoredFeedback.owner == StoredAnswer.owner) & (StoredFeedback.answer_id == StoredAnswer.id),
)


class _Shown:
    """The passages of conversations, each read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: dict[tuple[str, str], list[KeptPassage]] = {}

    def with_answer(self, answer: StoredAnswer) -> list[KeptPassage]:
        key = (answer.owner, answer.conversation_id)
        if key not in self._held:
            rows = select(StoredAnswer.position, StoredAnswer.answer, StoredAnswer.groups).where(
                StoredAnswer.owner == key[0], StoredAnswer.conversation_id == key[1]
            )
            self._held[key] = [
                passage for row in self._session.execute(rows) for passage in kept_passages(*row)
            ]
        return self._held[key]
