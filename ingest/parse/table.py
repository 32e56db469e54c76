"""Tables as files: the bytes of a CSV go in, one block a row comes out, each row with its column names."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from ingest.documents import Block
from ingest.parse.parsed import ParsedFile
from ingest.parse.tidy import decode, record, tidy

_SEPARATORS = ";,\t|"
_SAMPLE_LINES = 20
_SEPARATOR_LINE = re.compile(r"\Asep=.\r?\n")  # Excel's own hint


def parse_csv(data: bytes) -> ParsedFile:
    """Read a CSV with a header line, in any usual encoding and separator.

    Raises:
        csv.Error: a quote that never ends, or a cell over 128 KiB.
    """
    text = _SEPARATOR_LINE.sub("", decode(data))
    rows = csv.reader(StringIO(text, newline=""), delimiter=separator(text), strict=False)
    return ParsedFile(None, tuple(records(rows)))


def records(rows: Iterable[Sequence[str]]) -> Iterator[Block]:
    """Turn the rows of a table into one paragraph each, `column : value ; column : value`.

    A passage cut anywhere in a catalogue then still says what each value is, which a Markdown row far from
    its header does not. A table often begins with its title on a line of its own: the header is the first row
    of several cells, the rows before it are paragraphs, and so are all those of a table of one column.
    """
    names: Sequence[str] = ()
    alone = False
    for row in rows:
        filled = [text for value in row if (text := tidy(value))]
        if names and filled:
            alone = False
            yield Block("paragraph", record([*names, *[""] * (len(row) - len(names))], row))
        elif len(filled) > 1:
            names, alone = row, True
        elif filled:
            yield Block("paragraph", filled[0])
    if alone:
        yield Block("paragraph", record([""] * len(names), names))


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
