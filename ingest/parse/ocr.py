"""Pages without a text layer: an open PDF goes in, tesseract reads the images of its pages, their lines come out.

pdfium renders one page at a time (it is not thread-safe) while tesseract reads the former ones, a process a core.
"""

import logging
import os
import shutil
import statistics
import subprocess
import time
from collections import deque
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from lxml import html as lxml_html

from ingest.errors import UnreadableFile
from ingest.parse.pdf_lines import Line
from ingest.parse.tidy import tidy

_log = logging.getLogger(__name__)

LANGUAGE = "fra"
_DPI = 250
_MAX_PIXELS = 40_000_000
_POINTS_PER_INCH = 72
_TITLE_RATIO, _HEADING_RATIO = 1.4, 1.12
_MAX_HEADING_CHARS = 80


@cache
def missing_ocr() -> str | None:
    """Tell why the OCR cannot run here, in French; None when it can. Asked once a process."""
    program = shutil.which("tesseract")
    if program is not None:
        done = subprocess.run(
            [program, "--list-langs"], capture_output=True, text=True, timeout=30, check=False
        )
        if LANGUAGE in (done.stdout + done.stderr).split():
            return None
    return "l'OCR n'est pas installé (paquets tesseract-ocr et tesseract-ocr-fra)"


@dataclass(frozen=True, slots=True)
class _Allowance:
    """Seconds for a page and for them all, and when the latter are over (`time.monotonic`)."""

    page_seconds: float
    seconds: float
    deadline: float


@dataclass(frozen=True, slots=True)
class _Image:
    """A page as tesseract takes it: a PGM, its pixels a point, and the page's height in points."""

    number: int
    pixels: bytes
    scale: float
    height: float


def read_scanned_lines(
    document: pypdfium2.PdfDocument,
    numbers: Sequence[int],
    page_seconds: float,
    seconds: float,
    with_text: Container[int] = (),
) -> Iterator[tuple[int, list[Line]]]:
    """Read the images of some pages in French, on all cores, with one image ahead of each.

    Args:
        document: the PDF, open.
        numbers: the pages, from 1.
        page_seconds: time given to tesseract for one page.
        seconds: time given to all of them.
        with_text: the pages whose text layer is read already; it is left out of their images, and a failure
            of theirs is logged.

    Yields:
        The number of a page and its lines, in the order of `numbers`; not the pages `with_text` that failed.

    Raises:
        UnreadableFile: tesseract failed or took longer, for a page that has no other text.
    """
    cores = len(os.sched_getaffinity(0))
    allowance = _Allowance(page_seconds, seconds, time.monotonic() + seconds)
    waiting: deque[tuple[int, Future[list[Line]]]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        try:
            for number in numbers:
                if number in with_text and time.monotonic() >= allowance.deadline:
                    _log.warning(
                        "Image de la page %d laissée de côté : %s", number, _too_long(number, allowance, 0)
                    )
                    continue
                image = _image(document, number, number in with_text)
                waiting.append((number, pool.submit(_read, image, allowance)))
                if len(waiting) >= 2 * cores:
                    yield from _finished(*waiting.popleft(), with_text)
            for ready, lines in waiting:
                yield from _finished(ready, lines, with_text)
        finally:
            pool.shutdown(cancel_futures=True)


def _finished(
    number: int, reading: Future[list[Line]], with_text: Container[int]
) -> Iterator[tuple[int, list[Line]]]:
    """Give a page once read; one that has a text layer goes without its image when OCR fails."""
    try:
        lines = reading.result()
    except UnreadableFile as error:
        if number not in with_text:
            raise
        _log.warning("Image de la page %d laissée de côté : %s", number, error)
    else:
        yield number, lines


def _image(document: pypdfium2.PdfDocument, number: int, has_text: bool) -> _Image:
    with closing(document[number - 1]) as page:
        if has_text:
            _remove_text(page)
        width, height = page.get_size()
        scale = min(_DPI / _POINTS_PER_INCH, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
        return _Image(number, _grey_image(page, scale), scale, height)


def _remove_text(page: pypdfium2.PdfPage) -> None:
    """Take the text off an open page: a stamp beside a line of the image would be read as its end."""
    for index in range(pdfium.FPDFPage_CountObjects(page.raw) - 1, -1, -1):
        item = pdfium.FPDFPage_GetObject(page.raw, index)
        if pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_TEXT:
            pdfium.FPDFPage_RemoveObject(page.raw, item)
            pdfium.FPDFPageObj_Destroy(item)


def _grey_image(page: pypdfium2.PdfPage, scale: float) -> bytes:
    """Render a page as a PGM: no compression to pay for on either side of the pipe.

    What its forms were filled with is left out: `pdf_forms` reads it, and it would hide their printed labels.
    """
    bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=False)
    try:
        rows = bitmap.to_numpy()
        pixels: bytes = rows.reshape(bitmap.height, -1).tobytes()
        return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + pixels
    finally:
        bitmap.close()


def _read(image: _Image, allowance: _Allowance) -> list[Line]:
    left = allowance.deadline - time.monotonic()
    try:
        hocr = _tesseract(image, min(left, allowance.page_seconds))
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(_too_long(image.number, allowance, left)) from error
    except (subprocess.CalledProcessError, OSError) as error:
        raise UnreadableFile(
            f"la lecture optique (OCR) de la page {image.number} a échoué : vérifiez l'installation de tesseract"
        ) from error
    return _lines(hocr, image)


def _too_long(number: int, allowance: _Allowance, left: float) -> str:
    if left < allowance.page_seconds:
        return (
            f"la lecture optique (OCR) du fichier a dépassé {allowance.seconds:g} secondes à la page {number} :"
            " découpez-le, ou allongez ce délai dans les réglages"
        )
    return (
        f"la lecture optique (OCR) de la page {number} a dépassé {allowance.page_seconds:g} secondes :"
        " numérisez-la à nouveau, ou allongez ce délai dans les réglages"
    )


def _tesseract(image: _Image, seconds: float) -> bytes:
    """Give the page's words as hOCR; a time of zero or less is over at once."""
    dpi = max(70, round(image.scale * _POINTS_PER_INCH))
    command = ["tesseract", "stdin", "stdout", "-l", LANGUAGE, "--dpi", str(dpi), "hocr"]
    if seconds <= 0:
        raise subprocess.TimeoutExpired(command, seconds)
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
    done = subprocess.run(
        command, input=image.pixels, capture_output=True, timeout=seconds, check=True, env=environment
    )
    return done.stdout


def _lines(hocr: bytes, image: _Image) -> list[Line]:
    document: Any = lxml_html.document_fromstring(hocr)
    spans = document.xpath("//span[starts-with(@class, 'ocr_') and @title]")
    read = [(tidy(" ".join(span.itertext())), _properties(span)) for span in spans]
    read = [(text, properties) for text, properties in read if text and "x_size" in properties]
    sizes = [properties["x_size"][0] for _, properties in read]
    usual = statistics.median(sizes) if sizes else 0.0
    lines: list[Line] = []
    for (text, properties), size in zip(read, sizes, strict=True):
        shown = usual * _enlarged(text, size / usual)
        left, top, right, bottom = (value / image.scale for value in properties["bbox"])
        size = round(shown / image.scale, 1)
        lines.append(Line(text, image.number, size, False, (left, top, right, bottom), image.height))
    return lines


def _enlarged(text: str, ratio: float) -> float:
    """Snap a measured height, which varies by a tenth on a scan, to that of a title, a heading or the body."""
    if ratio >= _TITLE_RATIO:
        return 2.0
    heading = (
        ratio >= _HEADING_RATIO and len(text) <= _MAX_HEADING_CHARS and not text.endswith((".", ";", ","))
    )
    return 1.5 if heading else 1.0


def _properties(span: Any) -> dict[str, list[float]]:
    """Read hOCR's `bbox 1 2 3 4; x_size 30.5; …`."""
    named = (part.split() for part in str(span.get("title")).split(";"))
    return {
        words[0]: [float(word) for word in words[1:]]
        for words in named
        if words and words[0] in ("bbox", "x_size")
    }
