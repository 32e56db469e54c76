"""PDF: the bytes of a file go in; its headings, paragraphs, lists and ruled tables come out, with their pages."""

import logging
import re
from contextlib import closing

import pypdfium2
import pypdfium2.raw as pdfium

from ingest.errors import LoadLater, UnreadableFile
from ingest.parse.ocr import missing_ocr, read_scanned_lines
from ingest.parse.parsed import IMPATIENT_PAGES, Limits, ParsedFile
from ingest.parse.pdf_forms import read_values, with_values
from ingest.parse.pdf_layout import Table, layout
from ingest.parse.pdf_lines import Line, read_lines
from ingest.parse.pdf_scans import Size, image_size, is_scanned, with_background, with_layer
from ingest.parse.pdf_tables import find_tables
from ingest.parse.tidy import first_heading, tidy

_log = logging.getLogger(__name__)

_IMPATIENT_STAMPED = 20
"""As `IMPATIENT_PAGES`, for pages that have some text beside their images."""

_POOR_TITLE = re.compile(r"^(microsoft \w+ - |untitled|sans titre|document\d*$)|\.\w{2,4}$", re.IGNORECASE)


def parse_pdf(data: bytes, limits: Limits) -> ParsedFile:
    """Read a PDF: its text layer, what its forms were filled with, its ruled tables, and by OCR its scanned pages.

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
        unread = _read_scanned(document, pages, scanned, limits) if scanned else None
        title = tidy(str(document.get_metadata_dict().get("Title") or ""))
    blocks = layout(pages, tables)
    if unread and not blocks:
        raise UnreadableFile(f"le PDF est numérisé, sans texte, et {unread}")
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
    """Give the lines of each page, the tables, and the numbers of the pages whose text is in their images."""
    pages: list[list[Line]] = []
    tables: list[Table] = []
    scanned: list[int] = []
    sizes: dict[int, Size] = {}
    document.init_forms()
    for number in range(1, len(document) + 1):
        with closing(document[number - 1]) as page, closing(page.get_textpage()) as textpage:
            values = read_values(page, textpage)
            lines = with_values(read_lines(page, textpage, number), values, number, page.get_height())
            if lines:
                tables += find_tables(page, textpage, number, values)
            if is_scanned(page, lines):
                scanned.append(number)
                if lines:
                    sizes[number] = image_size(page)
        pages.append(lines)
    decorated = with_background({number: pages[number - 1] for number in sizes}, sizes)
    return pages, tables, [number for number in scanned if number not in decorated]


def _read_scanned(
    document: pypdfium2.PdfDocument, pages: list[list[Line]], scanned: list[int], limits: Limits
) -> str | None:
    """Fill in the lines of the scanned pages; those that OCR leaves as they are are logged, and the reason given."""
    reason = missing_ocr() if limits.ocr else "l'OCR est désactivé dans les réglages"
    if reason is not None:
        _log.warning("Images des pages %s laissées de côté : %s", scanned, reason)
        return reason
    stamped = {number for number in scanned if pages[number - 1]}
    bare = [number for number in scanned if number not in stamped]
    if not limits.patient and (len(bare) > IMPATIENT_PAGES or len(stamped) > _IMPATIENT_STAMPED):
        raise LoadLater(
            f"le PDF compte {len(scanned)} pages numérisées : il sera lu après les autres fichiers"
        )
    read = read_scanned_lines(
        document,
        [*bare, *sorted(stamped)],
        limits.ocr_seconds_per_page,
        limits.max_ocr_seconds,
        with_text=stamped,
    )
    missed = stamped
    for number, lines in read:
        pages[number - 1] = with_layer(lines, pages[number - 1])
        missed = missed - {number}
    return "la lecture optique (OCR) de ses images a échoué ou pris trop de temps" if missed else None
