"""The fields of a training record that searches filter on: how they are stored, and how a filter is compared.

In: the attributes of a `Document` (place, region, starts_on, cpf, certification…). Out: the same, with the keys
that Qdrant compares exactly: facets (a region without case or accents, a certification by its code or its title)
and the first day as a number. A filter's value goes through the same functions, so that both sides are written alike.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from ingest.text import fold

FACETS = "facets"
"""One keyword field holds all that is compared exactly: an index for each would slow every write."""

START_DAY = "start_day"

_CODE = re.compile(r"(RNCP|RS)[\W_]*(?:n[o°º]?[\W_]*)?0*(\d{1,6})", re.IGNORECASE)
_CODE_WITHIN = re.compile(rf"(?<![a-z]){_CODE.pattern}(?!\d)", re.IGNORECASE)
_NUMBERS = re.compile(r"\d{1,6}(?:[ ,;/]+\d{1,6})*")
_WORD = re.compile(r"[a-z0-9]+")


def certification_code(text: str) -> str | None:
    """Read a RNCP or RS code however it is written ("rncp 37098", "RNCP n° 37098"); None when it is none."""
    match = _CODE.fullmatch(text.strip())
    return f"{match[1].upper()}{match[2]}" if match else None


def certification_codes(text: str, register: str = "RNCP") -> tuple[str, ...]:
    """Read every code in a cell ("RNCP37098 - Conseiller", "RNCP37098 et RS5616"); bare numbers are of `register`."""
    found = [f"{match[1].upper()}{match[2]}" for match in _CODE_WITHIN.finditer(text)]
    if not found and _NUMBERS.fullmatch(text.strip()):
        found = [f"{register}{int(number)}" for number in re.findall(r"\d+", text)]
    return tuple(dict.fromkeys(found))


def comparable(text: str) -> str:
    """Reduce a name to its words, without case, accents or punctuation: "Île-de-France" is "ile de france"."""
    return " ".join(_WORD.findall(fold(text)))


def region_facet(region: str) -> str:
    """Write a region as a facet."""
    return f"region {comparable(region)}"


def cpf_facet(eligible: bool) -> str:
    """Write as a facet that a training is said to be open to the CPF, or not to be."""
    return f"cpf {'oui' if eligible else 'non'}"


def level_facet(level: int) -> str:
    """Write the level of a certification as a facet."""
    return f"niveau {level}"


def certification_facet(text: str) -> str:
    """Write a certification as a facet: its code where `text` is one, "37098" included, else its title's words."""
    bare = text.strip()
    code = certification_code(f"RNCP{bare}" if bare.isascii() and bare.isdigit() else bare)
    return f"certification {code or comparable(text)}"


def stored(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Give the attributes as a point's payload holds them; a document that has none stores nothing."""
    keys: dict[str, Any] = {}
    if facets := list(_facets(attributes)):
        keys[FACETS] = facets
    if starts_on := attributes.get("starts_on"):
        keys[START_DAY] = date.fromisoformat(starts_on).toordinal()
    return {**attributes, **keys}


def _facets(attributes: Mapping[str, Any]) -> Iterator[str]:
    if region := attributes.get("region"):
        yield region_facet(region)
    if (cpf := attributes.get("cpf")) is not None:
        yield cpf_facet(cpf)
    if (level := attributes.get("level")) is not None:
        yield level_facet(level)
    written = attributes.get("certification_code") or ""
    yield from map(certification_facet, certification_codes(written) or filter(None, (written,)))
    if title := attributes.get("certification"):
        yield certification_facet(title)
