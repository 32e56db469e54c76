"""A question and what has come of it so far: events of the client in, the state that the page draws out."""

from dataclasses import dataclass, field
from datetime import date

from server.schemas import Answer, AskRequest, Passage, Statement
from ui.client import AnswerDone, Event, PassagesFound, StatementWritten


@dataclass(slots=True)
class Exchange:
    """Kept in the session, so that the answer stays when the page is drawn again.

    Args:
        request: the question as it was sent.
        day: the day the question is about.
        failure: why the answer is incomplete, in French; None while all goes well.
    """

    request: AskRequest
    day: date
    passages: list[Passage] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    answer: Answer | None = None
    failure: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.answer is not None or self.failure is not None

    def add(self, event: Event) -> None:
        """Take an event in; `done` replaces what was shown on the way."""
        match event:
            case PassagesFound(passages):
                self.passages = passages
            case StatementWritten(statement):
                self.statements.append(statement)
            case AnswerDone(answer):
                self.answer = answer
                self.passages, self.statements = answer.passages, answer.statements
