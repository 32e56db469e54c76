"""Where the header of a table is: its first rows and merged cells go in, the names of its columns come out.

Titles and remarks (« Mise à jour : | 12/03/2026 ») often stand above a header, and a header may have several rows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from statistics import median_low
from typing import NamedTuple

Row = Sequence[str]
_MAX_HEADER_ROWS = 3
_MIN_NAMES = 3
_MIN_ALIKE = 2
_MAX_REPEATED = 200
_FIGURE = re.compile(r"[-+]?\d[\d\s.,:/-]*(?:€|%|h|euros?|heures?|jours?)?", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d(?:\s*[-/]\s*(?:19|20)?\d\d)?")


class Span(NamedTuple):
    """Merged cells, by their first and last rows and columns, counted from 0; their value is in the first one."""

    top: int
    left: int
    bottom: int
    right: int

    def below(self, row: int) -> "Span":
        """The same cells, their rows counted from `row`."""
        return self._replace(top=self.top - row, bottom=self.bottom - row)


class Header(NamedTuple):
    """The rows of a header, from `top` up to but not including `bottom`, and the name of each column."""

    top: int
    bottom: int
    names: list[str]


def fill_down(rows: Iterable[Row], spans: Iterable[Span]) -> Iterator[Row]:
    """Repeat the value of cells that are merged over several rows, in each of those that hold something.

    A long text (a programme beside its 400 sessions) stays in the first one.
    """
    starting: dict[int, list[Span]] = {}
    for span in spans:
        if span.bottom > span.top:
            starting.setdefault(span.top, []).append(span)
    lasting: dict[int, tuple[int, str]] = {}
    for number, row in enumerate(rows):
        lasting = {column: kept for column, kept in lasting.items() if kept[0] >= number}
        if lasting and any(row):
            row = [*row, *[""] * (max(lasting) + 1 - len(row))]
            for column, (_, text) in lasting.items():
                row[column] = row[column] or text
        for span in starting.get(number, ()):
            if span.left < len(row) and len(row[span.left]) <= _MAX_REPEATED:
                lasting[span.left] = span.bottom, row[span.left]
        yield row


def find_header(rows: Sequence[Row], spans: Sequence[Span]) -> Header | None:
    """Find the header of a table: the first row filled about as widely as those below it.

    Args:
        rows: the first rows of the table, their cells tidied.
        spans: its merged cells, by their places in `rows`.

    Returns:
        None where no row has several cells but `label : value` ones.
    """
    several = [number for number, row in enumerate(rows) if sum(map(bool, row)) > 1]
    possible = [number for number in several if not _is_remark(rows[number], rows[number + 1 :])]
    if not possible:
        return None
    width = max(map(len, rows))
    wide = [_widened(row, number, spans, width) for number, row in enumerate(rows)]
    found = next(n for n in possible if _fits(wide[n], [rows[m] for m in several if m > n]))
    if _is_data(rows[found], next((rows[m] for m in several if m > found), None)):
        # No row fits but those of data: their last columns have no name.
        found = possible[0]
    bottom = found + 1
    while bottom < min(len(rows), found + _MAX_HEADER_ROWS) and _continues(rows, found, bottom, spans):
        bottom += 1
    parts = zip(*wide[found:bottom], strict=True)
    return Header(found, bottom, [_name(part) for part in parts])


def _name(parts: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(filter(None, parts))).removesuffix(":").rstrip()


def _is_remark(row: Row, below: Sequence[Row]) -> bool:
    """Tell labels with their values from the header « Question : | Réponse »: rows all alike come right below."""
    if not _is_label(row):
        return False
    if any(re.search(r"\d", cell) for cell in row):
        return True
    several = [other for other in below if sum(map(bool, other)) > 1]
    if len(several) < _MIN_ALIKE or below[0] != several[0]:
        return True
    figures = {tuple(map(_is_figure, other)) for other in several}
    columns = {tuple(map(bool, other)) for other in (row, *several)}
    return len(figures) > 1 or len(columns) > 1 or any(map(_is_label, several))


def _is_label(row: Row) -> bool:
    marked = [cell.endswith(":") for cell in row if cell]
    return all(marked[::2]) and not any(marked[1::2])


def _fits(row: Row, below: Sequence[Row]) -> bool:
    """Tell whether a row has nearly as many cells as those below, or half as many but as far to the right.

    A header whose last columns have no name fits too, from three names on: with two, it is as likely a title.
    """
    if not below:
        return True
    filled, typical = sum(map(bool, row)), median_low([sum(map(bool, other)) for other in below])
    reaches = _last(row) >= median_low([_last(other) for other in below])
    names_first = _last(row) + 1 == filled >= _MIN_NAMES and filled * 2 >= max(map(_last, below)) + 1
    return filled * 4 > typical * 3 or (filled * 2 >= typical and reaches) or names_first


def _last(row: Row) -> int:
    return max((column for column, cell in enumerate(row) if cell), default=-1)


def _is_data(row: Row, below: Row | None) -> bool:
    """Tell whether a row has figures where the next one has too, or at all where it is the last."""
    figures = [_is_figure(cell) for cell in row]
    return any(figures) if below is None else any(map(bool.__and__, figures, map(_is_figure, below)))


def _is_figure(cell: str) -> bool:
    return _FIGURE.fullmatch(cell) is not None and _YEAR.fullmatch(cell) is None


def _widened(row: Row, number: int, spans: Sequence[Span], width: int) -> Row:
    """Repeat the value of cells that are merged over several columns: in a header, it names all of them."""
    wide = [*row, *[""] * (width - len(row))]
    for span in spans:
        if span.top <= number <= span.bottom and span.left < width:
            for column in range(span.left + 1, min(span.right + 1, width)):
                wide[column] = wide[column] or wide[span.left]
    return wide


def _continues(rows: Sequence[Row], top: int, number: int, spans: Sequence[Span]) -> bool:
    """Tell whether a row below a header belongs to it, by the cells merged down to it or across above it."""
    if any(top <= span.top < number <= span.bottom for span in spans):
        return True
    above, row = rows[number - 1], rows[number]
    across = [span for span in spans if span.top == number - 1 and span.right > span.left]
    named = {column for span in across for column in range(span.left, min(span.right + 1, len(row)))}
    splits = any(sum(map(bool, row[span.left : span.right + 1])) > 1 for span in across)
    clashes = any(
        a and b and column not in named for column, (a, b) in enumerate(zip(above, row, strict=False))
    )
    return splits and not clashes and not any(map(_is_figure, row))
