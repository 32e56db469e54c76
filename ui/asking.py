"""A question being answered in a thread of its own: the page draws what has come, and may stop it at any time.

Streamlit runs the page's script again at each click; an answer that the script read itself would be lost.
"""

from threading import Condition, Event, Thread
from time import monotonic

from ui.answer_stream import AnswerStream
from ui.calls import CUT, ClientError
from ui.exchange import Exchange

ABANDONED_S = 20.0
"""Seconds without anyone looking after which an answer is stopped: the page was closed, or left for another."""
WATCH_S = 1.0
LEFT = "La page a été quittée avant la fin de la réponse. Posez de nouveau la question."


class Asking:
    """Fills an exchange from its stream.

    Args:
        abandoned_s: seconds after which nobody looks any more.
    """

    def __init__(self, stream: AnswerStream, exchange: Exchange, abandoned_s: float = ABANDONED_S) -> None:
        self.exchange = exchange
        self._stream = stream
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
                self._end(LEFT)
                self._stream.stop()
                return
