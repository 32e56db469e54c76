"""Links: the passages found for a question go in, those that they cite come in among them.

A passage cites documents, by the links that ingestion stored (a sheet's section its articles, an article another
one), or, where it has none, the articles that its text names ("article L. 6323-17"), of the code named after them: so
a procedure of the organisation leads to the code without anything to prepare. What is cited is looked up like
anything else, inside the caller's filter: its groups, its day, its kinds and sources.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingest.documents import Kind
from ingest.index import Hit, Index, Query
from ingest.text import DASHES, article_numbers, find_articles, terms

CITING = 10
"""Best passages whose citations are followed: past them, what is cited is as far from the question as they are."""

NEAREST = 3
"""Cited documents that may be moved up: those nearest to the question (docs/retrieval.md)."""

SHARE = 3
"""One passage of this many, rounded up, may owe its place to a link."""

LOOKED_AT = 24
"""Cited passages that are compared with the question: several may be of one long article."""

BASIS = "legal_basis_of"
"""Key of a hit's payload that `marked` fills: ids of the passages that cite it."""


_ITS_CODE = re.compile(
    r"[^.;:\n]{0,30}?\b(?:du|au|dudit)\s(?P<code>code\s+d.{3,60})", re.IGNORECASE | re.DOTALL
)
_SAME_LIST = re.compile(r"[^.;:\n]{1,20}")
"""Between two articles of one list ("L. 221-1, L. 221-2 et R. 221-3 du code…"): the code comes after the last."""


@dataclass(frozen=True, slots=True)
class Citations:
    """What a passage cites: documents by their ids, or articles by their numbers.

    Args:
        articles: of each, its number and the terms of what is said of its code, none where nothing is.
    """

    documents: frozenset[str]
    articles: frozenset[tuple[str, tuple[str, ...]]]

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers of the articles, whatever their code."""
        return frozenset(number for number, _ in self.articles)

    def name(self, payload: Mapping[str, Any]) -> bool:
        """Tell whether the document of a passage is one of those cited."""
        return payload["document_id"] in self.documents or (
            payload["kind"] == Kind.LEGAL
            and any(number == payload["number"] and _in_code(payload, code) for number, code in self.articles)
        )

    def settled(self, hits: Sequence[Hit]) -> "Citations":
        """Leave out the articles whose code is not said and whose number two codes hold among `hits`."""
        codes: dict[str, set[str]] = {}
        for hit in hits:
            if hit.payload["kind"] == Kind.LEGAL and hit.payload["number"]:
                codes.setdefault(hit.payload["number"], set()).add(hit.payload["source"])
        clear = (one for one in self.articles if one[1] or len(codes.get(one[0], ())) <= 1)
        return replace(self, articles=frozenset(clear))


def citations(hit: Hit) -> Citations:
    """Read what a passage cites besides its own document."""
    payload = hit.payload
    documents = frozenset(link for link in payload["links"] if not link.startswith(("http://", "https://")))
    articles = _named_articles(payload) if not documents else frozenset()
    others = frozenset(one for one in articles if one[0] != payload["number"])
    return Citations(documents - {payload["document_id"]}, others)


def with_cited(index: Index, query: Query, found: Sequence[Hit], k: int) -> list[Hit]:
    """Put what the best passages cite among them.

    Of all that they cite, the few documents nearest to the question come right after the first passage that cites
    them, unless they were found before it; of a long article, the passage nearest to the question.

    Args:
        index: where the cited passages are looked up.
        query: the one that found the passages; its filter holds for what they cite too.
        found: best first, more than `k` of them.
        k: how many passages the reader will see.
    """
    cited_by = [citations(hit) for hit in found[:CITING]]
    looked_up = _looked_up(index, query, cited_by)
    cited_by = [one.settled([*looked_up, *found]) for one in cited_by]
    named = [hit for hit in looked_up if any(one.name(hit.payload) for one in cited_by)]
    cited = named[: min(NEAREST, math.ceil(k / SHARE))]
    known = {hit.chunk_id: hit for hit in (*cited, *found)}
    places = {hit.chunk_id: float(place) for place, hit in enumerate(found)}
    searched = set(places)
    for hit in cited:
        after = next(place for place, one in enumerate(cited_by) if one.name(hit.payload)) + 0.5
        places[hit.chunk_id] = min(after, places.get(hit.chunk_id, after))
    return descending([known[key] for key in sorted(places, key=lambda key: places[key])], searched)


def marked(hits: Sequence[Hit]) -> list[Hit]:
    """Note, on each article of a code, which of the other passages cite it: it is their legal basis."""
    cited_by = [(hit, citations(hit).settled(hits)) for hit in hits]
    return [replace(hit, payload={**hit.payload, BASIS: _citing(hit, cited_by)}) for hit in hits]


def descending(hits: Sequence[Hit], scored: set[str]) -> list[Hit]:
    """Write scores that fall along the list: a passage that was moved up takes the score of the next one.

    Args:
        hits: in their order.
        scored: ids of those whose score is the search's; that of the others is of another scale.
    """
    written: list[Hit] = []
    floor = min((hit.score for hit in hits if hit.chunk_id in scored), default=0.0)
    for hit in reversed(hits):
        floor = max(floor, hit.score) if hit.chunk_id in scored else floor
        written.append(replace(hit, score=floor))
    return written[::-1]


def _named_articles(payload: Mapping[str, Any]) -> frozenset[tuple[str, tuple[str, ...]]]:
    """Read the articles that a text names, each with the terms of the code said after it, or after its list.

    An article of a code that names no code speaks of its own.
    """
    text: str = payload["text"].translate(DASHES)
    own = tuple(terms(payload["source"])) if _is_article(payload) else ()
    named: set[tuple[str, tuple[str, ...]]] = set()
    after, code = len(text), own
    for mention in reversed(find_articles(text)):
        if said := _ITS_CODE.match(text, mention.end):
            code = tuple(terms(said["code"]))
        elif not _SAME_LIST.fullmatch(text, mention.end, after):
            code = own
        named.add((mention.number, code))
        after = mention.start
    return frozenset(named)


def _in_code(payload: Mapping[str, Any], said: tuple[str, ...]) -> bool:
    """Tell whether an article is of the code whose name begins `said`; of any where nothing is said."""
    names = (tuple(terms(name)) for name in (payload["source"], *payload["path"][:1]))
    return not said or any(name and said[: len(name)] == name for name in names)


def _is_article(payload: Mapping[str, Any]) -> bool:
    return payload["kind"] == Kind.LEGAL and bool(article_numbers(f"article {payload['number'] or ''}"))


def _looked_up(index: Index, query: Query, cited_by: Sequence[Citations]) -> list[Hit]:
    """Give the best passage of each document cited, best first."""
    documents = sorted(frozenset[str]().union(*(one.documents for one in cited_by)))
    numbers = sorted(frozenset[str]().union(*(one.numbers for one in cited_by)))
    hits: list[Hit] = []
    if documents:
        where = replace(query.where, document_ids=tuple(documents))
        hits += index.search(replace(query, k=LOOKED_AT, where=where))
    if numbers and (query.where.kinds is None or Kind.LEGAL in query.where.kinds):
        where = replace(query.where, numbers=tuple(numbers), kinds=(Kind.LEGAL,))
        hits += index.search(replace(query, k=LOOKED_AT, where=where))
    first: dict[str, Hit] = {}
    for hit in sorted(hits, key=lambda hit: -hit.score):
        first.setdefault(hit.payload["document_id"], hit)
    return list(first.values())


def _citing(hit: Hit, cited_by: Sequence[tuple[Hit, Citations]]) -> list[str]:
    payload = hit.payload
    if not _is_article(payload):
        return []
    return [
        other.chunk_id
        for other, cited in cited_by
        if other.payload["document_id"] != payload["document_id"] and cited.name(payload)
    ]
