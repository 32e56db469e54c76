"""What parsing takes and gives: the `Limits` a file must respect, and the `ParsedFile` that comes out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingest.documents import Block

MEGABYTE = 1024 * 1024
IMPATIENT_PAGES = 2
"""Scanned pages of a PDF that are read at once; a longer scan waits until the other files are read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost before it is refused.

    Args:
        max_bytes: largest file, in bytes.
        max_pages: longest PDF or presentation, in pages or slides.
        max_uncompressed_bytes: largest sum of a zip's members once expanded, in bytes (DOCX, ODT, PPTX, XLSX).
        max_ratio: highest ratio of expanded to compressed size; above it an archive is a zip bomb.
        ocr: whether pages without a text layer go to tesseract.
        ocr_seconds_per_page: time tesseract may take for one page, in seconds.
        max_seconds: time to read one file, in seconds, OCR not counted; `ingest.parse.isolated` holds it.
        max_ocr_seconds: time of one file's OCR in all, in seconds.
        max_memory_bytes: memory that reading one file may take; `ingest.parse.isolated` holds it.
        patient: whether to read a long scan now; otherwise it raises `LoadLater`.
    """

    max_bytes: int = 100 * MEGABYTE
    max_pages: int = 2_000
    max_uncompressed_bytes: int = 500 * MEGABYTE
    max_ratio: float = 200.0
    ocr: bool = True
    ocr_seconds_per_page: float = 60.0
    max_seconds: float = 120.0
    max_ocr_seconds: float = 3_600.0
    max_memory_bytes: int = 2_048 * MEGABYTE
    patient: bool = True


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file once read.

    Args:
        title: the title that the file gives itself, None where it gives none.
        blocks: its text in reading order, its title's heading included.
        dated: the day that the text itself carries (an e-mail's date, a web page's `date`). The dates of the
            file's own properties are left out: they are those of its last export or of its template.
    """

    title: str | None
    blocks: tuple[Block, ...]
    dated: date | None = None


ReadFile = Callable[[Path, Limits], ParsedFile]
"""What reads a file: `parse_file` in this process, `FileReader.read` in one that can be stopped."""
