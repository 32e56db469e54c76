"""How sure a figure is: what each case adds to it goes in, its interval and what changed come out.

A figure is a ratio of sums over cases, or the mean of several such ratios. A mean of scores is the sum of the scores
over the count of the cases; a precision is the right ones over all; balanced accuracy is the mean of two shares. What a
case adds is so a row of pairs, `(numerator, denominator)` for each ratio, and one code resamples them all.

The cases are what is drawn, never the sentences or the masks in them: those of one case succeed and fail together.
Every draw has a fixed seed: the same cases give the same figures, to the last digit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 2_000
"""Of a bootstrap: the ends of a 95 % interval then move by a tenth of its width from one seed to another, or less."""

FLIPS = 9_999
"""Of a permutation test that cannot try them all: the smallest p-value is 1 in 10 000."""

EXACT = 13
"""Pairs that differ, up to which all their 2^13 permutations are tried."""

SEED = 20261122

TAIL = 0.025
"""Of each side of a 95 % interval."""

FEW = 5
"""Cases below which equal scores tell nothing of how others would fall."""

_ALIKE = 1e-12
"""Width under which an interval is none, but for rounding."""

_NORMAL = NormalDist()

_BLOCK = 1_000
"""Permutations in memory at once."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the 95 % interval that resampling its cases gives; NaN where nothing tells."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of the same cases before and after, and what the difference is worth.

    Args:
        change: after less before, with its 95 % interval.
        p_value: how often chance alone, with nothing changed, would part the two as far.
    """

    before: float
    after: float
    change: Estimate
    p_value: float


def figure(parts: Floats) -> float:
    """Give the figure of cases.

    Args:
        parts: a row a case, of pairs (numerator, denominator).

    Returns:
        The mean of the ratios of the columns' sums; NaN when a denominator is 0.
    """
    return float(_ratios(parts.sum(axis=0)))


def estimate_of(parts: Floats) -> Estimate:
    """Estimate a figure with a bootstrap over its cases, corrected for bias and skew (BCa: Efron, 1987).

    The correction matters where figures are near 1, as here: of 40 questions whose true share is 0.9, the plain
    percentile interval holds the truth 91 times in 100, this one 97; of pooled figures and balanced accuracies, 93 and
    92, this one 94. A draw without any case that counts (no abstention at all, for the precision of abstentions) tells
    nothing and is left out.

    Args:
        parts: as in `figure`; not empty.
    """
    mean = figure(parts)
    low, high = _interval(_ratios(_counts(len(parts)) @ parts), mean, _ratios(parts.sum(axis=0) - parts))
    return Estimate(mean, low, high)


def share_of(parts: Floats) -> Estimate:
    """Estimate a figure that lies in [0, 1], as `estimate_of` does.

    Where every case is perfect, or none is, each resample is like the others and the interval would have no width:
    twenty questions answered out of twenty do not prove that the next one will be. The bound is then that of Clopper
    and Pearson (1934): cases of mean `m` are all perfect with a probability of `m ** n` at most, whatever their scores.
    Where all the cases have the same other score, the interval is that of Hoeffding (1963), which holds for any scores
    in [0, 1]: `sqrt(ln(2 / 0.05) / 2n)` on each side. It is NaN below `FEW` cases: it would be the whole scale.
    """
    found = estimate_of(parts)
    cases = int((parts[:, 1::2] > 0).sum(axis=0).min())
    if found.mean >= 1.0 and cases:
        return Estimate(1.0, TAIL ** (1 / cases), 1.0)
    if found.mean <= 0.0 and cases:
        return Estimate(0.0, 0.0, 1 - TAIL ** (1 / cases))
    if found.high - found.low < _ALIKE:
        return _hoeffding(found.mean, cases)
    return found


def _hoeffding(mean: float, cases: int) -> Estimate:
    if cases < FEW:
        return Estimate(mean, math.nan, math.nan)
    around = math.sqrt(math.log(1 / TAIL) / (2 * cases))
    return Estimate(mean, max(0.0, mean - around), min(1.0, mean + around))


def difference_of(before: Floats, after: Floats) -> Difference:
    """Tell how far a figure moved between two runs of the same cases, and whether chance would do as much.

    The interval is of a paired bootstrap: a case is drawn with what it gave both times. The p-value is of a permutation
    test (Fisher, 1935): were the two runs alike, what a case gave before might as well be what it gave after. For a
    mean, exchanging the two is flipping the sign of their difference. All exchanges are tried when few cases differ,
    else `FLIPS` are drawn and the observed one is counted with them (Phipson and Smyth, 2010).

    Args:
        before: as in `figure`; not empty.
        after: the same cases, in the same order.

    Raises:
        ValueError: the two have not as many cases.
    """
    if before.shape != after.shape:
        raise ValueError("two runs are compared over the same cases")
    drawn = _counts(len(before))
    was, became = figure(before), figure(after)
    without = _ratios(after.sum(axis=0) - after) - _ratios(before.sum(axis=0) - before)
    low, high = _interval(_ratios(drawn @ after) - _ratios(drawn @ before), became - was, without)
    return Difference(was, became, Estimate(became - was, low, high), _exchange_p_value(before, after))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for how many there are (Holm, 1979): twenty metrics at 0.05 would cry wolf once."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def scores(values: Sequence[float]) -> Floats:
    """Write scores, one a case, as what each adds to their mean."""
    return np.column_stack([np.asarray(values, dtype=np.float64), np.ones(len(values))])


def estimate(values: Sequence[float]) -> Estimate:
    """Estimate a mean of scores; `values` is not empty."""
    return estimate_of(scores(values))


def paired_gain(better: Sequence[float], worse: Sequence[float]) -> Estimate:
    """Estimate how much one system gains over another on the same questions."""
    return estimate([one - other for one, other in zip(better, worse, strict=True)])


def relative_gain(better: Sequence[float], worse: Sequence[float]) -> Estimate:
    """Estimate the ratio of two systems' means on the same questions, less 1 (0.25 is a quarter more)."""
    pairs = np.stack([np.asarray(better, dtype=np.float64), np.asarray(worse, dtype=np.float64)], axis=1)
    found = estimate_of(pairs)
    return Estimate(found.mean - 1, found.low - 1, found.high - 1)


@lru_cache(maxsize=8)
def _counts(cases: int) -> npt.NDArray[np.int32]:
    """Draw the bootstrap's samples: how many times each case is in each, a row a sample."""
    places = np.random.default_rng(SEED).integers(cases, size=(RESAMPLES, cases))
    flat = (places + np.arange(RESAMPLES)[:, np.newaxis] * cases).ravel()
    drawn = np.bincount(flat, minlength=RESAMPLES * cases).reshape(RESAMPLES, cases).astype(np.int32)
    drawn.flags.writeable = False
    return drawn


def _ratios(sums: Floats) -> Floats:
    """Give the figure of each row of sums; NaN when a denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = sums[..., 0::2] / sums[..., 1::2]
    ratios[~np.isfinite(ratios)] = np.nan
    means: Floats = ratios.mean(axis=-1)
    return means


def _interval(drawn: Floats, observed: float, without: Floats) -> tuple[float, float]:
    """Give the ends of a 95 % interval (BCa).

    Args:
        drawn: the figure of each resample.
        without: the figure without each of the cases.
    """
    told = drawn[np.isfinite(drawn)]
    if not len(told) or math.isnan(observed):
        return math.nan, math.nan
    below = float(((told < observed).sum() + 0.5 * (told == observed).sum()) / len(told))
    bias = _NORMAL.inv_cdf(min(max(below, 1 / len(told)), 1 - 1 / len(told)))
    skew = _skew(without[np.isfinite(without)])
    shifted = [bias + _NORMAL.inv_cdf(tail) for tail in (TAIL, 1 - TAIL)]
    tails = [100 * _NORMAL.cdf(bias + one / (1 - skew * one)) for one in shifted]
    low, high = np.percentile(told, tails)
    return float(low), float(high)


def _skew(without: Floats) -> float:
    """Give the acceleration of the figure, by the jackknife; 0 where every case weighs the same."""
    if not len(without):
        return 0.0
    gaps = without.mean() - without
    spread = float((gaps**2).sum()) ** 1.5
    return float((gaps**3).sum()) / (6 * spread) if spread else 0.0


def _exchange_p_value(before: Floats, after: Floats) -> float:
    differing = (before != after).any(axis=1)
    gained = (after - before)[differing]
    sums = before.sum(axis=0), after.sum(axis=0)
    observed = abs(float(_ratios(sums[1]) - _ratios(sums[0])))
    if not len(gained) or math.isnan(observed):
        return 1.0
    exact = len(gained) <= EXACT
    tried = _all_exchanges(len(gained)) if exact else _drawn_exchanges(len(gained))
    extreme = total = 0
    for start in range(0, len(tried), _BLOCK):
        moved = tried[start : start + _BLOCK] @ gained
        apart = np.abs(_ratios(sums[1] - moved) - _ratios(sums[0] + moved))
        # One that tells nothing (a denominator of 0) counts against the change, as does a tie but for rounding.
        extreme += int((~(apart < observed - 1e-12)).sum())
        total += len(moved)
    return extreme / total if exact else (extreme + 1) / (total + 1)


def _all_exchanges(pairs: int) -> npt.NDArray[np.bool_]:
    return (np.arange(2**pairs)[:, np.newaxis] >> np.arange(pairs) & 1).astype(np.bool_)


def _drawn_exchanges(pairs: int) -> npt.NDArray[np.bool_]:
    return np.random.default_rng(SEED).integers(2, size=(FLIPS, pairs), dtype=np.int8).astype(np.bool_)
