"""Words of a list, found in a text in one pass: whole words, whatever their case and their accents.

Phrases go in once; then texts go in and the places of the phrases come out, the longest first where two begin.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from server.recognisers.tokens import fold_name

_PIECE = re.compile(r"[^\W_]+")
_APART = frozenset('.,;:!?\n"()')


def pieces_of(text: str) -> list[str]:
    """Cut a text into its runs of letters and digits, folded."""
    return [fold_name(match.group()) for match in _PIECE.finditer(text)]


class Phrases:
    """Finds phrases.

    Args:
        phrases: those without a letter or a digit are passed over.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for phrase in phrases:
            pieces = tuple(pieces_of(phrase))
            if pieces:
                self._by_first.setdefault(pieces[0], []).append(pieces)
        for found in self._by_first.values():
            found.sort(key=len, reverse=True)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Find the phrases in a text, in order; none overlaps another."""
        yield from ((start, end) for start, end, _ in self.found(text))

    def found(self, text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Find the phrases in a text, each with its pieces (`pieces_of`)."""
        if not self._by_first:
            return
        places = [(match.start(), match.end(), fold_name(match.group())) for match in _PIECE.finditer(text)]
        at = 0
        while at < len(places):
            candidates = self._by_first.get(places[at][2])
            phrase = next((one for one in candidates or () if _stands(text, places, at, one)), None)
            if phrase:
                yield places[at][0], places[at + len(phrase) - 1][1], phrase
            at += len(phrase) if phrase else 1


def _stands(text: str, places: list[tuple[int, int, str]], at: int, phrase: tuple[str, ...]) -> bool:
    """Tell whether a phrase begins at a place, with nothing but a space, a hyphen or the like between its words."""
    here = places[at : at + len(phrase)]
    if tuple(word for _, _, word in here) != phrase:
        return False
    gaps = (text[left[1] : right[0]] for left, right in pairwise(here))
    return all(len(gap) <= 3 and not set(gap) & _APART for gap in gaps)
