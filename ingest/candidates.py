"""Candidates: the passages that a ranker orders, each with the raw score of both sides.

In: a `Query`, and a backend's way to answer several look-ups in one call. Out: the most promising passages of both
lists, with the dense and the sparse score of each, also of those that only one side had brought.

Two calls: the lists of both sides without payloads (cheap: ids and scores), then, of the best passages alone, their
payloads and the scores that are missing. The query's filter is a part of every look-up of both calls.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ingest.index import DENSE, SPARSE, Candidate, Hit, Query, SearchFilter

Scores = Mapping[str, float]
"""Scores by passage id."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One question to Qdrant.

    Args:
        using: the side whose nearest passages are wanted; None gives the passages of the filter, in no order.
        where: which passages.
        limit: how many at most.
    """

    using: str | None
    where: SearchFilter
    limit: int


Batch = Callable[[Sequence[Lookup]], Sequence[Sequence[Hit]]]
"""Answers look-ups in one call; payloads are read only for those without a side."""


def gathered(query: Query, limit: int, batch: Batch) -> list[Candidate]:
    """Find the `limit` most promising passages of both sides, the most promising first.

    Args:
        query: its `dense` None leaves that side out, and every candidate without a dense score.
        limit: how many candidates are wanted.
        batch: the backend's call.
    """
    sides = (SPARSE,) if query.dense is None else (SPARSE, DENSE)
    lists = batch([Lookup(side, query.where, query.prefetch) for side in sides])
    found = {side: _scores(hits) for side, hits in zip(sides, lists, strict=True)}
    chosen = most_promising(list(found.values()), limit)
    if not chosen:
        return []
    absent = {side: [key for key in chosen if key not in found[side]] for side in sides}
    payloads, *late = batch(
        [
            Lookup(None, _only(query.where, chosen), len(chosen)),
            *(Lookup(side, _only(query.where, keys), len(keys)) for side, keys in absent.items() if keys),
        ]
    )
    for side, hits in zip((side for side in sides if absent[side]), late, strict=True):
        found[side] = {**found[side], **_scores(hits)}
    held = {hit.chunk_id: hit for hit in payloads}
    dense = found.get(DENSE, {})
    return [
        Candidate(held[key], found[SPARSE].get(key), dense.get(key)) for key in chosen if key in held
    ]  # one that a write has just removed is gone


def most_promising(lists: Sequence[Scores], limit: int) -> list[str]:
    """Order passages by the sum of their standardised scores; one that a list lacks has its lowest score there."""
    totals: dict[str, float] = dict.fromkeys((key for scores in lists for key in scores), 0.0)
    for scores in lists:
        if not scores:
            continue
        values = np.fromiter(scores.values(), float)
        mean, spread, lowest = values.mean(), values.std() or 1.0, values.min()
        for key in totals:
            totals[key] += float((scores.get(key, lowest) - mean) / spread)
    return sorted(totals, key=lambda key: -totals[key])[:limit]


def _only(where: SearchFilter, chunk_ids: Sequence[str]) -> SearchFilter:
    return replace(where, chunk_ids=tuple(chunk_ids))


def _scores(hits: Sequence[Hit]) -> dict[str, float]:
    return {hit.chunk_id: hit.score for hit in hits}
