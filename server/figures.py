"""Figures of a text: its numbers, amounts, durations, dates, article numbers and references.

A text goes in; `Figure`s come out, each with what it asserts in a form that two writings share ("1 500 €"
and "1500 euros", "trois mois" and "3 mois", "3 juillet 2026" and "03/07/2026").
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ingest.text import APOSTROPHES, DASHES, STOP_WORDS, find_articles, fold
from server.measures import (
    ADJECTIVE,
    ANY_UNIT,
    SIGNED,
    column_units,
    names_a_unit,
    rate_of_count,
    read_measure,
    shared_measure,
)
from server.numbers import (
    ABOUT_WORDS,
    DIGITS,
    FRACTION_WORDS,
    NUMBER_AT_ALL,
    RANK_WORDS,
    WORDS,
    about_value,
    decimal,
    fraction_value,
    plain,
    rank_value,
    words_value,
)
from server.placeholders import is_numeric

_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
_MONTH_NUMBERS = {fold(month): f"{number:02d}" for number, month in enumerate(_MONTHS, start=1)}
_MONTH = "|".join(month.replace("é", "[ée]").replace("û", "[ûu]") for month in _MONTHS)

_FIGURE = re.compile(
    r"(?P<placeholder>\[[A-Z_]+_\d+\])"
    rf"|\b(?:(?P<day>\d{{1,2}})(?:er)?|(?P<day_words>premier|{WORDS}))\s+(?P<month>{_MONTH})\b"
    r"(?:\s+(?P<year>\d{4})\b)?"
    rf"|\b(?P<month_only>{_MONTH})\s+(?P<its_year>\d{{4}})\b"
    r"|\b(?P<iso>\d{4}-\d{2}-\d{2})\b"
    r"|\b(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4}|\d{2})\b(?![/.-]\d)"
    # "10/12 jours" is no date, nor is "5/7".
    r"|(?:(?<=\ble\s)|(?<=\bau\s)|(?<=\bdu\s))(?P<day_only>0?[1-9]|[12]\d|3[01])/(?P<its_month>0[1-9]|1[0-2])\b"
    rf"(?![/.-]?\d)(?!\s?(?:{ANY_UNIT}))"
    r"|\b(?P<hour>\d{1,2})\s?(?:h|heures?)\s?(?P<minute>[0-5]\d)\b(?!\s?(?:[€$%]|jour|mois|an|semaine|eur))"
    r"|\b(?P<code>[^\W\d_]{1,8}-?\d+\w*(?:-\w+)*)"
    rf"|\b(?P<fraction>{FRACTION_WORDS})\b"
    rf"|(?<![\d.,])(?P<number>(?P<whole>{DIGITS})(?:[.,](?P<decimals>\d+))?)"
    r"(?P<rank>ers?|[eè]?res?|[eè]mes?|es?)?(?!\w*\d)"
    rf"|\b(?P<rank_words>{RANK_WORDS})"
    rf"|\b(?P<about>{ABOUT_WORDS})"
    rf"|\b(?P<words>{WORDS})\b"
    rf"|\b(?P<one>une?)\b(?=(?:\s?\(\d+\))?(?:\s(?:à|et|ou)\s(?:\d+|{WORDS}))?"
    rf"\s(?:{ADJECTIVE}(?:{ANY_UNIT})|mill(?:ion|iard)\b))",
    re.IGNORECASE,
)
_LATIN_SUFFIX = r"bis|ter|quater|quinquies|sexies|septies|octies|nonies|decies"
# The capital of "L. 6323-17 D. 6323-1" or of "L. 6323-17 A défaut" is no part of the first number.
_SUFFIX = re.compile(
    rf"[ \u00a0](?i:{_LATIN_SUFFIX})\b(?: [A-Z]\b(?!'|\.?\s?\d))?"
    r"|[ \u00a0][A-Z]\b(?!'|\.?\s?\d)(?!\sdéfaut)"
)
"""What may end the number of an article inserted after another ("39 bis A")."""
_ONCE = re.compile(
    r"une\sfois\s(?!(?:plus|tous|puis|depuis|mais|jamais|aussi|parmi|minuit|\w+di)\b|l'an(?:née)?\b)"
    r"(?:que?\b|qu'|(?:les?|la|un|une|cet?|cette|ces|son|sa|ses|leurs?|votre|vos|notre)\b|l'|de plus\b"
    # A past participle; "au", "du", "ou" are none.
    r"|\w{2,}(?:é|u|i|is|it|ert)e?s?\b|[lv]ue?s?\b)",
    re.IGNORECASE,
)
_ONCE_FIRST = re.compile(r"une\sfois\s(?:en|dans|à|au|aux|sur|chez)\b(?!\sdeux\b)", re.IGNORECASE)
"""The conjunction, which counts nothing: "une fois le dossier reçu", "une fois en poste" where a clause begins."""
_CLAUSE_START = re.compile(r"(?:^|[.,;:!?\n(«])[\s*>-]*$")

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
_NEXT_WORD = re.compile(r"[*_]{0,3}[-\s(]{1,3}[*_]{0,3}([^\W\d_]{2,})")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure at `text[start:end]`.

    Args:
        needs: what a source must give for the figure to be supported: any one of these.
        gives: what the figure supports when it stands in a source.
        reference: an article number or a reference, which a passage's title may give too.
        per: what the figure is a rate of ("mois" in "500 € par mois"), empty if its text does not say.
    """

    start: int
    end: int
    needs: frozenset[str]
    gives: frozenset[str]
    reference: bool = False
    per: str = ""

    def supported_by(self, given: "Figure") -> bool:
        """Tell whether `given`, a figure of a source, gives this one; a rate must be the same if both have one."""
        return not self.needs.isdisjoint(given.gives) and (
            not self.per or not given.per or self.per == given.per
        )


def find_figures(text: str) -> list[Figure]:
    """Find the figures of `text`, in order; a placeholder of a masked number is one that no source gives."""
    plain_text = text.translate(DASHES).translate(APOSTROPHES)
    figures = []
    for mention in find_articles(plain_text):
        suffix, end = _suffix(plain_text, mention.end)
        figures.append(_reference(f"{mention.number}{suffix}", mention.start, end))
    taken = [(figure.start, figure.end) for figure in figures]
    signs = list(_sign_figures(text))
    for figure in _other_figures(plain_text):
        if any(start < figure.end and figure.start < end for start, end in taken):
            continue
        if not any(sign.start <= figure.start and figure.end <= sign.end for sign in signs):
            figures.append(figure)
    if names_a_unit(plain_text):
        figures = [replace(figure, needs=_not_borrowed(figure.needs)) for figure in figures]
    return sorted([*figures, *signs], key=lambda figure: figure.start)


def has_figure(text: str) -> bool:
    """Tell whether `text` gives a number, in digits or in letters."""
    return NUMBER_AT_ALL.search(text) is not None


def _not_borrowed(needs: frozenset[str]) -> frozenset[str]:
    """Leave out what a measure would lend to a bare number: "un délai en jours : 12" is not given by 12 months."""
    return frozenset(need for need in needs if not need.endswith(" ?"))


def _sign_figures(text: str) -> Iterator[Figure]:
    """Find the numbers of one sign ("½", "②", "Ⅳ", with the digits before a fraction): a source gives them as such.

    A small digit on a letter counts nothing: "m²", "mois¹".
    """
    signs = {c for c in set(text) if not c.isascii() and unicodedata.category(c) in ("No", "Nl")}
    if not signs:
        return
    for match in re.finditer(rf"(?:\d+\s?)?[{''.join(map(re.escape, sorted(signs)))}]+", text):
        start, end = match.span()
        sign = match.group()
        if unicodedata.decomposition(sign[-1]).startswith(("<super>", "<sub>")):
            start += len(sign) - len(sign.lstrip("0123456789 \u00a0\u202f"))
            if text[start - 1 : start].isalpha():
                continue
        yield _same(start, end, re.sub(r"\s", "", text[start:end]))


def _other_figures(text: str) -> Iterator[Figure]:
    read_to = 0  # a unit is read past its number's match: the "cent" of "10 pour cent" is not a hundred
    for match in _FIGURE.finditer(text):
        masked_word = match["placeholder"] and not is_numeric(match["placeholder"])
        if masked_word or match.start() < read_to or (match["one"] and _is_conjunction(text, match.start())):
            continue
        figure = _figure(match, text)
        read_to = figure.end
        yield figure


def _is_conjunction(text: str, start: int) -> bool:
    if _ONCE.match(text, start):
        return True
    begins = _CLAUSE_START.search(text[max(0, start - 10) : start]) is not None
    return begins and _ONCE_FIRST.match(text, start) is not None


def _figure(match: re.Match[str], text: str) -> Figure:
    start, end = match.span()
    if match["placeholder"]:
        return Figure(start, end, frozenset(), frozenset())
    if match["code"]:
        return _reference(re.sub(r"^([^\W\d]+)-", r"\1", match["code"].upper()), start, end)
    if match["hour"]:
        return _time(start, end, int(match["hour"]), match["minute"])
    if match["fraction"]:
        return _same(start, end, fraction_value(match["fraction"]))
    if match["number"]:
        return _digits(match, text)
    if match["rank_words"]:
        return _same(start, end, f"{rank_value(match['rank_words'])}e")
    if match["about"]:
        return _about(about_value(match["about"]), text, start, end)
    if words := match["words"] or match["one"]:
        return _quantity(str(words_value(words)), "", text, start, end)
    return _date(start, end, *_date_parts(match))


def _time(start: int, end: int, hour: int, minute: str) -> Figure:
    """A time or a duration: "9h00" is "9 heures"."""
    if int(minute):
        return _same(start, end, f"{hour}h{minute}")
    hours = f"{hour} heure"
    return Figure(start, end, frozenset({hours, f"{hour} *"}), frozenset({hours, f"{hour} ?"}))


def _about(value: int, text: str, start: int, end: int) -> Figure:
    """A round number ("une quinzaine de jours"): 15 days give it, it does not give 15 days."""
    exact = _quantity(str(value), "", text, start, end)
    needs = exact.needs | {f"~{need}" for need in exact.needs}
    return Figure(start, exact.end, needs, frozenset(f"~{given}" for given in exact.gives), per=exact.per)


def _same(start: int, end: int, value: str) -> Figure:
    return Figure(start, end, frozenset({value}), frozenset({value}))


def _reference(number: str, start: int, end: int) -> Figure:
    return Figure(start, end, frozenset({number}), frozenset({number}), reference=True)


def _digits(match: re.Match[str], text: str) -> Figure:
    """A number in digits: the mark of a list's item, the number of an article, a rank, or a quantity."""
    start, end = match.span()
    whole, decimals = re.sub(r"\D", "", match["whole"]), match["decimals"] or ""
    value = decimal(whole, decimals)
    before = text[max(0, start - 60) : start]
    if _is_marker(before, text, match):
        return Figure(start, end, frozenset({f"§ {value}", value}), frozenset({f"§ {value}"}))
    if match["rank"] is None and read_measure(text, start, end) is not None:
        return _quantity(whole, decimals, text, start, end)
    if _NUMBERED.search(before):
        suffix, end = _suffix(text, end)
        return _reference(f"n° {value}{suffix}", start, end)
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


def _suffix(text: str, end: int) -> tuple[str, int]:
    """Give what ends the article's number that is read up to `end` (" BIS", " A"), and its own end."""
    match = _SUFFIX.match(text, end)
    return (f" {match.group().strip().upper()}", match.end()) if match else ("", end)


def _quantity(whole: str, decimals: str, text: str, start: int, end: int) -> Figure:
    """A number with its unit: "3 mois" is not given by "3 jours", but it is by a table's bare 3."""
    measure = read_measure(text, start, end)
    if measure is None and not _is_year(whole, text, start):
        measure = shared_measure(text, end)
    unit = measure.unit if measure else ""
    read_to = measure.end if measure else end
    half = measure is not None and measure.half and not decimals
    value = decimal(whole, "5" if half else decimals, measure.zeros if measure else 0)
    in_table = frozenset[str]() if unit else column_units(text, start)
    if _MINUS.search(text[max(0, start - 2) : start]) and (unit in SIGNED or in_table):
        start, value = start - 1, f"-{value}"
    if measure and unit:
        measured = f"{value} {unit}"
        needs, gives = frozenset({measured, f"{value} *"}), frozenset({measured, f"{value} ?"})
        return Figure(start, read_to, needs, gives, per=measure.per)
    gives = frozenset({value, *(f"{value} {unit}" for unit in in_table)})
    needs = _bare_needs(value, text, start, read_to)
    return Figure(start, read_to, needs, gives, per=rate_of_count(text, read_to))


def _is_year(whole: str, text: str, start: int) -> bool:
    return bool(re.fullmatch(r"(?:19|20)\d\d", whole) and _IN_YEAR.search(text[max(0, start - 12) : start]))


def _bare_needs(value: str, text: str, start: int, end: int) -> frozenset[str]:
    """Give what supports a number without a unit; where it counts something ("12 places"), no "12 mois" does."""
    if _is_year(value, text, start):
        return frozenset({value, f"année {value}"})
    following = _NEXT_WORD.match(text, end)
    counts = following is not None and fold(following[1]) not in STOP_WORDS
    return frozenset({value} if counts else {value, f"{value} ?"})


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
    if match["day_words"]:
        words = match["day_words"]
        day = 1 if words.lower() == "premier" else words_value(words)
        return match["year"] or "", _month_number(match["month"]), f"{day:02d}"
    if match["month"]:
        return match["year"] or "", _month_number(match["month"]), match["day"].zfill(2)
    if match["day_only"]:
        return "", match["its_month"], match["day_only"].zfill(2)
    year = match["y"] if len(match["y"]) == 4 else f"20{match['y']}"
    return year, match["m"].zfill(2), match["d"].zfill(2)


def _month_number(name: str) -> str:
    return _MONTH_NUMBERS[plain(name)]
