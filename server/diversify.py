"""Variety: passages go in, best first; out come those that each tell something, at most a few of one document first.

Passages that say the same thing in the same words (a note copied in two folders, a text taken up unchanged in its new
version) are collapsed to one of them; what a document has beyond its share comes after the others, and fills what
room is left: a procedure may be the only answer, in several passages.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from ingest.documents import Kind
from ingest.index import Hit
from ingest.text import fold

PER_DOCUMENT = 5
"""Passages of one document before the others have had their turn (docs/retrieval-links.md says how it was chosen)."""

COMPARED = 20
"""Best passages among which duplicates are looked for: what is further will not be shown."""

_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+|[€$%<>≤≥=+]")
_EMPTY = frozenset("l le la les d de du des merci".split())
"""Words that change nothing; "un" and "une" may count ("un mois")."""


def diversified(hits: Sequence[Hit], day: date, *, per_document: int = PER_DOCUMENT) -> list[Hit]:
    """Collapse near-duplicates, then put what exceeds a document's share last; nothing else changes place.

    Args:
        hits: best first.
        day: the day of the question: of two duplicates, one in force on it is kept.
        per_document: 0 for no limit.
    """
    return capped(collapsed(hits, day), per_document)


def collapsed(hits: Sequence[Hit], day: date) -> list[Hit]:
    """Keep one of the passages that say the same, at the place of the best one: in force, then the newest."""
    groups: dict[tuple[object, ...], list[Hit]] = {}
    for hit in hits[:COMPARED]:
        groups.setdefault(_print(hit), []).append(hit)
    kept = [
        replace(max(group, key=lambda hit: _currency(hit, day)), score=group[0].score)
        for group in groups.values()
    ]
    return [*kept, *hits[COMPARED:]]


def capped(hits: Sequence[Hit], per_document: int) -> list[Hit]:
    """Put the passages of a document beyond the first `per_document` after all others, in their order."""
    if per_document < 1:
        return list(hits)
    seen: Counter[str] = Counter()
    first: list[Hit] = []
    further: list[Hit] = []
    for hit in hits:
        document = str(hit.payload["document_id"])
        seen[document] += 1
        (first if seen[document] <= per_document else further).append(hit)
    return [*first, *further]


def _print(hit: Hit) -> tuple[object, ...]:
    """Give what two passages that say the same share: kind of text, heading and words in their order, figures included.

    A single word tells two rules apart ("est possible", "n’est pas possible"; "par jour", "par mois"): only articles
    and courtesies may differ.
    """
    payload = hit.payload
    said = fold("\n".join((*payload["path"][-1:], payload["text"])))
    words = tuple(word for word in _WORD.findall(said) if word not in _EMPTY)
    return (_identity(payload), words)


def _identity(payload: Any) -> tuple[object, ...]:
    """Give what tells apart texts of the same words: two articles are two laws, two sessions two places to go to."""
    kind = payload["kind"]
    if kind == Kind.TRAINING:
        return (kind, payload["document_id"])
    number = payload["number"] if kind == Kind.LEGAL else None
    return (number,)


def _currency(hit: Hit, day: date) -> tuple[bool, str]:
    """Order duplicates: one in force on the day first, then by the day on which it began, or was written."""
    payload = hit.payload
    holds = payload["from_day"] <= day.toordinal() <= payload["to_day"]
    return holds, payload["valid_from"] or payload["dated"] or ""
