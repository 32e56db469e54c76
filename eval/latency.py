"""Latency of the API over HTTP, on the whole code du travail, with a server process of its own."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
import numpy as np

from eval.law import Law
from eval.serving import running

REQUESTS = 200
WARM_UP = 10

Argument = TypeVar("Argument")


def measure(law: Law) -> dict[str, Any]:
    """Give p50 and p95 in milliseconds of `/v1/search` and `/v1/ask`, beside the embedding of a question."""
    questions = [question.question for question in law.questions()][: REQUESTS + WARM_UP]
    found: dict[str, Any] = {"requests": REQUESTS, "embedding of a question (ms)": _embedding(law, questions)}
    with _server(law) as client:
        search = _asked(client, "/v1/search", "query", questions)
        ask = _asked(client, "/v1/ask", "question", questions)
    found["/v1/search (ms)"] = search
    found["/v1/ask extractive (ms)"] = ask
    embedding = found["embedding of a question (ms)"]
    found["search p95 / embedding p95"] = search["p95"] / embedding["p95"]
    found["ask p95 / search p95"] = ask["p95"] / search["p95"]
    return found


def _embedding(law: Law, questions: Sequence[str]) -> dict[str, float]:
    with law.opened() as (_, embedder):
        return timed(embedder.query, questions, WARM_UP)


def _asked(client: httpx.Client, address: str, field: str, questions: Sequence[str]) -> dict[str, float]:
    def ask(question: str) -> None:
        client.post(address, json={field: question}).raise_for_status()

    return timed(ask, questions, WARM_UP)


def timed(
    call: Callable[[Argument], object], arguments: Sequence[Argument], warm_up: int = 0
) -> dict[str, float]:
    """Call once with each argument; gives p50 and p95 of a call in milliseconds, the first `warm_up` left out."""
    seconds = []
    for argument in arguments:
        began = time.perf_counter()
        call(argument)
        seconds.append(time.perf_counter() - began)
    p50, p95 = np.percentile(np.array(seconds[warm_up:]) * 1_000, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}


@contextmanager
def _server(law: Law) -> Iterator[httpx.Client]:
    settings = {
        "FANAL_DATA_DIR": str(law.settings.data_dir),
        "FANAL_SOURCES_FILE": str(law.settings.sources_file),
        "FANAL_CACHE_DIR": str(law.settings.cache_dir),
    }
    with running(settings) as (url, _), httpx.Client(base_url=url, timeout=60) as client:
        yield client
