"""Places that overlap made disjoint: no letter that one of them held is left out."""

from collections.abc import Iterable, Sequence

from server.mask_schemas import EntityType
from server.recognisers.engine import Span

_EXACT: frozenset[EntityType] = frozenset({"EMAIL", "NIR", "IBAN", "TELEPHONE", "IDENTIFIANT_FT"})
"""Types whose form leaves no doubt: what overlaps them is cut."""


def disjoint(
    text: str, spans: Iterable[Span], kept: Sequence[tuple[int, int]] = (), *, first: Iterable[Span] = ()
) -> list[Span]:
    """Give each place to the surest or longest of those that claim it, and what is left of the others to them.

    Args:
        kept: places of the text that nothing may cover: placeholders that it holds already.
        first: those of the places that are served before the others.
    """
    taken = bytearray(len(text))
    for start, end in kept:
        taken[start:end] = b"\1" * (end - start)
    given: list[Span] = []
    served = frozenset(first)
    for start, end, kind in sorted(spans, key=lambda span: (span not in served, *_precedence(span))):
        for run in _free_runs(taken, start, end):
            begin, stop = _trimmed(text, *run)
            whole = begin == start and stop == end
            if stop > begin and (whole or _says_something(text[begin:stop])):
                given.append((begin, stop, kind))
        taken[start:end] = b"\1" * (end - start)
    return sorted(given)


def _precedence(span: Span) -> tuple[bool, int, int, str]:
    start, end, kind = span
    return kind not in _EXACT, start - end, start, kind


def _free_runs(taken: bytearray, start: int, end: int) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    at = start
    while (first := taken.find(0, at, end)) >= 0:
        last = taken.find(1, first, end)
        last = end if last < 0 else last
        runs.append((first, last))
        at = last
    return runs


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _says_something(rest: str) -> bool:
    """Tell whether what is left of a place that was cut is worth a mask of its own."""
    return sum(character.isalnum() for character in rest) > 1
