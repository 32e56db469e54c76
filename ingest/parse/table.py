"""Tables as files: the bytes of a CSV go in, one block a row comes out, each row with its column names."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import islice

from ingest.documents import Block
from ingest.parse.header import Span, fill_down, find_header
from ingest.parse.parsed import ParsedFile
from ingest.parse.tidy import decode, tidy

_SEPARATORS = ";,\t|"
_SAMPLE_LINES = 20
_FIRST_ROWS = 50
_SEPARATOR_LINE = re.compile(r"\Asep=.\r?\n")  # Excel's own hint


def parse_csv(data: bytes) -> ParsedFile:
    """Read a CSV with a header line, in any usual encoding and separator.

    Raises:
        csv.Error: a quote that never ends, or a cell over 128 KiB.
    """
    text = _SEPARATOR_LINE.sub("", decode(data))
    rows = csv.reader(StringIO(text, newline=""), delimiter=separator(text), strict=False)
    return ParsedFile(None, tuple(records(rows)))


def records(rows: Iterable[Sequence[str]], spans: Sequence[Span] = ()) -> Iterator[Block]:
    """Turn the rows of a table into one paragraph each, `column : value ; column : value`.

    A passage cut anywhere in a catalogue then still says what each value is, which a Markdown row far from
    its header does not. The rows above the header (see `ingest.parse.header`) are paragraphs, and so are all
    those of a table without one.

    Args:
        rows: the rows, from the table's first.
        spans: its merged cells, by their places in `rows`.
    """
    lines = fill_down(([tidy(cell) for cell in row] for row in rows), spans)
    start = 0
    first: list[Sequence[str]] = []
    for row in lines:
        if sum(map(bool, row)) > 1:
            first = [row, *islice(lines, _FIRST_ROWS)]
            break
        yield from _paragraph((), row)
        start += 1
    header = find_header(
        first, [span.below(start) for span in spans if start <= span.top < start + len(first)]
    )
    top, bottom, names = header or (0, 0, [])
    below = [block for row in first[bottom:] for block in _paragraph(names, row)]
    for row in first[: top if below else bottom]:
        yield from _paragraph((), row)
    yield from below
    for row in lines:
        yield from _paragraph(names, row)


def _paragraph(names: Sequence[str], row: Sequence[str]) -> Iterator[Block]:
    named = [f"{name} : {cell}" if name else cell for name, cell in zip(names, row, strict=False) if cell]
    cells = [*named, *filter(None, row[len(names) :])]
    # Above a header, « Mise à jour : | 12/03/2026 » is one remark.
    if text := " ; ".join(cells) if names else " ; ".join(cells).replace(": ; ", ": "):
        yield Block("paragraph", text)


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
