"""The server as the page sees it: typed requests out, typed answers in, one error tree.

ClientError                  a French message for the advisor; `retry` when the same call may work later
├── ApiError                 the server refused or failed: its problem details (RFC 9457)
├── ServerUnreachable        no connection, or silence for longer than the time allowed
├── AnswerCut                the connection ended before the answer did: what came is incomplete
└── UnexpectedAnswer         something else than the wire contract: page and server versions differ
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from server.schemas import (
    Answer,
    AskRequest,
    DocumentView,
    IngestionRequest,
    IngestionView,
    Passage,
    Problem,
    SearchRequest,
    SearchResponse,
    SourceSummary,
    Statement,
)
from ui.sse import SentEvent, read_events

CONNECT_TIMEOUT_S = 5.0


class ClientError(Exception):
    """A call to the server failed; the message is for the advisor."""

    retry = False


class ApiError(ClientError):
    """The server answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.retry = problem.retry


class ServerUnreachable(ClientError):
    """The server cannot be reached, or stays silent."""

    retry = True


class AnswerCut(ClientError):
    """The stream ended without its `done` event."""

    retry = True


class UnexpectedAnswer(ClientError):
    """The server's answer does not follow the wire contract."""


UNREACHABLE = (
    "Le serveur de Fanal ne répond pas. Vérifiez votre connexion au réseau, puis réessayez. "
    "Si cela continue, prévenez l’administrateur."
)
TOO_SLOW = "Le serveur de Fanal met trop de temps à répondre. Réessayez dans quelques minutes."
CUT = "La connexion s’est interrompue avant la fin de la réponse. Posez de nouveau la question."
UNEXPECTED = (
    "Le serveur de Fanal a répondu d’une manière inattendue. Prévenez l’administrateur : "
    "la page et le serveur n’ont peut-être pas la même version."
)


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Event `passages`: what was retrieved, before anything is written."""

    passages: list[Passage]


@dataclass(frozen=True, slots=True)
class StatementWritten:
    """Event `statement`: one statement, after its verification."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class AnswerDone:
    """Event `done`: the whole answer; nothing follows."""

    answer: Answer


Event = PassagesFound | StatementWritten | AnswerDone

_SOURCES = TypeAdapter(list[SourceSummary])


class FanalClient:
    """Calls `/v1` of one server. May be shared by threads.

    Args:
        base_url: address of the server, without `/v1`.
        timeout_s: longest silence accepted, in seconds; connecting has its own, shorter limit.

    Every method raises `ClientError`.
    """

    def __init__(self, base_url: str, timeout_s: float = 180.0) -> None:
        self._http = httpx.Client(
            base_url=base_url, timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self) -> None:
        """Return when the server can answer questions; raise what it says is missing otherwise."""
        self._send("GET", "/health/ready")

    def sources(self) -> list[SourceSummary]:
        """Give what is indexed, source by source."""
        with _contract():
            return _SOURCES.validate_json(self._send("GET", "/v1/sources").content)

    def start_ingestion(self, request: IngestionRequest) -> IngestionView:
        """Start a run over sources; one that is under way is an `ApiError` of status 409."""
        response = self._send("POST", "/v1/ingestions", request)
        with _contract():
            return IngestionView.model_validate_json(response.content)

    def ingestion(self, run_id: str) -> IngestionView:
        """Say where a run stands."""
        response = self._send("GET", f"/v1/ingestions/{quote(run_id, safe='')}")
        with _contract():
            return IngestionView.model_validate_json(response.content)

    def search(self, request: SearchRequest) -> list[Passage]:
        """Give the passages nearest to a query, best first."""
        response = self._send("POST", "/v1/search", request)
        with _contract():
            return SearchResponse.model_validate_json(response.content).passages

    def document(self, document_id: str) -> DocumentView:
        """Give a document and its passages in reading order."""
        response = self._send("GET", f"/v1/documents/{quote(document_id, safe='')}")
        with _contract():
            return DocumentView.model_validate_json(response.content)

    def ask_stream(self, request: AskRequest) -> Generator[Event]:
        """Ask, and give each event as it arrives; the last one is always `AnswerDone`.

        Raises:
            ApiError: the server refused the question, or failed on the way (event `error`).
            AnswerCut: the stream ended before its `done` event.
            ServerUnreachable: no connection.
        """
        call = self._http.build_request(
            "POST", "/v1/ask", json=_body(request), headers={"Accept": "text/event-stream"}
        )
        with _reachable():
            response = self._http.send(call, stream=True)
        try:
            with _uncut():
                _refuse_problems(response)
                for sent in read_events(response.iter_bytes()):
                    event = _event(sent)
                    if event is not None:
                        yield event
                    if isinstance(event, AnswerDone):
                        return
        finally:
            response.close()
        raise AnswerCut(CUT)

    def _send(self, method: str, path: str, body: BaseModel | None = None) -> httpx.Response:
        with _reachable():
            response = self._http.request(method, path, json=None if body is None else _body(body))
            _refuse_problems(response)
            return response


def _body(request: BaseModel) -> object:
    return request.model_dump(mode="json", exclude_none=True)


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise ServerUnreachable(UNREACHABLE) from error
    except httpx.TimeoutException as error:
        raise ServerUnreachable(TOO_SLOW) from error
    except httpx.HTTPError as error:
        raise ServerUnreachable(UNREACHABLE) from error


@contextmanager
def _uncut() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise AnswerCut(CUT) from error


@contextmanager
def _contract() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise UnexpectedAnswer(UNEXPECTED) from error


def _refuse_problems(response: httpx.Response) -> None:
    if response.is_success:
        return
    body = response.read()
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:  # a proxy's page, not the server's own answer
        problem = Problem(
            title="Le serveur de Fanal n’a pas pu répondre",
            status=response.status_code,
            detail=f"{UNREACHABLE} (code {response.status_code})",
            retry=response.is_server_error,
        )
    raise ApiError(problem)


def _event(sent: SentEvent) -> Event | None:
    with _contract():
        match sent.event:
            case "passages":
                return PassagesFound(SearchResponse.model_validate_json(sent.data).passages)
            case "statement":
                return StatementWritten(Statement.model_validate_json(sent.data))
            case "done":
                return AnswerDone(Answer.model_validate_json(sent.data))
            case "error":
                raise ApiError(Problem.model_validate_json(sent.data))
            case _:
                return None
