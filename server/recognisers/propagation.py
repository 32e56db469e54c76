"""What was found once is found everywhere: places of a text go in, the other places of the same words come out.

A name known from one sentence is masked in all of them: alone, in capitals, in lower case, without its accents.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from server.mask_schemas import EntityType
from server.recognisers.allowed import Allowed
from server.recognisers.engine import Span
from server.recognisers.names import FAMILIAR, FUNCTION_WORDS, PARTICLES, ROLES, TITLES
from server.recognisers.phrases import Phrases, pieces_of
from server.recognisers.tokens import Token, is_common, is_first_name, words_of

_REPEATED: frozenset[EntityType] = frozenset(
    {
        "EMPLOYEUR",
        "ECOLE",
        "NUMERO",
        "IDENTIFIANT_FT",
        "NIR",
        "IBAN",
        "PLAQUE",
        "COMPTE",
        "TELEPHONE",
        "ADRESSE",
    }
)
_NEVER = PARTICLES | FAMILIAR | FUNCTION_WORDS | TITLES
_SHORTEST = 3
_LOCAL_PART = re.compile(r"[^\W\d_]{4,}")


def elsewhere(text: str, found: Sequence[Span], allowed: Allowed) -> Iterator[Span]:
    """Find the other places of what was found in a legible text; some may be the same."""
    names = _names(text, found)
    if names:
        yield from ((start, end, "PERSONNE") for start, end in _people(text, names, found, allowed))
    values = {text[start:end]: kind for start, end, kind in found if kind in _REPEATED}
    told = {value: kind for value, kind in values.items() if _says_enough(value)}
    kinds = {tuple(pieces_of(value)): kind for value, kind in told.items()}
    yield from ((start, end, kinds[pieces]) for start, end, pieces in Phrases(told).found(text))


def _says_enough(value: str) -> bool:
    pieces = pieces_of(value)
    return sum(map(len, pieces)) > 3 and (len(pieces) > 1 or not is_common(value))


def _names(text: str, found: Iterable[Span]) -> frozenset[str]:
    """Give the words, folded, of the persons' names and of their addresses for mail."""
    names: set[str] = set()
    for start, end, kind in found:
        if kind == "PERSONNE":
            for word in words_of(text[start:end]):
                names.add(word.folded)
                if "-" in word.folded and not is_first_name(word.folded):
                    names.update(part for part in word.folded.split("-") if len(part) > _SHORTEST)
        elif kind == "EMAIL":
            local = text[start:end].partition("@")[0]
            pieces = (match.group().lower() for match in _LOCAL_PART.finditer(local))
            names.update(piece for piece in pieces if not is_common(piece) and piece not in ROLES)
    return frozenset(name for name in names if len(name) >= _SHORTEST and name not in _NEVER)


def _people(
    text: str, names: frozenset[str], found: Sequence[Span], allowed: Allowed
) -> Iterator[tuple[int, int]]:
    """Find the words of known names, those that stand together in one place."""
    covered = [(start, end) for start, end, kind in found if kind == "PERSONNE"]
    spared = bytearray(len(text))
    for start, end in [*covered, *allowed.spans(text)]:
        spared[start:end] = b"\1" * (end - start)
    words = [word for word in words_of(text) if word.folded in names]
    kept: list[tuple[int, int]] = []
    for at, word in enumerate(words):
        beside = any(_together(text, *pair) for pair in _pairs(words, at))
        if spared[word.start] or not _is_name(word, is_first_name(word.folded), beside=beside):
            continue
        if kept and text[kept[-1][1] : word.start] in (" ", "-"):
            kept[-1] = kept[-1][0], word.end
        else:
            kept.append((word.start, word.end))
    yield from kept


def _pairs(words: Sequence[Token], at: int) -> Iterator[tuple[Token, Token]]:
    if at:
        yield words[at - 1], words[at]
    if at + 1 < len(words):
        yield words[at], words[at + 1]


def _together(text: str, left: Token, right: Token) -> bool:
    return text[left.end : right.start] in (" ", "-")


def _is_name(word: Token, first_name: bool, *, beside: bool) -> bool:
    """Tell whether a word of a known name is that name here: "Petit", but not "petit" nor "Petit à petit"."""
    if beside or not word.common:
        return word.capital or beside or len(word.text) > _SHORTEST
    if word.shape == "low":
        return False
    return first_name or not word.begins
