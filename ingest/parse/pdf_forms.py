"""Forms of a PDF: an open page goes in, what its fields were filled with comes out, then its lines with it.

Text fields and lists are read; boxes to tick are not, nor are fields that hide what is typed there.
"""

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pypdfium2
import pypdfium2.raw as pdfium

from ingest.parse.pdf_lines import Box, Line, shown_boxes
from ingest.parse.tidy import tidy

_READ = (pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX)
_USUAL_SIZE = 10.0


@dataclass(frozen=True, slots=True)
class Value:
    """What a field was filled with, its box in the same space as the lines', and what is printed at its left."""

    text: str
    box: Box
    before: str = ""


def read_values(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage) -> list[Value]:
    """Read the fields of a page, from top to bottom; its document's forms are open (`init_forms`), if it has any."""
    values = _values(page, textpage) if page.formenv is not None else ()
    return sorted(values, key=lambda value: (value.box[1], value.box[0]))


def with_values(lines: Sequence[Line], values: Iterable[Value], number: int, height: float) -> list[Line]:
    """Put each value after its label, in or at the end of the line at its left, or else before the line below it.

    Args:
        lines: the printed lines of a page.
        values: what its fields were filled with.
        number: the page's number, from 1.
        height: its height, in points.
    """
    placed = list(lines)
    printed = [line.text for line in lines]
    size = placed[0].size if placed else _USUAL_SIZE
    for value in values:
        labels = [at for at, line in enumerate(placed) if _is_label(line, value)]
        if labels:
            at = max(labels, key=lambda label: placed[label].box[0])
            placed[at] = replace(placed[at], text=_inserted(placed[at].text, printed[at], value))
        else:
            below = (at for at, line in enumerate(placed) if line.box[1] >= value.box[3])
            line = Line(value.text, number, size, False, value.box, height)
            at = next(below, len(placed))
            placed.insert(at, line)
            printed.insert(at, value.text)
    return placed


def _inserted(text: str, printed: str, value: Value) -> str:
    """Put a value where its field begins in a printed line, to which those at its left were added before."""
    for end in range(len(printed) - 1, 1, -1):
        if printed[end] == " " and value.before.endswith(printed[:end]):
            at = len(text) - len(printed) + end
            if text[at:] == printed[end:]:
                return f"{text[:at]} {value.text}{text[at:]}"
    return f"{text} {value.text}"


def _is_label(line: Line, value: Value) -> bool:
    middle = (line.box[1] + line.box[3]) / 2
    return value.box[1] <= middle <= value.box[3] and line.box[0] <= value.box[0]


def _values(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage) -> Iterator[Value]:
    shown, rect = shown_boxes(page), pdfium.FS_RECTF()
    for index in range(pdfium.FPDFPage_GetAnnotCount(page.raw)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        try:
            if text := _text(page, annotation):
                pdfium.FPDFAnnot_GetRect(annotation, rect)
                middle = (rect.bottom + rect.top) / 2
                before = textpage.get_text_bounded(right=rect.left, bottom=middle - 1, top=middle + 1)
                yield Value(text, shown(rect.left, rect.bottom, rect.right, rect.top), tidy(before))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _text(page: pypdfium2.PdfPage, annotation: pdfium.FPDF_ANNOTATION) -> str:
    field = (page.formenv.raw, annotation)
    hides = pdfium.FPDFAnnot_GetFormFieldFlags(*field) & pdfium.FPDF_FORMFLAG_TEXT_PASSWORD
    if hides or pdfium.FPDFAnnot_GetFormFieldType(*field) not in _READ:
        return ""
    size = pdfium.FPDFAnnot_GetFormFieldValue(*field, None, 0)
    buffer = ctypes.create_string_buffer(size)
    pdfium.FPDFAnnot_GetFormFieldValue(*field, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return tidy(buffer.raw.decode("utf-16-le", "replace").rstrip("\0"))
