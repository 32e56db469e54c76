"""Pages without a text layer: an open page goes in, tesseract reads its image, its lines come out."""

import os
import shutil
import statistics
import subprocess
from functools import cache
from typing import Any

import pypdfium2
from lxml import html as lxml_html

from ingest.errors import UnreadableFile
from ingest.parse.pdf_lines import Line
from ingest.parse.tidy import tidy

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


def read_image_lines(page: pypdfium2.PdfPage, number: int, seconds: float) -> list[Line]:
    """Read a page's image in French.

    Args:
        seconds: time given to tesseract.

    Raises:
        UnreadableFile: tesseract failed, or took longer.
    """
    width, height = page.get_size()
    scale = min(_DPI / _POINTS_PER_INCH, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
    image = _grey_image(page, scale)
    dpi = max(70, round(scale * _POINTS_PER_INCH))
    return _lines(_tesseract(image, dpi, number, seconds), number, scale, height)


def _grey_image(page: pypdfium2.PdfPage, scale: float) -> bytes:
    """Render a page as a PGM: no compression to pay for on either side of the pipe."""
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        rows = bitmap.to_numpy()
        pixels: bytes = rows.reshape(bitmap.height, -1).tobytes()
        return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + pixels
    finally:
        bitmap.close()


def _tesseract(image: bytes, dpi: int, number: int, seconds: float) -> bytes:
    command = ["tesseract", "stdin", "stdout", "-l", LANGUAGE, "--dpi", str(dpi), "hocr"]
    try:
        done = subprocess.run(
            command,
            input=image,
            capture_output=True,
            timeout=seconds,
            check=True,
            env=os.environ | {"OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableFile(
            f"la lecture optique (OCR) de la page {number} a dépassé {seconds:g} secondes :"
            " numérisez-la à nouveau, ou allongez ce délai dans les réglages"
        ) from error
    except (subprocess.CalledProcessError, OSError) as error:
        raise UnreadableFile(
            f"la lecture optique (OCR) de la page {number} a échoué : vérifiez l'installation de tesseract"
        ) from error
    return done.stdout


def _lines(hocr: bytes, number: int, scale: float, height: float) -> list[Line]:
    document: Any = lxml_html.document_fromstring(hocr)
    spans = document.xpath("//span[starts-with(@class, 'ocr_') and @title]")
    read = [(tidy(" ".join(span.itertext())), _properties(span)) for span in spans]
    read = [(text, properties) for text, properties in read if text and "x_size" in properties]
    sizes = [properties["x_size"][0] for _, properties in read]
    usual = statistics.median(sizes) if sizes else 0.0
    lines: list[Line] = []
    for (text, properties), size in zip(read, sizes, strict=True):
        shown = usual * _enlarged(text, size / usual)
        left, top, right, bottom = (value / scale for value in properties["bbox"])
        lines.append(Line(text, number, round(shown / scale, 1), False, (left, top, right, bottom), height))
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
