"""An answer as it comes: a request goes out, typed events come in, and another thread may stop it."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

import httpx

from server.schemas import Answer, Passage, PassagesEvent, Problem, Statement
from ui.calls import CUT, AnswerCut, ApiError, contract, reachable, refuse_problems, uncut
from ui.sse import SentEvent, read_events


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


class AnswerStream:
    """The events of one answer, read once; the last one is always `AnswerDone`, unless it was stopped.

    Reading it raises:
        ApiError: the server refused the question, or failed on the way (event `error`).
        AnswerCut: the stream ended before its `done` event.
        ServerUnreachable: no connection.
    """

    def __init__(self, http: httpx.Client, call: httpx.Request) -> None:
        self._http = http
        self._call = call
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

    def __iter__(self) -> Iterator[Event]:
        with reachable():
            response = self._http.send(self._call, stream=True)
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

    def _events(self, response: httpx.Response) -> Iterator[Event]:
        with uncut():
            refuse_problems(response)
            for sent in read_events(response.iter_bytes()):
                event = _event(sent)
                if event is not None:
                    yield event
                if isinstance(event, AnswerDone):
                    return
        raise AnswerCut(CUT)


def _event(sent: SentEvent) -> Event | None:
    with contract():
        match sent.event:
            case "passages":
                found = PassagesEvent.model_validate_json(sent.data)
                return PassagesFound(found.passages, found.standalone_question)
            case "statement":
                return StatementWritten(Statement.model_validate_json(sent.data))
            case "done":
                return AnswerDone(Answer.model_validate_json(sent.data))
            case "error":
                raise ApiError(Problem.model_validate_json(sent.data))
            case _:
                return None
