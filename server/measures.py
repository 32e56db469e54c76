"""What a number measures: the unit that follows it, or heads its table's column, and the rate ("par mois").

A text and the place of a number in it go in; a `Measure` comes out.
"""

import re
from dataclasses import dataclass, replace
from itertools import takewhile

from server.numbers import DIGITS, WORDS

_UNITS = {
    "€": r"€|euros?\b|EUR\b",
    "$": r"\$|dollars?\b",
    "%": r"%|pour[ -]?cent\b",
    "heure": r"heures?\b|h\b",
    "minute": r"minutes?\b|min\b",
    "jour": r"jours?\b|j\b(?!')",
    "semaine": r"semaines?\b",
    "mois": r"mois\b",
    "trimestre": r"trimestres?\b",
    "semestre": r"semestres?\b",
    "an": r"ans?\b|années?\b",
    "fois": r"fois\b",
}
SIGNED = frozenset("€$%")
"""Units that a minus may stand before; before another a dash is a bullet."""
ANY_UNIT = "|".join(_UNITS.values())
_NAMED_UNIT = "|".join(f"(?P<u{i}>{unit})" for i, unit in enumerate(_UNITS.values()))
_UNIT_WORD = re.compile(
    r"[€$%]|\b(?:euros?|eur|dollars?|pour[ -]?cent|heures?|minutes?|jours?|semaines?|mois|trimestres?"
    r"|semestres?|ans?|années?)\b",
    re.IGNORECASE,
)

_SCALES = {"k": 3, "million": 6, "milliard": 9}
"""How many zeros each adds."""
_SCALE = r"(?:(?P<k>k(?=€))|(?P<million>millions?\b|M(?=\s?€))|(?P<milliard>milliards?\b|Mds?(?=\s?€)))"
ADJECTIVE = r"(?:(?:premi(?:er|[eè]re)s?|derni(?:er|[eè]re)s?|seule?|même|autres?|pleine?s?)\s)?"
# "10  jours", "**10** jours", "10-jours", "10 (jours)"; a blank line ends what a number measures.
_GAP = r"(?:-|\s?\((?=\w{1,10}\))|[*_]{0,3}[^\S\n]{0,4}\n?[^\S\n]{0,4}[*_]{0,3})"
_IN_LETTERS = re.compile(rf"\s?\((?:\d+|{WORDS})\)", re.IGNORECASE)
_IS_SCALED = re.compile(rf"\s?{_SCALE}", re.IGNORECASE)
_HAS_UNIT = re.compile(
    rf"{_GAP}(?:de\s|d')?{ADJECTIVE}(?:{_NAMED_UNIT})(?P<half>\s+et\s+demie?\b)?", re.IGNORECASE
)
_CURRENCY_BEFORE = re.compile(r"(?<!\d)(?<!\d\s)(?:(?P<euro>€|\bEUR)|\$)\s?$")
_HEADER_UNIT = re.compile(rf"(?<!\w)(?<!par )(?<!/)(?!min\b)(?:{_NAMED_UNIT})", re.IGNORECASE)
_TO_NUMBER = re.compile(
    rf"\s*(?:[-/]|\b(?:à|et|ou)\b|,(?=[^.;\n]{{1,20}}\b(?:ou|et)\b))\s*(?:{DIGITS}(?:[.,]\d+)?|{WORDS}\b)",
    re.IGNORECASE,
)
_LONGEST_RANGE = 4
"""Numbers that may follow before the unit they share ("3, 6, 9 ou 12 mois")."""

_PERIODS = {
    "heure": "heure|h",
    "jour": "jour|journée|j",
    "semaine": "semaine",
    "mois": "mois",
    "trimestre": "trimestre",
    "semestre": "semestre",
    "an": "an|année",
    "nuit": "nuit|nuitée",
    "repas": "repas",
    "km": "km|kilomètre",
}
_RATE = re.compile(
    r"[*_]{0,3}(?:\s(?:au\s)?(?:maximum|max\.?|minimum|plus|moins|bruts?|nets?|HT|TTC)(?!\w)){0,2}"
    r"(?:\s?\b(?:par|et)\s[^\W\d_]+\set)?"
    rf"(?:\s?/\s?|\s(?:par|chaque)\s)(?:{'|'.join(f'(?P<r{i}>{p})' for i, p in enumerate(_PERIODS.values()))})\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?:\s[^\W\d_]+){0,2}?(?=\s?/|\s(?:par|chaque)\s)")
"""What a number without a unit counts, before its rate ("2 entretiens par an")."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What follows a number, read up to `end`: the zeros it adds, its unit, "et demi", and its rate ("mois")."""

    end: int
    zeros: int = 0
    unit: str = ""
    half: bool = False
    per: str = ""


def read_measure(text: str, start: int, end: int) -> Measure | None:
    """Read what the number at `text[start:end]` measures; None when nothing says it right after it.

    "6 à 10 semaines" lends its unit to the 6, see `shared_measure`.
    """
    at = end
    if text[start - 1 : start] == "(" and text.startswith(")", at):  # "trois (3) mois"
        at += 1
    elif in_letters := _IN_LETTERS.match(text, at):  # "3 (trois) mois"
        at = in_letters.end()
    zeros = 0
    if scale := _IS_SCALED.match(text, at):
        zeros = next(zeros for name, zeros in _SCALES.items() if scale[name])
        at = end = scale.end()
    if match := _HAS_UNIT.match(text, at):
        return Measure(match.end(), zeros, _unit(match), match["half"] is not None, _rate(text, match.end()))
    if currency := _CURRENCY_BEFORE.search(text[max(0, start - 6) : start]):
        return Measure(end, zeros, "€" if currency["euro"] else "$", per=_rate(text, end))
    return Measure(end, zeros) if zeros else None


def shared_measure(text: str, end: int) -> Measure | None:
    """Lend "6 à 10 semaines" its unit for the 6, which is read to its own end."""
    at = end
    for _ in range(_LONGEST_RANGE):
        following = _TO_NUMBER.match(text, at)
        if following is None:
            break
        at = following.end()
        if (measure := read_measure(text, at, at)) and measure.unit:
            return replace(measure, end=end, half=False)
    return None


def rate_of_count(text: str, end: int) -> str:
    """Give the rate of a number without a unit that ends at `end`: "an" in "2 entretiens par an"."""
    counted = _COUNTED.match(text, end)
    return _rate(text, counted.end()) if counted else ""


def names_a_unit(text: str) -> bool:
    """Tell whether `text` holds the name of a unit, wherever it stands."""
    return _UNIT_WORD.search(text) is not None


def column_units(text: str, at: int) -> frozenset[str]:
    """Give the units in the header of a Markdown table's column, "*" (any) if none; nothing outside a table."""
    begin = text.rfind("\n", 0, at) + 1
    if not text.startswith("|", begin):
        return frozenset()
    above = list(takewhile(lambda line: line.startswith("|"), reversed(text[:begin].splitlines())))
    cells = above[-1].split("|") if above else []
    column = text.count("|", begin, at)
    header = cells[column] if column < len(cells) else ""
    return frozenset(_unit(match) for match in _HEADER_UNIT.finditer(header)) or frozenset({"*"})


def _unit(match: re.Match[str]) -> str:
    return next(unit for i, unit in enumerate(_UNITS) if match[f"u{i}"])


def _rate(text: str, end: int) -> str:
    match = _RATE.match(text, end)
    return next(period for i, period in enumerate(_PERIODS) if match[f"r{i}"]) if match else ""
