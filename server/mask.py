"""Replace personal data with placeholders before a model sees a text, and put it back afterwards.

A text goes in; its masked form, what was found where, and the way back come out (`server.placeholders`). The same
value gets the same placeholder, and a person the same one under all the forms of their name (`server.people`).
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from server.mask_schemas import EntityType, MaskSpan
from server.particular import kept_in_question
from server.people import Gender, People, Person
from server.placeholders import (
    SPECIAL,
    free_placeholders,
    label_of,
    placeholder_places,
    placeholders_of,
    unmask,
    without_placeholders,
)
from server.recognisers import all_recognisers
from server.recognisers.allowed import Allowed, load_allowed
from server.recognisers.disjoint import disjoint
from server.recognisers.engine import OVERLAP, Analyser, Span, french_model
from server.recognisers.legible import Legible, legible
from server.recognisers.phrases import Phrases
from server.recognisers.propagation import elsewhere
from server.recognisers.tokens import fold_name, is_common
from server.settings import ServerSettings

__all__ = ["Entity", "Gender", "Masked", "Masker", "load_masker", "unmask", "without_placeholders"]

About = Literal["question", "notes"]

_ALWAYS: frozenset[EntityType] = SPECIAL | {"ADRESSE", "LIEU_NAISSANCE"}
"""What is masked even when it is made of allowed words: "Paris" says where somebody was born."""

REMEMBERED = 512
"""Texts whose places are remembered: a chat client sends the whole conversation with each question."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Personal data at `text[start:end]` of the text before masking."""

    start: int
    end: int
    type: EntityType
    placeholder: str


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked text.

    Args:
        entities: what was masked, in the order of the text.
        restore: the value behind each placeholder; of a person, the fullest of their names in the text.
        genders: of each person, by placeholder; None when the text does not tell.
    """

    text: str
    entities: list[Entity]
    restore: Mapping[str, str]
    genders: Mapping[str, Gender | None] = field(default_factory=dict)

    @property
    def special(self) -> bool:
        """Whether data of a special category was masked."""
        return any(entity.type in SPECIAL for entity in self.entities)


class Masker:
    """Masks texts; usable from several threads.

    Args:
        allowed: words that are never masked.
        ages: whether ages are masked.

    Every method raises `server.errors.MaskingFailed` when a text cannot be read: it must go no further.
    """

    def __init__(self, analyser: Analyser, allowed: Allowed, *, ages: bool = True) -> None:
        self._analyser = analyser
        self._allowed = allowed
        self._ages = ages
        self._remembered: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def mask(
        self,
        text: str,
        beside: str = "",
        *,
        about: About = "notes",
        known: Mapping[str, str] | None = None,
    ) -> Masked:
        """Replace the personal data of `text`: `[PERSONNE_1]`, `[EMAIL_1]`…

        Args:
            beside: a text, masked before, whose placeholders are not given again to other values.
            about: `question` keeps what the index is searched for, special categories among it, when the text is
                about nobody in particular; `notes` masks all that is found.
            known: the `restore` of texts masked before: a value that it holds gets its placeholder again.
        """
        return self.mask_beginning(text, len(text), beside, about=about, known=known)

    def mask_beginning(
        self,
        text: str,
        length: int,
        beside: str = "",
        *,
        about: About = "notes",
        known: Mapping[str, str] | None = None,
    ) -> Masked:
        """Mask the first `length` characters of a text; what is cut there is masked whole: half of it says enough."""
        begun = [span for span in self._found(text[: length + OVERLAP]) if span[0] < length]
        held = [*placeholders_of(beside), *(known or {})]
        if about == "question":
            begun = kept_in_question(text[:length], begun, [*held, *placeholders_of(text[:length])])
        cut = text[: max([length, *(end for _, end, _ in begun)])]
        return _masked(cut, begun, held, known or {})

    def mask_spans(
        self,
        text: str,
        spans: Sequence[MaskSpan],
        beside: str = "",
        *,
        known: Mapping[str, str] | None = None,
    ) -> Masked:
        """Mask what a person decided: these spans, and every other place where the same words stand.

        Args:
            spans: the first of two that overlap is kept.
            known: as in `mask`.
        """
        decided: list[Span] = []
        reached = 0
        for span in sorted(spans, key=lambda one: one.start):
            if reached <= span.start < min(span.end, len(text)):
                decided.append((span.start, min(span.end, len(text)), span.type))
                reached = decided[-1][1]
        places = placeholder_places(text)
        found = disjoint(text, [*decided, *_same_words(text, decided)], places, first=decided)
        return _masked(text, found, [*placeholders_of(beside), *(known or {})], known or {})

    def _found(self, text: str) -> tuple[Span, ...]:
        """Find what is to be masked; places of texts that were read before are remembered, not their words."""
        key = blake2b(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                return self._remembered[key]
        found = tuple(self._read(text))
        with self._lock:
            self._remembered[key] = found
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return found

    def _read(self, text: str) -> list[Span]:
        plain = legible(text)
        found = [span for span in self._analyser.find(plain.text) if self._is_masked(plain.text, span)]
        found += elsewhere(plain.text, found, self._allowed)
        kept = placeholder_places(plain.text)
        return [_back(plain, span) for span in disjoint(plain.text, found, kept)]

    def _is_masked(self, text: str, span: Span) -> bool:
        start, end, kind = span
        if kind == "AGE" and not self._ages:
            return False
        return kind in _ALWAYS or not self._allowed.covers(text[start:end])


def load_masker(settings: ServerSettings) -> Masker:
    """Load what masking needs: spaCy's model, the lists of words, the organisation's own.

    Raises:
        ingest.errors.ConfigurationError: the list of an organisation's own words is missing or wrong.
    """
    french_model()
    allowed = load_allowed(settings.allowed_words_file)
    masker = Masker(Analyser(all_recognisers(allowed)), allowed, ages=settings.mask_ages)
    masker.mask("M. Martin")  # the word lists are read now rather than with the first question
    return masker


def _back(plain: Legible, span: Span) -> Span:
    start, end, kind = span
    return (*plain.original(start, end), kind)


def _same_words(text: str, decided: Sequence[Span]) -> list[Span]:
    """Find the places where the words of some spans stand as well; one common word must be written the same way."""
    found: list[Span] = []
    for kind in dict.fromkeys(kind for _, _, kind in decided):
        values = dict.fromkeys(text[start:end] for start, end, its_kind in decided if its_kind == kind)
        exact = {value for value in values if is_common(value.strip())}
        for start, end in Phrases(values).spans(text):
            words = text[start:end]
            if words in values or not any(fold_name(words) == fold_name(value) for value in exact):
                found.append((start, end, kind))
    return found


def _masked(text: str, found: Sequence[Span], held: Sequence[str], known: Mapping[str, str]) -> Masked:
    """Give each place its placeholder."""
    free = free_placeholders([*held, *placeholders_of(text, legible(text).text)])
    people = People({name: value for name, value in known.items() if name.startswith("[PERSONNE_")})
    mentions = [(start, end) for start, end, kind in found if kind == "PERSONNE"]
    persons = people.identify(text, mentions)
    given = {(name[1:].rpartition("_")[0], _key(value)): name for name, value in known.items()}
    entities: list[Entity] = []
    restore: dict[str, str] = {}
    genders: dict[str, Gender | None] = {}
    for start, end, kind in found:
        value = text[start:end]
        label = label_of(kind)
        if kind == "PERSONNE":
            person: Person = persons[start, end]
            placeholder = people.keys.get(id(person)) or people.keys.setdefault(id(person), next(free[label]))
            restore[placeholder], genders[placeholder] = person.name, person.gender
        else:
            key = label, _key(value)
            placeholder = given.get(key) or given.setdefault(key, next(free[label]))
            restore.setdefault(placeholder, value)
        entities.append(Entity(start, end, kind, placeholder))
    return Masked(_replaced(text, entities), entities, restore, genders)


def _key(value: str) -> str:
    """Write a value as all its writings share it: "06 12 34 56 78" and "+33612345678" are one number."""
    compact = re.sub(r"[\W_]", "", fold_name(value))
    return (
        compact[-9:] if compact.isdigit() and len(compact) >= 10 and len(compact) <= 13 else compact or value
    )


def _replaced(text: str, entities: Sequence[Entity]) -> str:
    pieces: list[str] = []
    begin = 0
    for entity in entities:
        pieces += [text[begin : entity.start], entity.placeholder]
        begin = entity.end
    return "".join([*pieces, text[begin:]])
