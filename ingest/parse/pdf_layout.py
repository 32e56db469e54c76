"""From the lines of a PDF to its blocks: running headers go, lines join into paragraphs, headings are found.

A heading is told by its font: larger than the body's, or bold and short. Its level is the rank of its font
among those of the document's headings.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise

from ingest.documents import Block
from ingest.parse.pdf_contents import without_contents
from ingest.parse.pdf_lines import Box, Line
from ingest.parse.tidy import BULLET, NUMBERED

_EDGE_LINES = 3
_MAX_NUMBERS = 6
_EDGE_HEIGHT = 0.12
_MOST_PAGES = 0.5
_LOW, _SAME_EDGE = 0.75, 4.0
_MARGIN_HEIGHT, _SMALL_PRINT = 0.06, 0.85
_PAGE_NUMBER = re.compile(
    r"^(?:page|p\.)?[\s–—-]*\d{1,4}(?:\s*(?:/|sur|de)\s*\d{1,4})?[\s–—-]*$", re.IGNORECASE
)
_BEFORE_PAGE = re.compile(r"\b(?:page|p\.|feuillet|folio)\s*$", re.IGNORECASE)
_PAGE_AT_END = re.compile(r"(?:[–—|-]\s*<#>|<#>\s*(?:/|sur)\s*[0-9]{1,4})\s*$")
_NUMBER = re.compile(r"[0-9]{1,5}")
_ENDS = (".", ":", ";", "!", "?", "»", "…")
_OPEN_STEP = 1.9
_LARGER = 1.12
_SAME_SIZE = 0.06
_MAX_HEADING_CHARS, _MAX_HEADING_LINES = 200, 4
_MAX_BOLD_CHARS, _MAX_BOLD_LINES = 120, 2
_MAX_LEVEL = 6
_TWO_LETTERS = re.compile(r"[^\W\d_].*[^\W\d_]")
_CUT_WORD = re.compile(r"([^\W\d_]+)-$")
_LONGEST_WORD, _CUT = 40, "-"
_FIRST_WORD = re.compile(r"^[^\W\d_]+")
# Compound words of French that keep their hyphen when a line's end falls on it.
_KEEPS_BEFORE = frozenset(
    "rendez peut est c vis au ci non celui celle ceux celles sous mi demi quelques avant après".split()
)
_KEEPS_AFTER = frozenset(
    "vous là ci même mêmes il elle ils elles on je tu nous t ce dessus dessous être".split()
)


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table as it lies on its page.

    Args:
        text: its Markdown.
        page: page number, from 1.
        box: its box, in the same space as the lines'.
        edges: the abscissas of its columns' left edges.
        height: height of the page, in points.
    """

    text: str
    page: int
    box: Box
    edges: tuple[float, ...]
    height: float


@dataclass(slots=True)
class _Paragraph:
    lines: list[Line] = field(default_factory=list)
    listed: bool = False

    @property
    def size(self) -> float:
        return max(line.size for line in self.lines)

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)


def layout(pages: list[list[Line]], tables: Iterable[Table] = ()) -> tuple[Block, ...]:
    """Turn lines into blocks.

    Args:
        pages: the lines of each page, in reading order.
        tables: the tables found; the lines inside one are replaced by it.
    """
    by_page: dict[int, list[Table]] = {}
    for table in tables:
        by_page.setdefault(table.page, []).append(table)
    kept = without_contents(without_running_lines(pages))
    items = list(_with_headers([list(_with_tables(lines, by_page)) for lines in kept]))
    body = _Body.of([line for line in items if isinstance(line, Line)])
    paragraphs = list(_paragraphs(items, body))
    ranks = _ranks(part for part in paragraphs if isinstance(part, _Paragraph) and body.is_heading(part))
    return tuple(_block(part, body, ranks) for part in paragraphs)


def without_running_lines(pages: list[list[Line]]) -> list[list[Line]]:
    """Drop page numbers, the lines at the top or bottom that most pages repeat, and small print in the margins."""
    body = _Body.of([line for lines in pages for line in lines])
    edges = [_edge_lines(lines) for lines in pages]
    seen = Counter(
        key for lines in edges for key in {key for line in lines for key in _running_keys(line, body)}
    )
    enough = max(2.0, _MOST_PAGES * sum(1 for lines in pages if lines))

    def runs(line: Line) -> bool:
        if _PAGE_NUMBER.match(line.text) or _in_margin(line, body.size):
            return True
        return any(seen[key] >= enough for key in _running_keys(line, body))

    dropped = [{id(line) for line in lines if runs(line)} for lines in edges]
    return [
        [line for line in lines if id(line) not in out] for lines, out in zip(pages, dropped, strict=True)
    ]


def _edge_lines(lines: list[Line]) -> list[Line]:
    """The first and last lines of a page by their height, when they are in its margins."""
    ordered = sorted(lines, key=lambda line: line.box[1])
    top = [line for line in ordered[:_EDGE_LINES] if line.box[1] < _EDGE_HEIGHT * line.height]
    bottom = [line for line in ordered[-_EDGE_LINES:] if line.box[3] > (1 - _EDGE_HEIGHT) * line.height]
    return top + bottom


def _in_margin(line: Line, usual: float) -> bool:
    """Tell small print at the very edge of a page, which a document of one page has no other to show repeated."""
    at_edge = line.box[3] < _MARGIN_HEIGHT * line.height or line.box[1] > (1 - _MARGIN_HEIGHT) * line.height
    return at_edge and line.size <= _SMALL_PRINT * usual


def _running_keys(line: Line, body: "_Body") -> list[tuple[str, bool]]:
    """What a running line shares from page to page: its text, or its text but for a number that counts pages.

    A title at the top that counts as the pages do ("Annexe 2" on the second page) is no running line, unless its
    number looks like a page's ("page 2", "Guide - 2", "Guide 2/5").
    """
    top = line.box[1] < line.height / 2
    counting = [
        f"{line.text[: number.start()]}<{int(number[0]) - line.page}>{line.text[number.end() :]}"
        for number in islice(_NUMBER.finditer(line.text), _MAX_NUMBERS)
        if not top or not body.differs(line) or _is_page_number(line.text, number)
    ]
    return [(text, top) for text in dict.fromkeys((line.text, *counting))]


def _is_page_number(text: str, number: re.Match[str]) -> bool:
    before, after = text[: number.start()], text[number.end() :]
    return bool(_BEFORE_PAGE.search(before) or _PAGE_AT_END.search(f"{before}<#>{after}"))


def _with_tables(lines: list[Line], by_page: dict[int, list[Table]]) -> Iterator[Line | Table]:
    """Put each table in the place of the first line it holds."""
    tables = by_page.get(lines[0].page, []) if lines else []
    placed: list[Table] = []
    for line in lines:
        table = next((table for table in tables if _inside(line.box, table.box)), None)
        if table is None:
            yield line
        elif table not in placed:
            placed.append(table)
            yield table


def _with_headers(pages: list[list[Line | Table]]) -> Iterator[Line | Table]:
    """Give a table at the top of a page the header of the one that it goes on from, on the page before."""
    before: Table | None = None
    for items in pages:
        for at, item in enumerate(items):
            if isinstance(item, Table):
                if at == 0 and before is not None and _continues(before, item):
                    item = replace(item, text=_with_header(before.text, item.text))
                before = item
            yield item


def _continues(before: Table, table: Table) -> bool:
    """Tell whether a table has the place and the columns of one cut by the page's end; margins may be mirrored."""
    if before.page != table.page - 1 or before.box[3] <= _LOW * before.height:
        return False
    shift = table.edges[0] - before.edges[0]
    return len(before.edges) == len(table.edges) and all(
        abs(edge - own + shift) <= _SAME_EDGE
        for edge, own in zip((*before.edges, before.box[2]), (*table.edges, table.box[2]), strict=True)
    )


def _with_header(before: str, text: str) -> str:
    """Put the header of a table above the rows of the one that goes on from it, unless they repeat it already."""
    header, rule = before.split("\n")[:2]
    first, own_rule, *rows = text.split("\n")
    if rule != own_rule or first == header:
        return text
    return "\n".join([header, rule, first, *rows])


def _inside(box: Box, frame: Box) -> bool:
    middle = (box[1] + box[3]) / 2
    return frame[0] - 2 <= box[0] <= frame[2] and frame[1] <= middle <= frame[3]


@dataclass(frozen=True, slots=True)
class _Body:
    """The style of running text: the size and weight of most characters, the usual step between lines."""

    size: float
    bold: bool
    step: float

    @classmethod
    def of(cls, lines: list[Line]) -> "_Body":
        styles: Counter[tuple[float, bool]] = Counter()
        for line in lines:
            styles[line.size, line.bold] += len(line.text)
        size, bold = styles.most_common(1)[0][0] if styles else (10.0, False)
        steps = Counter(
            round(2 * (line.box[3] - before.box[3])) / 2
            for before, line in pairwise(lines)
            if before.size == line.size == size and before.box[3] < line.box[3] - size / 2
        )
        return cls(size, bold, steps.most_common(1)[0][0] if steps else 1.3 * size)

    def is_heading(self, paragraph: _Paragraph) -> bool:
        chars, count = sum(len(line.text) for line in paragraph.lines), len(paragraph.lines)
        first = paragraph.lines[0].text
        if (paragraph.listed and not NUMBERED.match(first)) or not _TWO_LETTERS.search(first):
            return False
        if self.is_larger(paragraph):
            return chars <= _MAX_HEADING_CHARS and count <= _MAX_HEADING_LINES
        stands_out = paragraph.bold and not self.bold and paragraph.size >= 0.95 * self.size
        ends = paragraph.lines[-1].text.endswith((".", ";", ","))
        return stands_out and chars <= _MAX_BOLD_CHARS and count <= _MAX_BOLD_LINES and not ends

    def is_larger(self, part: Line | _Paragraph) -> bool:
        return part.size >= _LARGER * self.size

    def differs(self, line: Line) -> bool:
        return self.is_larger(line) or (line.bold and not self.bold)


def _paragraphs(items: Iterable[Line | Table], body: _Body) -> Iterator[_Paragraph | Table]:
    current = _Paragraph()
    for item in items:
        if isinstance(item, Line) and current.lines and not _begins(current, item, body):
            current.lines.append(item)
            continue
        if current.lines:
            yield current
        current = _Paragraph()
        if isinstance(item, Line):
            current = _Paragraph([item], listed=_is_marked(item.text))
        else:
            yield item
    if current.lines:
        yield current


def _begins(current: _Paragraph, line: Line, body: _Body) -> bool:
    """Tell whether `line` begins a paragraph, after the lines of `current`."""
    before = current.lines[-1]
    ended = before.text.endswith(_ENDS)
    step = line.box[3] - before.box[3]
    if before.page != line.page or step < -line.size:
        # A new page or column: the paragraph goes on unless something says otherwise.
        return ended or not _same_style(before, line) or not line.text[:1].islower()
    if not _same_style(before, line) and (body.differs(before) or body.is_larger(line) or ended):
        return True
    if BULLET.match(line.text) or (NUMBERED.match(line.text) and (ended or current.listed)):
        return True
    usual = max(body.step, 1.3 * line.size) if line.size > body.size else body.step
    if step > usual + 0.28 * line.size or (ended and step > _OPEN_STEP * line.size):
        return True
    indented = line.box[0] > before.box[0] + line.size and not current.listed and len(current.lines) > 1
    back = current.listed and line.box[0] <= current.lines[0].box[0] + 1
    return ended and (indented or back)


def _same_style(before: Line, line: Line) -> bool:
    return before.bold == line.bold and abs(before.size - line.size) <= _SAME_SIZE * line.size


def _is_marked(text: str) -> bool:
    return BULLET.match(text) is not None or NUMBERED.match(text) is not None


def _ranks(headings: Iterable[_Paragraph]) -> dict[tuple[float, bool], int]:
    """Rank the fonts of headings: larger first, bold before plain; nearly equal sizes share a rank."""
    ranks: dict[tuple[float, bool], int] = {}
    last: tuple[float, bool] | None = None
    for size, bold in sorted({(part.size, part.bold) for part in headings}, reverse=True):
        same = last is not None and last[1] == bold and last[0] - size <= _SAME_SIZE * size
        level = len(set(ranks.values())) + (0 if same else 1)
        ranks[size, bold] = min(level, _MAX_LEVEL)
        last = last if same else (size, bold)
    return ranks


def _block(part: _Paragraph | Table, body: _Body, ranks: dict[tuple[float, bool], int]) -> Block:
    if isinstance(part, Table):
        return Block("table", part.text, page=part.page)
    text, page = join_lines([line.text for line in part.lines]), part.lines[0].page
    if body.is_heading(part):
        return Block("heading", text, level=ranks[part.size, part.bold], page=page)
    if part.listed:
        return Block("list_item", BULLET.sub("", text), page=page)
    return Block("paragraph", text, page=page)


def join_lines(lines: list[str]) -> str:
    """Join the lines of a paragraph; a word cut by a hyphen is made whole, a compound keeps its hyphen."""
    pieces = lines[:1]
    for before, line in pairwise(lines):
        glue = _glue(before, line) if before.endswith("-") else " "
        if glue == _CUT:
            pieces[-1] = pieces[-1][:-1]
        elif glue:
            pieces.append(glue)
        pieces.append(line)
    return "".join(pieces)


def _glue(before: str, line: str) -> str:
    """What joins a line that ends with a hyphen to the next: a space, nothing, or `_CUT` when it goes."""
    cut, first = _CUT_WORD.search(before[-_LONGEST_WORD:]), _FIRST_WORD.match(line)
    if cut is None or first is None:
        return " "
    compound = cut[1].lower() in _KEEPS_BEFORE or first[0].lower() in _KEEPS_AFTER
    return "" if compound or first[0][0].isupper() else _CUT
