"""What the tests of the store build on: a clock that waits, and answers to keep."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from ingest.documents import EVERYONE
from server.schemas import Answer, Citation, Passage, Statement
from server.store.conversations import Conversations
from tests.passages import make_passage

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def answer_to(
    question: str, conversation: str = "c1", passages: list[Passage] | None = None, **fields: Any
) -> Answer:
    """Make an answer with one statement a passage, which quotes the passage's first ten characters."""
    shown = passages if passages is not None else [make_passage("Le bilan dure 24 heures au plus.")]
    values: dict[str, Any] = {
        "id": uuid.uuid4().hex,
        "conversation_id": conversation,
        "question": question,
        "as_of": date(2026, 11, 22),
        "mode": "extractive",
        "abstained": False,
        "statements": [
            Statement(
                text=passage.text,
                verified=True,
                citations=[Citation(passage_id=passage.id, quote=passage.text[:10], start=0, end=10)],
            )
            for passage in shown
        ],
        "passages": shown,
        "warnings": [],
        "model": "extractive",
        "timings": {"total": 12.5},
        **fields,
    }
    return Answer(**values)


def keep(
    conversations: Conversations,
    question: str,
    owner: str = "alice",
    conversation: str = "c1",
    replaces: str | None = None,
    **fields: Any,
) -> Answer:
    """Keep an answer whose passages everyone may read; gives it."""
    answer = answer_to(question, conversation, **fields)
    groups = {passage.id: (EVERYONE,) for passage in answer.passages}
    conversations.record(owner, answer, replaces, groups)
    return answer


REFUSAL = {
    "sqlite": (
        ["CREATE TRIGGER refusing BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'refusé'); END"],
        ["DROP TRIGGER refusing"],
    ),
    "postgresql": (
        [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'refusé'; END$$",
            "CREATE TRIGGER refusing BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()",
        ],
        ["DROP TRIGGER refusing ON {table}", "DROP FUNCTION refuse"],
    ),
}


@contextmanager
def refusing(engine: Engine, table: str) -> Iterator[None]:
    """Have the database refuse every new row of a table."""
    make, undo = REFUSAL[engine.dialect.name]
    _run(engine, make, table)
    try:
        yield
    finally:
        _run(engine, undo, table)


def _run(engine: Engine, statements: Sequence[str], table: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement.format(table=table)))
