"""Lines of a PDF page: an open page goes in, its lines with their place and style come out.

pdfium gives a page's text in reading order, columns included. Only the first and last characters of each line
are asked for their place and font, which keeps the cost of headings to a third of that of the text.
pdfium is not thread-safe: a process reads one PDF at a time.
"""

import ctypes
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import pypdfium2
import pypdfium2.raw as pdfium

from ingest.parse.tidy import tidy

_BOLD_NAME = re.compile(rb"bold|black|heavy|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600
_FORCE_BOLD = 1 << 18
_FONT_NAME_BYTES = 96
_LINE_END = re.compile(r"\r\n|\r|\n")
SOFT_HYPHENS = ("\x02", "\ufffe", "\u00ad")
"""What pdfium writes for a hyphen at a line's end."""
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")
_MIN_LETTERS = 12

Box = tuple[float, float, float, float]
Shown = Callable[[float, float, float, float], Box]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as it lies on its page.

    Args:
        text: tidy text; a hyphen that cuts its last word stays.
        page: page number, from 1.
        size: font size, in points.
        bold: whether it begins and ends in bold.
        box: left, top, right, bottom, in points from the top left corner of the page as it is shown.
        height: height of the page, in points.
    """

    text: str
    page: int
    size: float
    bold: bool
    box: Box
    height: float


def read_lines(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, number: int) -> list[Line]:
    """Read the lines of a page in reading order; none when the page has no usable text layer."""
    text = textpage.get_text_range()
    if not has_text(text):
        return []
    probe = _Probe(textpage.raw, page)
    lines: list[Line] = []
    start = 0
    for end in [match.span() for match in _LINE_END.finditer(text)] + [(len(text), len(text))]:
        if line := probe.line(text[start : end[0]], start, number):
            lines.append(line)
        start = end[1]
    return lines


def has_text(text: str) -> bool:
    """Tell a text layer from none, and from one whose fonts do not say which letters they draw."""
    letters = sum(map(str.isalnum, text[: 40 * _MIN_LETTERS]))
    return letters >= _MIN_LETTERS and len(_UNREADABLE.findall(text)) * 4 < len(text)


class _Probe:
    """Asks pdfium for the place and font of single characters of a page."""

    def __init__(self, textpage: pdfium.FPDF_TEXTPAGE, page: pypdfium2.PdfPage) -> None:
        self._textpage = textpage
        self._shown = shown_boxes(page)
        self._height = page.get_height()
        self._rect = pdfium.FS_RECTF()
        self._matrix = pdfium.FS_MATRIX()
        self._name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
        self._flags = ctypes.c_int()

    def line(self, raw: str, start: int, number: int) -> Line | None:
        for mark in SOFT_HYPHENS:
            if raw.endswith(mark):
                raw = raw[:-1] + "-"
        text = tidy(raw)
        if not text:
            return None
        first = start + len(raw) - len(raw.lstrip())
        last = start + len(raw.rstrip()) - 1
        first, last = (pdfium.FPDFText_GetCharIndexFromTextIndex(self._textpage, at) for at in (first, last))
        left, top, _, bottom = self._box(first)
        _, last_top, right, last_bottom = self._box(last)
        box = (left, min(top, last_top), right, max(bottom, last_bottom))
        size = min(self._size(first), self._size(last))
        return Line(text, number, size, self._bold(first) and self._bold(last), box, self._height)

    def _box(self, index: int) -> Box:
        pdfium.FPDFText_GetLooseCharBox(self._textpage, index, self._rect)
        return self._shown(self._rect.left, self._rect.bottom, self._rect.right, self._rect.top)

    def _size(self, index: int) -> float:
        pdfium.FPDFText_GetMatrix(self._textpage, index, self._matrix)
        scale = math.hypot(self._matrix.c, self._matrix.d)
        return float(round(2 * pdfium.FPDFText_GetFontSize(self._textpage, index) * scale) / 2)

    def _bold(self, index: int) -> bool:
        if pdfium.FPDFText_GetFontWeight(self._textpage, index) >= _BOLD_WEIGHT:
            return True
        pdfium.FPDFText_GetFontInfo(self._textpage, index, self._name, _FONT_NAME_BYTES, self._flags)
        return bool(self._flags.value & _FORCE_BOLD) or _is_bold_name(self._name.value)


@lru_cache(maxsize=256)
def _is_bold_name(name: bytes) -> bool:
    return _BOLD_NAME.search(name) is not None


def shown_boxes(page: pypdfium2.PdfPage) -> Shown:
    """Give the function from a box in the PDF's own space to the same box on the page as it is shown."""
    left, bottom, right, top = page.get_bbox()
    match page.get_rotation():
        case 90:
            return lambda x0, y0, x1, y1: (y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        case 180:
            return lambda x0, y0, x1, y1: (right - x1, y0 - bottom, right - x0, y1 - bottom)
        case 270:
            return lambda x0, y0, x1, y1: (top - y1, right - x1, top - y0, right - x0)
        case _:
            return lambda x0, y0, x1, y1: (x0 - left, top - y1, x1 - left, top - y0)
