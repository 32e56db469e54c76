"""The events of an assistant at work, and what has come of it so far."""

from dataclasses import dataclass

import httpx

from server.assistant_schemas import AssistantAnswer
from ui.event_stream import EventStream
from ui.queue_place import Queued, read_queued
from ui.sse import SentEvent

CUT = (
    "La connexion s’est interrompue avant la fin du travail de l’assistant. Relancez-le : vos textes et vos masques "
    "sont toujours là."
)
LEFT = "La page a été quittée avant la fin du travail de l’assistant : relancez-le."


@dataclass(frozen=True, slots=True)
class AssistantDone:
    """Event `done`: the whole answer; nothing follows."""

    answer: AssistantAnswer


AssistantEvent = Queued | AssistantDone


class AssistantStream(EventStream[AssistantEvent]):
    """The events of one assistant; see `EventStream`."""

    def __init__(self, http: httpx.Client, call: httpx.Request, auth: httpx.Auth | None = None) -> None:
        super().__init__(http, call, _event, AssistantDone, CUT, auth)


def _event(sent: SentEvent) -> AssistantEvent | None:
    match sent.event:
        case "queue":
            return read_queued(sent.data)
        case "done":
            return AssistantDone(AssistantAnswer.model_validate_json(sent.data))
        case _:
            return None


@dataclass(slots=True)
class AssistantProgress:
    """An assistant at work.

    Args:
        failure: why there is no answer, in French.
        stopped: whether the advisor stopped it.
        events: how many events have come.
        place: in the queue for the model, from 1; 0 when it does not wait.
    """

    answer: AssistantAnswer | None = None
    failure: str | None = None
    stopped: bool = False
    events: int = 0
    place: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.answer is not None or self.failure is not None or self.stopped

    def add(self, event: AssistantEvent) -> None:
        """Take an event in."""
        match event:
            case Queued(place):
                self.place = place
            case AssistantDone(answer):
                self.answer = answer
        self.events += 1
