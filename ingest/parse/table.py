"""Tables as files: the bytes of a CSV go in, one block a row comes out, each row with its column names."""

import csv
from collections import Counter
from io import StringIO

from ingest.documents import Block
from ingest.parse.parsed import ParsedFile
from ingest.parse.tidy import decode, record

_SEPARATORS = ";,\t|"
_SAMPLE_LINES = 20


def parse_csv(data: bytes) -> ParsedFile:
    """Read a CSV with a header line, in any usual encoding and separator.

    A row becomes a paragraph of its own, `column : value ; column : value`: a passage cut anywhere in a
    catalogue still says what each value is, which a Markdown row far from its header does not.

    Raises:
        csv.Error: a quote that never ends, or a cell over 128 KiB.
    """
    text = decode(data)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator(text), strict=False)
    header = next((row for row in reader if any(row)), [])
    rows = [text for row in reader if (text := record(_names(header, row), row))]
    if not rows and (alone := record([""] * len(header), header)):
        rows = [alone]
    return ParsedFile(None, tuple(Block("paragraph", row) for row in rows))


def _names(header: list[str], row: list[str]) -> list[str]:
    return header + [""] * (len(row) - len(header))


def separator(text: str) -> str:
    """Find the separator: the one that cuts most of the first lines in the same number of cells, above one."""
    lines = [line for line in text.splitlines()[:_SAMPLE_LINES] if line.strip()]
    best, found = 0, _SEPARATORS[0]
    for mark in _SEPARATORS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=mark))
        width, agreeing = widths.most_common(1)[0] if widths else (1, 0)
        if width > 1 and agreeing * width > best:
            best, found = agreeing * width, mark
    return found
