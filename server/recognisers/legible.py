"""A text as a recogniser should see it: the same words, without what hides them from a pattern.

A text goes in; out come its legible form and the way back to its places. Invisible characters (zero width, soft
hyphens, marks of direction) are left out, accents written apart are put on their letters, letters and digits of
compatibility ("𝐉", "１") are ordinary ones, lone surrogates are no longer there to break an encoder. Case, accents,
punctuation and line breaks stay.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache

from ingest.text import APOSTROPHES

_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
_CLUSTER = re.compile(rf"(?s)[^\u0300-\u036f{_HIDDEN}][\u0300-\u036f{_HIDDEN}]*|[\u0300-\u036f{_HIDDEN}]+")
_ODD = re.compile(r"[^\x09\x0a\x0d\x20-\x7eà-öø-ÿÀ-ÖØ-ÞœŒ«»€°§·–—…]")
"""A character that may need to be changed; a text without one is legible as it is."""
_MARKS = re.compile(r"[\u0300-\u036f]+")
_HIDDEN_RUN = re.compile(rf"[{_HIDDEN}]+")
_HYPHENS = "\u2010\u2011\u00ad"


@dataclass(frozen=True, slots=True)
class Legible:
    """The legible form of a text.

    Args:
        text: the legible form.
        starts: where each character of it begins in the text; None when nothing was changed.
        ends: where it ends there.
    """

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Give the place in the text of what stands at `text[start:end]` of the legible form."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def here(self, start: int, end: int) -> tuple[int, int]:
        """Give the place in the legible form of what stands at `[start:end]` of the text."""
        if self.starts is None or self.ends is None:
            return start, end
        return bisect_right(self.ends, start), bisect_left(self.starts, end)


def legible(text: str) -> Legible:
    """Make a text legible, in time linear in its length."""
    if not _ODD.search(text):
        return Legible(text)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _CLUSTER.finditer(text):
        piece = _legible_cluster(match.group())
        pieces.append(piece)
        starts += [match.start()] * len(piece)
        ends += [match.end()] * len(piece)
    return Legible("".join(pieces), starts, ends)


@lru_cache(maxsize=8192)
def _legible_cluster(cluster: str) -> str:
    """Write a character, with the marks and the invisible ones after it, as it reads."""
    seen = _HIDDEN_RUN.sub("", cluster)
    if not seen:
        return ""
    if seen in _HYPHENS:
        return "-"
    written = unicodedata.normalize("NFKC", seen[:8]).translate(
        APOSTROPHES
    )  # a hundred marks on a letter are one
    written = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in written)
    if len(written) > 1:  # marks that no letter takes would cut a word in two
        written = _MARKS.sub("", written) or written[:1]
    return " " if written.isspace() and written not in "\n\r\t" else written
