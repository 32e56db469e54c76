"""Ranking: candidates with the raw scores of both sides go in, the same passages come out, best first.

A linear model over what a candidate is worth by itself, in its section and in the citations of the others. Its
weights are learned on half of the questions of the ministry's sheets (`python -m eval tune-ranker`) and lie beside this
module; docs/retrieval.md tells what each feature is worth on the other half.

Each feature is standardised over the candidates of one question, or has no scale: so the weights hold for another
embedder's cosines and for an organisation's few hundred passages. A passage without sections, links or number has
features that say nothing for it or against it.

Sources: sums of standardised scores, Montague and Aslam 2001 ("Relevance score normalization for metasearch");
scores of a section lent to its passages, after the cluster hypothesis (van Rijsbergen 1979); citations among the
documents found, Kleinberg 1999 (HITS); the list-wise loss of the weights, Cao et al. 2007 (ListNet).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.index import Candidate, Hit, Index, Query

WEIGHTS = Path(__file__).with_name("rank_weights.json")

Floats = npt.NDArray[np.float64]

BEST_OF_SECTION = 3
"""Best passages of a section whose scores are summed: a section with one good passage is worth less than with three."""

LEVELS = (0, 1)
"""Sections whose passages speak for each other: the passage's own, and the one around it."""

VOTE = 10.0
"""Weight of a vote under the logarithm that flattens them: the best passage's alone gives log 11."""

_STATUTE = re.compile(r"LO?\*?\d")
_REGULATION = re.compile(r"[RDA]\*?\d")

_Groups = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Ranker:
    """Orders candidates by a weighted sum of their features.

    Args:
        weights: by name of a feature; a feature without one counts for nothing.
    """

    weights: Mapping[str, float]

    def scores(self, candidates: Sequence[Candidate]) -> Floats:
        """Score each candidate; scores compare the candidates of one question only."""
        values = features(candidates)
        total = np.zeros(len(candidates))
        for name, weight in self.weights.items():
            total += weight * values[name]
        return total

    def ranked(self, candidates: Sequence[Candidate]) -> list[Hit]:
        """Give the candidates' passages, best first, each with its score."""
        if not candidates:
            return []
        scores = self.scores(candidates)
        order = np.argsort(-scores, kind="stable")
        return [replace(candidates[place].hit, score=float(scores[place])) for place in order]


@cache
def shipped_ranker() -> Ranker:
    """Read the ranker whose weights come with Fanal."""
    return Ranker(json.loads(WEIGHTS.read_text("utf-8"))["weights"])


def find(index: Index, query: Query, ranker: Ranker) -> list[Hit]:
    """Find the `query.k` best passages.

    Without a vector for the question there is one list only, and the index's own order is the answer: the weights
    were learned on both.
    """
    if query.dense is None or query.side != "hybrid":
        return index.search(query)
    return ranker.ranked(index.candidates(query))[: query.k]


def features(candidates: Sequence[Candidate]) -> dict[str, Floats]:
    """Describe the candidates of one question, at least one: a value for each, by name of the feature."""
    sparse = standardised([candidate.sparse for candidate in candidates])
    dense = standardised([candidate.dense for candidate in candidates])
    found = {
        "sparse": sparse,
        "dense": dense,
        "part": np.array([_part(candidate) for candidate in candidates]),
        "length": standardised([float(np.log1p(len(one.hit.payload["text"]))) for one in candidates]),
    }
    for level in LEVELS:
        groups = _numbered([section(candidate, level) for candidate in candidates])
        for name, scores in (("sparse", sparse), ("dense", dense)):
            found[f"{name}_section_best_{level}"] = _best_of_group(scores, groups)
            found[f"{name}_section_mean_{level}"] = _mean_of_group(scores, groups)
    promise = sparse + dense + found["sparse_section_best_0"] + found["dense_section_best_0"]
    found["cited"] = _cited(candidates, promise)
    return found


FEATURES = (
    *("sparse", "dense", "part", "length"),
    *(f"{side}_section_{how}_{level}" for level in LEVELS for side in ("sparse", "dense") for how in ("best", "mean")),
    "cited",
)  # fmt: skip
"""Names of the features, in the order of the weights' file."""


def standardised(scores: Sequence[float | None]) -> Floats:
    """Give scores a mean of 0 and a spread of 1; a missing one counts as the lowest, equal ones as 0."""
    known = [score for score in scores if score is not None]
    lowest = min(known, default=0.0)
    values = np.array([lowest if score is None else score for score in scores], dtype=np.float64)
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)


def section(candidate: Candidate, level: int) -> tuple[str, ...]:
    """Name the part of a larger work (a section of a code) that a passage's document stands in.

    A document that stands on its own is no section: its passages do not speak for each other, which was measured to
    lose answers in procedures, where one heading answers and its neighbours are about something else.

    Args:
        level: how many parts further out; never wider than the work itself.
    """
    held = candidate.hit.payload
    path = tuple(held["path"])
    above = path[: path.index(held["title"])] if held["title"] in path else ()
    return (held["source"], *above[: max(1, len(above) - level)]) if above else (candidate.hit.chunk_id,)


def _part(candidate: Candidate) -> float:
    """Tell statutes (1) from regulations (-1): a code's principle is in the one, its detail in the other."""
    number = candidate.hit.payload["number"] or ""
    return float(_STATUTE.match(number) is not None) - float(_REGULATION.match(number) is not None)


def _numbered(keys: Sequence[tuple[str, ...]]) -> _Groups:
    seen: dict[tuple[str, ...], int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.intp)


def _mean_of_group(scores: Floats, groups: _Groups) -> Floats:
    means: Floats = np.bincount(groups, scores) / np.bincount(groups)
    return means[groups]


def _best_of_group(scores: Floats, groups: _Groups) -> Floats:
    """Sum the best scores of each group, counted from the lowest of all, over as many places as may be filled."""
    order = np.lexsort((-scores, groups))
    sorted_groups = groups[order]
    place = np.arange(len(scores)) - np.searchsorted(sorted_groups, sorted_groups)
    kept = order[place < BEST_OF_SECTION]
    sums = np.bincount(groups[kept], scores[kept] - scores.min(), groups.max() + 1)
    shared: Floats = sums / BEST_OF_SECTION
    return shared[groups]


def _cited(candidates: Sequence[Candidate], promise: Floats) -> Floats:
    """Sum the promise of the passages that cite each: what the documents found rest on is what is looked for.

    A citing passage counts in the proportion of its promise's exponential to the best one's; few votes are told apart
    better than many.
    """
    votes = np.exp(promise - promise.max())
    received = np.zeros(len(candidates))
    for citing, cited in _edges(candidates):
        received[cited] += votes[citing]
    counted: Floats = np.log1p(VOTE * received)
    return counted


def _edges(candidates: Sequence[Candidate]) -> Iterator[tuple[int, int]]:
    """Give each citation between candidates of different documents of one source, as their places.

    The weight was learned on what a code says of its own articles. Votes of sheets, which cite by the dozen,
    were measured to cost (docs/retrieval-links.md): `server.links` follows those.
    """
    places: dict[tuple[str, str], list[int]] = {}
    for place, candidate in enumerate(candidates):
        held = candidate.hit.payload
        places.setdefault((held["source"], held["document_id"]), []).append(place)
    for citing, candidate in enumerate(candidates):
        held = candidate.hit.payload
        for link in dict.fromkeys(held["links"]):
            if link != held["document_id"]:
                yield from ((citing, cited) for cited in places.get((held["source"], link), ()))
