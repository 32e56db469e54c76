"""A text written plainly, so that a pattern need not know every spelling, with the way back to where it was.

A text goes in; out come its plain form and, for each character of it, the place in the text that it comes from:
what a pattern finds in the one is masked in the other.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ingest.text import APOSTROPHES, DASHES

_PLAIN_CHARACTERS = {**DASHES, **APOSTROPHES, ord("œ"): "oe", ord("Œ"): "Oe", ord("æ"): "ae", ord("Æ"): "Ae"}
_SPACES = frozenset("\u00a0\u202f\u2009\u2007\u3000\t")
_ALIKE = {"y": "i"}


@dataclass(frozen=True, slots=True)
class Plain:
    """The plain form of a text.

    Args:
        text: the plain form.
        offsets: where each character of it comes from, in the text; one more for the end.
    """

    text: str
    offsets: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Give the place in the text of what stands at `text[start:end]` of the plain form."""
        begin = self.offsets[start]
        # A mark that combines with the last letter, or its double, belongs to it: the next character tells.
        return begin, max(begin, self.offsets[end])


def plain(text: str) -> Plain:
    """Take the accents away, open the ligatures, unify apostrophes, dashes and spaces; the case stays."""
    pieces = [_plain_character(character) for character in text]
    folded = "".join(pieces)
    if len(folded) == len(text) and all(len(piece) == 1 for piece in pieces):
        return Plain(folded, range(len(text) + 1))
    offsets = [at for at, piece in enumerate(pieces) for _ in piece]
    return Plain(folded, [*offsets, len(text)])


def spelt(text: Plain) -> Plain:
    """Write a plain text as it sounds: lower case, no doubled letter, i for y.

    The commonest mistakes of hurried notes ("dépréssion", "deppression", "handycap", "alcolique") then meet the
    right word, written the same way.
    """
    kept: list[str] = []
    offsets: list[int] = []
    last = ""
    for at, character in enumerate(text.text.lower()):
        letter = _ALIKE.get(character, character)
        if letter == last and letter.isalpha():
            continue
        kept.append(letter)
        offsets.append(text.offsets[at])
        last = letter
    return Plain("".join(kept), [*offsets, text.offsets[-1]])


@lru_cache(maxsize=4096)
def _plain_character(character: str) -> str:
    if character.isascii() and character != "\t":
        return character
    if character in _SPACES:
        return " "
    changed = _PLAIN_CHARACTERS.get(ord(character))
    if changed is not None:
        return changed
    decomposed = unicodedata.normalize("NFKD", character)
    return "".join(part for part in decomposed if not unicodedata.combining(part))
