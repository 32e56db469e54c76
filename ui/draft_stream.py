"""The events of a draft as they come, and what has come of it so far."""

from dataclasses import dataclass, field

import httpx

from server.draft_schemas import DraftSection, DraftView
from ui.event_stream import EventStream
from ui.queue_place import Queued, read_queued
from ui.sse import SentEvent

CUT = (
    "La connexion s’est interrompue avant la fin de la rédaction. Relancez-la : vos notes et vos masques sont "
    "toujours là."
)
LEFT = "La page a été quittée avant la fin de la rédaction : relancez-la. Vos notes et vos masques sont toujours là."


@dataclass(frozen=True, slots=True)
class SectionWritten:
    """Event `section`: one section, after its verification."""

    section: DraftSection


@dataclass(frozen=True, slots=True)
class DraftDone:
    """Event `done`: the whole draft, which the server keeps from now on; nothing follows."""

    draft: DraftView


DraftEvent = Queued | SectionWritten | DraftDone


class DraftStream(EventStream[DraftEvent]):
    """The events of one draft; see `EventStream`."""

    def __init__(self, http: httpx.Client, call: httpx.Request, auth: httpx.Auth | None = None) -> None:
        super().__init__(http, call, _event, DraftDone, CUT, auth)


def _event(sent: SentEvent) -> DraftEvent | None:
    match sent.event:
        case "queue":
            return read_queued(sent.data)
        case "section":
            return SectionWritten(DraftSection.model_validate_json(sent.data))
        case "done":
            return DraftDone(DraftView.model_validate_json(sent.data))
        case _:
            return None


@dataclass(slots=True)
class DraftProgress:
    """A draft that is being written.

    Args:
        failure: why it was not written to its end, in French.
        stopped: whether the advisor stopped it.
        events: how many events have come.
        place: in the queue for the model, from 1; 0 when it does not wait.
    """

    sections: list[DraftSection] = field(default_factory=list)
    draft: DraftView | None = None
    failure: str | None = None
    stopped: bool = False
    events: int = 0
    place: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.draft is not None or self.failure is not None or self.stopped

    def add(self, event: DraftEvent) -> None:
        """Take an event in."""
        match event:
            case Queued(place):
                self.place = place
            case SectionWritten(section):
                self.sections.append(section)
            case DraftDone(draft):
                self.draft = draft
        self.events += 1
