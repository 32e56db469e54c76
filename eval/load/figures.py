"""Figures of a load: exchanges, calls of the model and looks at the machine go in; numbers come out.

Fanal's own part of an exchange is the time that the person waited, by their own clock from the request to the end of
the answer, less the time when the model had at least one request for it in hand (its calls overlap in a draft: their
union counts once; what a full model makes a request wait is in it), less the wait in Fanal's own queue. What is left is
masking, search, decision, verification, database, HTTP on both sides, and whatever these waited for the processor.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from eval.load.faults import failed, fell_back, not_kept
from eval.load.records import KINDS, Exchange, Kind
from eval.load.watch import Sample
from eval.paced_model import Call

AIM_P95_MS: Final = 300.0
WARM_UP: Final = 0.2
"""Share of the run, at its beginning, that the slope of the memory leaves out: pools and caches take their size."""

MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Times:
    """Times of the exchanges of one kind that succeeded, in milliseconds, as (p50, p95).

    Args:
        whole: that the person waited.
        first: to the first statement or section; None for feedback.
        own: Fanal's own part.
        share: median of Fanal's own part in the whole.
    """

    count: int
    whole: tuple[float, float]
    first: tuple[float, float] | None
    own: tuple[float, float]
    share: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the server, in megabytes; the slope, per minute, is that of a line through the looks after the
    warm-up."""

    first: float
    last: float
    peak: float
    slope: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What a load gave.

    Args:
        times: by kind, and of all that the model took part in under `model`; kinds without a success are missing.
        errors: how many of each, by what went wrong; fallbacks and answers that are not kept are in it.
        unmatched: exchanges with the model, without fault, for which it tells no call.
        waited: exchanges that had to wait in the queue, with the farthest place and the longest wait in seconds.
        per_second: answers and drafts that succeeded, a second of the whole run.
        cores: processors that the server kept busy, on average.
        cpu_ms: processor time of the server for each of those answers and drafts, feedback included.
        late_p95_ms: by how much the simulated people's own program was late.
    """

    exchanges: int
    times: Mapping[str, Times]
    errors: Mapping[str, int]
    unmatched: int
    waited: tuple[int, int, float]
    per_second: float
    memory: Memory | None
    cores: float
    cpu_ms: float
    load: tuple[float, float]
    late_p95_ms: float


def figures(
    exchanges: Sequence[Exchange],
    calls: Iterable[Call],
    samples: Sequence[Sample],
    late_s: Sequence[float],
) -> Figures:
    """Reckon the figures of a run; `exchanges` holds one at least."""
    by_mark = defaultdict(list)
    for call in calls:
        by_mark[call.mark].append(call)
    good = [one for one in exchanges if not failed(one)]
    written = [one for one in good if one.kind != "feedback"]
    known = {id(one): by_mark[one.mark] for one in written}
    matched = [one for one in good if one.kind == "feedback" or known[id(one)]]
    own = {id(one): own_s(one, known.get(id(one), [])) for one in matched}
    groups: dict[str, list[Exchange]] = {kind: [one for one in matched if one.kind == kind] for kind in KINDS}
    groups["model"] = [one for one in matched if one.kind != "feedback"]
    seconds = max(one.ended for one in exchanges) - min(one.began for one in exchanges)
    return Figures(
        exchanges=len(exchanges),
        times={name: _times(group, own) for name, group in groups.items() if group},
        errors=dict(Counter(_what(one) for one in exchanges if failed(one))),
        unmatched=len(good) - len(matched),
        waited=_waited(exchanges),
        per_second=len(written) / seconds,
        memory=memory(samples),
        cores=_cores(samples),
        cpu_ms=_cpu_s(samples) / max(1, len(written)) * MS,
        load=(samples[0].load, samples[-1].load) if samples else (0.0, 0.0),
        late_p95_ms=percentile(late_s, 0.95) * MS if late_s else 0.0,
    )


def own_s(exchange: Exchange, calls: Sequence[Call]) -> float:
    """Give Fanal's own part of an exchange, in seconds; see the module."""
    return exchange.whole - busy_s(calls, exchange.began, exchange.ended) - exchange.waited


def busy_s(calls: Iterable[Call], began: float, ended: float) -> float:
    """Give for how long, between two times, at least one call was under way, in seconds."""
    total, reached = 0.0, began
    for call in sorted(calls, key=lambda one: one.began):
        start, end = max(call.began, reached), min(call.ended, ended)
        if end > start:
            total, reached = total + end - start, end
    return total


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that `share` of all of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1_000) * len(ordered) // 1_000) - 1)]


def memory(samples: Sequence[Sample]) -> Memory | None:
    """Give the memory of the server; None when it was never seen, and no slope from less than three looks."""
    up = [sample for sample in samples if sample.memory_mb]
    if not up:
        return None
    warm = up[int(len(up) * WARM_UP) :]
    slope = 0.0
    if len(warm) > 2:
        minutes = [sample.at / 60 for sample in warm]
        slope = statistics.linear_regression(minutes, [sample.memory_mb for sample in warm]).slope
    return Memory(warm[0].memory_mb, up[-1].memory_mb, max(one.memory_mb for one in up), slope)


def _times(group: Sequence[Exchange], own: Mapping[int, float]) -> Times:
    parts = [own[id(one)] for one in group]
    firsts = [one.first - one.began for one in group if one.first is not None]
    return Times(
        count=len(group),
        whole=_halves([one.whole for one in group]),
        first=_halves(firsts) if firsts else None,
        own=_halves(parts),
        share=statistics.median(part / one.whole for part, one in zip(parts, group, strict=True)),
    )


def _halves(seconds: Sequence[float]) -> tuple[float, float]:
    return percentile(seconds, 0.5) * MS, percentile(seconds, 0.95) * MS


def _what(exchange: Exchange) -> str:
    kind: Kind = exchange.kind
    if exchange.error is not None:
        return f"{kind}: {exchange.error}"
    if not_kept(exchange):
        return f"{kind}: not kept"
    assert fell_back(exchange)
    return f"{kind}: without the model"


def _waited(exchanges: Sequence[Exchange]) -> tuple[int, int, float]:
    queued = [one for one in exchanges if one.place is not None]
    return (
        len(queued),
        max((one.place or 0 for one in queued), default=0),
        max((one.waited for one in queued), default=0.0),
    )


def _cores(samples: Sequence[Sample]) -> float:
    return _cpu_s(samples) / (samples[-1].at - samples[0].at) if len(samples) > 1 else 0.0


def _cpu_s(samples: Sequence[Sample]) -> float:
    """Give the processor time that was spent; a server that was started again counts from nothing."""
    return sum(max(0.0, later.cpu_s - sooner.cpu_s) for sooner, later in pairwise(samples))
