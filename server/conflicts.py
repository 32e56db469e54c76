"""Conflicts: passages go in, out come the pairs that give different figures for the same thing.

A note of September says 30 €, the procedure of January 25 €, and both are in force: the advisor must see both, with
their dates, the newer one first. Two sentences are about the same thing when all the words of one are in the other
("the first talk" and "the second talk" each have one of their own). What is looked for is narrow on purpose: a false
alarm on each answer would teach people to ignore the true ones. Articles of codes are not compared with each other:
that one gives two months and another three is the law.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import combinations
from typing import Any

from ingest.documents import Kind
from ingest.index import Hit
from ingest.text import fold, terms
from server.figures import find_figures, has_figure
from server.schemas import Conflict
from server.sentences import split_sentences

ALIKE = 0.6
"""Share of the words of both that they have in common (Jaccard)."""

FEWEST = 4
"""Fewest informative words in common: with less, a sentence does not say what its figure is about."""

_ANY_UNIT = "*"

_MARKS = re.compile(
    r"\b(?:(?:plus|moins) (?:de|d')|avec|sans|avant|apres|depuis|pendant|sauf|hors|jamais|aucune?|n(?:e\b|')|si)"
)
"""Words too frequent to be terms that turn a rule into another: "avec avocat", "sans avocat"."""

_NAME = re.compile(r"(?<=[^\W_][ ’'\u00a0\u202f])[^\W\d_a-zà-ÿœ]\w+|\b\w*\d\w*")
"""Names, acronyms, numbers: what only one of two sentences has of them narrows it ("à Paris", "au niveau 2")."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence that gives figures.

    Args:
        words: its terms, those of its figures that measure nothing with them ("phase 1", "L. 6323-1").
        names: those of the words that are names, acronyms, numbers.
        marks: its words that turn a rule into another.
        values: its other figures by unit, each with how it is written.
    """

    words: frozenset[str]
    names: frozenset[str]
    marks: frozenset[str]
    values: dict[str, dict[str, str]]


def find_conflicts(hits: Sequence[Hit], day: date) -> list[Conflict]:
    """Find the pairs of passages of different documents that contradict each other, at most one a pair.

    Args:
        hits: the passages of one answer.
        day: the day of the question, to say which of the texts are in force.
    """
    claims = [(hit, _claims_of(hit)) for hit in hits if hit.payload["kind"] != Kind.TRAINING]
    found = []
    for (one, ones), (other, others) in combinations(claims, 2):
        if not _comparable(one.payload, other.payload):
            continue
        differing = next((said for a in ones for b in others if (said := _difference(a, b))), None)
        if differing:
            found.append(_conflict(one, other, differing, day))
    return found


def newer_first(hits: Sequence[Hit], conflicts: Sequence[Conflict], day: date) -> list[Hit]:
    """Put the newer passage of each conflict right before the older one, where it came after.

    One that does not hold on `day` is not put before one that does, however new.
    """
    ordered = list(hits)
    for conflict in conflicts:
        ids = [hit.chunk_id for hit in ordered]
        newer, older = ids.index(conflict.newer), ids.index(conflict.older)
        if newer > older and _holds(ordered[newer], day) == _holds(ordered[older], day):
            ordered.insert(older, ordered.pop(newer))
    return ordered


def _claims_of(hit: Hit) -> tuple[_Claim, ...]:
    # "Fiche mise à jour le 20 avril 2026" says nothing of what the other one is about.
    own_dates = frozenset((hit.payload["valid_from"], hit.payload["valid_to"], hit.payload["dated"]))
    return _claims(hit.payload["text"], own_dates)


@lru_cache(
    maxsize=2_048
)  # the same passages are found again and again, and reading one takes two milliseconds
def _claims(text: str, own_dates: AbstractSet[str | None]) -> tuple[_Claim, ...]:
    return tuple(_claims_in(text, own_dates))


def _claims_in(text: str, own_dates: AbstractSet[str | None]) -> Iterator[_Claim]:
    for sentence in split_sentences(text):
        written = text[sentence.start : sentence.end]
        if sentence.kind == "row" or not has_figure(written):
            continue
        values, bare = _values(written, own_dates)
        words = frozenset(terms(bare))
        if values and len(words) >= FEWEST:
            names = frozenset(terms(" ".join(_NAME.findall(bare))))
            yield _Claim(words, names, frozenset(_MARKS.findall(fold(written))), values)


def _values(sentence: str, own_dates: AbstractSet[str | None]) -> tuple[dict[str, dict[str, str]], str]:
    """Give the measures and dates of a sentence, as written, by unit and value, and the sentence without them.

    Args:
        own_dates: dates that the text itself has, as ISO 8601: they are left out of both.
    """
    values: dict[str, dict[str, str]] = {}
    bare, at = "", 0
    for figure in find_figures(sentence):
        measures = [] if figure.reference else [one for need in figure.needs if (one := _measure(need))]
        if not measures:
            continue  # "phase 1", "article L. 6323-1": it says what the sentence is about
        bare, at = f"{bare}{sentence[at : figure.start]} ", figure.end
        for unit, value in measures:
            if value not in own_dates:
                values.setdefault(unit, {})[value] = sentence[figure.start : figure.end].strip()
    return values, bare + sentence[at:]


def _measure(need: str) -> tuple[str, str] | None:
    """Read a unit and a value, or a whole date, from what a figure needs; None for a bare number or a year."""
    value, _, unit = need.partition(" ")
    if unit and unit not in (_ANY_UNIT, "?") and value not in ("année", "§", "n°"):
        return unit, value
    return ("date", value) if value.count("-") == 2 else None


def _comparable(one: Any, other: Any) -> bool:
    """Tell whether two passages may contradict each other: other documents, known and different dates."""
    articles = all(payload["kind"] == Kind.LEGAL for payload in (one, other))
    dates = {_since(one), _since(other)}
    return (
        one["document_id"] != other["document_id"] and not articles and None not in dates and len(dates) == 2
    )


def _difference(one: _Claim, other: _Claim) -> tuple[str, str] | None:
    """Give the two figures that differ, as written, when both sentences are about the same thing."""
    if one.marks != other.marks or one.names != other.names:
        return None
    common = one.words & other.words
    if common not in (one.words, other.words):
        return None
    if len(common) < max(FEWEST, ALIKE * len(one.words | other.words)):
        return None
    if one.values.keys() != other.values.keys():
        return None
    differing = [unit for unit in one.values if one.values[unit].keys() != other.values[unit].keys()]
    if len(differing) != 1:
        return None
    ours, theirs = one.values[differing[0]], other.values[differing[0]]
    if len(ours) != 1 or len(theirs) != 1:
        return None
    return next(iter(ours.values())), next(iter(theirs.values()))


def _conflict(one: Hit, other: Hit, figures: tuple[str, str], day: date) -> Conflict:
    said = [(one, figures[0]), (other, figures[1])]
    (older, its), (newer, new) = sorted(said, key=lambda pair: _since(pair[0].payload) or "")
    order = (
        "Le plus récent est présenté en premier"
        if _holds(one, day) == _holds(other, day)
        else "Parmi les passages, le texte en vigueur vient en premier"
    )
    explanation = (
        f"Deux textes ne disent pas la même chose : « {newer.payload['title']} » ({_dates(newer.payload, day)}) "
        f"indique {new}, « {older.payload['title']} » ({_dates(older.payload, day)}) indique {its}. "
        f"{order} ; vérifiez lequel s’applique."
    )
    return Conflict(newer=newer.chunk_id, older=older.chunk_id, explanation=explanation)


def _holds(hit: Hit, day: date) -> bool:
    held: bool = hit.payload["from_day"] <= day.toordinal() <= hit.payload["to_day"]
    return held


def _since(payload: Any) -> str | None:
    """Give the day since when a text holds, or on which it was written, as ISO 8601."""
    since: str | None = payload["valid_from"] or payload["dated"]
    return since


def _dates(payload: Any, day: date) -> str:
    if payload["valid_to"] and payload["to_day"] < day.toordinal():
        return f"jusqu’au {_written(payload['valid_to'])}, plus en vigueur"
    if payload["valid_from"] and payload["valid_from"] > day.isoformat():
        return f"à partir du {_written(payload['valid_from'])}"
    if payload["valid_from"]:
        return f"en vigueur depuis le {_written(payload['valid_from'])}"
    return f"du {_written(payload['dated'])}"


def _written(iso_day: str) -> str:
    return f"{date.fromisoformat(iso_day):%d/%m/%Y}"
