"""Which figures are beside other words than in the notes? Sentences go in, figures come out.

"Salaire actuel 1 500 €, salaire souhaité 2 200 €" does not carry "son salaire actuel est de 2 200 €".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.text import fold, terms
from server.figures import Figure, find_figures

WORDS_BEFORE, WORDS_AFTER = 6, 4
"""Words on either side of a figure, in its clause, that say what it is of."""

_CLAUSE_END = re.compile(r"[,;.()!?]\s|\bet\b|\bpuis\b|\n|->|=>|→")
_MONEY = re.compile(r"€|\beuros?\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_UNIT = re.compile(r"^\W*([^\W\d_]+)")


@dataclass(frozen=True, slots=True)
class _Place:
    """A figure, what kind of thing it counts, the terms around it, and which end of a span it is, if one."""

    figure: Figure
    kind: str
    words: frozenset[str]
    end: str


def moved_figures(text: str, sentences: Sequence[str]) -> list[Figure]:
    """List the figures of `text` that stand beside words that the notes have beside another figure of their kind.

    Args:
        sentences: of the notes.
    """
    given = [place for sentence in sentences for place in _places(sentence)]
    return [said.figure for said in _places(text) if _is_moved(said, given)]


def _is_moved(said: _Place, given: Sequence[_Place]) -> bool:
    own = [place for place in given if said.figure.supported_by(place.figure)]
    if said.end and own and all(place.end not in ("", said.end) for place in own):
        return True
    best = max((len(said.words & place.words) for place in own), default=0)
    return any(
        place.kind == said.kind and len(said.words & place.words) > best
        for place in given
        if not said.figure.supported_by(place.figure)
    )


def _places(text: str) -> Iterator[_Place]:
    ends = [match.span() for match in _CLAUSE_END.finditer(text)]
    for figure in find_figures(text):
        written = text[figure.start : figure.end]
        begin = max((end for _, end in ends if end <= figure.start), default=0)
        stop = min((start for start, _ in ends if start >= figure.end), default=len(text))
        before = text[begin : figure.start].split()[-WORDS_BEFORE:]
        after = text[figure.end : stop].split()[:WORDS_AFTER]
        around = frozenset(terms(" ".join([*before, "|", *after])))
        yield _Place(
            figure,
            _kind(written, text[figure.end : figure.end + 40]),
            around,
            _end(text[: figure.start][-20:]),
        )


def _end(before: str) -> str:
    folded = fold(before)
    return "from" if re.search(r"\bdu\s*$", folded) else "to" if re.search(r"\bau\s*$", folded) else ""


def _kind(written: str, after: str) -> str:
    if _MONEY.search(written) or _MONEY.match(after.lstrip()):
        return "€"
    if _YEAR.search(written):
        return "année"
    unit = _UNIT.match(re.sub(r"^[\d\s.,/]+", "", written)) or _UNIT.match(after)
    return next(iter(terms(unit[1])), fold(unit[1])) if unit else ""
