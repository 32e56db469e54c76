"""The events of an answer as they come."""

from dataclasses import dataclass

import httpx

from server.schemas import Answer, Passage, PassagesEvent, Statement
from ui.event_stream import EventStream
from ui.queue_place import Queued, read_queued
from ui.sse import SentEvent


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Event `passages`: what was retrieved, before anything is written, and a follow-up as it was understood."""

    passages: list[Passage]
    standalone_question: str | None = None
    model_label: str | None = None


@dataclass(frozen=True, slots=True)
class StatementWritten:
    """Event `statement`: one statement, after its verification."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class AnswerDone:
    """Event `done`: the whole answer; nothing follows."""

    answer: Answer


Event = Queued | PassagesFound | StatementWritten | AnswerDone


class AnswerStream(EventStream[Event]):
    """The events of one answer; see `EventStream`."""

    def __init__(self, http: httpx.Client, call: httpx.Request, auth: httpx.Auth | None = None) -> None:
        super().__init__(http, call, _event, AnswerDone, auth=auth)


def _event(sent: SentEvent) -> Event | None:
    match sent.event:
        case "queue":
            return read_queued(sent.data)
        case "passages":
            found = PassagesEvent.model_validate_json(sent.data)
            return PassagesFound(found.passages, found.standalone_question, found.model_label)
        case "statement":
            return StatementWritten(Statement.model_validate_json(sent.data))
        case "done":
            return AnswerDone(Answer.model_validate_json(sent.data))
        case _:
            return None
