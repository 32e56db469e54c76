"""The wire types of a comparison: two runs of the same cases, what got better and what got worse."""

from typing import Literal

from pydantic import Field

from server.evaluation_schemas import CaseStatus, Latency, MetricInfo, RunSummary
from server.outcome_schemas import OutcomeKey
from server.schemas import Wire

ChangeVerdict = Literal["better", "worse", "same"]


class MetricChange(Wire):
    """A metric in two runs, over the cases that both have.

    Args:
        difference: after less before, with its 95 % interval by paired bootstrap.
        p_value: of a paired permutation test of signs; `adjusted_p` is Holm's (1979) over all metrics.
        verdict: `same` unless `adjusted_p` < 0.05.
    """

    name: str
    before: float | None
    after: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    adjusted_p: float | None = None
    cases: int
    verdict: ChangeVerdict = "same"


class CaseChange(Wire):
    """A case whose scores differ: by metric, before and after.

    Args:
        status: whether it was tried and came to an end, before and after: one that fails now has no score to compare.
        outcomes: how it ended, before and after.
    """

    id: str
    question: str
    changes: dict[str, tuple[float | None, float | None]]
    verdict: Literal["better", "worse", "mixed"]
    status: tuple[CaseStatus, CaseStatus]
    outcomes: tuple[OutcomeKey, OutcomeKey]


class LatencyChange(Wire):
    """A stage's times in two runs; they depend on the machine as much as on the server: nothing is concluded."""

    stage: str
    before: Latency | None = None
    after: Latency | None = None


class Comparison(Wire):
    """Answer of `GET /v1/evaluations/{before}/compare/{after}`.

    Args:
        differences: what changed in the configuration between the two, in French.
        changes: the cases that got worse first.
        unchanged: how many common cases have the same scores.
        only_before: ids of the cases that the other run does not have.
        rewritten: ids of the cases whose question or right outcome changed: they are not compared.
        warnings: what its reader must know, in French: judges that differ, a judge that marked its own answers.
    """

    before: RunSummary
    after: RunSummary
    catalogue: list[MetricInfo]
    differences: list[str]
    metrics: list[MetricChange]
    changes: list[CaseChange]
    unchanged: int
    only_before: list[str] = Field(default_factory=list)
    only_after: list[str] = Field(default_factory=list)
    rewritten: list[str] = Field(default_factory=list)
    latencies: list[LatencyChange] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
