"""What a person decides to mask in a text: spans in, spans out; the server does the masking.

Offsets are code points of the text, as Python counts them. A span that is given keeps its place; the server masks
the same words wherever else they stand, so what is done to a mask is done to all places of its words.
"""

import re
from collections.abc import Sequence

from server.mask_schemas import EntityType, MaskSpan

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\w+(?:[’'.@\-]\w+)*")


def words_at(text: str, span: MaskSpan) -> str:
    """Give the words of a span as they are compared with others: without case, with single spaces."""
    return _same(text[span.start : span.end])


def _same(words: str) -> str:
    return _SPACE.sub(" ", words).strip().casefold()


def span_at(spans: Sequence[MaskSpan], start: int) -> MaskSpan | None:
    """Give the span that begins there."""
    return next((span for span in spans if span.start == start), None)


def same_places(text: str, spans: Sequence[MaskSpan], chosen: MaskSpan) -> list[MaskSpan]:
    """Give the spans with the words of one, itself included."""
    words = words_at(text, chosen)
    return [span for span in spans if words_at(text, span) == words]


def whole_words(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Widen a selection to whole words and trim its blanks: half a name masked is a name shown.

    Returns:
        None for a selection without a word.
    """
    start, end = max(start, 0), min(end, len(text))
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    if start >= end:
        return None
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end


def with_span(spans: Sequence[MaskSpan], added: MaskSpan) -> list[MaskSpan]:
    """Add a span in the place of those that it overlaps."""
    kept = [span for span in spans if span.end <= added.start or span.start >= added.end]
    return sorted([*kept, added], key=lambda span: span.start)


def with_words(
    text: str, spans: Sequence[MaskSpan], words: str, kind: EntityType
) -> tuple[list[MaskSpan], int]:
    """Mask words wherever they stand as whole words, whatever their case.

    Returns:
        the spans, and how many places were found.
    """
    pieces = [re.escape(piece) for piece in words.split()]
    if not pieces:
        return list(spans), 0
    pattern = re.compile(r"(?<!\w)" + r"\s+".join(pieces) + r"(?!\w)", re.IGNORECASE)
    found = [match.span() for match in pattern.finditer(text)]
    for start, end in found:
        spans = with_span(spans, MaskSpan(start=start, end=end, type=kind))
    return list(spans), len(found)


def without(text: str, spans: Sequence[MaskSpan], chosen: MaskSpan) -> list[MaskSpan]:
    """Take the mask off all places of the words of one."""
    gone = same_places(text, spans, chosen)
    return [span for span in spans if span not in gone]


def retyped(text: str, spans: Sequence[MaskSpan], chosen: MaskSpan, kind: EntityType) -> list[MaskSpan]:
    """Give all places of the words of one another type."""
    changed = same_places(text, spans, chosen)
    return [span.model_copy(update={"type": kind}) if span in changed else span for span in spans]


def moved(text: str, chosen: MaskSpan, side: str, step: int) -> MaskSpan:
    """Move the left or the right edge of a span by a word.

    Args:
        side: "left" or "right".
        step: -1 moves the edge towards the beginning of the text, 1 towards its end.

    Returns:
        the span unchanged where there is no other word, or none would be left.
    """
    words = [match.span() for match in _WORD.finditer(text)]
    if side == "left":
        edges = [start for start, _ in words if start < chosen.end]
        start = _neighbour(edges, chosen.start, step)
        return chosen.model_copy(update={"start": start})
    edges = [end for _, end in words if end > chosen.start]
    return chosen.model_copy(update={"end": _neighbour(edges, chosen.end, step)})


def _neighbour(edges: Sequence[int], edge: int, step: int) -> int:
    if step < 0:
        return max((other for other in edges if other < edge), default=edge)
    return min((other for other in edges if other > edge), default=edge)


def clean_notes(text: str) -> str:
    """Write line ends as a browser shows them, so that offsets mean the same there and here."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
