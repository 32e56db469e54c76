"""PDF: the bytes of a file go in; its headings, paragraphs, lists and ruled tables come out, with their pages."""

import logging
import re
from contextlib import closing

import pypdfium2
import pypdfium2.raw as pdfium

from ingest.errors import LoadLater, UnreadableFile
from ingest.parse.ocr import missing_ocr, read_scanned_lines
from ingest.parse.parsed import IMPATIENT_PAGES, Limits, ParsedFile
from ingest.parse.pdf_layout import Table, layout
from ingest.parse.pdf_lines import Line, read_lines
from ingest.parse.pdf_tables import find_tables
from ingest.parse.tidy import first_heading, tidy

_log = logging.getLogger(__name__)

_IMAGES = (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM)
_POOR_TITLE = re.compile(r"^(microsoft \w+ - |untitled|sans titre|document\d*$)|\.\w{2,4}$", re.IGNORECASE)


def parse_pdf(data: bytes, limits: Limits) -> ParsedFile:
    """Read a PDF: its text layer, its ruled tables, and by OCR the pages that are only images.

    Raises:
        UnreadableFile: password, damaged file, too many pages, or a scan that no OCR can read here.
        LoadLater: a long scan, and the limits ask not to wait for it.
        pypdfium2.PdfiumError: a page that pdfium cannot load.
    """
    with closing(_open(data)) as document:
        if len(document) > limits.max_pages:
            raise UnreadableFile(
                f"le PDF compte {len(document)} pages, plus que les {limits.max_pages} permises : découpez-le"
            )
        pages, tables, scanned = _read_pages(document)
        if scanned:
            _read_scanned(document, pages, scanned, limits)
        title = tidy(str(document.get_metadata_dict().get("Title") or ""))
    blocks = layout(pages, tables)
    heading = first_heading(block for block in blocks if block.page in (None, 1, 2))
    return ParsedFile(heading or (title if not _POOR_TITLE.search(title) else "") or None, blocks)


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise UnreadableFile(
                "le PDF est protégé par un mot de passe : enregistrez-en une copie sans mot de passe"
            ) from error
        raise UnreadableFile(
            "le PDF est endommagé ou incomplet : ouvrez-le dans un lecteur et enregistrez-le à nouveau"
        ) from error


def _read_pages(document: pypdfium2.PdfDocument) -> tuple[list[list[Line]], list[Table], list[int]]:
    """Give the lines of each page, the tables, and the numbers of the pages that are only images."""
    pages: list[list[Line]] = []
    tables: list[Table] = []
    scanned: list[int] = []
    for number in range(1, len(document) + 1):
        with closing(document[number - 1]) as page, closing(page.get_textpage()) as textpage:
            lines = read_lines(page, textpage, number)
            if lines:
                tables += find_tables(page, textpage, number, tables[-1] if tables else None)
            elif _has_image(page):
                scanned.append(number)
        pages.append(lines)
    return pages, tables, scanned


def _has_image(page: pypdfium2.PdfPage) -> bool:
    count = pdfium.FPDFPage_CountObjects(page.raw)
    kinds = (pdfium.FPDFPageObj_GetType(pdfium.FPDFPage_GetObject(page.raw, index)) for index in range(count))
    return any(kind in _IMAGES for kind in kinds)


def _read_scanned(
    document: pypdfium2.PdfDocument, pages: list[list[Line]], scanned: list[int], limits: Limits
) -> None:
    """Fill in the lines of the scanned pages.

    Without OCR a file that is only images is refused; in another, the image pages (covers, photographs) are
    left out and logged.
    """
    reason = missing_ocr() if limits.ocr else "l'OCR est désactivé dans les réglages"
    if reason is None and not limits.patient and len(scanned) > IMPATIENT_PAGES:
        raise LoadLater(
            f"le PDF compte {len(scanned)} pages numérisées : il sera lu après les autres fichiers"
        )
    if reason is None:
        read = read_scanned_lines(document, scanned, limits.ocr_seconds_per_page, limits.max_ocr_seconds)
        for number, lines in read:
            pages[number - 1] = lines
    elif not any(pages):
        raise UnreadableFile(f"le PDF est numérisé, sans texte, et {reason}")
    else:
        _log.warning("Pages %s laissées de côté, ce sont des images et %s", scanned, reason)
