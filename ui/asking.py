"""A task of the server's in a thread of its own: the page draws what has come, and may stop it at any time.

Streamlit runs the page's script again at each click; an answer that the script read itself would be lost.
"""

from threading import Condition, Event, Thread
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from ui.calls import CUT, ClientError
from ui.event_stream import EventStream

ABANDONED_S = 20.0
"""Seconds without anyone looking after which an answer is stopped: the page was closed, or left for another."""
WATCH_S = 1.0
LEFT = "La page a été quittée avant la fin de la réponse. Posez de nouveau la question."


class Filled(Protocol):
    """What takes the events of a task in; see `ui.exchange` and `ui.draft_stream`."""

    failure: str | None
    stopped: bool
    events: int

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""

    def add(self, event: Any) -> None:
        """Take an event in."""


FilledT = TypeVar("FilledT", bound=Filled)


class Asking(Generic[FilledT]):
    """Fills an exchange, or a draft, from its stream.

    Args:
        abandoned_s: seconds after which nobody looks any more.
        left: what is said then.
    """

    def __init__(
        self,
        stream: EventStream[Any],
        exchange: FilledT,
        abandoned_s: float = ABANDONED_S,
        left: str = LEFT,
    ) -> None:
        self.exchange = exchange
        self._stream = stream
        self._left = left
        self._abandoned_s = abandoned_s
        self._news = Condition()
        self._over = Event()
        self._looked = monotonic()

    def start(self) -> None:
        """Send the question."""
        for work in (self._receive, self._watch):
            Thread(target=work, daemon=True).start()

    def wait(self, seen: int, seconds: float) -> None:
        """Return as soon as more than `seen` events have come, the answer has ended, or the time is over."""
        self._looked = monotonic()
        with self._news:
            self._news.wait_for(lambda: self.exchange.ended or self.exchange.events > seen, seconds)

    def stop(self) -> None:
        """Keep what has come and close the connection: the model stops."""
        self._end(stopped=True)
        self._stream.stop()

    def _receive(self) -> None:
        failure: str | None = None
        try:
            for event in self._stream:
                with self._news:
                    if self.exchange.ended:
                        return
                    self.exchange.add(event)
                    self._news.notify_all()
        except ClientError as error:
            failure = str(error)
        finally:
            self._over.set()
            self._end(failure or CUT)

    def _end(self, failure: str | None = None, *, stopped: bool = False) -> None:
        with self._news:
            if not self.exchange.ended:
                self.exchange.failure, self.exchange.stopped = failure, stopped
            self._news.notify_all()

    def _watch(self) -> None:
        while not self._over.wait(WATCH_S):
            if monotonic() - self._looked > self._abandoned_s:
                self._end(self._left)
                self._stream.stop()
                return
