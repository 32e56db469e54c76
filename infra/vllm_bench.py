"""How fast a model's server writes, and what Fanal adds: an endpoint goes in, a Markdown table comes out.

    python infra/vllm_bench.py --url http://127.0.0.1:8001/v1 --model fanal --streams 1 10 50
    … --fanal http://127.0.0.1:8000 --question "Combien de temps dure un premier entretien ?"

Against any OpenAI-compatible endpoint that streams and tells its usage. Each prompt is as long as one of Fanal's
(instructions that are the same for all, then data that are not), and each answer is of `--tokens` tokens whatever the
model has to say (`ignore_eos`, vLLM's). The key of the endpoint, if any, is in the variable FANAL_MODEL_API_KEY.

Standard library only: it runs where vLLM runs.
"""

import argparse
import json
import os
import random
import statistics
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import Any

TIMEOUT_S = 600
ROUNDS = 5
"""Prompts of which the first reading and the second are compared."""

WORDS = (
    "bilan",
    "compétences",
    "formation",
    "entretien",
    "conseiller",
    "dossier",
    "financement",
    "délai",
    "agence",
)
SEEDS = count()


@dataclass(frozen=True, slots=True)
class Timing:
    """One answer.

    Args:
        first_s: until its first piece; `total_s`: until its end.
        tokens: that were written.
    """

    first_s: float
    total_s: float
    tokens: int

    @property
    def pace(self) -> float:
        """Tokens a second once it has begun."""
        return (self.tokens - 1) / max(self.total_s - self.first_s, 1e-9)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model's server: its base URL (…/v1), the model's name there, and how much is asked of it."""

    url: str
    model: str
    constant_words: int
    varying_words: int
    tokens: int

    def answer(self, constant: str, varying: str, tokens: int | None = None) -> Timing:
        """Ask once, and time the answer; raises `OSError` when it cannot be had."""
        body = {
            "model": self.model,
            "messages": [{"role": "system", "content": constant}, {"role": "user", "content": varying}],
            "max_tokens": tokens or self.tokens,
            "temperature": 0,
            "ignore_eos": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        began = perf_counter()
        first, written = 0.0, 0
        for data in _events(f"{self.url}/chat/completions", body):
            if not first and any(one["delta"].get("content") for one in data.get("choices", ())):
                first = perf_counter() - began
            if data.get("usage"):
                written = data["usage"]["completion_tokens"]
        return Timing(first, perf_counter() - began, written)

    def at_once(self, streams: int) -> tuple[list[Timing], float]:
        """Time as many answers at once, and all of them together, in seconds."""
        constant = words(self.constant_words, seed=0)
        return _at_once(lambda: self.answer(constant, words(self.varying_words)), streams)

    def prefix_effect(self) -> tuple[float, float]:
        """Give the median time to the first piece of prompts never read, and of the same with another ending."""
        cold, warm = [], []
        for _ in range(ROUNDS):
            constant = words(self.constant_words)
            cold.append(self.answer(constant, words(20), tokens=2).first_s)
            warm.append(self.answer(constant, words(20), tokens=2).first_s)
        return statistics.median(cold), statistics.median(warm)


def words(number: int, seed: int | None = None) -> str:
    """Make a text that no cache has seen, unless by the same seed."""
    chosen = random.Random(f"{os.getpid()}-{next(SEEDS)}" if seed is None else seed)  # noqa: S311
    return " ".join(chosen.choices(WORDS, k=number))


def fanal_at_once(url: str, question: str, streams: int) -> tuple[list[Timing], float]:
    """Time as many questions to Fanal at once: until the first statement and until the end; raises `OSError`."""

    def ask() -> Timing:
        began = perf_counter()
        first = 0.0
        for data in _events(f"{url}/v1/ask", {"question": f"{question} ({words(2)})"}):
            if not first and "verified" in data:
                first = perf_counter() - began
        total = perf_counter() - began
        return Timing(first or total, total, 0)

    return _at_once(ask, streams)


def _at_once(one: Callable[[], Timing], streams: int) -> tuple[list[Timing], float]:
    began = perf_counter()
    with ThreadPoolExecutor(streams) as people:
        timings = [future.result() for future in [people.submit(one) for _ in range(streams)]]
    return timings, perf_counter() - began


def _events(url: str, body: dict[str, object]) -> Iterator[dict[str, Any]]:
    """Give the data of each server-sent event of an answer."""
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    if key := os.environ.get("FANAL_MODEL_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
        for line in response:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])


def report(endpoint: Endpoint, streams: Sequence[int], fanal: str | None, question: str) -> Iterator[str]:
    """Measure, and write the tables line by line as they come."""
    yield f"| streams | first piece, p50 / p95 | tokens/s of one, median | tokens/s of all |{_fanal_head(fanal)}"
    yield "|---|---|---|---|" + ("---|---|" if fanal else "")
    for number in streams:
        timings, wall = endpoint.at_once(number)
        pace = statistics.median(one.pace for one in timings)
        together = sum(one.tokens for one in timings) / wall
        line = f"| {number} | {_spread([one.first_s for one in timings])} | {pace:.1f} | {together:.1f} |"
        if fanal:
            asked, _ = fanal_at_once(fanal, question, number)
            first, total = [one.first_s for one in asked], [one.total_s for one in asked]
            line += f" {_spread(first)} | {_spread(total)} |"
        yield line
    cold, warm = endpoint.prefix_effect()
    yield ""
    yield "| first piece of a prompt never read | of one whose instructions were read before | ratio |"
    yield "|---|---|---|"
    yield f"| {cold * 1_000:.0f} ms | {warm * 1_000:.0f} ms | {cold / warm:.1f} |"


def _fanal_head(fanal: str | None) -> str:
    return " Fanal: first statement, p50 / p95 | Fanal: whole answer, p50 / p95 |" if fanal else ""


def _spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return f"{statistics.median(ordered) * 1_000:,.0f} / {p95 * 1_000:,.0f} ms"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; give its exit status: 1 when an endpoint fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", required=True, help="base URL of the model's endpoint (…/v1)")
    parser.add_argument("--model", required=True, help="its name there")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--tokens", type=int, default=200, help="length of an answer")
    parser.add_argument("--constant-words", type=int, default=450, help="of the instructions")
    parser.add_argument("--varying-words", type=int, default=1_500, help="of the passages")
    parser.add_argument(
        "--fanal", help="URL of a Fanal server that asks that endpoint, measured in the same run"
    )
    parser.add_argument("--question", default="Combien de temps dure un premier entretien ?")
    options = parser.parse_args(arguments)
    endpoint = Endpoint(
        options.url.rstrip("/"), options.model, options.constant_words, options.varying_words, options.tokens
    )
    try:
        endpoint.answer("", "bonjour", tokens=2)  # the first request of a server compiles what it needs
        for line in report(endpoint, options.streams, options.fanal, options.question):
            print(line, flush=True)
    except OSError as error:
        print(f"{error} : {options.url} ou {options.fanal} ne répond pas comme attendu.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
