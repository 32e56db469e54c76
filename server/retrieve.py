"""Retrieval: a question goes in, the passages that may answer it come out, best first.

Dense and sparse sides are fused by Qdrant in one query, filtered there by date, kind, source and groups.
Articles and references that the question names ("L. 6323-17-1", "PR-031") are looked up exactly and come first.
What the best passages cite is ranked with them; duplicates are collapsed; contradictions by date are said.
"""

import itertools
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

import numpy as np

from ingest.embed import Embedder, Vectors
from ingest.errors import EmbeddingFailed, SourceUnavailable
from ingest.index import Hit, Index, Query, SearchFilter
from ingest.text import article_numbers, terms
from server.acronyms import Acronyms, Expansion
from server.conflicts import find_conflicts, newer_first
from server.diversify import diversified
from server.links import BASIS, marked, with_cited
from server.rank import find, shipped_ranker
from server.rerank import Reranker, reranked
from server.retrieval import Retrieval, Signals
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

SPARE = 30
"""Passages found beyond those wanted: what is cited, collapsed or capped leaves its place to one of them."""

RERANKED = 30
"""Best passages that a reranker orders anew."""

SIGNALS = 50
"""Nearest passages that abstention reads: ten headings are among them, whatever the number of sessions of each."""

_REFERENCE = re.compile(r"\b[A-Z]{2,4}-\d{2,4}(?:-\d{1,4})*\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it is searched.

    Args:
        text: as it was asked, without personal data.
        query: what is looked for, and where: the question with what its acronyms stand for.
        expansion: those.
        day: the day that it is about.
        warnings: what the reader should know of the search, in French; steps add to it.
    """

    text: str
    query: Query
    expansion: Expansion
    day: date
    warnings: list[str]


class HybridRetriever:
    """Finds passages in one index.

    Args:
        index: where the passages are.
        embedder: the one that the index was filled with.
        dense_share: gives the share of passages that have a dense vector.
        acronyms: what the organisation's acronyms stand for; none by default.
        reranker: orders the best passages anew; None leaves them as they are.
        today: gives the day that a question is about when it names none.
    """

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        *,
        dense_share: Callable[[], float],
        acronyms: Acronyms | None = None,
        reranker: Reranker | None = None,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._index = index
        self._embedder = embedder
        self._dense_share = dense_share
        self._acronyms = acronyms or Acronyms()
        self._reranker = reranker
        self._today = today

    def retrieve(self, question: str, scope: Scope, groups: frozenset[str], k: int) -> Retrieval:
        """Find the `k` best passages that the caller's groups may read, in force on the day asked about.

        search -> links -> variety -> rerank -> conflicts
        """
        asked = self._asked(question, scope, groups)
        pinned = self._named(asked)
        found = merged(pinned, self._find(asked, k), k + SPARE)
        linked = with_cited(self._index, asked.query, found, k)
        varied = diversified(linked, asked.day)
        ranked = reranked(varied[: max(k, RERANKED)], question, self._reranker, asked.warnings)
        chosen = in_force_first(merged(pinned, ranked, k), asked.day)
        conflicts = find_conflicts(chosen, asked.day)
        hits = marked(falling(newer_first(chosen, conflicts, asked.day)))

        passages = [passage_of(hit) for hit in hits]
        weights = self._index.rarity(sorted(set(terms(question))), SearchFilter(groups=groups))
        held = coverage(weights, passages[:COVERING], asked.expansion.synonyms)
        return Retrieval(passages, held, weights, asked.warnings, conflicts, self._signals(asked))

    def search(
        self, question: str, scope: Scope, groups: frozenset[str], k: int
    ) -> tuple[list[Hit], list[str]]:
        """Find the `k` best hits, and what the reader should know of the search, in French.

        The same as `retrieve` without what takes a model or more than one glance: no reranking, no conflicts.
        """
        asked = self._asked(question, scope, groups)
        pinned = self._named(asked)
        found = merged(pinned, self._find(asked, k), k + SPARE)
        varied = diversified(with_cited(self._index, asked.query, found, k), asked.day)
        chosen = in_force_first(merged(pinned, varied, k), asked.day)
        return marked(falling(chosen)), asked.warnings

    def _asked(self, question: str, scope: Scope, groups: frozenset[str]) -> _Asked:
        warnings: list[str] = []
        expansion = self._acronyms.expand(question)
        query = Query(
            question,
            self._embed(question, warnings),
            expansion=expansion.text,
            where=self._filter(scope, groups),
        )
        return _Asked(question, query, expansion, scope.as_of or self._today(), warnings)

    def _filter(self, scope: Scope, groups: frozenset[str]) -> SearchFilter:
        return SearchFilter(
            groups=groups,
            as_of=None if scope.include_expired else scope.as_of or self._today(),
            kinds=tuple(scope.kinds) if scope.kinds is not None else None,
            sources=tuple(scope.sources) if scope.sources is not None else None,
            region=scope.region,
            starts_after=scope.starts_after,
            cpf=scope.cpf,
            level=scope.level,
            certification=scope.certification,
        )

    def _find(self, asked: _Asked, k: int) -> list[Hit]:
        """Find more passages than are wanted, best first: what follows chooses among them."""
        return find(self._index, replace(asked.query, k=k + SPARE), shipped_ranker())

    def _signals(self, asked: _Asked) -> Signals | None:
        """Search the dense side by itself: whether the documents answer is read in its raw scores."""
        if asked.query.dense is None:
            return None
        nearest = self._index.search(replace(asked.query, k=SIGNALS, side="dense"))
        vector = np.asarray(asked.query.dense, dtype=np.float32)
        return Signals(distinct_scores(nearest), self._embedder.name, vector, self._embedder.query)

    def _named(self, asked: _Asked) -> list[Hit]:
        """Find the passages of each article or reference that the question names, in the question's order."""
        pinned: list[Hit] = []
        for number in named_references(asked.text)[:NAMED]:
            only = replace(asked.query.where, numbers=(number,))
            pinned += self._index.search(replace(asked.query, k=PINNED, where=only))
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
    """List the article numbers and document references that a question names, in capitals ("pr-031" is PR-031)."""
    references = (reference.upper() for reference in _REFERENCE.findall(question))
    return list(dict.fromkeys([*article_numbers(question), *references]))


def merged(pinned: Sequence[Hit], found: Sequence[Hit], k: int) -> list[Hit]:
    """Put the pinned hits first, above the best score found, without repeats."""
    named = {hit.chunk_id for hit in pinned}
    others = [hit for hit in found if hit.chunk_id not in named]
    top = max((hit.score for hit in others), default=0.0)
    first = {
        hit.chunk_id: Hit(hit.chunk_id, top + len(pinned) - rank, hit.payload)
        for rank, hit in enumerate(pinned)
    }
    kept = max(1, k // 2, k - len(others))  # the general search keeps half of the room
    return [*list(first.values())[:kept], *others][:k]


def distinct_scores(hits: Sequence[Hit]) -> list[float]:
    """Give the score of the best passage under each heading: the sessions of one training count once."""
    best: dict[tuple[str, ...], float] = {}
    for hit in hits:
        best.setdefault((hit.payload["title"], *hit.payload["path"]), hit.score)
    return list(best.values())


def in_force_first(hits: Sequence[Hit], day: date) -> list[Hit]:
    """Put what is not in force on the day after what is: it was asked for, and must not be read as current."""
    number = day.toordinal()
    return sorted(hits, key=lambda hit: not hit.payload["from_day"] <= number <= hit.payload["to_day"])


def falling(hits: Sequence[Hit]) -> list[Hit]:
    """Write scores that never rise along the list: one that was put later has at most the score of the one before."""
    lowest = itertools.accumulate((hit.score for hit in hits), min)
    return [replace(hit, score=score) for hit, score in zip(hits, lowest, strict=True)]


def coverage(
    weights: Mapping[str, float],
    passages: Sequence[Passage],
    synonyms: Mapping[str, Sequence[frozenset[str]]] = MappingProxyType({}),
) -> float:
    """Give the largest share of the question's weight that one passage holds in its headings and text.

    Args:
        weights: of the question's terms.
        passages: where they are looked for.
        synonyms: for a term, the sets of terms each of which stands for it.
    """
    total = sum(weights.values())
    if not total:
        return 0.0
    return max((_held(weights, passage, synonyms) for passage in passages), default=0.0) / total


def _held(
    weights: Mapping[str, float], passage: Passage, synonyms: Mapping[str, Sequence[frozenset[str]]]
) -> float:
    words = set(terms("\n".join((*passage.path, passage.number or "", passage.text))))
    return sum(
        weight
        for word, weight in weights.items()
        if word in words or any(same <= words for same in synonyms.get(word, ()))
    )


def passage_of(hit: Hit) -> Passage:
    """Write a hit as the wire type."""
    held: Mapping[str, Any] = hit.payload
    fields = ("document_id", "kind", "source", "title", "path", "text", "page", "url", "number", "status")
    return Passage(
        id=hit.chunk_id,
        score=hit.score,
        valid_from=held["valid_from"],
        valid_to=held["valid_to"],
        legal_basis_of=held.get(BASIS, []),
        **{name: held[name] for name in fields},
    )


def _still_embedding(share: float) -> str:
    return (
        f"La recherche par le sens se prépare encore ({share:.0%} des passages) ; "
        "en attendant, la recherche se fait par les mots."
    ).replace("%", " %")
