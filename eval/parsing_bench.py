"""Parsing speed on one core, beside the bare library on the same bytes in the same run.

The files are written once a run: a handbook of some 300 dense pages, a register that is one long ruled table, and
intranet pages of more than a megabyte together. The sample organisation's own PDFs are measured too.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from ingest.parse import Limits, parse_bytes
from ingest.settings import ROOT

SAMPLE = ROOT / "sample" / "documents"
ROUNDS = 3
TEXT_SECTIONS = 1_200
"""Sections of the handbook: about 300 pages."""

TABLE_ROWS = 500
"""Rows of the register: about 40 pages."""

WEB_PAGES = 75
"""Intranet pages: about 1.5 MB."""

Read = Callable[[bytes], object]


def measure() -> dict[str, Any]:
    """Give pages a second of PDFs and megabytes a second of HTML, each with its ratio to the bare library."""
    from sample.rendering.pdf import render_pdf
    from sample.rendering.web import render_html
    from sample.tree_content.long import long_table, long_text, web_page

    web = [render_html(web_page(number)) for number in range(WEB_PAGES)]
    return {
        **_pdf("dense text", [render_pdf(long_text(TEXT_SECTIONS))]),
        **_pdf("one ruled table", [render_pdf(long_table(TABLE_ROWS))]),
        **_pdf("the sample's own", [data for data in _sample_pdfs() if _pdf_text(data).strip()]),
        **_html(web),
    }


def _sample_pdfs() -> list[bytes]:
    return [path.read_bytes() for path in sorted(SAMPLE.rglob("*.pdf"))]


def _pdf(name: str, files: Sequence[bytes]) -> dict[str, Any]:
    ours = best_seconds(lambda data: parse_bytes(data, "essai.pdf", Limits(ocr=False)), files)
    bare = best_seconds(_pdf_text, files)
    pages = sum(map(_page_count, files))
    return {
        f"PDF, {name}: pages": pages,
        f"PDF, {name}: pages a second": pages / ours,
        f"PDF, {name}: time / bare pdfium text": ours / bare,
    }


def _html(files: Sequence[bytes]) -> dict[str, Any]:
    ours = best_seconds(lambda data: parse_bytes(data, "essai.html"), files)
    bare = best_seconds(_html_text, files)
    megabytes = sum(map(len, files)) / 1e6
    return {
        "HTML: megabytes": megabytes,
        "HTML: megabytes a second": megabytes / ours,
        "HTML: time / bare lxml text": ours / bare,
    }


def best_seconds(read: Read, files: Sequence[bytes]) -> float:
    """Read all the files, several rounds; gives the processor seconds of the best round."""
    read(files[0])
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for data in files:
            read(data)
        best = min(best, time.process_time() - began)
    return best


def _pdf_text(data: bytes) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def _page_count(data: bytes) -> int:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return len(document)
    finally:
        document.close()


def _html_text(data: bytes) -> str:
    from lxml import etree, html

    return etree.tostring(html.fromstring(data), method="text", encoding="unicode")
