"""Ruled tables of a PDF page: an open page goes in, its tables come out as Markdown with their place.

pdfium gives the lines that the page draws and the place of each character: a table costs milliseconds, where
pdfplumber, which reads the page a second time in Python, takes sixty.
"""

import ctypes
import math
from collections.abc import Iterable, Iterator, Sequence

import pypdfium2
import pypdfium2.raw as pdfium

from ingest.parse.pdf_forms import Value
from ingest.parse.pdf_grid import Segment, find_grids
from ingest.parse.pdf_layout import Table, join_lines
from ingest.parse.pdf_lines import SOFT_HYPHENS, Box, Shown, shown_boxes
from ingest.parse.tidy import markdown_table, tidy

_MIN_LINES = 6  # two rows and two columns
_MAX_PATHS = 4_000
_UPRIGHT_DEGREES = 10.0
_HALF_TURN = 180.0
_BAND = 16.0


def find_tables(
    page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, number: int, values: Iterable[Value] = ()
) -> list[Table]:
    """Read the tables of a page.

    Args:
        number: the page's number, from 1.
        values: what its form was filled with; each goes to the end of its cell.

    Returns:
        Tables of at least two rows and two columns.
    """
    shown = shown_boxes(page)
    grids = find_grids(_rulings(page, shown))
    grids = [rows for rows in grids if len(rows) > 1 and len(rows[0]) > 1]
    if not grids:
        return []
    reader = _CellReader(page, textpage, [cell for rows in grids for row in rows for cell in row if cell])
    for value in values:
        reader.add(value)
    tables: list[Table] = []
    for rows in grids:
        cells = [cell for row in rows for cell in row if cell]
        if reader.is_turned(cells):
            continue
        text = markdown_table([[reader.text(cell) for cell in row] for row in rows])
        if text:
            edges = tuple(sorted({cell[0] for cell in cells}))
            tables.append(Table(text, number, _around(cells), edges, page.get_height()))
    return tables


def _around(cells: list[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*cells, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _rulings(page: pypdfium2.PdfPage, shown: Shown) -> list[Segment]:
    """The straight lines that a page draws, edges of rectangles included; none when it cannot be a table.

    A page with thousands of paths is a drawing or a map: no table is looked for there.
    """
    segments: list[Segment] = []
    paths = 0
    for index in range(pdfium.FPDFPage_CountObjects(page.raw)):
        item = pdfium.FPDFPage_GetObject(page.raw, index)
        if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_PATH:
            paths += 1
            if paths > _MAX_PATHS:
                return []
            segments.extend(shown(*segment) for segment in _path(item))
    return segments if len(segments) >= _MIN_LINES else []


def _path(item: pdfium.FPDF_PAGEOBJECT) -> Iterator[Segment]:
    """The straight lines of one path, in the PDF's own space."""
    matrix, x, y = pdfium.FS_MATRIX(), ctypes.c_float(), ctypes.c_float()
    pdfium.FPDFPageObj_GetMatrix(item, matrix)
    start = last = (0.0, 0.0)
    for index in range(pdfium.FPDFPath_CountSegments(item)):
        segment = pdfium.FPDFPath_GetPathSegment(item, index)
        pdfium.FPDFPathSegment_GetPoint(segment, x, y)
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium.FPDFPathSegment_GetType(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == pdfium.FPDF_SEGMENT_LINETO:
            yield (*last, *point)
        if pdfium.FPDFPathSegment_GetClose(segment):
            yield (*point, *start)
        last = point


class _CellReader:
    """Puts each character in the cell where its middle lies, in the order in which pdfium reads the page."""

    def __init__(
        self, page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, cells: Sequence[Box]
    ) -> None:
        self._textpage = textpage.raw
        self._rotation = float(page.get_rotation())
        self._shown = shown_boxes(page)
        self._bands: dict[int, list[Box]] = {}
        for cell in cells:
            for band in range(int(cell[1] // _BAND), int(cell[3] // _BAND) + 1):
                self._bands.setdefault(band, []).append(cell)
        self._pieces: dict[Box, list[str]] = {}
        self._first: dict[Box, int] = {}
        self._read(textpage.count_chars())

    def text(self, cell: Box | None) -> str:
        """Give the text of a cell, its lines joined."""
        lines = "".join(self._pieces.get(cell, ()) if cell else ()).split("\n")
        return join_lines([line for line in map(tidy, lines) if line])

    def add(self, value: Value) -> None:
        """Put the value of a form's field in the cell where its middle lies, if any."""
        x, y = (value.box[0] + value.box[2]) / 2, (value.box[1] + value.box[3]) / 2
        if cell := self._cell(x, y):
            self._pieces.setdefault(cell, []).append(f"\n{value.text}")

    def is_turned(self, cells: Iterable[Box]) -> bool:
        """Tell whether most of the cells are read from top to bottom: their rows are then columns."""
        upright = [self._is_upright(self._first[cell]) for cell in cells if cell in self._first]
        return 2 * sum(upright) < len(upright)

    def _read(self, count: int) -> None:
        rect = pdfium.FS_RECTF()
        cell: Box | None = None
        blank = ""
        for index in range(count):
            character = chr(pdfium.FPDFText_GetUnicode(self._textpage, index))
            if character.isspace():
                blank = "\n" if character in "\r\n" else blank or " "
                continue
            pdfium.FPDFText_GetLooseCharBox(self._textpage, index, rect)
            left, top, right, bottom = self._shown(rect.left, rect.bottom, rect.right, rect.top)
            x, y = (left + right) / 2, (top + bottom) / 2
            if cell is None or not _holds(cell, x, y):
                cell = self._cell(x, y)
                blank = "\n"
            cuts = character in SOFT_HYPHENS
            if cell is not None:
                self._first.setdefault(cell, index)
                self._pieces.setdefault(cell, []).append(blank + ("-" if cuts else character))
            # pdfium writes no end of line after a hyphen that cuts a word.
            blank = "\n" if cuts else ""

    def _cell(self, x: float, y: float) -> Box | None:
        return next((one for one in self._bands.get(int(y // _BAND), ()) if _holds(one, x, y)), None)

    def _is_upright(self, index: int) -> bool:
        angle = math.degrees(pdfium.FPDFText_GetCharAngle(self._textpage, index))
        return abs((angle + self._rotation + _HALF_TURN) % (2 * _HALF_TURN) - _HALF_TURN) < _UPRIGHT_DEGREES


def _holds(cell: Box, x: float, y: float) -> bool:
    return cell[0] <= x < cell[2] and cell[1] <= y < cell[3]
