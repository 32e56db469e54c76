"""A question and what has come of it so far: events of the client in, the state that the page draws out."""

import uuid
from dataclasses import dataclass, field
from datetime import date

from server.schemas import (
    MAX_QUESTION_CHARS,
    Answer,
    AskRequest,
    Conflict,
    FeedbackView,
    Passage,
    Statement,
    TurnView,
)
from ui.answer_stream import AnswerDone, Event, PassagesFound, StatementWritten
from ui.queue_place import Queued


@dataclass(slots=True)
class Exchange:
    """Kept in the session, so that the answer stays when the page is drawn again.

    Args:
        request: the question as it was sent.
        day: the day the question is about.
        key: names it on the page.
        events: how many events have come.
        place: in the queue for the model, from 1; 0 when it does not wait.
        standalone_question: a follow-up as the server understood it.
        model_label: what is to be told of the model that writes it.
        failure: why the answer is incomplete, in French; None while all goes well.
        stopped: whether the advisor stopped it.
        feedback: what the advisor said of the answer.
    """

    request: AskRequest
    day: date
    key: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    events: int = 0
    place: int = 0
    passages: list[Passage] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    standalone_question: str | None = None
    model_label: str | None = None
    answer: Answer | None = None
    failure: str | None = None
    stopped: bool = False
    feedback: FeedbackView | None = None

    @classmethod
    def of_turn(cls, turn: TurnView) -> "Exchange":
        """Take up a turn of a conversation that was kept."""
        answer = turn.answer
        question = answer.question[:MAX_QUESTION_CHARS]  # a placeholder may be longer than what it masks
        request = AskRequest(question=question, conversation_id=answer.conversation_id, as_of=answer.as_of)
        exchange = cls(request, answer.as_of, feedback=turn.feedback)
        exchange.add(AnswerDone(answer))
        return exchange

    @classmethod
    def of_statements(
        cls, key: str, statements: list[Statement], passages: list[Passage], day: date
    ) -> "Exchange":
        """Give statements that answer no question, with the passages they cite: a section that gives advice."""
        return cls(AskRequest(question=key), day, key=key, passages=passages, statements=statements)

    def again(self, conversation_id: str | None) -> "Exchange":
        """Give the same question to be asked once more, in the conversation on the page.

        Its answer takes the place of this one, or of the one that this one was to replace: an answer that was
        stopped is not kept by the server, which still holds the former.
        """
        replaces = self.answer.id if self.answer else self.request.replaces
        asked = {**self.request.model_dump(), "replaces": replaces, "conversation_id": conversation_id}
        return Exchange(AskRequest.model_validate(asked), self.day)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.answer is not None or self.failure is not None or self.stopped

    @property
    def conflicts(self) -> list[Conflict]:
        """The conflicts of the answer whose passages it holds."""
        known = {passage.id for passage in self.passages}
        found = self.answer.conflicts if self.answer else []
        return [conflict for conflict in found if {conflict.newer, conflict.older} <= known]

    def add(self, event: Event) -> None:
        """Take an event in; `done` replaces what was shown on the way."""
        self.place = event.place if isinstance(event, Queued) else 0
        match event:
            case PassagesFound(passages, standalone_question, model_label):
                self.passages, self.standalone_question = passages, standalone_question
                self.model_label = model_label
            case StatementWritten(statement):
                self.statements.append(statement)
            case AnswerDone(answer):
                self.passages, self.statements = answer.passages, answer.statements
                self.standalone_question, self.model_label = answer.standalone_question, answer.model_label
                self.answer = answer  # last: whoever sees it sees the whole
        self.events += 1
