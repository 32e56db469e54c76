"""What parsing takes and gives: the `Limits` a file must respect, and the `ParsedFile` that comes out."""

from dataclasses import dataclass
from datetime import date

from ingest.documents import Block

MEGABYTE = 1024 * 1024


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
    """

    max_bytes: int = 100 * MEGABYTE
    max_pages: int = 2_000
    max_uncompressed_bytes: int = 500 * MEGABYTE
    max_ratio: float = 200.0
    ocr: bool = True
    ocr_seconds_per_page: float = 60.0


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
