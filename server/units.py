"""What can be quoted alone from a passage: a sentence, a list with its introduction, a table.

A passage's text and the weights of a question's terms go in; `Unit`s come out in reading order. The weights
only say which items of a list, or rows of a table, to keep when it is too long to be quoted whole.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ingest.text import terms
from server.sentences import Sentence, SentenceKind, split_sentences

MAX_UNIT_CHARS = 600
"""Longest list or table quoted whole, in characters."""

SKIPPED = "[…]"
"""Stands where items of a list, or rows of a table, were left out."""

MAX_HEADING_CHARS = 90

_ANAPHORA = re.compile(
    r"(il|ils|elle|elles|cela|ceci|celui-ci|celle-ci|ceux-ci|celles-ci|ce dernier|cette dernière|dans ce cas"
    r"|toutefois|cependant|en revanche|à défaut|sinon|dans le cas contraire)\b",
    re.IGNORECASE,
)


_MARKER = re.compile(r"(?:[-–—•*·▪◦‣]\s*)?(?:\d{1,2}[.)]\s+)?")


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a passage that can be quoted.

    Args:
        slices: where it is in the passage's text, in order.
        text: the slices on lines of their own, `SKIPPED` between two that do not follow each other.
        under: the question or short line just above it, which says what it is about.
        position: its place under that line, or in the passage, from 0.
    """

    slices: tuple[tuple[int, int], ...]
    text: str
    under: str
    position: int


def units(text: str, weights: Mapping[str, float]) -> Iterator[Unit]:
    """Group the sentences of a passage into what can be quoted alone, in reading order."""
    sentences = split_sentences(text)
    under, position, at = "", 0, 0
    while at < len(sentences):
        if _is_heading(text, sentences, at):
            under, position, at = _of(text, sentences[at]), 0, at + 1
            continue
        end = _group_end(text, sentences, at)
        kept = _kept(text, sentences[at:end], weights)
        yield _unit(text, kept, sentences[end - 1], under, position)
        position, at = position + 1, end


def share(held: AbstractSet[str], weights: Mapping[str, float]) -> float:
    """Give the share of the weight that the terms of `held` have, in [0, 1]."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in held) / total if total else 0.0


def _of(text: str, sentence: Sentence) -> str:
    return text[sentence.start : sentence.end]


def _is_heading(text: str, sentences: Sequence[Sentence], at: int) -> bool:
    """A question, or a short line without a full stop, speaks of what follows and answers nothing."""
    if sentences[at].kind != "sentence" or at + 1 == len(sentences):
        return False
    line = _of(text, sentences[at])
    alone = "\n" in text[sentences[at].end : sentences[at + 1].start]
    return line.endswith("?") or (
        alone and len(line) <= MAX_HEADING_CHARS and not re.search(r"[.!…:;|]", line)
    )


def _group_end(text: str, sentences: Sequence[Sentence], at: int) -> int:
    """Give the end of the group that begins at `at`.

    A line that ends with a colon takes the list or the table that it introduces; what is too short to be
    quoted ("Non.") takes the next sentence, and so does one that the next refers back to ("Elle…").
    """
    end = at + 1
    while end < len(sentences) and _needs_next(text, sentences, at, end):
        end += 1
    if sentences[end - 1].kind == "row":
        return _run_end(sentences, end, "row")
    if end < len(sentences) and _of(text, sentences[end - 1]).endswith(":"):
        return _run_end(sentences, end, sentences[end].kind)
    return end


def _needs_next(text: str, sentences: Sequence[Sentence], at: int, end: int) -> bool:
    first, following = sentences[at], sentences[end]
    if first.kind != "sentence" or following.kind != "sentence":
        return False
    so_far = text[first.start : sentences[end - 1].end]
    refers_back = end == at + 1 and _ANAPHORA.match(_of(text, following)) is not None
    return len(so_far.split()) < 4 or (refers_back and following.end - first.start <= MAX_UNIT_CHARS // 2)


def _run_end(sentences: Sequence[Sentence], at: int, kind: SentenceKind) -> int:
    """Give the end of the run of items, or of rows, that begins at `at`; sentences make no run."""
    while kind != "sentence" and at < len(sentences) and sentences[at].kind == kind:
        at += 1
    return at


def _kept(text: str, group: Sequence[Sentence], weights: Mapping[str, float]) -> list[Sentence]:
    """Keep a group that is short enough whole; of a longer one, its head and what holds most of the question."""
    if group[-1].end - group[0].start <= MAX_UNIT_CHARS or group[-1].kind == "sentence":
        return list(group)
    head = _head(text, group)
    room = MAX_UNIT_CHARS - sum(sentence.end - sentence.start for sentence in group[:head])
    kept: list[Sentence] = []
    for part in sorted(group[head:], key=lambda part: -share(frozenset(terms(_of(text, part))), weights)):
        size = part.end - part.start
        if not kept or size <= room:
            kept.append(part)
            room -= size
    return [*group[:head], *sorted(kept, key=lambda part: part.start)]


def _head(text: str, group: Sequence[Sentence]) -> int:
    """Count what is always kept: the introduction, and a table's header with the rule under it."""
    head = sum(sentence.kind == "sentence" for sentence in group)
    if group[-1].kind != "row" or head + 2 >= len(group):
        return head
    return head + (2 if set(_of(text, group[head + 1])) <= set("|-: ") else 1)


def _after_marker(text: str, item: Sentence) -> int:
    """Give where an item's own words begin: quoted alone, it is no list any more."""
    marker = _MARKER.match(text, item.start, item.end)
    return marker.end() if marker and marker.end() < item.end else item.start


def _unit(text: str, kept: Sequence[Sentence], last: Sentence, under: str, position: int) -> Unit:
    slices: list[tuple[int, int]] = []
    for sentence in kept:
        if slices and not text[slices[-1][1] : sentence.start].strip():
            slices[-1] = slices[-1][0], sentence.end
        else:
            slices.append((sentence.start, sentence.end))
    if len(kept) == 1 and kept[0].kind == "item":
        slices = [(_after_marker(text, kept[0]), kept[0].end)]
    shown = f"\n{SKIPPED}\n".join(text[start:end] for start, end in slices)
    if kept[-1] != last:
        shown += f"\n{SKIPPED}"
    return Unit(tuple(slices), shown, under, position)
