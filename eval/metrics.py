"""Retrieval metrics: a ranking and the documents that answer go in, a figure in [0, 1] comes out.

Relevance is binary and judged by document: several passages of one article are one hit.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_000
SEED = 20261122


def ranked_documents(document_ids: Iterable[str]) -> list[str]:
    """Keep the first place of each document in a ranking of passages."""
    return list(dict.fromkeys(document_ids))


def recall(ranking: Sequence[str], gold: frozenset[str], k: int) -> float:
    """Share of the gold documents among the first `k`."""
    return len(gold.intersection(ranking[:k])) / len(gold)


def reciprocal_rank(ranking: Sequence[str], gold: frozenset[str], k: int) -> float:
    """Inverse of the place of the first gold document, 0 when none is among the first `k`."""
    return next((1.0 / place for place, found in enumerate(ranking[:k], start=1) if found in gold), 0.0)


def ndcg(ranking: Sequence[str], gold: frozenset[str], k: int) -> float:
    """Normalised discounted cumulative gain with binary relevance (Järvelin and Kekäläinen, 2002)."""
    gained = sum(
        1.0 / math.log2(place + 1) for place, found in enumerate(ranking[:k], start=1) if found in gold
    )
    ideal = sum(1.0 / math.log2(place + 1) for place in range(1, min(len(gold), k) + 1))
    return gained / ideal


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions and the 95 % interval that resampling them gives."""

    mean: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Estimate a mean with a percentile bootstrap (Efron, 1979) of a fixed seed; `values` is not empty."""
    drawn = np.random.default_rng(SEED).choice(np.asarray(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return Estimate(float(np.mean(values)), float(low), float(high))


def paired_gain(better: Sequence[float], worse: Sequence[float]) -> Estimate:
    """Estimate how much one system gains over another on the same questions."""
    return estimate([one - other for one, other in zip(better, worse, strict=True)])


def relative_gain(better: Sequence[float], worse: Sequence[float]) -> Estimate:
    """Estimate the ratio of two systems' means on the same questions, less 1 (0.25 is a quarter more)."""
    pairs = np.stack([np.asarray(better, dtype=np.float64), np.asarray(worse, dtype=np.float64)])
    places = np.random.default_rng(SEED).integers(pairs.shape[1], size=(RESAMPLES, pairs.shape[1]))
    drawn = pairs[:, places].mean(axis=2)
    low, high = np.percentile(drawn[0] / drawn[1] - 1, [2.5, 97.5])
    ratio = pairs[0].mean() / pairs[1].mean() - 1
    return Estimate(float(ratio), float(low), float(high))
