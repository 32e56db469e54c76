"""Retrieval: a question goes in, the passages that may answer it come out, best first.

Dense and sparse sides are fused by Qdrant in one query, filtered there by date, kind, source and groups.
Articles and references that the question names ("L. 6323-17-1", "PR-031") are looked up exactly and come first.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ingest.embed import Embedder, Vectors
from ingest.errors import EmbeddingFailed, SourceUnavailable
from ingest.index import Hit, Index, Query, SearchFilter, Side
from ingest.text import article_numbers, terms
from server.retrieval import Retrieval
from server.schemas import Passage, Scope

logger = logging.getLogger(__name__)

DENSE_DOWN = "La recherche par le sens est indisponible : cette recherche s’est faite par les mots."

READY_SHARE = 0.95
"""Share of the passages that must have a dense vector before that side is used: with fewer, what is embedded
would win over what is not, whatever the question."""

PINNED = 3
"""Passages of a named article that come first: a long article has many."""

NAMED = 3
"""Articles or references looked up exactly in one question: more than that is a list pasted in, not a question."""

COVERING = 5
"""Best passages in which the question's terms are looked for."""

_REFERENCE = re.compile(r"\b[A-Z]{2,4}-\d{2,4}(?:-\d{1,4})*\b")


class HybridRetriever:
    """Finds passages in one index.

    Args:
        index: where the passages are.
        embedder: the one that the index was filled with.
        dense_share: gives the share of passages that have a dense vector.
        today: gives the day that a question is about when it names none.
    """

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        *,
        dense_share: Callable[[], float],
        today: Callable[[], date] = date.today,
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._dense_share = dense_share
        self._today = today

    def retrieve(self, question: str, scope: Scope, groups: frozenset[str], k: int) -> Retrieval:
        """Find the `k` best passages that the caller's groups may read, in force on the day asked about."""
        hits, warnings = self.search(question, scope, groups, k)
        weights = self._index.rarity(sorted(set(terms(question))))
        passages = [passage_of(hit) for hit in hits]
        return Retrieval(passages, coverage(weights, passages[:COVERING]), weights, warnings)

    def search(
        self, question: str, scope: Scope, groups: frozenset[str], k: int, side: Side = "hybrid"
    ) -> tuple[list[Hit], list[str]]:
        """Find the `k` best hits, and what the reader should know of the search, in French."""
        warnings: list[str] = []
        vector = None if side == "sparse" else self._embed(question, warnings)
        where = self._filter(scope, groups)
        pinned = self._named(question, vector, where)
        found = self._index.search(Query(question, vector, k=k, side=side, where=where))
        return merged(pinned, found, k), warnings

    def _filter(self, scope: Scope, groups: frozenset[str]) -> SearchFilter:
        return SearchFilter(
            groups=groups,
            as_of=scope.as_of or self._today(),
            kinds=tuple(scope.kinds) if scope.kinds is not None else None,
            sources=tuple(scope.sources) if scope.sources is not None else None,
            region=scope.region,
            starts_after=scope.starts_after,
            cpf=scope.cpf,
            level=scope.level,
            certification=scope.certification,
        )

    def _named(self, question: str, vector: Vectors | None, where: SearchFilter) -> list[Hit]:
        """Find the passages of each article or reference that the question names, in the question's order."""
        pinned: list[Hit] = []
        for number in named_references(question)[:NAMED]:
            only = replace(where, numbers=(number,))
            pinned += self._index.search(Query(question, vector, k=PINNED, where=only))
        return pinned

    def _embed(self, question: str, warnings: list[str]) -> Vectors | None:
        """Embed the question; None, with a warning, when the dense side cannot be used."""
        share = self._dense_share()
        if share < READY_SHARE:
            warnings.append(_still_embedding(share))
            return None
        try:
            return self._embedder.query(question)
        except (SourceUnavailable, EmbeddingFailed) as error:
            logger.error("dense side left out: %s", error)
            warnings.append(DENSE_DOWN)
            return None


def named_references(question: str) -> list[str]:
    """List the article numbers and document references that a question names."""
    return list(dict.fromkeys([*article_numbers(question), *_REFERENCE.findall(question)]))


def merged(pinned: Sequence[Hit], found: Sequence[Hit], k: int) -> list[Hit]:
    """Put the pinned hits first, above the best score found, without repeats."""
    top = max((hit.score for hit in found), default=0.0)
    first = {
        hit.chunk_id: Hit(hit.chunk_id, top + len(pinned) - rank, hit.payload)
        for rank, hit in enumerate(pinned)
    }
    others = [hit for hit in found if hit.chunk_id not in first]
    kept = max(1, k // 2, k - len(others))  # the general search keeps half of the room
    return [*list(first.values())[:kept], *others][:k]


def coverage(weights: Mapping[str, float], passages: Sequence[Passage]) -> float:
    """Give the largest share of the question's weight that one passage holds in its headings and text."""
    total = sum(weights.values())
    if not total:
        return 0.0
    return max((_held(weights, passage) for passage in passages), default=0.0) / total


def _held(weights: Mapping[str, float], passage: Passage) -> float:
    words = set(terms("\n".join((*passage.path, passage.number or "", passage.text))))
    return sum(weight for word, weight in weights.items() if word in words)


def passage_of(hit: Hit) -> Passage:
    """Write a hit as the wire type."""
    held: Mapping[str, Any] = hit.payload
    fields = ("document_id", "kind", "source", "title", "path", "text", "page", "url", "number", "status")
    return Passage(
        id=hit.chunk_id,
        score=hit.score,
        valid_from=held["valid_from"],
        valid_to=held["valid_to"],
        **{name: held[name] for name in fields},
    )


def _still_embedding(share: float) -> str:
    return (
        f"La recherche par le sens se prépare encore ({share:.0%} des passages) ; "
        "en attendant, la recherche se fait par les mots."
    ).replace("%", " %")
