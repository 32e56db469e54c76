"""Ruled tables of a PDF: the pages that have rulings go in, their tables come out as Markdown with their place.

pdfplumber reads cells right and is slow (tens of milliseconds a page), so pages of plain text never reach it.
"""

import logging
import struct
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pdfplumber
import pypdfium2
import pypdfium2.raw as pdfium
from pdfminer.pdfexceptions import PDFException
from pdfminer.psexceptions import PSException
from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

from ingest.parse.pdf_layout import Table, join_lines
from ingest.parse.pdf_lines import Box
from ingest.parse.tidy import markdown_table, tidy

_log = logging.getLogger(__name__)

_MIN_SEGMENTS = 12
_MAX_PATHS = 4_000
_READING_ERRORS = (
    PDFException,
    PSException,
    PdfminerException,
    MalformedPDFException,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    ZeroDivisionError,
    OverflowError,
    RecursionError,
    struct.error,
)
"""What pdfminer was seen to raise on damaged files that pdfium reads: the page then keeps its plain text."""


def has_rulings(page: pypdfium2.PdfPage) -> bool:
    """Tell whether a page draws enough lines for a table of two rows and two columns.

    A page with thousands of paths is a drawing or a map: no table is looked for there.
    """
    segments = paths = 0
    for index in range(pdfium.FPDFPage_CountObjects(page.raw)):
        item = pdfium.FPDFPage_GetObject(page.raw, index)
        if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_PATH:
            paths += 1
            segments += pdfium.FPDFPath_CountSegments(item)
            if paths > _MAX_PATHS:
                return False
    return segments >= _MIN_SEGMENTS


def find_tables(data: bytes, pages: Sequence[int]) -> list[Table]:
    """Read the tables of some pages.

    Args:
        data: the PDF.
        pages: page numbers, from 1.

    Returns:
        Tables of at least two rows and two columns; one that goes on from the page before has its header.
    """
    if not pages:
        return []
    found: list[Table] = []
    try:
        with pdfplumber.open(BytesIO(data), pages=list(pages)) as document:
            for page in document.pages:
                found.extend(_page_tables(page, found[-1] if found else None))
                page.close()
    except _READING_ERRORS as error:
        _log.warning("Tableaux d'un PDF non lus, leur texte est gardé au fil des lignes : %r", error)
    return found


def _page_tables(page: Any, before: Table | None) -> list[Table]:
    tables: list[Table] = []
    for table in page.find_tables():
        rows = [[_cell(text) for text in row] for row in table.extract()]
        if len(rows) < 2 or max(map(len, rows)) < 2 or not _reads_across(page, table.bbox):
            continue
        left, top = page.bbox[0], page.bbox[1]
        x0, y0, x1, y1 = table.bbox
        box = (x0 - left, y0 - top, x1 - left, y1 - top)
        text = markdown_table(rows)
        if before is not None and not tables and _continues(before, page):
            text = _with_header(before.text, text)
        if text:
            tables.append(Table(text, page.page_number, box))
    return tables


def _reads_across(page: Any, bbox: Box) -> bool:
    """Tell whether letters run from left to right; pdfminer would write those of a turned table backwards."""
    return all(char["matrix"][0] > 0 for char in page.within_bbox(bbox, strict=False).chars)


def _cell(text: str | None) -> str:
    return join_lines([tidy(line) for line in (text or "").split("\n")])


def _continues(before: Table, page: Any) -> bool:
    """Tell whether a table at the top of `page` may go on from `before`, at the bottom of the page before."""
    return bool(before.page == page.page_number - 1 and before.box[3] > 0.75 * page.height)


def _with_header(before: str, text: str) -> str:
    """Give a table the header of the one it goes on from, unless it repeats it already."""
    header, rule = before.split("\n")[:2]
    first, own_rule = text.split("\n")[:2] if text else ("", "")
    if rule != own_rule or first == header:
        return text
    return "\n".join([header, rule, first, *text.split("\n")[2:]])
