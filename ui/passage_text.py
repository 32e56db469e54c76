"""A passage's plain text as HTML: paragraphs, lists, tables, and the quotes marked.

In: text that nobody vouches for, and offsets into it. Out: HTML in which everything of the text is
escaped and only our own tags stand.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise

Span = tuple[int, int]

_BULLET = re.compile(r"\s*[-–•*·▪]\s+")
_RULE_CELL = re.compile(r"\s*:?-+:?\s*")
_PIPE = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    kind: str


def passage_html(text: str, quotes: Iterable[Span] = ()) -> str:
    """Give the HTML of a passage with `<mark>` around each quote.

    Args:
        text: the passage, plain, as `ingest.chunk` writes it: a line is a paragraph, a list item when it
            starts with a bullet, or a row of a Markdown table.
        quotes: offsets (start, end) in `text`; what lies outside of it is cut off, overlaps are joined.
    """
    writer = _Marker(text, _joined(quotes, len(text)))
    blocks = groupby(_lines(text), key=lambda line: line.kind)
    return "".join(_block(kind, list(lines), writer) for kind, lines in blocks)


@dataclass(frozen=True, slots=True)
class _Marker:
    """Escapes slices of the text, with the quotes in them marked."""

    text: str
    quotes: list[Span]

    def __call__(self, start: int, end: int) -> str:
        pieces, at = [], start
        for quote_start, quote_end in self.quotes:
            first, last = max(quote_start, at), min(quote_end, end)
            if first < last:
                pieces.append(escape(self.text[at:first]))
                pieces.append(f"<mark>{escape(self.text[first:last])}</mark>")
                at = last
        pieces.append(escape(self.text[at:end]))
        return "".join(pieces)


def _joined(quotes: Iterable[Span], length: int) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted((max(start, 0), min(end, length)) for start, end in quotes):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _lines(text: str) -> Iterator[_Line]:
    at = 0
    for content in text.split("\n"):
        yield _Line(at, at + len(content), _kind(content))
        at += len(content) + 1


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    if line.lstrip().startswith("|"):
        return "table"
    return "list" if _BULLET.match(line) else "paragraph"


def _block(kind: str, lines: list[_Line], writer: _Marker) -> str:
    match kind:
        case "table":
            return _table(lines, writer)
        case "list":
            items = (writer(_after_bullet(line, writer.text), line.end) for line in lines)
            return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
        case "paragraph":
            return "".join(f"<p>{writer(line.start, line.end)}</p>" for line in lines)
        case _:
            return ""


def _after_bullet(line: _Line, text: str) -> int:
    bullet = _BULLET.match(text, line.start, line.end)
    return bullet.end() if bullet else line.start


def _table(lines: list[_Line], writer: _Marker) -> str:
    rows = [_cells(line, writer.text) for line in lines]
    head, *body = [
        row for row in rows if not all(_RULE_CELL.fullmatch(writer.text, *cell) for cell in row)
    ] or [[]]
    return (
        '<div class="fanal-table"><table><thead>'
        + _row(head, "th", writer)
        + "</thead><tbody>"
        + "".join(_row(row, "td", writer) for row in body)
        + "</tbody></table></div>"
    )


def _row(cells: list[Span], tag: str, writer: _Marker) -> str:
    return "<tr>" + "".join(f"<{tag}>{_cell(writer(*cell))}</{tag}>" for cell in cells) + "</tr>"


def _cell(html: str) -> str:
    return html.strip().replace(r"\|", "|")


def _cells(line: _Line, text: str) -> list[Span]:
    pipes = [match.start() for match in _PIPE.finditer(text, line.start, line.end)]
    bounds = [*pipes, line.end]
    cells = [(left + 1, right) for left, right in pairwise(bounds)]
    return cells if len(cells) == 1 or text[slice(*cells[-1])].strip() else cells[:-1]
