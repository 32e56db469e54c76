"""Retrieval metrics: a ranking and the documents that answer go in, a figure in [0, 1] comes out.

Relevance is binary and judged by document: several passages of one article are one hit.
"""

import math
from collections.abc import Iterable, Sequence


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
    gained = discounted(place for place, found in enumerate(ranking[:k], start=1) if found in gold)
    return gained / discounted(range(1, min(len(gold), k) + 1))


def discounted(places: Iterable[int]) -> float:
    """Sum what a hit is worth at each of these places, from 1: a hit further down is worth less."""
    return sum(1.0 / math.log2(place + 1) for place in places)
