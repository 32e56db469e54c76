"""Calls to a Qdrant server that survive a flaky connection.

In goes a call of `qdrant-client`; out comes its answer, or an error whose French message says what to do.
A call is tried again only where that can heal (no connection, no answer in time, 429, 500, 502, 503, 504),
each time after a longer wait with some chance in it, so that many clients do not come back together
(exponential back-off with jitter). A call that may have been made although its answer was lost is made
twice: give only calls that are idempotent.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import httpx
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential_jitter,
)

from ingest.errors import ConfigurationError, FanalError, IndexMismatch, SourceUnavailable

logger = logging.getLogger(__name__)

TIMEOUT_S = 30
"""Longest wait for the answer to one try."""

SEARCH_TIMEOUT_S = 10
"""The same, where a person waits."""

HEALING = frozenset({429, 500, 502, 503, 504})
"""HTTP codes that a retry can heal."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long one call is tried.

    Args:
        tries: the first one included.
        first_s: wait after the first failure, in seconds; it doubles each time.
        longest_s: longest wait between two tries, in seconds.
        within_s: no try begins later than that after the first one began, in seconds.
    """

    tries: int
    first_s: float
    longest_s: float
    within_s: float


PATIENT = Patience(tries=6, first_s=0.4, longest_s=6.0, within_s=60.0)
"""For ingestion: it waits 12 to 14 s in all for a server that restarts."""

LOOKUP = Patience(tries=4, first_s=0.1, longest_s=0.8, within_s=10.0)
"""For what both ingestion and people look up: 1 to 2 s of waiting in all."""

QUICK = Patience(tries=2, first_s=0.1, longest_s=0.3, within_s=5.0)
"""For a question: a person would rather be told than wait."""


class CollectionGone(SourceUnavailable):
    """The collection is not on the server, or no longer."""


class QdrantCalls:
    """Makes calls again when that can heal, and explains those that fail.

    Args:
        sleep: waits that many seconds; tests give one that does not.
    """

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep

    def make(self, patience: Patience, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make an idempotent call.

        Raises:
            SourceUnavailable: the server does not answer, or refuses the call.
            CollectionGone: it has no such collection.
            ConfigurationError: it refuses the key.
            IndexMismatch: its collection was built with another embedder.
        """
        try:
            return _retrying(patience, self._sleep)(call, *args, **kwargs)
        except (ResponseHandlingException, UnexpectedResponse, QdrantException) as error:
            raise _explained(error) from error

    def patiently(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make an idempotent call as ingestion does; raises as `make` does."""
        return self.make(PATIENT, call, *args, **kwargs)


def open_client(url: str, api_key: str | None = None) -> QdrantClient:
    """Give a client for the server at `url`; nothing is sent yet."""
    return QdrantClient(url=url, api_key=api_key, timeout=TIMEOUT_S, check_compatibility=False)


def _retrying(patience: Patience, sleep: Callable[[float], None]) -> Retrying:
    backoff = wait_exponential_jitter(
        multiplier=patience.first_s, max=patience.longest_s, jitter=patience.first_s
    )

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, ResourceExhaustedResponse) else 0
        return max(backoff(state), min(asked, patience.longest_s))

    return Retrying(
        sleep=sleep,
        stop=stop_after_attempt(patience.tries) | stop_after_delay(patience.within_s),
        wait=wait,
        retry=retry_if_exception(may_heal),
        before_sleep=_tell,
        reraise=True,
    )


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    logger.warning(
        "Qdrant did not answer (%s): try %d in %.1f s", error, state.attempt_number + 1, state.upcoming_sleep
    )


def may_heal(error: BaseException) -> bool:
    """Tell whether the same call may work a moment later."""
    match error:
        case UnexpectedResponse(status_code=status):
            return status in HEALING
        case ResponseHandlingException(source=source):
            transport = isinstance(source, httpx.TransportError)
            return transport and not isinstance(source, httpx.UnsupportedProtocol)
        case QdrantException():  # a 429 that says when to come back
            return True
    return False


def _explained(error: Exception) -> FanalError:
    status, reason = 0, b""
    if isinstance(error, UnexpectedResponse):
        status, reason = error.status_code or 0, error.content
    if may_heal(error) or not status:
        return SourceUnavailable("Le serveur Qdrant ne répond pas : réessayez dans quelques minutes.")
    if status in (401, 403):
        return ConfigurationError("Le serveur Qdrant refuse la clé d’accès : vérifiez FANAL_QDRANT_API_KEY.")
    if status == 404 and b"ollection" in reason:
        return CollectionGone(
            "La collection n’est plus sur le serveur Qdrant : relancez l’ingestion, ou vérifiez FANAL_COLLECTION."
        )
    if status == 400 and b"dimension" in reason:
        return IndexMismatch(
            "L’index du serveur Qdrant a été construit avec un autre modèle d’embeddings : remettez l’ancien "
            "réglage, ou reconstruisez l’index : python -m ingest rebuild"
        )
    logger.error("Qdrant refuses a call (%d): %s", status, reason[:500].decode(errors="replace"))
    return SourceUnavailable(
        f"Le serveur Qdrant refuse la demande (code {status}) : l’administrateur en trouve la raison au journal."
    )
