"""A task that the server tells of as it goes: a request goes out, typed events come in, another thread may stop it."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

import httpx

from server.schemas import Problem
from ui.calls import CUT, AnswerCut, ApiError, contract, reachable, refuse_problems, uncut
from ui.sse import SentEvent, read_events

EventT = TypeVar("EventT", covariant=True)


class EventStream(Generic[EventT]):
    """The events of one task, read once; the last one is always of the type `last`, unless it was stopped.

    Args:
        read: gives an event as it is typed; None for one that this page does not know.
        cut: what is said when the connection ends too early, in French.
        auth: signs the request.

    Reading it raises:
        ApiError: the server refused the request, or failed on the way (event `error`).
        AnswerCut: the stream ended before its last event.
        ServerUnreachable: no connection.
    """

    def __init__(
        self,
        http: httpx.Client,
        call: httpx.Request,
        read: Callable[[SentEvent], EventT | None],
        last: type[object],
        cut: str = CUT,
        auth: httpx.Auth | None = None,
    ) -> None:
        self._http = http
        self._call = call
        self._read = read
        self._last = last
        self._cut = cut
        self._auth = auth
        self._lock = Lock()
        self._response: httpx.Response | None = None
        self._stopped = False

    def stop(self) -> None:
        """Close the connection, so that the server stops writing; its reader ends without an error."""
        with self._lock:
            self._stopped = True
            response = self._response
        if response is not None:
            connection = response.extensions["network_stream"].get_extra_info("socket")
            # Closing a socket does not wake the thread that reads from it; shutting it down does.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __iter__(self) -> Iterator[EventT]:
        with reachable():
            response = self._http.send(self._call, stream=True, auth=self._auth)
        try:
            with self._lock:
                self._response = response
                if self._stopped:
                    return
            yield from self._events(response)
        except AnswerCut:
            if not self._stopped:
                raise
        finally:
            with self._lock:
                self._response = None
            response.close()

    def _events(self, response: httpx.Response) -> Iterator[EventT]:
        with uncut(self._cut):
            refuse_problems(response)
            for sent in read_events(response.iter_bytes()):
                event = self._typed(sent)
                if event is not None:
                    yield event
                if isinstance(event, self._last):
                    return
        raise AnswerCut(self._cut)

    def _typed(self, sent: SentEvent) -> EventT | None:
        with contract():
            if sent.event == "error":
                raise ApiError(Problem.model_validate_json(sent.data))
            return self._read(sent)
