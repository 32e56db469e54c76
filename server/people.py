"""Persons under all the forms of their names: mentions go in, who is who comes out.

"Mme Yıldız", "Ayşe Yıldız", "A. YILDIZ" and "Ayşe" are one person; "Paul Durand" and "sa femme Claire Durand" are two.
What two mentions share decides: every word of the shorter one must be a word of the longer one, or its initial, and
neither the title nor the first name may say otherwise.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from server.recognisers.names import FAMILIAR, FEMALE_WORDS, HOMONYMS, MALE_WORDS, PARTICLES
from server.recognisers.tokens import Token, fold_name, gender_of, words_of

Gender = Literal["f", "m"]

_BEFORE = 40
_AFTER = 40
_BORN_FEMALE = re.compile(r"^[\s,(]{0,3}(?:\d{1,2} ans,? )?(?:est )?née\b", re.IGNORECASE)
_BORN_MALE = re.compile(r"^[\s,(]{0,3}(?:\d{1,2} ans,? )?(?:est )?né\b", re.IGNORECASE)
_PRONOUN = re.compile(r"^[^.!?\n]{0,30}[.!?;:]\s*(?P<she>Elle\b)?(?P<he>Il\b(?! (?:faut|y a|est possible)))?")


@dataclass(slots=True)
class Person:
    """Somebody.

    Args:
        parts: the words of their fullest name, folded, particles left out.
        name: that name, as it is written.
        genders: how often the text says which.
    """

    parts: tuple[str, ...]
    name: str
    genders: Counter[Gender] = field(default_factory=Counter)

    @property
    def gender(self) -> Gender | None:
        """Give the gender that the text tells more often than the other one."""
        counted = self.genders.most_common(2)
        if not counted or (len(counted) == 2 and counted[0][1] == counted[1][1]):
            return None
        return counted[0][0]


class People:
    """Tells who is who among the mentions of one text.

    Args:
        known: persons of texts before this one, by any key: they are found again.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self.keys: dict[int, str] = {}
        self._persons: list[Person] = []
        self._by_part: dict[str, list[Person]] = {}
        for key, name in (known or {}).items():
            person = self._new(parts_of(name), name)
            self.keys[id(person)] = key

    def identify(self, text: str, mentions: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Person]:
        """Give the person of each mention of a text; the fullest mentions are read first.

        Args:
            mentions: places of names in the text.
        """
        read = [(span, parts_of(text[slice(*span)]), _gender_around(text, *span)) for span in mentions]
        found: dict[tuple[int, int], Person] = {}
        # Of two as full, the one whose gender is told says better who it is.
        for span, parts, gender in sorted(read, key=lambda one: (-_weight(one[1]), one[2] is None, one[0])):
            person = self._matching(parts, gender) or self._new(parts, text[slice(*span)])
            if gender:
                person.genders[gender] += 1
            if _weight(parts) > _weight(person.parts):
                person.name = text[slice(*span)]
            found[span] = person
        return found

    def _matching(self, parts: tuple[str, ...], gender: Gender | None) -> Person | None:
        """Give the one person whom a mention fits; None when there is none, or several."""
        if all(len(part) == 1 for part in parts):  # "Mme B." says too little to be anybody of the text
            nearby = {id(one): one for one in self._by_part.get(parts[0][0], ()) if one.parts == parts}
            return next(iter(nearby.values()), None)
        nearby = {
            id(one): one for part in parts for one in self._by_part.get(part[0], ()) if _fits(parts, one)
        }
        fitting = list(nearby.values())
        if gender:
            fitting = [one for one in fitting if one.gender in (gender, None)]
        exact = [one for one in fitting if sorted(one.parts) == sorted(parts)]
        if len(exact) == 1:
            return exact[0]
        if not fitting:
            return self._known_by_less(parts, gender)
        return fitting[0] if len(fitting) == 1 else None

    def _known_by_less(self, parts: tuple[str, ...], gender: Gender | None) -> Person | None:
        """Give the one person of a former text whose whole name, so far, is part of this mention's."""
        mention = Person(parts, "")
        fitting = [
            one
            for one in self._persons
            if id(one) in self.keys
            and _fits(one.parts, mention)
            and (not gender or one.gender in (gender, None))
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _new(self, parts: tuple[str, ...], name: str) -> Person:
        person = Person(parts, name)
        for part in parts:
            if (gender := gender_of(part)) and part not in HOMONYMS:
                person.genders[gender] += 1
                break
        self._persons.append(person)
        for letter in {piece[0] for part in parts for piece in (part, *part.split("-")) if piece}:
            self._by_part.setdefault(letter, []).append(person)
        return person


def parts_of(name: str) -> tuple[str, ...]:
    """Give the words of a name, folded, without its particles; all of them when there is nothing else."""
    words = [word.folded.rstrip(".") for word in words_of(name)]
    parts = tuple(word for word in words if word not in PARTICLES and word not in FAMILIAR)
    return parts or tuple(words) or (fold_name(name) or "?",)


def _weight(parts: tuple[str, ...]) -> int:
    return sum(2 if len(part) > 1 else 1 for part in parts)


def _fits(parts: tuple[str, ...], person: Person) -> bool:
    """Tell whether each word of a mention is one of the person's, each once."""
    left = list(person.parts)
    for part in sorted(parts, key=len, reverse=True):
        match = next((own for own in left if _same_word(part, own)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _same_word(part: str, own: str) -> bool:
    if part == own:
        return True
    initials = [piece.rstrip(".") for piece in part.split("-")]
    if all(len(initial) == 1 for initial in initials):
        pieces = own.split("-")
        return len(initials) <= len(pieces) and all(
            piece.startswith(initial) for initial, piece in zip(initials, pieces, strict=False)
        )
    # One of two surnames: "Mme Lefebvre" for "Marie Lefebvre-Duhamel"; "Jean" is not "Jean-Pierre".
    return "-" in own and part in own.split("-") and gender_of(own) is None


def _gender_around(text: str, start: int, end: int) -> Gender | None:
    """Read the gender of a mention from the title or the relation before it, and from what is said after it."""
    before: list[Token] = words_of(text[max(0, start - _BEFORE) : start].rpartition("\n")[2])[-2:]
    for word in reversed(before):
        folded = word.folded.rstrip(".")
        if folded in FEMALE_WORDS:
            return "f"
        if folded in MALE_WORDS and not (folded == "m" and not word.capital and word.shape != "initial"):
            return "m"
    after = text[end : end + _AFTER]
    if _BORN_FEMALE.match(after):
        return "f"
    if _BORN_MALE.match(after):
        return "m"
    said = _PRONOUN.match(after)
    if said and said["she"]:
        return "f"
    return "m" if said and said["he"] else None
