"""From the HTML of a law or of a practical sheet to blocks, in reading order.

In: a fragment of HTML and a function that tells what an address cites. Out: `Block`s with their links.
Styles, scripts and pictures are left out; all text that a browser would show is kept.
"""

from collections.abc import Callable, Iterator

from lxml import html
from lxml.html import HtmlElement

from ingest.documents import Block, BlockKind
from ingest.parse.tidy import markdown_table, tidy

LinkOf = Callable[[str], str | None]
"""Gives what an address cites (a document id or a URL), or None for an address that is no citation."""

REPEATED_CELL_CHARS = 80
"""Longest cell that is repeated on each row it spans, so that a row can be read alone; in characters."""

_BLOCKS = frozenset(
    "address article aside blockquote caption center dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section ul".split()
)
_LISTS = frozenset(("li", "ol", "ul"))
_HEADINGS = {f"h{rank}": max(1, rank - 1) for rank in range(1, 7)}
"""A page's h1 is its title: its sections are h2."""
_UNSEEN = frozenset(("img", "noscript", "script", "style", "template"))


def parse_fragment(markup: str) -> HtmlElement:
    """Parse a fragment of HTML; an empty one gives an empty element."""
    return html.fromstring(f"<div>{markup}</div>")


def html_blocks(element: HtmlElement, link_of: LinkOf) -> list[Block]:
    """Turn what `element` holds into blocks, none of them empty.

    A paragraph ends at a line break: laws and sheets separate their paragraphs with `<br>`. A list item or a
    heading is one block whatever paragraphs it holds. A table becomes Markdown rows.
    """
    writer = _Writer(link_of)
    writer.write(element, "paragraph", 0)
    writer.end("paragraph", 0)
    return writer.blocks


class _Writer:
    """Gathers text until a block ends."""

    def __init__(self, link_of: LinkOf) -> None:
        self.blocks: list[Block] = []
        self._link_of = link_of
        self._pieces: list[str] = []
        self._links: dict[str, None] = {}

    def write(self, element: HtmlElement, kind: BlockKind, level: int) -> None:
        self._pieces.append(element.text or "")
        for child in element:
            # A comment's tag is a function.
            if isinstance(child.tag, str) and child.tag not in _UNSEEN:
                self._write_child(child, kind, level)
            self._pieces.append(child.tail or "")

    def end(self, kind: BlockKind, level: int) -> None:
        text = tidy("".join(self._pieces))
        if text:
            self.blocks.append(Block(kind, text, level, links=tuple(self._links)))
            self._links = {}
        self._pieces = []

    def _write_child(self, child: HtmlElement, kind: BlockKind, level: int) -> None:
        if child.tag == "table":
            self.end(kind, level)
            self._write_table(child)
        elif child.tag == "br" or child.tag in _BLOCKS:
            self._write_block(child, kind, level)
        else:
            self._note_link(child)
            self.write(child, kind, level)

    def _write_block(self, child: HtmlElement, kind: BlockKind, level: int) -> None:
        if kind != "paragraph" and child.tag not in _LISTS:
            self._pieces.append(" ")
            self.write(child, kind, level)
            self._pieces.append(" ")
            return
        self.end(kind, level)
        inner_kind, inner_level = _role(child, kind, level)
        self.write(child, inner_kind, inner_level)
        self.end(inner_kind, inner_level)

    def _note_link(self, element: HtmlElement) -> None:
        link = self._link_of(element.get("href") or "") if element.tag == "a" else None
        if link:
            self._links[link] = None

    def _write_table(self, table: HtmlElement) -> None:
        for caption in table.iterchildren("caption"):
            self.blocks += html_blocks(caption, self._link_of)
        links: dict[str, None] = {}
        text = markdown_table(self._rows(table, links))
        if text:
            self.blocks.append(Block("table", text, links=tuple(links)))

    def _rows(self, table: HtmlElement, links: dict[str, None]) -> Iterator[list[str]]:
        """Give each row's cells, those that span rows or columns put where they stand."""
        spanning: dict[int, tuple[int, str]] = {}
        for line in table.iter("tr"):
            row: list[str] = []
            for cell in line.iterchildren("td", "th"):
                continue_spans(row, spanning)
                blocks = html_blocks(cell, self._link_of)
                links.update((link, None) for block in blocks for link in block.links)
                text = " ".join(block.text for block in blocks)
                place_cell(row, spanning, text, span(cell.get("colspan")), span(cell.get("rowspan")))
            continue_spans(row, spanning)
            yield row


def _role(element: HtmlElement, kind: BlockKind, level: int) -> tuple[BlockKind, int]:
    if element.tag in _HEADINGS:
        return "heading", _HEADINGS[element.tag]
    return ("list_item", 0) if element.tag == "li" else (kind, level)


def place_cell(
    row: list[str], spanning: dict[int, tuple[int, str]], text: str, columns: int, rows: int
) -> None:
    """Put a cell at the end of `row`.

    Args:
        spanning: by column, for how many more rows a cell goes on, and its text there; updated.
        columns: how many columns it spans.
        rows: how many rows it spans.
    """
    repeated = text if len(text) <= REPEATED_CELL_CHARS else ""
    for offset in range(columns):
        if rows > 1:
            spanning[len(row)] = (rows - 1, "" if offset else repeated)
        row.append("" if offset else text)


def continue_spans(row: list[str], spanning: dict[int, tuple[int, str]]) -> None:
    """Put at the end of `row` the cells of the rows above that go on there."""
    while (column := len(row)) in spanning:
        rows_left, text = spanning.pop(column)
        if rows_left > 1:
            spanning[column] = (rows_left - 1, text)
        row.append(text)


def span(value: str | None) -> int:
    """Read how many rows or columns a cell spans: 1 where nothing sensible is said, 100 at most."""
    number = (value or "").strip()
    return min(max(1, int(number)), 100) if number.isdecimal() else 1
