"""Check a proposed statement against the passages: its quotes, then its figures.

A `ProposedStatement` and the passages it was written from go in; a `Statement` comes out, whose citations are
slices of the passages, and which is `verified` only when every quote was found and every figure is in them.
That is what a machine can vouch for: whether the sentence says what its quotes say is the reader's to judge.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.text import APOSTROPHES, DASHES
from server.figures import Figure, find_figures
from server.schemas import Citation, Passage, Statement

MIN_QUOTE_WORDS = 3
MIN_QUOTE_CHARS = 12
"""A shorter quote is found in any text and proves nothing."""

_QUOTE_MARKS = dict.fromkeys(map(ord, "«»“”„‟″＂"), '"')
_ONE_WRITING = {**DASHES, **APOSTROPHES, **_QUOTE_MARKS}
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_EDGES = re.compile(r"""^(?:["'\s]|\.{3}|\[\.{3}\])+|(?:["'\s.]|\[\.{3}\])+$""")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote as a generator proposes it: `passage` is the passage's number in the prompt, from 1."""

    passage: int
    text: str


@dataclass(frozen=True, slots=True)
class ProposedStatement:
    """A sentence as a generator proposes it, with the quotes that it says it rests on."""

    text: str
    quotes: tuple[Quote, ...]


def verify(proposed: ProposedStatement, passages: Sequence[Passage]) -> Statement:
    """Keep the quotes that are in the passages, and tell whether they carry the whole statement.

    A quote attributed to the wrong passage is given to the one that holds it, word for word.
    """
    located = [_locate(quote, passages) for quote in proposed.quotes]
    citations = list(dict.fromkeys(found for found in located if found is not None))
    verified = (
        bool(located)
        and all(found is not None for found in located)
        and _figures_supported(proposed.text, citations, passages)
    )
    return Statement(
        text=proposed.text,
        verified=verified,
        citations=[_citation(passages[index], start, end) for index, start, end in citations],
    )


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Find `quote` in `text` word for word, whatever its spaces, quote marks, dashes and Unicode form.

    Case counts, and a quote never begins or ends inside a word of the text ("possible" is not a quote of
    "impossible"). Quote marks around the quote and a full stop or an ellipsis at its ends may be its own.

    Returns:
        `(start, end)` such that `text[start:end]` is the quote as the text writes it; None when it is not
        there, or is too short to prove anything.
    """
    if not is_quotable(quote):
        return None
    wanted = normalise(quote)
    haystack = _normalise(text)
    for candidate in (wanted, _EDGES.sub("", wanted)):
        for at in _occurrences(candidate, haystack.text):
            return haystack.starts[at], haystack.ends[at + len(candidate) - 1]
    return None


def is_quotable(text: str) -> bool:
    """Tell whether `text` is long enough to prove something."""
    bare = _EDGES.sub("", normalise(text))
    return len(bare) >= MIN_QUOTE_CHARS and len(_WORD.findall(bare)) >= MIN_QUOTE_WORDS


def normalise(text: str) -> str:
    """Give the writing under which two quotes are the same."""
    return _normalise(text).text


@dataclass(frozen=True, slots=True)
class _Normalised:
    """A text in its common writing; character i of it comes from `original[starts[i]:ends[i]]`."""

    text: str
    starts: list[int]
    ends: list[int]


def _normalise(text: str) -> _Normalised:
    """Apply NFKC character by character, one writing of quotes, apostrophes and dashes, and few spaces.

    A space counts only between two letters or digits: "suivants :" and "« mot »" vary with the keyboard.
    """
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    space: tuple[int, int] | None = None
    for start, end, piece in _pieces(text):
        for char in piece:
            if char.isspace():
                space = (space[0] if space else start, end)
                continue
            if space and chars and chars[-1].isalnum() and char.isalnum():
                chars.append(" ")
                starts.append(space[0])
                ends.append(space[1])
            space = None
            chars.append(char)
            starts.append(start)
            ends.append(end)
    return _Normalised("".join(chars), starts, ends)


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """Cut the text into characters with their combining marks, each in its common writing."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        if text[start] not in _INVISIBLE:
            yield start, end, _common_writing(text[start:end])
        start = end


def _common_writing(cluster: str) -> str:
    if cluster.isascii() and cluster != "`":
        return cluster
    # "500¹ €" is a note after 500, not 5001; "½" is no 12.
    if unicodedata.category(cluster[0]) == "No":
        return cluster
    return unicodedata.normalize("NFKC", cluster.translate(_ONE_WRITING)).translate(_ONE_WRITING)


def _occurrences(wanted: str, text: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        if not _inside_word(text, at) and not _inside_word(text, at + len(wanted)):
            yield at
        at = text.find(wanted, at + 1)


def _inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def _locate(quote: Quote, passages: Sequence[Passage]) -> tuple[int, int, int] | None:
    """Find the passage that holds the quote, the announced one first: its index and the quote's offsets."""
    announced = quote.passage - 1
    for index in sorted(range(len(passages)), key=lambda index: index != announced):
        if found := find_quote(quote.text, passages[index].text):
            return index, *found
    return None


def _citation(passage: Passage, start: int, end: int) -> Citation:
    return Citation(passage_id=passage.id, quote=passage.text[start:end], start=start, end=end)


def _figures_supported(
    text: str, citations: Sequence[tuple[int, int, int]], passages: Sequence[Passage]
) -> bool:
    """Tell whether each figure of `text` is in the quotes, or in the passages' titles for a reference.

    Figures are read in the whole passage, so that a quote cut at "500 €" does not give what the passage
    writes "1 500 €".
    """
    asserted = find_figures(text)
    if not asserted:
        return True
    given: set[str] = set()
    titles: set[str] = set()
    for index, start, end in citations:
        passage = passages[index]
        given.update(*(f.gives for f in find_figures(passage.text) if start <= f.start and f.end <= end))
        titles.update(*(f.gives for f in _title_figures(passage) if f.reference))
    return all(figure.needs & (given | titles if figure.reference else given) for figure in asserted)


def _title_figures(passage: Passage) -> list[Figure]:
    return find_figures("\n".join([passage.number or "", passage.title, *passage.path]))
