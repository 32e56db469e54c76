"""The wait for the model, as its page tells it: an event of the server comes in, a place and a sentence go out."""

from dataclasses import dataclass

from server.schemas import QueueEvent
from ui.wording import french


@dataclass(frozen=True, slots=True)
class Queued:
    """Event `queue`: the place of who waits for the model, from 1; 0 once their turn has come."""

    place: int


def read_queued(data: str) -> Queued:
    """Read the event's data."""
    return Queued(QueueEvent.model_validate_json(data).place)


def waiting_sentence(place: int) -> str:
    """Say at which place somebody waits, from 1."""
    where = "votre tour est le prochain" if place == 1 else f"vous êtes {place}e dans la file"
    return french(f"Le modèle est occupé : {where}.")


def waiting_html(place: int) -> str:
    """Say it on the page, where it is read aloud when it changes."""
    return (
        '<div class="fanal-progressing" role="status" data-testid="queue" lang="fr">'
        f"<p>{waiting_sentence(place)}</p></div>"
    )
