"""Replace personal data with placeholders before a model sees a text, and put it back afterwards.

A text goes in; its masked form, what was found where, and the way back come out. This version knows what a
pattern can tell: e-mail addresses, French telephone numbers, social security numbers (NIR, wrong keys included:
a typing error is still personal data), IBANs, France Travail identifiers, dates of birth. Names of persons, of
employers and places are not recognised: the reader must not take a masked text for an anonymous one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

EntityType = Literal["EMAIL", "TELEPHONE", "NIR", "IBAN", "IDENTIFIANT_FT", "DATE_NAISSANCE"]

_GAP = r"[ .\-\u00a0\u202f]?"
_DATE = (
    r"(?:\d{1,2}(?:er)?[ \u00a0]+(?:janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[ûu]t|septembre|octobre|novembre"
    r"|d[ée]cembre)(?:[ \u00a0]+\d{4})?|\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2,4}|\d{4}-\d{2}-\d{2})"
)
# Without its accent, "ne" is the negation ("ce qui ne change pas au 1er janvier") unless a date follows at once.
_BORN = (
    r"\b(?:n(?:é|e\u0301)(?:e|\(e\)|[·.]e)?s?(?!\w)|n(?:ee?s|ee|e[·.]e|e\(e\))(?!\w))[^\n.;:]{0,60}?"
    r"|\bne(?:\s*:|\s+(?:le|en|[àa]\s[^\n.;:]{1,40}?\sle))\s*"
)
_PATTERNS: dict[EntityType, re.Pattern[str]] = {
    "EMAIL": re.compile(r"(?P<value>[\w.+%'’-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)"),
    "IBAN": re.compile(
        rf"(?<!\w)(?P<value>FR{_GAP}\d{{2}}(?:{_GAP}[0-9A-Z]){{23}}|(?!FR)[A-Z]{{2}}\d{{2}}(?:{_GAP}[0-9A-Z]){{11,30}})(?!\w)",
        re.IGNORECASE,
    ),
    "NIR": re.compile(
        rf"(?<!\w)(?P<value>[1-478]{_GAP}\d\d{_GAP}\d\d{_GAP}(?:\d\d|2[AB]){_GAP}\d{{3}}{_GAP}\d{{3}}(?:{_GAP}\d\d)?)(?!\w)",
        re.IGNORECASE,
    ),
    "IDENTIFIANT_FT": re.compile(
        r"(?:france[ \u00a0]travail|p[ôo]le[ \u00a0]emploi|demandeu(?:r|se)s? d['’]emploi|identifiant|\bFT\b|\bIDE\b)"
        r"[^\d\n]{0,40}?(?P<value>(?<!\d)(?:\d{7}[ ]?[A-Z]|\d{8}|\d{10,11})(?!\w))",
        re.IGNORECASE,
    ),
    "DATE_NAISSANCE": re.compile(
        rf"(?:{_BORN}|\bdate de naissance\b[^\d\n]{{0,20}})(?P<value>{_DATE})(?!\w)",
        re.IGNORECASE,
    ),
    "TELEPHONE": re.compile(
        rf"(?<![\w+])(?P<value>(?:(?:\+|00){_GAP}(?:33|262|590|594|596){_GAP}(?:\(0\){_GAP})?|0)[1-9](?:{_GAP}\d\d){{4}})(?!\w)"
    ),
}
"""Tried in this order: what one has found is not looked at again by the next."""


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
        restore: the value behind each placeholder, as it was first written.
    """

    text: str
    entities: list[Entity]
    restore: Mapping[str, str]


def mask(text: str) -> Masked:
    """Replace the personal data of `text`: `[EMAIL_1]`, `[NIR_1]`… The same value gets the same placeholder."""
    entities: list[Entity] = []
    restore: dict[str, str] = {}
    known: dict[tuple[EntityType, str], str] = {}
    for start, end, kind in sorted(_found(text)):
        key = kind, re.sub(r"[\W_]", "", text[start:end]).lower()
        if key not in known:
            known[key] = _free_placeholder(kind, text, restore)
            restore[known[key]] = text[start:end]
        entities.append(Entity(start, end, kind, known[key]))
    return Masked(_replaced(text, entities), entities, restore)


def unmask(text: str, restore: Mapping[str, str]) -> str:
    """Put the values back in place of their placeholders."""
    return _PLACEHOLDER.sub(lambda match: restore.get(match.group(), match.group()), text)


def without_placeholders(text: str) -> str:
    """Take the placeholders out: a search has nothing to look for behind them."""
    return " ".join(_PLACEHOLDER.sub(" ", text).split())


def is_numeric(placeholder: str) -> bool:
    """Tell whether `placeholder` stands for a number or a date, which a sentence would assert."""
    return _PLACEHOLDER.fullmatch(placeholder) is not None and not placeholder.startswith("[EMAIL_")


_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(_PATTERNS)})_\d+\]")


def _found(text: str) -> list[tuple[int, int, EntityType]]:
    found: list[tuple[int, int, EntityType]] = []
    for kind, pattern in _PATTERNS.items():
        for start, end in _spans(pattern, text, kind):
            if not any(start < other_end and other_start < end for other_start, other_end, _ in found):
                found.append((start, end, kind))
    return found


def _spans(pattern: re.Pattern[str], text: str, kind: EntityType) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        start, end = match.span("value")
        if kind == "IBAN" and not match["value"].upper().startswith("FR"):
            end = _foreign_iban_end(text, start, end)
        if end > start:
            yield start, end


def _foreign_iban_end(text: str, start: int, end: int) -> int:
    """Give the end of the IBAN that begins at `start`, or `start` when there is none.

    Its length depends on the country and the words after it look like more of it: only its key tells.
    """
    word_ends = (at for at in range(end, start, -1) if not text[at : at + 1].isalnum())
    return next((at for at in word_ends if _iban_key_holds(text[start:at])), start)


def _iban_key_holds(value: str) -> bool:
    """Check the key of an IBAN (ISO 13616: modulo 97)."""
    compact = re.sub(r"[\W_]", "", value).upper()
    if len(compact) < 15:
        return False
    digits = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def _free_placeholder(kind: EntityType, text: str, restore: Mapping[str, str]) -> str:
    """Give the next placeholder of this type that the text does not hold already."""
    number = 1
    while (placeholder := f"[{kind}_{number}]") in restore or placeholder in text:
        number += 1
    return placeholder


def _replaced(text: str, entities: list[Entity]) -> str:
    pieces: list[str] = []
    begin = 0
    for entity in entities:
        pieces += [text[begin : entity.start], entity.placeholder]
        begin = entity.end
    return "".join([*pieces, text[begin:]])
