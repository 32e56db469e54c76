"""Check a proposed statement against the passages: its quotes, then its figures.

A `ProposedStatement` and the passages it was written from go in; a `Statement` comes out, whose citations are
slices of the passages, and which is `verified` only when every quote was found and every figure is in them.
That is what a machine can vouch for: whether the sentence says what its quotes say is the reader's to judge.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.text import APOSTROPHES, DASHES
from server.figures import Figure, find_figures
from server.schemas import Citation, Passage, Statement
from server.support import foreign_words

MIN_QUOTE_WORDS = 3
MIN_QUOTE_CHARS = 12
"""A shorter quote is found in any text and proves nothing."""

_QUOTE_MARKS = dict.fromkeys(map(ord, "«»“”„‟″＂"), '"')
_ONE_WRITING = {**DASHES, **APOSTROPHES, **_QUOTE_MARKS}
_UNSEEN = frozenset(("Cf", "Cc", "Cs", "Co"))
"""Unicode categories that show nothing: soft hyphens, zero-width and bidi marks, control and private characters. The
prompt leaves them out of what a model reads."""

_LIGATURES = {ord("œ"): "oe", ord("Œ"): "Oe", ord("æ"): "ae", ord("Æ"): "Ae"}
"""What NFKC leaves as it is, and keyboards do not have."""

_LINK = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.|\bmailto:|\bdata:\w+/)[^\s<>()\[\]\"«»]+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    re.IGNORECASE,
)
_EDGES = re.compile(r"""^(?:["'\s]|\.{3}|\[\.{3}\])+|(?:["'\s.,;]|\[\.{3}\])+$""")
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

    A quote attributed to the wrong passage is given to the one that holds it, word for word. The statement's text
    is shown, as it is checked, without the characters that show nothing: "de\\u200bux mois" reads as two months.
    """
    text = _readable(proposed.text).text
    located = [_locate(quote, passages) for quote in proposed.quotes]
    found = list(dict.fromkeys(place for place in located if place is not None))
    citations = [_citation(passages[index], start, end) for index, start, end in found]
    unsupported = [
        *_unsupported_figures(text, found, passages),
        *_unsupported_links(text, citations),
        *_unsupported_words(text, [passages[index] for index, *_ in found]),
    ]
    return Statement(
        text=text,
        verified=bool(located) and None not in located and not unsupported,
        citations=citations,
        unsupported=unsupported,
    )


def _unsupported_words(text: str, cited: Sequence[Passage]) -> list[str]:
    """List the words that no cited passage holds, when the sentence speaks of something else than these."""
    given = [
        "\n".join((passage.number or "", passage.title, *passage.path, passage.text)) for passage in cited
    ]
    return foreign_words(text, given) if given else []


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Find `quote` in `text` word for word, whatever its spaces, quote marks, dashes and Unicode form.

    Case counts, and a quote never begins or ends inside a word of the text ("possible" is not a quote of
    "impossible"). Quote marks around the quote, an ellipsis at its ends and the stop or comma after it may be its own.

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


def _readable(text: str) -> _Normalised:
    """Give the text as it shows: without unseen characters, and each letter with its marks (NFC)."""
    chars = [
        (char, start, end)
        for start, end in _clusters(text)
        for char in unicodedata.normalize("NFC", text[start:end])
    ]
    return _Normalised("".join(c for c, _, _ in chars), [s for _, s, _ in chars], [e for _, _, e in chars])


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """Cut the text into characters with their combining marks, each in its common writing."""
    for start, end in _clusters(text):
        yield start, end, _common_writing(text[start:end])


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Cut the text into characters with their combining marks, without those that show nothing."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        if not _is_unseen(text[start]):
            yield start, end
        start = end


def _is_unseen(char: str) -> bool:
    return not char.isprintable() and not char.isspace() and unicodedata.category(char) in _UNSEEN


def _common_writing(cluster: str) -> str:
    if cluster.isascii() and cluster != "`":
        return cluster
    # "500¹ €" is a note after 500, not 5001; "½" is no 12.
    if unicodedata.category(cluster[0]) == "No":
        return cluster
    one_writing = unicodedata.normalize("NFKC", cluster.translate(_ONE_WRITING)).translate(_ONE_WRITING)
    return one_writing.translate(_LIGATURES)


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


def _unsupported_figures(
    text: str, citations: Sequence[tuple[int, int, int]], passages: Sequence[Passage]
) -> list[str]:
    """List the figures of `text`, as it writes them, that no quote gives, nor the passages' titles for a reference.

    Figures are read in the whole passage, so that a quote cut at "500 €" does not give what the passage
    writes "1 500 €".
    """
    asserted = find_figures(text)
    if not asserted:
        return []
    given: list[Figure] = []
    titles: list[Figure] = []
    for index in dict.fromkeys(index for index, _, _ in citations):
        quoted = [(start, end) for at, start, end in citations if at == index]
        given += [f for f in _figures_as_shown(passages[index].text) if _within(f, quoted)]
        titles += [figure for figure in _title_figures(passages[index]) if figure.reference]
    missing = [f for f in asserted if not _supported(f, [*given, *titles] if f.reference else given)]
    return list(dict.fromkeys(text[figure.start : figure.end] for figure in missing))


def _supported(figure: Figure, sources: Sequence[Figure]) -> bool:
    return any(figure.supported_by(source) for source in sources)


def _within(figure: Figure, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= figure.start and figure.end <= end for start, end in spans)


def _figures_as_shown(text: str) -> list[Figure]:
    """Find the figures of a passage as it shows, with their offsets in it as it is."""
    shown = _readable(text)
    return [
        replace(figure, start=shown.starts[figure.start], end=shown.ends[figure.end - 1])
        for figure in find_figures(shown.text)
    ]


def _unsupported_links(text: str, citations: Sequence[Citation]) -> list[str]:
    """List the addresses of `text` that no quote holds: a reader would follow them."""
    return [link for link in _LINK.findall(text) if not any(link in c.quote for c in citations)]


def _title_figures(passage: Passage) -> list[Figure]:
    return find_figures("\n".join([passage.number or "", passage.title, *passage.path]))
