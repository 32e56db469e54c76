"""French sentences of a passage: where each begins and ends, list items and table rows as units.

A passage's text goes in, one block a line as `ingest.chunk` writes it; `Sentence`s come out in reading order,
with offsets into that text, so that a sentence is always a verbatim quote.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ingest.text import STOP_WORDS, fold

SentenceKind = Literal["sentence", "item", "row"]

_ABBREVIATIONS = frozenset(
    """
    al art arts av bd c-à-d cf chap circ coll conv déc dir dr ed éd env etc ex fig févr hab ibid id inf janv
    jr juil m max me mgr min mlle mm mme n no nov obs oct op p paragr pp pr prof réf resp s sect sept ss st
    ste suiv sup sq t tél v vol
    """.split()
)
_ITEM = re.compile(r"\s*(?:[-–—•*·▪◦‣]\s|[-–—](?=[^\W\d])|\d{1,2}\s?[°.)]\s?(?=\D)|[a-z]\s?\)\s)")
_ROW = re.compile(r"\s*\|")
_END = re.compile(
    r"[.!?…]+(?:[»”\")\]]|[ \u00a0\u202f]»)*(?=\s|$)"
    r"|(?<=[a-zà-ÿ)»]{2})[.!?](?=[A-ZÀ-Ý])"  # "réunies.L'existence": HTML read without its breaks
)
_NEXT = re.compile(r"\s*[\"«“(\[]?\s?(?P<first>[A-ZÀ-ÝŒ\d])(?P<word>[\w'’]*)")
_LAST_WORD = re.compile(r"[\w-]+$")
_TERMINAL = re.compile(r"[.!?…:;][»”\")\]\s]*$")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A unit of reading at `text[start:end]`: a sentence, a whole list item, or a row of a Markdown table."""

    start: int
    end: int
    kind: SentenceKind


def split_sentences(text: str) -> list[Sentence]:
    """Cut `text` into sentences, list items and table rows; nothing but white space lies between them."""
    return list(_sentences(text))


def _sentences(text: str) -> Iterator[Sentence]:
    for start, end in _blocks(text):
        line = text[start:end]
        if _ROW.match(line):
            yield Sentence(start, end, "row")
        elif _ITEM.match(line):
            yield Sentence(start, end, "item")
        else:
            for first, last in _prose(line):
                yield Sentence(start + first, start + last, "sentence")


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Give the lines without their outer white space; a line broken inside a sentence takes the next one."""
    held: tuple[int, int] | None = None
    for match in re.finditer(r"\S(?:.*\S)?", text):
        start, end = match.span()
        if held and _goes_on(text[held[0] : held[1]], match.group()):
            held = held[0], end
            continue
        if held:
            yield held
        held = start, end
    if held:
        yield held


def _goes_on(line: str, next_line: str) -> bool:
    return next_line[0].islower() and not (
        _ROW.match(line) or _ITEM.match(next_line) or _TERMINAL.search(line)
    )


def _prose(line: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _END.finditer(line):
        end = match.end()
        if end < len(line) and not _is_end(line, match):
            continue
        yield start, end
        start = end + len(line[end:]) - len(line[end:].lstrip())
    if start < len(line):
        yield start, len(line)


def _is_end(line: str, match: re.Match[str]) -> bool:
    following = _NEXT.match(line, match.end())
    if following is None:
        return False
    if match.group() != ".":
        return True
    word = _LAST_WORD.search(line, max(0, match.start() - 10), match.start())
    last = word.group() if word else ""
    if len(last) == 1 and last.isupper():
        # "L. 6323-1" and "J. Dupont" go on; "le permis B. Le candidat" stops.
        return fold(following["first"] + following["word"]) in STOP_WORDS
    if last == "etc":
        return True
    return last.lower() not in _ABBREVIATIONS
