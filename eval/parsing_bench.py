"""Parsing speed on the sample organisation's own PDFs and pages, beside the bare library on the same files."""

import time
from pathlib import Path
from typing import Any

from ingest.parse import Limits, parse_file
from ingest.settings import ROOT

SAMPLE = ROOT / "sample" / "documents"
ROUNDS = 3


def measure() -> dict[str, Any]:
    """Give pages a second of text PDFs (scans left out) and megabytes a second of HTML, on one core."""
    pdfs = [path for path in sorted(SAMPLE.rglob("*.pdf")) if _has_text(path)]
    pages = sorted(SAMPLE.rglob("*.html"))
    limits = Limits(ocr=False)
    parse_file(pdfs[0], limits)
    parse_file(pages[0], limits)
    ours, bare = _seconds(pdfs, limits), _bare_seconds(pdfs)
    count = sum(_pages(path) for path in pdfs)
    size = sum(path.stat().st_size for path in pages)
    return {
        "PDF pages": count,
        "PDF pages a second, tables and headings included": count / ours,
        "time / bare pdfium text": ours / bare,
        "HTML megabytes a second": size / 1e6 / _seconds(pages, limits),
    }


def _seconds(paths: list[Path], limits: Limits) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for path in paths:
            parse_file(path, limits)
        best = min(best, time.process_time() - began)
    return best


def _bare_seconds(paths: list[Path]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for path in paths:
            _text(path)
        best = min(best, time.process_time() - began)
    return best


def _text(path: Path) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def _pages(path: Path) -> int:
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return len(document)
    finally:
        document.close()


def _has_text(path: Path) -> bool:
    return bool(_text(path).strip())
