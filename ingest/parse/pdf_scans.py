"""Scanned pages of a PDF: an open page and its text go in, whether it must be read by OCR comes out, then its lines.

A scan may carry text that is not its own: a stamp ("Envoyé en préfecture le…"), a signature, a page number. It
may also carry its own, which a scanner's OCR hid behind the image or drew in invisible letters.
"""

import ctypes
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import pypdfium2
import pypdfium2.raw as pdfium

from ingest.parse.pdf_lines import Box, Line

_LITTLE_TEXT = 400
_MOST_OF_PAGE = 0.6
_MOST_OF_LINE = 0.5
_MAX_OBJECTS = 2_000
_STAMP_LETTERS = 120
_CELLS = 50

_Item = tuple[int, pdfium.FPDF_PAGEOBJECT]
Size = tuple[int, int]


def is_scanned(page: pypdfium2.PdfPage, lines: Sequence[Line]) -> bool:
    """Tell whether a page's text is in its images: they cover it, and the lines of its text layer are few."""
    items = list(islice(_items(page), _MAX_OBJECTS))
    if not lines:
        return any(kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM) for kind, _ in items)
    if sum(len(line.text) for line in lines) >= _LITTLE_TEXT:
        return False
    images = [(at, _bounds(item[1])) for at, item in enumerate(items) if _is_image(item)]
    if _covered(page, [box for _, box in images]) < _MOST_OF_PAGE:
        return False
    texts = [(at, item) for at, (kind, item) in enumerate(items) if kind == pdfium.FPDF_PAGEOBJ_TEXT]
    hidden = sum(_is_hidden(item, [box for drawn, box in images if drawn > at]) for at, item in texts)
    return 2 * hidden < len(texts) or not texts


def image_size(page: pypdfium2.PdfPage) -> Size:
    """The largest of a page's images, in pixels; those that a form draws are counted as none."""
    width, height = ctypes.c_uint(), ctypes.c_uint()
    sizes = [(0, 0)]
    for kind, item in islice(_items(page), _MAX_OBJECTS):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE and pdfium.FPDFImageObj_GetImagePixelSize(item, width, height):
            sizes.append((width.value, height.value))
    return max(sizes, key=lambda size: size[0] * size[1])


def with_background(pages: Mapping[int, Sequence[Line]], sizes: Mapping[int, Size]) -> set[int]:
    """Tell the pages whose image is a template's background: all of one size, under more text than a stamp's.

    Args:
        pages: the lines of the text layers of pages whose images cover them.
        sizes: the size of the image of each.
    """
    if len(pages) < 2 or len({sizes[number] for number in pages}) > 1:
        return set()
    shared = Counter(text for lines in pages.values() for text in {line.text for line in lines})
    return {
        number
        for number, lines in pages.items()
        if sum(sum(map(str.isalpha, line.text)) for line in lines if shared[line.text] == 1) > _STAMP_LETTERS
    }


def with_layer(read: list[Line], layer: list[Line]) -> list[Line]:
    """Give the lines that OCR read, with those of the text layer in place of the same ones among them."""
    kept = [line for line in read if not any(_same_place(line.box, own.box) for own in layer)]
    start = min((line.box[1] for line in kept), default=0.0)
    above = [line for line in layer if line.box[3] <= start]
    return [*above, *kept, *(line for line in layer if line.box[3] > start)]


def _items(page: pypdfium2.PdfPage) -> Iterator[_Item]:
    for index in range(pdfium.FPDFPage_CountObjects(page.raw)):
        item = pdfium.FPDFPage_GetObject(page.raw, index)
        yield pdfium.FPDFPageObj_GetType(item), item


def _is_image(item: _Item) -> bool:
    """Tell an image, or a form that draws one: some software wraps each page in a form."""
    kind, raw = item
    if kind != pdfium.FPDF_PAGEOBJ_FORM:
        return bool(kind == pdfium.FPDF_PAGEOBJ_IMAGE)
    count = min(pdfium.FPDFFormObj_CountObjects(raw), _MAX_OBJECTS)
    inner = (pdfium.FPDFFormObj_GetObject(raw, index) for index in range(count))
    return any(pdfium.FPDFPageObj_GetType(one) == pdfium.FPDF_PAGEOBJ_IMAGE for one in inner)


def _covered(page: pypdfium2.PdfPage, images: Iterable[Box]) -> float:
    """The share of the page that its images cover together, on a grid; a scanner may cut the page into strips."""
    left, bottom, right, top = map(float, page.get_bbox())
    rows = [0] * _CELLS
    for box in images:
        first, last = _cells(box[0], box[2], left, right)
        low, high = _cells(box[1], box[3], bottom, top)
        for row in range(low, high):
            rows[row] |= (1 << max(last, first)) - (1 << first)
    return sum(row.bit_count() for row in rows) / _CELLS**2


def _cells(start: float, end: float, low: float, high: float) -> tuple[int, int]:
    """The cells from `low` to `high` that an interval covers, as a range."""
    step = max(high - low, 1.0) / _CELLS
    first, last = (round(min(max((at - low) / step, 0.0), _CELLS)) for at in (start, end))
    return first, last


def _bounds(item: pdfium.FPDF_PAGEOBJECT) -> Box:
    """The box of what is drawn, in the PDF's own space: left, bottom, right, top."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    return left.value, bottom.value, right.value, top.value


def _is_hidden(text: pdfium.FPDF_PAGEOBJECT, images: Iterable[Box]) -> bool:
    """Tell invisible letters, and those over whose middle one of the images is drawn."""
    left, bottom, right, top = _bounds(text)
    x, y = (left + right) / 2, (bottom + top) / 2
    invisible = pdfium.FPDFTextObj_GetTextRenderMode(text) == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
    return invisible or any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for box in images)


def _same_place(read: Box, own: Box) -> bool:
    """Tell whether a line of the text layer lies over most of a line that OCR read."""
    width = min(read[2], own[2]) - max(read[0], own[0])
    middle = (read[1] + read[3]) / 2
    return own[1] <= middle <= own[3] and width > _MOST_OF_LINE * (read[2] - read[0])
