"""Where quotes stand on a PDF page: the page's characters and the quotes go in, character ranges come out.

This is for the eye, not for proof (`server.verify` gives that): only letters and digits are compared, because a
passage writes as "- " the bullet that its page draws, and joins the words that its page cuts at a line's end.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence

Range = tuple[int, int]

_PIECES = re.compile(r"[\n|]")
MIN_PIECE = 12
"""Letters and digits that a line or a cell of a quote needs to be looked for by itself."""
MIN_PART = 24
"""As `MIN_PIECE`, for the beginning or the end of a quote that runs over two pages."""


def find_ranges(chars: Sequence[str], quotes: Sequence[str]) -> list[Range]:
    """Find the quotes among the characters of a page.

    A quote that is not there whole, because it is a table or runs over two pages, is looked for line by line and
    cell by cell, then by its beginning and its end.

    Returns:
        `(first, end)` such that `chars[first:end]` is a quote or a part of one, in the order of the page.
    """
    page, places = _bare(chars)
    found = {span for quote in quotes for span in _spans(page, quote)}
    return [(places[start], places[end - 1] + 1) for start, end in sorted(found)]


def _spans(page: str, quote: str) -> list[Range]:
    wanted = _bare(quote)[0]
    if not wanted:
        return []
    if whole := _occurrences(page, wanted):
        return whole
    pieces = [_bare(piece)[0] for piece in _PIECES.split(quote)]
    if parts := [span for piece in pieces if len(piece) >= MIN_PIECE for span in _occurrences(page, piece)]:
        return parts
    return _cut_span(page, wanted)


def _occurrences(page: str, wanted: str) -> list[Range]:
    return [(match.start(), match.end()) for match in re.finditer(re.escape(wanted), page)]


def _cut_span(page: str, wanted: str) -> list[Range]:
    """Find the longest beginning of a quote, or its longest end: the rest is on another page."""
    head = _longest(len(wanted), lambda size: wanted[:size] in page)
    tail = _longest(len(wanted), lambda size: wanted[-size:] in page)
    if max(head, tail) < MIN_PART:
        return []
    return _occurrences(page, wanted[:head] if head >= tail else wanted[-tail:])


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    """Give the greatest size that holds, where every smaller one does too."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def _bare(chars: Sequence[str]) -> tuple[str, list[int]]:
    """Keep letters and digits, in one case and one Unicode form, with the place that each comes from."""
    kept: list[str] = []
    places: list[int] = []
    for place, char in enumerate(chars):
        for letter in unicodedata.normalize("NFKD", char).casefold():
            if letter.isalnum():
                kept.append(letter)
                places.append(place)
    return "".join(kept), places
