"""How far a judge and people agree: in go their verdicts on the same answers, out comes Cohen's kappa.

J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960):
kappa = (observed agreement - agreement by chance) / (1 - agreement by chance).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 10_000
SEED = 1960


@dataclass(frozen=True)
class Table:
    """How many answers both find good, the first alone, the second alone, and neither."""

    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def size(self) -> int:
        """How many answers there are."""
        return self.both + self.first_only + self.second_only + self.neither


def tabulate(first: Sequence[bool], second: Sequence[bool]) -> Table:
    """Count the verdicts of two raters on the same answers, in the same order.

    Raises:
        ValueError: they did not rate as many.
    """
    pairs = list(zip(first, second, strict=True))
    return Table(
        *(pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False)))
    )


def kappa(table: Table) -> float | None:
    """Give Cohen's kappa, in [-1, 1].

    None when there is nothing to tell apart: no answer, or one and the same verdict by both on all of them.
    """
    if not table.size:
        return None
    [value] = _kappas(
        np.array([[table.both, table.first_only, table.second_only, table.neither]], dtype=float)
    )
    return None if np.isnan(value) else float(value)


def interval(table: Table, seed: int = SEED) -> tuple[float, float] | None:
    """Give the 95 % percentile bootstrap interval of kappa (Efron, 1979).

    Answers drawn again with replacement are a draw of the table's four counts. None where kappa is None, or where a
    tenth of the draws or more have none: their spread would be that of a chosen few.
    """
    if kappa(table) is None:
        return None
    counts = np.array([table.both, table.first_only, table.second_only, table.neither], dtype=float)
    drawn = np.random.default_rng(seed).multinomial(table.size, counts / table.size, size=RESAMPLES)
    values = _kappas(drawn.astype(float))
    values = values[~np.isnan(values)]
    if len(values) <= 0.9 * RESAMPLES:
        return None
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)


def ranking(scores: Sequence[float], good: Sequence[bool]) -> float | None:
    """Give the chance that an answer people find good is scored above one they find bad, ties half (Mann-Whitney).

    It needs no threshold: 0.5 is chance. None without an answer of each kind.
    """
    values, found = np.array(scores, dtype=float), np.array(good, dtype=bool)
    if found.all() or not found.any():
        return None
    difference = values[found][:, None] - values[~found][None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def _kappas(counts: Floats) -> Floats:
    """Give kappa for rows of (both, first only, second only, neither); NaN where chance alone agrees on all."""
    both, first_only, second_only, neither = (counts / counts.sum(axis=1, keepdims=True)).T
    first, second = both + first_only, both + second_only
    chance = first * second + (1 - first) * (1 - second)
    observed = both + neither
    certain = np.isclose(chance, 1.0)
    values: Floats = np.where(certain, np.nan, (observed - chance) / np.where(certain, 1.0, 1.0 - chance))
    return values
