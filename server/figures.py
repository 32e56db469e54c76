"""Figures of a text: its numbers, amounts, durations, dates, article numbers and references.

A text goes in; `Figure`s come out, each with what it asserts in a form that two writings share ("1 500 €"
and "1500 euros", "trois mois" and "3 mois", "3 juillet 2026" and "03/07/2026").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.text import APOSTROPHES, DASHES, find_articles

_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_MONTH = "|".join(month.replace("é", "[ée]").replace("û", "[ûu]") for month in _MONTHS)
_TO_SIXTEEN = "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split()
_TENS = dict(zip("vingt trente quarante cinquante soixante".split(), range(20, 70, 10), strict=True))
_SMALL = dict(zip(_TO_SIXTEEN, range(2, 17), strict=True)) | _TENS | {"un": 1, "une": 1}
# "un" alone is an article; "deux et trois" are two numbers but "vingt et un" is one.
_NUMBER_WORD = "|".join([*sorted(set(_SMALL) - {"un", "une"}, key=len, reverse=True), "cent", "mille"])
_UNITS = {
    "€": r"€|euros?\b",
    "%": r"%|pour[ -]?cent\b",
    "heure": r"heures?\b|h\b",
    "minute": r"minutes?\b|min\b",
    "jour": r"jours?\b",
    "semaine": r"semaines?\b",
    "mois": r"mois\b",
    "an": r"ans?\b|années?\b",
    "million": r"millions?\b",
    "milliard": r"milliards?\b",
}
_SPACE = "[ \u00a0\u202f\u2009]"
_UNIT = re.compile(rf"\s?(?:{'|'.join(f'(?P<u{i}>{unit})' for i, unit in enumerate(_UNITS.values()))})", re.I)
_FIGURE = re.compile(
    r"(?P<placeholder>\[[A-Z_]+_\d+\])"
    rf"|\b(?P<day>\d{{1,2}})(?:er)?\s+(?P<month>{_MONTH})\b(?:\s+(?P<year>\d{{4}})\b)?"
    rf"|\b(?P<month_only>{_MONTH})\s+(?P<its_year>\d{{4}})\b"
    r"|\b(?P<iso>\d{4}-\d{2}-\d{2})\b"
    r"|\b(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4}|\d{2})\b(?![/.-]\d)"
    r"|\b(?P<hour>\d{1,2})\s?h\s?(?P<minute>\d{2})\b"
    r"|\b(?P<code>[^\W\d_]{1,8}-?\d+\w*(?:-\w+)*)"
    rf"|(?<![\d.,])(?P<number>(?:\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)|\d+)(?:[.,]\d+)?)(?:ers?|[eè]res?|[eè]mes?|es?)?(?!\w*\d)"
    rf"|\b(?P<words>(?:{_NUMBER_WORD})s?(?:[ -](?:{_NUMBER_WORD})s?\b|(?:[ -]et[ -]|-)(?:une?|onze)\b)*)\b",
    re.IGNORECASE,
)

_NUMBER_AT_ALL = re.compile(rf"\d|\b(?:{_NUMBER_WORD})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure at `text[start:end]`.

    Args:
        needs: what a source must give for the figure to be supported: any one of these.
        gives: what the figure supports when it stands in a source.
        reference: an article number or a reference, which a passage's title may give too.
    """

    start: int
    end: int
    needs: frozenset[str]
    gives: frozenset[str]
    reference: bool = False


def find_figures(text: str) -> list[Figure]:
    """Find the figures of `text`, in order; placeholders of masked data are not figures."""
    plain = text.translate(DASHES).translate(APOSTROPHES)
    figures = [_reference(m.number, m.start, m.end) for m in find_articles(plain)]
    taken = [(figure.start, figure.end) for figure in figures]
    for figure in _other_figures(plain):
        if not any(start < figure.end and figure.start < end for start, end in taken):
            figures.append(figure)
    return sorted(figures, key=lambda figure: figure.start)


def has_figure(text: str) -> bool:
    """Tell whether `text` gives a number, in digits or in letters."""
    return _NUMBER_AT_ALL.search(text) is not None


def _other_figures(text: str) -> Iterator[Figure]:
    read_to = 0  # a unit is read past its number's match: the "cent" of "10 pour cent" is not a hundred
    for match in _FIGURE.finditer(text):
        if match["placeholder"] or match.start() < read_to:
            continue
        figure = _figure(match, text)
        read_to = figure.end
        yield figure


def _figure(match: re.Match[str], text: str) -> Figure:
    start, end = match.span()
    if match["code"]:
        return _reference(re.sub(r"^([^\W\d]+)-", r"\1", match["code"].upper()), start, end)
    if match["hour"]:
        time = frozenset({f"{int(match['hour'])}h{match['minute']}"})
        return Figure(start, end, time, time)
    if match["number"]:
        return _quantity(_decimal(match["number"]), text, start, end)
    if match["words"]:
        return _quantity(str(_words_value(match["words"])), text, start, end)
    return _date(match)


def _reference(number: str, start: int, end: int) -> Figure:
    return Figure(start, end, frozenset({number}), frozenset({number}), reference=True)


def _quantity(value: str, text: str, start: int, end: int) -> Figure:
    """A number with its unit: "3 mois" is not given by "3 jours", but it is by a table's bare 3."""
    match = _UNIT.match(text, end)
    if match is None:
        return Figure(start, end, frozenset({value}), frozenset({value, f"{value} *"}))
    index = next(name for name, found in match.groupdict().items() if found)
    unit = list(_UNITS)[int(index[1:])]
    measured = f"{value} {unit}"
    return Figure(start, match.end(), frozenset({measured, f"{value} *"}), frozenset({measured, value}))


def _date(match: re.Match[str]) -> Figure:
    year, month, day = _date_parts(match)
    whole = "-".join(part for part in (year, month, day) if part)
    gives = {whole, year, day.lstrip("0")} - {""}
    if year and day:
        gives |= {f"{year}-{month}", f"{month}-{day}"}
    return Figure(match.start(), match.end(), frozenset({whole}), frozenset(gives))


def _date_parts(match: re.Match[str]) -> tuple[str, str, str]:
    """Give year, month and day in digits; what the text does not say is empty."""
    if match["iso"]:
        year, month, day = match["iso"].split("-")
        return year, month, day
    if match["month_only"]:
        return match["its_year"], _month_number(match["month_only"]), ""
    if match["month"]:
        return match["year"] or "", _month_number(match["month"]), match["day"].zfill(2)
    year = match["y"] if len(match["y"]) == 4 else f"20{match['y']}"
    return year, match["m"].zfill(2), match["d"].zfill(2)


def _month_number(name: str) -> str:
    index = next(i for i, month in enumerate(_MONTHS, start=1) if _bare(month) == _bare(name))
    return f"{index:02d}"


def _bare(month: str) -> str:
    return month.lower().replace("é", "e").replace("û", "u")


def _decimal(number: str) -> str:
    compact = re.sub(r"\s", "", number).replace(",", ".")
    whole, _, fraction = compact.partition(".")
    fraction = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")


def _words_value(words: str) -> int:
    """Read a number in letters: "vingt-quatre" is 24, "deux cent cinquante" 250, "quatre-vingt-dix" 90."""
    total = current = 0
    for word in re.split(r"[ -]+", words.lower()):
        name = word if word in _SMALL else word.removesuffix("s")
        if name == "cent":
            current = max(current, 1) * 100
        elif name == "mille":
            total, current = total + max(current, 1) * 1000, 0
        elif name == "vingt" and current % 10 == 4:
            current += 80 - 4
        else:
            current += _SMALL.get(name, 0)
    return total + current
