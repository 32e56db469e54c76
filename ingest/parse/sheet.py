"""The sheets of a workbook: one that openpyxl opened read-only goes in, its cells as texts and its merged cells out."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import islice
from typing import Any

from openpyxl.utils import coordinate_to_tuple

from ingest.parse.header import Span
from ingest.parse.parsed import MEGABYTE

_MERGED = re.compile(rb'mergeCell\s[^<>]{0,100}?\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_MERGED_BYTES = 200
_MAX_MERGED = 100_000
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')
_ZERO_FILLED = re.compile(r'0(?:[0#\s]|"\s*"|\\\s)*')
_PERCENT_DECIMALS = 2
_FLOAT_DIGITS = 15
"""What a spreadsheet keeps of a number; further digits are those of its binary form."""


def sheet_rows(sheet: Any) -> Iterator[list[str]]:
    """Give the rows of a sheet, from the first one, each cell written as a French reader expects it."""
    # A sheet that claims a million columns would be read as such.
    sheet.reset_dimensions()
    for row in sheet.iter_rows():
        yield [cell_text(cell.value, _number_format(cell)) if cell.value is not None else "" for cell in row]


def _number_format(cell: Any) -> str:
    if not isinstance(cell.value, int | float):
        return "General"
    try:
        return str(cell.number_format)
    except IndexError:
        # Some tools write cells whose style is not in the file.
        return "General"


def cell_text(value: object, number_format: str = "General") -> str:
    """Write a cell: dates the French way, numbers with a comma and never an exponent, percentages as such.

    A postcode or a telephone number that is kept as a number gets its first zero back from its format.
    """
    match value:
        case bool():
            return "oui" if value else "non"
        case datetime() if value.time() != time():
            return f"{value:%d/%m/%Y %H:%M}"
        case date():
            return f"{value:%d/%m/%Y}"
        case timedelta():
            return _duration(value)
        case int() if value >= 0 and _ZERO_FILLED.fullmatch(number_format):
            return _zero_filled(value, number_format)
        case int() | float() if "%" in number_format and "%" in _LITERAL.sub("", number_format):
            return f"{_decimal(_percent(value, number_format))} %"
        case float():
            return _decimal(Decimal(f"{value:.{_FLOAT_DIGITS}g}"))
        case _:
            return str(value)


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(abs(value.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if value < timedelta() else ""
    return f"{sign}{hours}:{minutes:02}" + (f":{seconds:02}" if seconds else "")


def _zero_filled(value: int, number_format: str) -> str:
    """Write a number in the places of a format such as `0# ## ## ## ##`; digits without a place come first."""
    places = re.sub(r'["\\]', "", number_format).strip()
    digits = str(value).zfill(len(re.findall("[0#]", places)))
    written = ""
    for place in reversed(places):
        if place.isspace():
            written = " " + written
        else:
            digits, written = digits[:-1], digits[-1] + written
    return digits + written


def _percent(value: float, number_format: str) -> Decimal:
    """The percentage with the decimals that its format shows, and two at least: 5,5 % may show as 6 %."""
    shown = re.search(r"\.([0#?]+)", _LITERAL.sub("", number_format))
    decimals = max(len(shown[1]) if shown else 0, _PERCENT_DECIMALS)
    percent = Decimal(f"{value:.{_FLOAT_DIGITS}g}") * 100
    try:
        return percent.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    except InvalidOperation:
        # More digits than a Decimal keeps.
        return percent


def _decimal(number: Decimal) -> str:
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def merged_cells(sheet: Any) -> list[Span]:
    """Find the merged cells of a sheet, which openpyxl leaves out when it reads row by row.

    Its other way of reading holds every cell in memory, so they are looked for in the sheet's XML, as it comes.
    """
    with sheet._get_source() as source:
        references = dict.fromkeys(islice(_references(source), _MAX_MERGED))
    return [_span(reference.decode("ascii")) for reference in references]


def _span(reference: str) -> Span:
    first, _, last = reference.partition(":")
    (top, left), (bottom, right) = coordinate_to_tuple(first), coordinate_to_tuple(last)
    return Span(top - 1, left - 1, bottom - 1, right - 1)


def _references(source: Any) -> Iterator[bytes]:
    """The references of the `mergeCell` elements; the one that two readings share may come twice."""
    before = b""
    while chunk := source.read(MEGABYTE):
        for found in _MERGED.finditer(before + chunk):
            yield found[1]
        before = chunk[-_MERGED_BYTES:]
