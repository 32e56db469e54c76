"""Reranking: a question and the texts found go in, a better order of them comes out.

`VLLMReranker` asks a cross-encoder behind `/v1/rerank` (vLLM; Jina's and Cohere's services have the same shape:
`{model, query, documents, top_n}` gives `{results: [{index, relevance_score}]}`). When it is down, slow or
answers nonsense, the order of the retriever stays: a reranker improves an answer, it is not needed for one.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, Protocol

import httpx
from pydantic import BaseModel, ValidationError

from ingest.documents import embedded_text
from ingest.errors import ConfigurationError, FanalError, SourceUnavailable
from ingest.index import Hit

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 2.0
"""A reranker of the same network that takes longer than this to accept a connection is down."""

ANSWER_TIMEOUT_S = 5.0
"""Longest wait for an order, in seconds: a person waits for it before the first word of the answer."""

MAX_RESPONSE_BYTES = 1_000_000
"""An order of a hundred passages is a few kilobytes, ten times that with the texts sent back."""

RERANK_DOWN = (
    "Le service de classement est indisponible : les passages sont dans l’ordre de la recherche, "
    "qui peut être moins bon."
)


class RerankFailed(FanalError):
    """The reranker cannot be reached, or gives no usable order; the message is for the log."""

    retry = True


class Reranker(Protocol):
    """Scores texts against a question; synchronous, called from a worker thread."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Give the relevance of each text, in the order of `texts`; higher is better.

        Raises:
            RerankFailed: there is no usable order.
        """


class _Result(BaseModel):
    index: int
    relevance_score: float


class _Response(BaseModel):
    results: list[_Result]


class VLLMReranker:
    """`Reranker` on an HTTP endpoint.

    Args:
        url: base URL (…/v1), or the whole address when it ends in `/rerank`.
        model: name sent to it.
        api_key: sent as a bearer token; None sends none.
        timeout_s: longest wait for an order, in seconds.
    """

    def __init__(
        self, url: str, model: str, api_key: str | None = None, timeout_s: float = ANSWER_TIMEOUT_S
    ) -> None:
        base = url.rstrip("/")
        self.model = model
        self.url = base if base.endswith("/rerank") else f"{base}/rerank"
        self._timeout_s = timeout_s
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
        )

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        body = {
            "model": self.model,
            "query": question,
            "documents": list(texts),
            "top_n": len(texts),
            "truncate_prompt_tokens": -1,  # vLLM: a passage longer than the model's context is cut, not refused
        }
        return _scores(self._answer(body), len(texts))

    def _answer(self, body: dict[str, Any]) -> bytes:
        """Give the body of the answer; one that drips, or never ends, is given up."""
        deadline = monotonic() + self._timeout_s
        received = b""
        try:
            with self._client.stream("POST", self.url, json=body) as response:
                response.raise_for_status()
                for piece in response.iter_bytes():
                    received += piece
                    if len(received) > MAX_RESPONSE_BYTES or monotonic() > deadline:
                        raise RerankFailed(f"{self.url}: the answer is too long, or takes too long")
        except httpx.HTTPError as error:
            raise RerankFailed(f"{self.url}: {error!r}") from error
        return received

    def check(self) -> None:
        """Check at start that the endpoint ranks with this model.

        Raises:
            ConfigurationError: it refuses the key or the model, or is no reranker.
            SourceUnavailable: it cannot be reached.
        """
        try:
            self.scores("question", ["question", "autre chose"])
        except RerankFailed as error:
            raise self._explained(error) from error

    def _explained(self, error: RerankFailed) -> FanalError:
        cause = error.__cause__
        if isinstance(cause, httpx.HTTPStatusError) and cause.response.status_code < 500:
            return ConfigurationError(
                f"Le service de classement « {self.url} » refuse la demande (HTTP {cause.response.status_code}) : "
                f"vérifiez FANAL_RERANK_URL, FANAL_RERANK_API_KEY et que le modèle « {self.model} » y est servi "
                "(FANAL_RERANK_MODEL)."
            )
        if isinstance(cause, httpx.HTTPError):
            return SourceUnavailable(
                f"Le service de classement « {self.url} » ne répond pas ({cause}) : démarrez-le, ou retirez "
                "FANAL_RERANK_URL pour vous en passer."
            )
        return ConfigurationError(
            f"« {self.url} » ne répond pas comme un service de classement : FANAL_RERANK_URL est sans doute fausse "
            f"({error})."
        )

    def close(self) -> None:
        """Close its connections."""
        self._client.close()


def open_reranker(url: str | None, model: str | None, api_key: str | None = None) -> VLLMReranker | None:
    """Build the reranker that the settings name and check it; None when they name none.

    Raises:
        ConfigurationError: an URL without a model or the other way round, or an endpoint that refuses.
        SourceUnavailable: the endpoint does not answer.
    """
    if url is None and model is None:
        return None
    if url is None or model is None:
        raise ConfigurationError("FANAL_RERANK_URL (…/v1) et FANAL_RERANK_MODEL vont ensemble.")
    reranker = VLLMReranker(url, model, api_key)
    try:
        reranker.check()
    except FanalError:
        reranker.close()
        raise
    return reranker


def reranked(hits: Sequence[Hit], question: str, reranker: Reranker | None, warnings: list[str]) -> list[Hit]:
    """Order hits by their relevance; as they came, with a warning, when the reranker fails.

    The scores stay those of the search, dealt anew from the best to the worst: what reads them (the decision to
    abstain) was calibrated on their scale, not on that of some cross-encoder.
    """
    if reranker is None or len(hits) < 2:
        return list(hits)
    try:
        texts = [embedded_text(hit.payload["path"], hit.payload["text"]) for hit in hits]
        relevance = reranker.scores(question, texts)
    except RerankFailed as error:
        logger.error("reranking left out: %s", error)
        warnings.append(RERANK_DOWN)
        return list(hits)
    order = sorted(range(len(hits)), key=lambda place: -relevance[place])  # stable: ties stay as they came
    scores = sorted((hit.score for hit in hits), reverse=True)
    return [replace(hits[place], score=score) for place, score in zip(order, scores, strict=True)]


def _scores(body: bytes, count: int) -> list[float]:
    """Read an answer that must score each of `count` texts exactly once."""
    try:
        results = _Response.model_validate_json(body).results
    except ValidationError as error:
        raise RerankFailed(f"the answer is no order: {body[:80]!r}") from error
    scores = {result.index: result.relevance_score for result in results}
    if len(results) != count or scores.keys() != set(range(count)):
        raise RerankFailed(f"{len(results)} results for {count} texts, or of texts that were not sent")
    if not all(math.isfinite(score) for score in scores.values()):
        raise RerankFailed("a score is no number")
    return [scores[index] for index in range(count)]
