"""Recognisers made of rules: patterns over the plain form of a text, whose groups say what they find.

A text goes in, Presidio's results come out, with offsets in that text. No rule overlaps what one before it found.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from server.mask_schemas import EntityType
from server.recognisers.folding import Plain, plain

_TYPES = get_args(EntityType)
REACH = 240
"""Characters within which a match ends, on either side of what it must stand near."""

_EDGES = " \n\r\t,;:.-–'\"«»"

Shape = Callable[[str], Plain]
"""From a text to the form that a recogniser's patterns are written for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and what it finds.

    Args:
        pattern: its groups are named after the types of what they hold: `(?P<DATE_NAISSANCE>…)`; a figure after the
            name (`AGE_2`) allows several of one type. What no such group holds is context, groups in lower case too.
        score: how sure it is, from 0 to 1.
        near: what stands within `REACH` characters of every match: the pattern is tried around those places only.
        words: the pattern is tried only in a text whose lower case holds one of them; none: in every text.
        holds: tells of a match whether it counts.
        rest: what rules before it left of a value counts too, up to where theirs begins.
        narrow: from a group's words to the part of them (start, end) that is the value; `(0, 0)`: nothing is.
    """

    pattern: re.Pattern[str]
    score: float = 0.9
    near: re.Pattern[str] | None = None
    words: tuple[str, ...] = ()
    holds: Callable[[re.Match[str]], bool] | None = None
    narrow: Callable[[str], tuple[int, int]] | None = None
    rest: bool = False


class RuleRecogniser(EntityRecognizer):
    """Finds what its rules find; the first rule that matches a place has it."""

    def __init__(self, name: str, rules: Sequence[Rule], shape: Shape = plain) -> None:
        self.rules = tuple(rules)
        self.shape = shape
        types = {_type_of(group) for rule in rules for group in _value_groups(rule)}
        unknown = types - set(_TYPES)
        if unknown or not all(_value_groups(rule) for rule in rules):
            raise ValueError(f"{name}: groups of a rule are named after entity types, not {sorted(unknown)}")
        super().__init__(supported_entities=sorted(types), name=name, supported_language="fr")

    def load(self) -> None:
        """Nothing to load: the patterns are compiled with the module."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,  # noqa: ARG002  # Presidio's interface; patterns need no parse
    ) -> list[RecognizerResult]:
        """Find the data of the types `entities` (all when empty), in the order of the text."""
        shaped = self.shape(text)
        lowered = shaped.text.lower()
        taken = bytearray(len(shaped.text))
        places = _Places(shaped.text)
        results = [
            result
            for rule in self.rules
            if not rule.words or any(word in lowered for word in rule.words)
            for result in _results(rule, shaped, taken, places)
            if not entities or result.entity_type in entities
        ]
        return sorted(results, key=lambda result: (result.start, result.end))


class _Places:
    """Where in a text the patterns are tried; what several rules are tried near is looked for once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[re.Pattern[str], list[tuple[int, int]]] = {}

    def of(self, rule: Rule) -> list[tuple[int, int]]:
        if rule.near is None:
            return [(0, len(self._text))]
        if rule.near not in self._known:
            self._known[rule.near] = _around(rule.near, self._text)
        return self._known[rule.near]


def _around(near: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    for match in near.finditer(text):
        start, end = max(0, match.start() - REACH), min(len(text), match.end() + REACH)
        if windows and start <= windows[-1][1]:
            windows[-1] = windows[-1][0], end
        else:
            windows.append((start, end))
    return windows


def _results(rule: Rule, shaped: Plain, taken: bytearray, places: _Places) -> Iterator[RecognizerResult]:
    for match in itertools.chain.from_iterable(
        rule.pattern.finditer(shaped.text, start, end) for start, end in places.of(rule)
    ):
        if rule.holds is not None and not rule.holds(match):
            continue
        for group in _value_groups(rule):
            start, end = _value(match, group, rule)
            if rule.rest:
                start, end = _trimmed(match.string, start, _first_taken(taken, start, end))
            if start >= end or any(taken[start:end]):
                continue
            taken[start:end] = b"\1" * (end - start)
            first, last = shaped.span(start, end)
            yield RecognizerResult(_type_of(group), first, last, rule.score)


def _value(match: re.Match[str], group: str, rule: Rule) -> tuple[int, int]:
    """Give the place of a group's value, without the punctuation and spaces at its edges."""
    start, end = match.span(group)
    if rule.narrow is not None and start < end:
        first, last = rule.narrow(match[group])
        start, end = start + first, start + last
    return _trimmed(match.string, start, end)


def _first_taken(taken: bytearray, start: int, end: int) -> int:
    found = taken.find(1, start, end)
    return end if found < 0 else found


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGES:
        start += 1
    while start < end and text[end - 1] in _EDGES:
        end -= 1
    return start, end


def _value_groups(rule: Rule) -> list[str]:
    return [group for group in rule.pattern.groupindex if group.isupper()]


def _type_of(group: str) -> str:
    return re.sub(r"_\d+$", "", group)
