"""Placeholders: what stands for personal data in a masked text, and the way back.

`[PERSONNE_1]`, `[EMAIL_2]`… and `[SENSIBLE_1]` for every special category, which must not be told by its name. A
masked text and the values behind its placeholders go in; the text as its author would read it comes out.
"""

import itertools
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import get_args

from server.mask_schemas import EntityType

TYPES: tuple[EntityType, ...] = get_args(EntityType)

SPECIAL: frozenset[EntityType] = frozenset(TYPES[TYPES.index("SANTE") :])
"""Special categories of personal data (article 9 RGPD) and judicial data (article 10)."""

_SPECIAL_LABEL = "SENSIBLE"
_LABELS = tuple(dict.fromkeys(_SPECIAL_LABEL if kind in SPECIAL else kind for kind in TYPES))
_NUMERIC = frozenset("DATE_NAISSANCE AGE TELEPHONE NIR IDENTIFIANT_FT NUMERO IBAN PLAQUE ADRESSE".split())
_PLACEHOLDER = re.compile(rf"\[(?P<label>{'|'.join(_LABELS)})_\d{{1,6}}\]")

_ACCENTS = str.maketrans("ÉÈÊÀ", "EEEA")
_ANY_LABEL = "|".join(
    label.replace("E", "[EÉÈÊ]").replace("_", r"\\?[_ ](?:[dD][eE][_ ])?") for label in _LABELS
)
_LOOSE = re.compile(
    # In brackets, however the rest is written: "[Personne 1]", "\[PERSONNE\_1\]", "[PERSONNES_1]"; "[PERSONNE]" alone
    rf"\\?\[\s*(?P<bracketed>(?i:{_ANY_LABEL}))(?i:s)?(?:[\s_\\-]*(?:n° ?)?(?P<number>\d{{1,6}}))?\s*\\?\]"
    # Without: "PERSONNE_1" in any case, "PERSONNE 1" in capitals ("personne 1" is French)
    rf"|(?<!\w)(?P<bare>(?i:{_ANY_LABEL}))(?i:s)?\\?_(?P<bare_number>\d{{1,6}})(?!\w)"
    rf"|(?<!\w)(?P<capital>{_ANY_LABEL})[ -](?P<capital_number>\d{{1,6}})(?!\w)"
)
"""A placeholder as a model may write it."""


def label_of(kind: EntityType) -> str:
    """Give the word of the placeholders of a type."""
    return _SPECIAL_LABEL if kind in SPECIAL else kind


def placeholders_of(*texts: str) -> list[str]:
    """Find the placeholders that texts hold, however they are written, in order, each once."""
    return list(dict.fromkeys(_meant(match) for text in texts for match in _LOOSE.finditer(text)))


def placeholder_places(text: str) -> list[tuple[int, int]]:
    """Give the places of the placeholders of a text that are written as they are given."""
    return [match.span() for match in _PLACEHOLDER.finditer(text)]


def free_placeholders(held: Iterable[str]) -> dict[str, Iterator[str]]:
    """Give, by label, the placeholders that are not held already, lowest number first."""
    taken = frozenset(held)
    return {label: _numbered(label, taken) for label in _LABELS}


def _numbered(label: str, taken: Container[str]) -> Iterator[str]:
    names = (f"[{label}_{number}]" for number in itertools.count(1))
    return (name for name in names if name not in taken)


def unmask(text: str, restore: Mapping[str, str]) -> str:
    """Put the values back in place of their placeholders, in one pass: a value is never read for placeholders.

    A model may drop the brackets, escape them for Markdown, change the case or write a plural. What it means is known
    as long as the type and the number are there: "[EMAIL]" alone may be a blank to fill, and stays, as does a
    placeholder that stands for nothing.
    """
    return _LOOSE.sub(lambda match: restore.get(_meant(match), match.group()), text)


def unmask_exactly(text: str, restore: Mapping[str, str]) -> str:
    """Put the values back in place of the placeholders of a person's text, which are copied, never misspelt."""
    return _PLACEHOLDER.sub(lambda match: restore.get(match.group(), match.group()), text)


def _meant(match: re.Match[str]) -> str:
    """Write a placeholder as it is given; one without a number keeps none."""
    label = match["bracketed"] or match["bare"] or match["capital"]
    number = match["number"] or match["bare_number"] or match["capital_number"]
    plain = re.sub(r"\\?[_ ](?:DE[_ ])?", "_", label.upper().translate(_ACCENTS))
    return f"[{plain}_{int(number)}]" if number else f"[{plain}]"


def without_placeholders(text: str) -> str:
    """Take the placeholders out: a search has nothing to look for behind them."""
    return " ".join(_PLACEHOLDER.sub(" ", text).split())


def is_numeric(placeholder: str) -> bool:
    """Tell whether `placeholder` stands for a number or a date, which a sentence would assert."""
    found = _PLACEHOLDER.fullmatch(placeholder)
    return found is not None and found["label"] in _NUMERIC
