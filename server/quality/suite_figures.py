"""The figure of a suite: a metric and the results of cases go in, what each case adds to the figure comes out.

Most figures are the mean of the cases' scores. Those whose cases weigh more or less (a text with twelve names to mask,
a text with one) are pooled: the sum of the cases' `counts`, over what there was, so that each name counts the same.
The runner and the comparison of two runs both take them from here.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from server.evaluation_schemas import CaseResult
from server.quality.statistics import Floats

POOLED = frozenset(
    {
        "abstention_precision",
        "abstention_recall",
        "draft_non_renseigne_precision",
        "draft_non_renseigne_recall",
        "mask_recall_direct",
        "mask_recall_special",
        "mask_precision",
    }
)
"""Metrics whose figure is a ratio of the sums of `CaseResult.counts`."""

BALANCED = "balanced_accuracy"
"""The mean of two shares: questions to answer that were answered, and questions without an answer that were left so."""


def parts_of(name: str, results: Sequence[CaseResult]) -> Floats:
    """Give what the cases add to a figure, a row for each that adds something: see `server.quality.statistics`."""
    rows = [row for result in results if (row := part_of(name, result)) is not None]
    return np.array(rows, dtype=np.float64).reshape(len(rows), _width(name))


def part_of(name: str, result: CaseResult) -> tuple[float, ...] | None:
    """Give what a case adds to a figure; None when the metric says nothing of it."""
    if name == BALANCED:
        score = result.scores.get("abstention_accuracy")
        if score is None:
            return None
        return (0.0, 0.0, score, 1.0) if result.case.must_abstain else (score, 1.0, 0.0, 0.0)
    if name in POOLED:
        return result.counts.get(name)
    score = result.scores.get(name)
    return None if score is None else (score, 1.0)


def paired_parts(
    name: str, before: Mapping[str, CaseResult], after: Mapping[str, CaseResult]
) -> tuple[Floats, Floats]:
    """Give what the cases that two runs share add to a figure in each, in the same order.

    A mean is compared over the cases that have a score both times. A pooled figure has all of the cases: one that
    abstains now and did not before adds nothing to what was.

    Args:
        before: results by id of their case.
    """
    rows = [
        (part_of(name, result), part_of(name, after[id_])) for id_, result in before.items() if id_ in after
    ]
    nothing = (0.0,) * _width(name)
    if name in POOLED:
        both = [(one or nothing, other or nothing) for one, other in rows if one or other]
    else:
        both = [(one, other) for one, other in rows if one is not None and other is not None]
    shape = (len(both), len(nothing))
    return (
        np.array([one for one, _ in both], dtype=np.float64).reshape(shape),
        np.array([other for _, other in both], dtype=np.float64).reshape(shape),
    )


def _width(name: str) -> int:
    return 4 if name == BALANCED else 2
