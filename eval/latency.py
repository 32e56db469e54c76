"""Latency of the API over HTTP, on the whole code du travail, with a server process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np

from eval.law import Law
from ingest.settings import ROOT

REQUESTS = 200
WARM_UP = 10


def measure(law: Law) -> dict[str, Any]:
    """Give p50 and p95 in milliseconds of `/v1/search` and `/v1/ask`, beside the embedding of a question."""
    questions = [question.question for question in law.questions()][: REQUESTS + WARM_UP]
    found: dict[str, Any] = {"requests": REQUESTS, "embedding of a question (ms)": _embedding(law, questions)}
    with _server(law) as client:
        search = _timed(client, "/v1/search", "query", questions)
        ask = _timed(client, "/v1/ask", "question", questions)
    found["/v1/search (ms)"] = search
    found["/v1/ask extractive (ms)"] = ask
    embedding = found["embedding of a question (ms)"]
    found["search p95 / embedding p95"] = search["p95"] / embedding["p95"]
    found["ask p95 / search p95"] = ask["p95"] / search["p95"]
    return found


def _embedding(law: Law, questions: Sequence[str]) -> dict[str, float]:
    with law.opened() as (_, embedder):
        times = []
        for question in questions:
            began = time.perf_counter()
            embedder.query(question)
            times.append(time.perf_counter() - began)
    return _summary(times)


def _timed(client: httpx.Client, address: str, field: str, questions: Sequence[str]) -> dict[str, float]:
    times = []
    for question in questions:
        began = time.perf_counter()
        client.post(address, json={field: question}).raise_for_status()
        times.append(time.perf_counter() - began)
    return _summary(times)


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(np.array(seconds[WARM_UP:]) * 1_000, [50, 95])
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2)}


@contextmanager
def _server(law: Law) -> Iterator[httpx.Client]:
    port = _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FANAL_")},
        "FANAL_DATA_DIR": str(law.settings.data_dir),
        "FANAL_SOURCES_FILE": str(law.settings.sources_file),
        "FANAL_CACHE_DIR": str(law.settings.cache_dir),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "--port", str(port)], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _wait(client, process)
            yield client
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(client: httpx.Client, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.get("/health/ready").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the server did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
