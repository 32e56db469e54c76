"""Scans: their pages are read side by side, in order, within a time; a long one waits when it is asked to."""

import subprocess
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pypdf
import pytest

from ingest.errors import LoadLater, UnreadableFile
from ingest.parse import Limits, ocr, parse_bytes
from ingest.parse.ocr import missing_ocr
from ingest.parse.parsed import IMPATIENT_PAGES

DOCUMENTS = Path(__file__).parents[1] / "sample" / "documents"
needs_ocr = pytest.mark.skipif(missing_ocr() is not None, reason=missing_ocr() or "")


def scan(pages: int) -> bytes:
    """A scanned page, as many times as asked."""
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.append(next(DOCUMENTS.rglob("PR-024 *.pdf")), pages=(0, 1))
    writer.write(buffer := BytesIO())
    return buffer.getvalue()


@needs_ocr
def test_a_long_scan_is_put_off_before_any_of_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_tesseract", refuse)
    began = time.perf_counter()
    with pytest.raises(LoadLater, match=r"200 pages numérisées"):
        parse_bytes(scan(200), "a.pdf", Limits(patient=False))
    assert time.perf_counter() - began < 3


def refuse(*_: object) -> bytes:
    raise AssertionError("no page was to be read")


@needs_ocr
def test_a_short_scan_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_tesseract", page_after(0))
    assert parse_bytes(scan(IMPATIENT_PAGES), "a.pdf", Limits(patient=False)).blocks


def test_without_ocr_a_long_scan_does_not_wait() -> None:
    with pytest.raises(UnreadableFile, match="désactivé"):
        parse_bytes(scan(5), "a.pdf", Limits(ocr=False, patient=False))


def page_after(seconds: float) -> Callable[..., bytes]:
    """What tesseract would give, after a while; its text is the page's number."""

    def tesseract(image: "ocr._Image", allowed: float) -> bytes:
        time.sleep(max(0, min(seconds, allowed)))
        if allowed < seconds:
            raise subprocess.TimeoutExpired("tesseract", allowed)
        words = f"Texte de la page {image.number}."
        return f'<span class="ocr_line" title="bbox 100 900 900 950; x_size 30">{words}</span>'.encode()

    return tesseract


@needs_ocr
def test_pages_are_read_side_by_side_and_stay_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr.os, "sched_getaffinity", lambda _: set(range(4)))
    monkeypatch.setattr(ocr, "_tesseract", page_after(0.8))
    data = scan(8)
    began = time.perf_counter()
    blocks = parse_bytes(data, "a.pdf").blocks
    assert time.perf_counter() - began < 0.6 * 8 * 0.8
    assert [block.page for block in blocks] == list(range(1, 9))
    assert [block.text for block in blocks] == [f"Texte de la page {number}." for number in range(1, 9)]


@needs_ocr
def test_the_time_of_all_the_pages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_tesseract", page_after(0.2))
    monkeypatch.setattr(ocr.os, "sched_getaffinity", lambda _: {0})
    began = time.perf_counter()
    with pytest.raises(UnreadableFile, match=r"a dépassé 0\.5 secondes à la page \d"):
        parse_bytes(scan(12), "a.pdf", Limits(max_ocr_seconds=0.5))
    assert time.perf_counter() - began < 2


@needs_ocr
def test_the_time_of_one_page_is_bounded() -> None:
    with pytest.raises(UnreadableFile, match=r"de la page 1 a dépassé 0\.05 secondes"):
        parse_bytes(scan(1), "a.pdf", Limits(ocr_seconds_per_page=0.05))
