"""A run's figures: the results of its cases and their timings go in, each metric with its interval comes out.

All is computed again from the cases, and depends on nothing else: the same cases give the same figures. How a case
weighs in each is `server.quality.suite_figures`' to say; how sure the figure is, `server.quality.statistics`'.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eval.scoring.missing import missing
from server.evaluation_schemas import (
    CaseResult,
    CaseTiming,
    Latency,
    MetricGroup,
    MetricValue,
    Usage,
)
from server.quality.catalogue import CATALOGUE
from server.quality.statistics import share_of
from server.quality.suite_figures import parts_of

MIN_TAG_CASES = 5
"""Cases under which a tag has no figures of its own: their interval would be as wide as the scale."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a run's page shows, as `RunView` holds it."""

    metrics: list[MetricValue]
    groups: list[MetricGroup]
    latencies: list[Latency]
    usage: Usage
    missing: list[str]


def aggregate(results: Sequence[CaseResult], timings: Sequence[CaseTiming]) -> Figures:
    """Give the figures of a run.

    Args:
        results: scored (`eval.scoring.score`). Those that failed are in the figures with the scores that they have,
            those that were skipped are in none.
        timings: of the same cases, in any order.
    """
    return Figures(
        metrics=metrics_of(results),
        groups=groups_of(results),
        latencies=latencies_of(timings),
        usage=usage_of(timings),
        missing=missing(results, timings),
    )


def metrics_of(results: Sequence[CaseResult]) -> list[MetricValue]:
    """Give each metric that says something of these cases, in the order in which people read them."""
    values = (metric_of(name, results) for name in CATALOGUE)
    return [value for value in values if value.value is not None or value.failures]


def metric_of(name: str, results: Sequence[CaseResult]) -> MetricValue:
    """Give one metric over these cases; its value is None when none of them has a score."""
    parts = parts_of(name, results)
    failures = sum(name in result.unscored for result in results)
    found = share_of(parts) if len(parts) else None
    if found is None or not np.isfinite(found.mean):
        return MetricValue(name=name, value=None, cases=0, failures=failures)
    return MetricValue(
        name=name,
        value=found.mean,
        low=found.low if np.isfinite(found.low) else None,
        high=found.high if np.isfinite(found.high) else None,
        cases=len(parts),
        failures=failures,
    )


def groups_of(results: Sequence[CaseResult]) -> list[MetricGroup]:
    """Give the metrics of the cases under each tag that `MIN_TAG_CASES` carry at least, in alphabetical order."""
    by_tag: dict[str, list[CaseResult]] = {}
    for result in results:
        for tag in dict.fromkeys(result.case.tags):
            by_tag.setdefault(tag, []).append(result)
    return [
        MetricGroup(tag=tag, cases=len(group), metrics=metrics_of(group))
        for tag, group in sorted(by_tag.items())
        if len(group) >= MIN_TAG_CASES
    ]


def latencies_of(timings: Sequence[CaseTiming]) -> list[Latency]:
    """Give the median and the 95th percentile of each stage, in milliseconds, in the order in which stages appear.

    Answers taken from the cache were not waited for in this run, and are left out.
    """
    by_stage: dict[str, list[float]] = {}
    for timing in timings:
        if not timing.cached:
            for stage, spent in timing.timings.items():
                by_stage.setdefault(stage, []).append(spent)
    return [_latency(stage, spent) for stage, spent in by_stage.items()]


def usage_of(timings: Sequence[CaseTiming]) -> Usage:
    """Sum what the models used; None where no case tells.

    What an answer of the cache used is counted: these answers did use it, in the run that asked for them.
    """
    tokens = [timing.tokens for timing in timings if timing.tokens is not None]
    energy = [timing.energy_wh for timing in timings if timing.energy_wh is not None]
    return Usage(
        prompt_tokens=_total(one.prompt for one in tokens) if tokens else None,
        completion_tokens=_total(one.completion for one in tokens) if tokens else None,
        energy_wh=sum(energy) if energy else None,
        cached=sum(timing.cached for timing in timings),
    )


def _latency(stage: str, spent: Sequence[float]) -> Latency:
    p50, p95 = np.percentile(spent, [50, 95])
    return Latency(stage=stage, p50=round(float(p50), 3), p95=round(float(p95), 3), cases=len(spent))


def _total(values: Iterable[int]) -> int:
    return sum(values)
