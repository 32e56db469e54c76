"""The events of an answer as they come."""

from dataclasses import dataclass

import httpx

from server.schemas import Answer, Passage, PassagesEvent, Statement
from ui.event_stream import EventStream
from ui.sse import SentEvent


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Event `passages`: what was retrieved, before anything is written, and a follow-up as it was understood."""

    passages: list[Passage]
    standalone_question: str | None = None


@dataclass(frozen=True, slots=True)
class StatementWritten:
    """Event `statement`: one statement, after its verification."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class AnswerDone:
    """Event `done`: the whole answer; nothing follows."""

    answer: Answer


Event = PassagesFound | StatementWritten | AnswerDone


class AnswerStream(EventStream[Event]):
    """The events of one answer; see `EventStream`."""

    def __init__(self, http: httpx.Client, call: httpx.Request) -> None:
        super().__init__(http, call, _event, AnswerDone)


def _event(sent: SentEvent) -> Event | None:
    match sent.event:
        case "passages":
            found = PassagesEvent.model_validate_json(sent.data)
            return PassagesFound(found.passages, found.standalone_question)
        case "statement":
            return StatementWritten(Statement.model_validate_json(sent.data))
        case "done":
            return AnswerDone(Answer.model_validate_json(sent.data))
        case _:
            return None
