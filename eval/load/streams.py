"""Many streams open at once on one server process: all open while the model writes slowly, and all must end whole.

A number of streams goes in; how many were open together, and what each lost, come out.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from eval.load.faults import failed
from eval.load.figures import Memory, memory
from eval.load.people import sample_material
from eval.load.records import Exchange, Journal
from eval.load.run import LoadOptions, running
from eval.load.talk import Answered, ask
from eval.load.watch import Sample, Watch
from eval.paced_answers import PIECES, marked
from eval.paced_model import Pace
from eval.sample_index import prepared

OPENED_A_SECOND: Final = 8.0
"""Streams that are opened in a second: each asks for a search, on the same processors."""

OPEN_SHARE: Final = 2.5
"""How many times longer than the opening of all of them the model writes each answer."""


@dataclass(frozen=True, slots=True)
class StreamsReport:
    """What came of the streams.

    Args:
        together: most streams that had begun and not ended at one time.
        ended: that came to a right end: `done` came, with all the statements that came before it.
        statements: (received one by one, in the `done` events).
        errors: how many of each.
        seconds: from the first request to the last end.
    """

    wanted: int
    together: int
    ended: int
    statements: tuple[int, int]
    errors: Mapping[str, int]
    seconds: float
    memory: Memory | None
    load: tuple[float, float]

    @property
    def is_good(self) -> bool:
        """Whether all were open together, and none lost anything."""
        sent, held = self.statements
        return self.together == self.wanted == self.ended and sent == held and not self.errors


def open_streams(cache: Path, folder: Path, wanted: int, settings: Mapping[str, str]) -> StreamsReport:
    """Open streams and read them to their end.

    Args:
        cache: folder whose `bench/sample` holds the sample's index.
        folder: where the run is written.
        settings: further `FANAL_…` settings of the server.

    Raises:
        RuntimeError: a process does not start.
    """
    writes_s = max(5.0, OPEN_SHARE * wanted / OPENED_A_SECOND)
    slow = {
        "FANAL_MODEL_SLOTS": str(wanted),
        "FANAL_MODEL_SECONDS": str(4 * writes_s + 60),
        "FANAL_MODEL_TIMEOUT": "300",
        **settings,
    }
    folder.mkdir(parents=True, exist_ok=True)
    pace = Pace(first=1.0, rate=PIECES / writes_s)
    options = LoadOptions(cache, folder, pace=pace, database="sqlite", settings=slow)
    with running(options, prepared("sample", cache).data_dir) as parts:
        watch = Watch(lambda: parts.server.processes)
        journal = Journal(folder / "streams.jsonl")
        answered = asyncio.run(opened(parts.server.url, wanted, journal, watch))
    return report(wanted, answered, watch.samples)


async def opened(url: str, wanted: int, journal: Journal, watch: Watch) -> list[Answered]:
    """Open streams one after the other, and give each once it has ended, in the order of their opening."""
    watching = asyncio.create_task(watch.look())
    limits = httpx.Limits(max_connections=wanted + 1, max_keepalive_connections=0)
    questions = sample_material().questions
    try:
        timeout = httpx.Timeout(600, connect=60)
        async with httpx.AsyncClient(base_url=url, timeout=timeout, limits=limits) as client:

            async def stream(rank: int) -> Answered:
                await asyncio.sleep(rank / OPENED_A_SECOND)
                question, _ = questions[rank % len(questions)]
                body = {"question": f"{question} {marked(rank)}"}
                answered = await ask(client, Exchange("ask", rank, rank), body)
                journal.add(answered.exchange)
                return answered

            return await asyncio.gather(*map(stream, range(wanted)))
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        journal.close()


def report(wanted: int, answered: list[Answered], samples: list[Sample]) -> StreamsReport:
    """Say what came of streams; `samples` holds a look at the server at least."""
    exchanges = [one.exchange for one in answered]
    return StreamsReport(
        wanted=wanted,
        together=most_together([(one.opened, one.ended) for one in exchanges if one.opened is not None]),
        ended=sum(not failed(one) for one in exchanges),
        statements=(
            sum(one.statements for one in exchanges),
            sum(len(one.done["statements"]) for one in answered if one.done is not None),
        ),
        errors=dict(Counter(one.error or "without the model" for one in exchanges if failed(one))),
        seconds=max(one.ended for one in exchanges) - min(one.began for one in exchanges),
        memory=memory(samples),
        load=(samples[0].load, samples[-1].load),
    )


def most_together(spans: list[tuple[float, float]]) -> int:
    """Give the greatest number of spans, (begin, end), that have an instant in common."""
    steps = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    now = most = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most
