"""What the ask path tells as it goes (`server.ask`): passages, then statements, then the whole answer, in that order.

`Waiting` may come at any time before the first statement.
"""

from dataclasses import dataclass

from server.schemas import Answer, Passage, Statement


@dataclass(frozen=True, slots=True)
class Waiting:
    """The question waits for the model: its place in the queue, from 1; 0 once its turn has come."""

    place: int


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """The passages that the answer will draw on, a follow-up as it was understood, and what to tell of the model."""

    passages: list[Passage]
    standalone_question: str | None = None
    model_label: str | None = None


@dataclass(frozen=True, slots=True)
class StatementReady:
    """A statement of the answer, checked against its passages."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer, as its reader sees it and as it may be kept (`masked`)."""

    answer: Answer
    masked: Answer


Event = Waiting | PassagesFound | StatementReady | Done
