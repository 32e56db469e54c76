"""Figures of a text: its numbers, amounts, durations, dates, article numbers and references.

A text goes in; `Figure`s come out, each with what it asserts in a form that two writings share ("1 500 €"
and "1500 euros", "trois mois" and "3 mois", "3 juillet 2026" and "03/07/2026").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from ingest.text import APOSTROPHES, DASHES, STOP_WORDS, find_articles, fold
from server.mask import is_numeric

_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_MONTH_NUMBERS = {fold(month): f"{number:02d}" for number, month in enumerate(_MONTHS, start=1)}
_MONTH = "|".join(month.replace("é", "[ée]").replace("û", "[ûu]") for month in _MONTHS)
_TO_SIXTEEN = "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split()
_TENS = dict(zip("vingt trente quarante cinquante soixante".split(), range(20, 70, 10), strict=True))
_SMALL = dict(zip(_TO_SIXTEEN, range(2, 17), strict=True)) | _TENS | {"un": 1, "une": 1}
# "un" is an article unless a unit follows; "deux et trois" are two numbers but "vingt et un" is one.
_NUMBER_WORD = "|".join([*sorted(set(_SMALL) - {"un", "une"}, key=len, reverse=True), "cent", "mille"])
_WORDS = rf"(?:{_NUMBER_WORD})s?(?:[ -](?:{_NUMBER_WORD})s?\b|(?:[ -]et[ -]|-)(?:une?|onze)\b)*"
_SPACE = "[ \u00a0\u202f\u2009]"
# "5.000" is five thousand in French, "0.500" a half.
_DIGITS = rf"(?:\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)|[1-9]\d{{0,2}}(?:\.\d{{3}})+(?!\d)|\d+)"

_UNITS = {
    "€": r"€|euros?\b",
    "$": r"\$|dollars?\b",
    "%": r"%|pour[ -]?cent\b",
    "heure": r"heures?\b|h\b",
    "minute": r"minutes?\b|min\b",
    "jour": r"jours?\b",
    "semaine": r"semaines?\b",
    "mois": r"mois\b",
    "trimestre": r"trimestres?\b",
    "semestre": r"semestres?\b",
    "an": r"ans?\b|années?\b",
}
_SIGNED = frozenset("€$%")
"""Units that a minus may stand before; before another a dash is a bullet."""
_ANY_UNIT = "|".join(_UNITS.values())
_NAMED_UNIT = "|".join(f"(?P<u{i}>{unit})" for i, unit in enumerate(_UNITS.values()))
_SCALES = {"k": 3, "million": 6, "milliard": 9}
"""How many zeros each adds."""
_SCALE = r"(?:(?P<k>k(?=€))|(?P<million>millions?\b|M(?=\s?€))|(?P<milliard>milliards?\b|Mds?(?=\s?€)))"
_ADJECTIVE = r"(?:(?:premi(?:er|[eè]re)s?|derni(?:er|[eè]re)s?|seule?|même|autres?|pleine?s?)\s)?"
_IS_SCALED = re.compile(rf"\s?{_SCALE}", re.IGNORECASE)
_HAS_UNIT = re.compile(
    rf"\s?(?:de\s|d')?{_ADJECTIVE}(?:{_NAMED_UNIT})(?P<half>\s+et\s+demie?\b)?", re.IGNORECASE
)
_HEADER_UNIT = re.compile(rf"(?<!\w)(?<!par )(?<!/)(?!min\b)(?:{_NAMED_UNIT})", re.IGNORECASE)

_FIGURE = re.compile(
    r"(?P<placeholder>\[[A-Z_]+_\d+\])"
    rf"|\b(?P<day>\d{{1,2}})(?:er)?\s+(?P<month>{_MONTH})\b(?:\s+(?P<year>\d{{4}})\b)?"
    rf"|\b(?P<month_only>{_MONTH})\s+(?P<its_year>\d{{4}})\b"
    r"|\b(?P<iso>\d{4}-\d{2}-\d{2})\b"
    r"|\b(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4}|\d{2})\b(?![/.-]\d)"
    r"|\b(?P<hour>\d{1,2})\s?h\s?(?P<minute>\d{2})\b"
    r"|\b(?P<code>[^\W\d_]{1,8}-?\d+\w*(?:-\w+)*)"
    # "le tiers payant" is no third.
    r"|\b(?P<fraction>moitiés?|demie?s?|(?:(?:une?|deux|trois|\d)\s)?quarts?"
    r"|(?:une?|deux|trois|quatre|\d)\s(?:tiers|(?:cinqui|dixi)[eè]mes?)|tiers(?=\sdes?\b|\sdu\b))\b"
    rf"|(?<![\d.,])(?P<number>(?P<whole>{_DIGITS})(?:[.,](?P<decimals>\d+))?)"
    r"(?P<rank>ers?|[eè]?res?|[eè]mes?|es?)?(?!\w*\d)"
    rf"|\b(?P<words>{_WORDS})\b"
    rf"|\b(?P<one>une?)\b(?=(?:\s?\(\d+\))?(?:\s(?:à|et|ou)\s(?:\d+|{_WORDS}))?"
    rf"\s(?:{_ADJECTIVE}(?:{_ANY_UNIT})|mill(?:ion|iard)\b))",
    re.IGNORECASE,
)
_NUMBER_AT_ALL = re.compile(rf"\d|\b(?:{_NUMBER_WORD})\b", re.IGNORECASE)

_LINE_START = re.compile(r"(?:^|\n)[ \t>*#-]*$")
_HEADING_START = re.compile(r"(?:^|\n)#+ *$")
_AFTER_MARKER = re.compile(r"(?:\.\d+)*[.)]\s")
_TITLE_WORD = re.compile(r"\s+[^\W\d_a-zà-ÿ]")
_NUMBERED = re.compile(
    r"(?:\b(?:articles?|art\.?|numéros?)|\bn[°ºo]s?)\s*(?:\d+(?:er)?\s*(?:,|et|à|ou|-|/)\s*)*$", re.IGNORECASE
)
_MINUS = re.compile(r"(?:^|[\s(|:;])-$")
_IN_YEAR = re.compile(
    r"\b(?:en|années?|exercice|depuis|dès|fin|début|avant|après|courant|rentrée)\s$", re.IGNORECASE
)
_TO_DAY = re.compile(
    rf"(?:\s*(?:,|-|\b(?:au?|à|et|ou)\b)\s*(?:le\s)?\d{{1,2}}(?:er)?){{1,4}}\s(?P<month>{_MONTH})\b(?:\s(?P<year>\d{{4}})\b)?",
    re.IGNORECASE,
)
_TO_NUMBER = re.compile(
    rf"\s*(?:-|\b(?:à|et|ou)\b|,(?=[^.;\n]{{1,20}}\bou\b))\s*(?:{_DIGITS}(?:[.,]\d+)?|{_WORDS}\b)",
    re.IGNORECASE,
)
_LONGEST_RANGE = 4
"""Numbers that may follow before the unit they share ("3, 6, 9 ou 12 mois")."""
_NEXT_WORD = re.compile(r"\s([^\W\d_]{2,})")


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
    """Find the figures of `text`, in order; a placeholder of a masked number is one that no source gives."""
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
        masked_word = match["placeholder"] and not is_numeric(match["placeholder"])
        if masked_word or match.start() < read_to:
            continue
        figure = _figure(match, text)
        read_to = figure.end
        yield figure


def _figure(match: re.Match[str], text: str) -> Figure:
    start, end = match.span()
    if match["placeholder"]:
        return Figure(start, end, frozenset(), frozenset())
    if match["code"]:
        return _reference(re.sub(r"^([^\W\d]+)-", r"\1", match["code"].upper()), start, end)
    if match["hour"]:
        return _same(start, end, f"{int(match['hour'])}h{match['minute']}")
    if match["fraction"]:
        return _same(start, end, _fraction(match["fraction"]))
    if match["number"]:
        return _digits(match, text)
    if words := match["words"] or match["one"]:
        return _quantity(str(_words_value(words)), "", text, start, end)
    return _date(start, end, *_date_parts(match))


def _same(start: int, end: int, value: str) -> Figure:
    return Figure(start, end, frozenset({value}), frozenset({value}))


def _reference(number: str, start: int, end: int) -> Figure:
    return Figure(start, end, frozenset({number}), frozenset({number}), reference=True)


def _digits(match: re.Match[str], text: str) -> Figure:
    """A number in digits: the mark of a list's item, the number of an article, a rank, or a quantity."""
    start, end = match.span()
    whole, decimals = re.sub(r"\D", "", match["whole"]), match["decimals"] or ""
    value = _decimal(whole, decimals)
    before = text[max(0, start - 60) : start]
    if _is_marker(before, text, match):
        return Figure(start, end, frozenset({f"§ {value}", value}), frozenset({f"§ {value}"}))
    if match["rank"] is None and _measure(text, start, end) is not None:
        return _quantity(whole, decimals, text, start, end)
    if _NUMBERED.search(before):
        return _reference(f"n° {value}", start, end)
    if len(whole) <= 2 and (day := _TO_DAY.match(text, end)):
        return _date(start, end, day["year"] or "", _month_number(day["month"]), whole.zfill(2))
    if match["rank"]:
        return _same(start, end, f"{value}e")
    return _quantity(whole, decimals, text, start, end)


def _is_marker(before: str, text: str, match: re.Match[str]) -> bool:
    """Tell "3." or "2.1" at the head of a line, and "1°" anywhere, from a quantity."""
    if text.startswith(("° ", "°\u00a0"), match.end()):
        return True
    if not _LINE_START.search(before):
        return False
    titled = match["decimals"] or _HEADING_START.search(before)
    after = match.end()
    return bool(_AFTER_MARKER.match(text, after) or (titled and _TITLE_WORD.match(text, after)))


def _quantity(whole: str, decimals: str, text: str, start: int, end: int) -> Figure:
    """A number with its unit: "3 mois" is not given by "3 jours", but it is by a table's bare 3."""
    negative = bool(_MINUS.search(text[max(0, start - 2) : start]))
    measure = _measure(text, start, end) or _measure_of_range(text, end)
    zeros, unit, half, read_to = measure or (0, "", False, end)
    value = _decimal(whole, "5" if half and not decimals else decimals, zeros)
    in_table = frozenset[str]() if unit else _column_units(text, start)
    if negative and (unit in _SIGNED or in_table):
        start, value = start - 1, f"-{value}"
    if unit:
        measured = f"{value} {unit}"
        return Figure(
            start, read_to, frozenset({measured, f"{value} *"}), frozenset({measured, f"{value} ?"})
        )
    gives = {value, *(f"{value} {unit}" for unit in in_table)}
    return Figure(start, read_to, _bare_needs(value, text, start, read_to), frozenset(gives))


def _bare_needs(value: str, text: str, start: int, end: int) -> frozenset[str]:
    """Give what supports a number without a unit; where it counts something ("12 places"), no "12 mois" does."""
    if re.fullmatch(r"(?:19|20)\d\d", value) and _IN_YEAR.search(text[max(0, start - 12) : start]):
        return frozenset({value, f"année {value}"})
    following = _NEXT_WORD.match(text, end)
    counts = following is not None and fold(following[1]) not in STOP_WORDS
    return frozenset({value} if counts else {value, f"{value} ?"})


def _measure(text: str, start: int, end: int) -> tuple[int, str, bool, int] | None:
    """Read what follows the number at `text[start:end]`: zeros to add, unit, whether "et demi", and its end."""
    if text[start - 1 : start] == "(" and text.startswith(")", end):  # "trois (3) mois"
        end += 1
    zeros = 0
    if scale := _IS_SCALED.match(text, end):
        zeros = next(zeros for name, zeros in _SCALES.items() if scale[name])
        end = scale.end()
    if match := _HAS_UNIT.match(text, end):
        return zeros, _unit(match), match["half"] is not None, match.end()
    return (zeros, "", False, end) if zeros else None


def _measure_of_range(text: str, end: int) -> tuple[int, str, bool, int] | None:
    """Lend "6 à 10 semaines" its unit for the 6, which is read to its own end."""
    at = end
    for _ in range(_LONGEST_RANGE):
        following = _TO_NUMBER.match(text, at)
        if following is None:
            break
        at = following.end()
        if (measure := _measure(text, at, at)) and measure[1]:
            return measure[0], measure[1], False, end
    return None


def _unit(match: re.Match[str]) -> str:
    return next(unit for i, unit in enumerate(_UNITS) if match[f"u{i}"])


def _column_units(text: str, at: int) -> frozenset[str]:
    """Give the units in the header of a Markdown table's column, "*" (any) if none; nothing outside a table."""
    begin = text.rfind("\n", 0, at) + 1
    if not text.startswith("|", begin):
        return frozenset()
    above = list(takewhile(lambda line: line.startswith("|"), reversed(text[:begin].splitlines())))
    cells = above[-1].split("|") if above else []
    column = text.count("|", begin, at)
    header = cells[column] if column < len(cells) else ""
    return frozenset(_unit(match) for match in _HEADER_UNIT.finditer(header)) or frozenset({"*"})


def _fraction(words: str) -> str:
    """Write a fraction as "3/4"."""
    *parts, name = _plain(words).split()
    below = {"moi": 2, "dem": 2, "tie": 3, "qua": 4, "cin": 5, "dix": 10}[name[:3]]
    above = parts[0] if parts else "1"
    return f"{above if above.isdigit() else _SMALL[above]}/{below}"


def _date(start: int, end: int, year: str, month: str, day: str) -> Figure:
    whole = "-".join(part for part in (year, month, day) if part)
    gives = {whole} | ({f"année {year}"} if year else set())
    if year and day:
        gives |= {f"{year}-{month}", f"{month}-{day}"}
    return Figure(start, end, frozenset({whole}), frozenset(gives))


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
    return _MONTH_NUMBERS[_plain(name)]


def _plain(word: str) -> str:
    # By its capitals: ignoring case, the pattern takes "ſ" for an s and "ı" for an i.
    return fold(word.upper())


def _decimal(whole: str, decimals: str, zeros: int = 0) -> str:
    """Write a number one way: "1,5" with six zeros is 1500000."""
    decimals = decimals.ljust(zeros, "0")
    whole = (whole + decimals[:zeros]).lstrip("0") or "0"
    decimals = decimals[zeros:].rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def _words_value(words: str) -> int:
    """Read a number in letters: "vingt-quatre" is 24, "deux cent cinquante" 250, "quatre-vingt-dix" 90."""
    total = current = 0
    for word in re.split(r"[ -]+", _plain(words)):
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
