"""How calls to the server fail, as one tree of errors with French messages.

ClientError                  a French message for the advisor; `retry` when the same call may work later
├── ApiError                 the server refused or failed: its problem details (RFC 9457)
├── SessionOver              nobody is signed in any more: nothing was sent
├── ServerUnreachable        no connection, or silence for longer than the time allowed
├── AnswerCut                the connection ended before the answer did: what came is incomplete
└── UnexpectedAnswer         something else than the wire contract: page and server versions differ
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from pydantic import ValidationError

from server.schemas import Problem


class ClientError(Exception):
    """A call to the server failed; the message is for the advisor."""

    retry = False


class ApiError(ClientError):
    """The server answered with a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.retry = problem.retry

    @property
    def is_forbidden(self) -> bool:
        """Whether who is calling may not do this."""
        return self.problem.status == httpx.codes.FORBIDDEN

    @property
    def is_gone(self) -> bool:
        """Whether what was asked for does not exist, or no longer."""
        return self.problem.status == httpx.codes.NOT_FOUND


class SessionOver(ClientError):
    """One has to sign in again before anything is asked."""


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
OVER = "Votre session a expiré : reconnectez-vous."
TOO_SLOW = "Le serveur de Fanal met trop de temps à répondre. Réessayez dans quelques minutes."
CUT = "La connexion s’est interrompue avant la fin de la réponse. Posez de nouveau la question."
UNEXPECTED = (
    "Le serveur de Fanal a répondu d’une manière inattendue. Prévenez l’administrateur : "
    "la page et le serveur n’ont peut-être pas la même version."
)


@contextmanager
def reachable() -> Iterator[None]:
    """Turn a connection that fails into `ServerUnreachable`."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise ServerUnreachable(UNREACHABLE) from error
    except httpx.TimeoutException as error:
        raise ServerUnreachable(TOO_SLOW) from error
    except httpx.HTTPError as error:
        raise ServerUnreachable(UNREACHABLE) from error


@contextmanager
def uncut(said: str = CUT) -> Iterator[None]:
    """Turn a stream that breaks off into `AnswerCut`, with what is `said` of it."""
    try:
        yield
    except httpx.HTTPError as error:
        raise AnswerCut(said) from error


@contextmanager
def contract() -> Iterator[None]:
    """Turn a body of another shape into `UnexpectedAnswer`."""
    try:
        yield
    except ValidationError as error:
        raise UnexpectedAnswer(UNEXPECTED) from error


def refuse_problems(response: httpx.Response) -> None:
    """Raise `ApiError` unless the server did what it was asked."""
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
