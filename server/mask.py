"""Replace personal data with placeholders before a model sees a text, and put it back afterwards.

A text goes in; its masked form, what was found where, and the way back come out. This version knows what a
pattern can tell: e-mail addresses, French telephone numbers, social security numbers (NIR, wrong keys included:
a typing error is still personal data), IBANs, France Travail identifiers, dates of birth. Names of persons, of
employers and places are not recognised: the reader must not take a masked text for an anonymous one.
"""

import itertools
import re
from collections.abc import Container, Iterator, Mapping
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


LONGEST = 400
"""Characters within which any personal data ends, or enough of it to be known for what it is."""


def mask(text: str, beside: str = "") -> Masked:
    """Replace the personal data of `text`: `[EMAIL_1]`, `[NIR_1]`… The same value gets the same placeholder.

    Args:
        beside: a text, masked before, whose placeholders are not given again to other values.
    """
    entities: list[Entity] = []
    restore: dict[str, str] = {}
    known: dict[tuple[EntityType, str], str] = {}
    free = _free_placeholders(text, beside)
    for start, end, kind in sorted(_found(text)):
        key = kind, re.sub(r"[\W_]", "", text[start:end]).lower()
        if key not in known:
            known[key] = next(free[kind])
            restore[known[key]] = text[start:end]
        entities.append(Entity(start, end, kind, known[key]))
    return Masked(_replaced(text, entities), entities, restore)


def mask_beginning(text: str, length: int, beside: str = "") -> Masked:
    """Mask the first `length` characters of a text; what is cut there is masked whole: half of it says enough."""
    begun = [(start, end) for start, end, _ in _found(text[: length + LONGEST]) if start < length]
    return mask(text[: max([length, *(end for _, end in begun)])], beside)


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
    taken = bytearray(len(text))
    for kind, pattern in _PATTERNS.items():
        for start, end in _spans(pattern, text, kind):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
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


def _free_placeholders(text: str, beside: str) -> dict[EntityType, Iterator[str]]:
    """Give, of each type, the placeholders that neither text holds already, lowest number first."""
    held = {*_PLACEHOLDER.findall(text), *_PLACEHOLDER.findall(beside)}
    return {kind: _placeholders(kind, held) for kind in _PATTERNS}


def _placeholders(kind: EntityType, held: Container[str]) -> Iterator[str]:
    numbered = (f"[{kind}_{number}]" for number in itertools.count(1))
    return (placeholder for placeholder in numbered if placeholder not in held)


def _replaced(text: str, entities: list[Entity]) -> str:
    pieces: list[str] = []
    begin = 0
    for entity in entities:
        pieces += [text[begin : entity.start], entity.placeholder]
        begin = entity.end
    return "".join([*pieces, text[begin:]])
