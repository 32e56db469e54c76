"""Web pages: the bytes of an HTML file go in, the blocks of its own content come out (no menus, no scripts)."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urljoin

from lxml import etree
from lxml import html as lxml_html

from ingest.documents import Block, BlockKind
from ingest.errors import UnreadableFile
from ingest.parse.parsed import ParsedFile
from ingest.parse.tidy import decode, decode_as, first_heading, iso_date, markdown_table, tidy, web_link

_DROPPED = tuple(
    "script style noscript template svg iframe object nav footer button select textarea input"
    " audio video canvas".split()
)
_DROPPED_ROLES = ("navigation", "banner", "contentinfo", "search")
_IN_CONTENT = "(ancestor::main or ancestor::article or ancestor::*[@role='main'])"
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCK_TAGS = frozenset(
    "p div section article main header form body ul ol li dl dt dd blockquote pre figure figcaption address"
    " aside details summary table caption thead tbody tr td th hr center fieldset legend".split()
) | frozenset(_HEADINGS)
_LIST_TAGS = frozenset(("li", "dt", "dd"))
_DATE_NAMES = ("date", "dc.date", "dcterms.date", "dcterms.modified", "article:published_time")
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_META_WITHIN = 4096
_HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_ITEM_NUMBER = re.compile(r"\s*(-?\d{1,6})\b")
_MAX_SPAN = 100
_LINKS_SHARE = 0.8
_MAX_CELLS = 1_000_000


def parse_html(data: bytes) -> ParsedFile:
    """Read a web page.

    Raises:
        lxml.etree.LxmlError: no element at all.
    """
    return parse_html_text(_decode_page(data))


def parse_html_text(text: str) -> ParsedFile:
    """Read a web page that is already decoded (the body of an e-mail, rendered Markdown)."""
    # Bytes, because lxml refuses a string that begins with an XML encoding declaration.
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    dated, page_title = _date(root), tidy(str(root.findtext(".//title") or ""))
    _prune(root)
    blocks = tuple(_Walk(_base(root)).blocks(_content(root)))
    return ParsedFile(first_heading(blocks) or page_title or None, blocks, dated)


def _decode_page(data: bytes) -> str:
    declared = _META_CHARSET.search(data[:_META_WITHIN])
    if declared is None or data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return decode(data)
    encoding = declared[1].decode("ascii").lower()
    # Browsers read these two as Windows-1252, and so do those who write them.
    return decode_as(data, "cp1252" if encoding in ("iso-8859-1", "latin1") else encoding)


def _date(root: Any) -> date | None:
    for meta in root.iter("meta"):
        if str(meta.get("name") or meta.get("property") or "").lower() in _DATE_NAMES:
            return iso_date(meta.get("content"))
    return None


def _base(root: Any) -> str | None:
    base = root.find(".//base[@href]")
    return None if base is None else str(base.get("href"))


def _prune(root: Any) -> None:
    """Take away what surrounds the content and what no reader sees, such as orders hidden in a page for a model.

    A `header` or `form` that holds the content itself stays, and so does an `aside` within it (a remark),
    unless it is a list of links (« À lire aussi »).
    """
    _show_folded_titles(root)
    etree.strip_elements(root, *_DROPPED, with_tail=False)
    roles = " or ".join(f"@role='{role}'" for role in _DROPPED_ROLES)
    # The header of an article holds its title; a form around a heading is the page (ASP.NET, SharePoint).
    for element in root.xpath(
        f"//*[{roles} or @hidden or @aria-hidden='true']"
        f" | //header[not({_IN_CONTENT})] | //aside[not({_IN_CONTENT})]"
        f" | //*[@role='complementary'][not(self::aside and {_IN_CONTENT})]"
        " | //form[not(descendant::h1 or descendant::h2 or descendant::main)]"
    ):
        _drop(element)
    for aside in root.xpath("//aside[not(ancestor::aside)]"):
        if _is_links(aside):
            _drop(aside)
    for element in root.xpath("//*[@style]"):
        if _HIDDEN_STYLE.search(element.get("style")):
            _drop(element)


def _is_links(element: Any) -> bool:
    """Tell whether nearly all the text of an element, but for its headings, is that of links."""
    headings = " or ".join(f"ancestor::{tag}" for tag in _HEADINGS)
    linked, other = (
        len("".join(tidy(text) for text in element.xpath(f".//text()[{condition}]")))
        for condition in ("ancestor::a", f"not(ancestor::a or {headings})")
    )
    return linked > 0 and linked >= _LINKS_SHARE * (linked + other)


def _show_folded_titles(root: Any) -> None:
    """Read the title that folds a section (the French State's own pages): the whole of it is a button."""
    for title in root.xpath(
        "//*[self::summary or self::h1 or self::h2 or self::h3 or self::h4 or self::h5"
        " or self::h6][.//button]"
    ):
        buttons = title.xpath(".//button")
        if tidy(title.text_content()) == tidy(" ".join(button.text_content() for button in buttons)):
            for button in buttons:
                button.tag = "span"


def _drop(element: Any) -> None:
    if element.getparent() is not None:
        element.drop_tree()


def _content(root: Any) -> Any:
    for main in root.xpath("//main | //*[@role='main']"):
        if tidy(main.text_content()):
            return main
    body = root.find("body")
    return root if body is None else body


class _Walk:
    """One pass over a page's elements, without recursion: a hostile page may nest as deep as it likes."""

    def __init__(self, base: str | None) -> None:
        self._base = base
        self._pieces: list[str] = []
        self._links: list[str] = []
        self._open: list[str] = []
        self._counts: list[int | None] = []
        self._number = ""

    def blocks(self, root: Any) -> Iterator[Block]:
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            tag = str(element.tag)
            if event == "start" and tag == "table" and _is_data(element):
                yield from self._flush()
                yield from self._table(element)
                walk.skip_subtree()
            elif event == "start":
                yield from self._start(element, tag)
            else:
                yield from self._end(element, tag, is_root=element is root)
        yield from self._flush()

    def _start(self, element: Any, tag: str) -> Iterator[Block]:
        if tag in _BLOCK_TAGS:
            yield from self._flush()
            self._open.append(tag)
            self._count(element, tag)
        elif tag == "br":
            self._pieces.append(" ")
        elif tag == "a":
            self._links.extend(self._targets(element))
        self._pieces.append(element.text or "")

    def _end(self, element: Any, tag: str, is_root: bool) -> Iterator[Block]:
        if tag in _BLOCK_TAGS and self._open and self._open[-1] == tag:
            yield from self._flush()
            self._open.pop()
            if tag in ("ol", "ul") and self._counts:
                self._counts.pop()
        if not is_root:
            self._pieces.append(element.tail or "")

    def _count(self, element: Any, tag: str) -> None:
        """Keep the number that a browser shows before an item of an ordered list: people cite steps by it."""
        if tag in ("ol", "ul"):
            self._counts.append(_number(element, "start", 1) if tag == "ol" else None)
        elif tag == "li":
            expected = self._counts[-1] if self._counts else None
            self._number = ""
            if expected is not None:
                number = _number(element, "value", expected)
                self._counts[-1] = number + 1
                self._number = f"{number}. "

    def _flush(self) -> Iterator[Block]:
        text, links = tidy("".join(self._pieces)), tuple(dict.fromkeys(self._links))
        self._pieces, self._links = [], []
        if text:
            kind, level = self._kind()
            number = self._number if kind == "list_item" else ""
            self._number = ""
            yield Block(kind, number + text, level=level, links=links)

    def _kind(self) -> tuple[BlockKind, int]:
        for tag in reversed(self._open):
            if tag in _HEADINGS:
                return "heading", _HEADINGS[tag]
            if tag in _LIST_TAGS:
                return "list_item", 0
        return "paragraph", 0

    def _table(self, table: Any) -> Iterator[Block]:
        for caption in table.iterfind("caption"):
            if title := tidy(caption.text_content()):
                yield Block("paragraph", title)
        text = markdown_table(table_rows(table))
        if text:
            links = (link for anchor in table.iter("a") for link in self._targets(anchor))
            yield Block("table", text, links=tuple(dict.fromkeys(links)))

    def _targets(self, anchor: Any) -> Iterator[str]:
        for href in web_link(anchor.get("href")):
            yield from web_link(_absolute(self._base, href))


def _number(element: Any, name: str, otherwise: int) -> int:
    given = _ITEM_NUMBER.match(str(element.get(name) or ""))
    return int(given[1]) if given else otherwise


def _absolute(base: str | None, href: str) -> str:
    try:
        return urljoin(base, href) if base else href
    except ValueError:
        return href


def _is_data(table: Any) -> bool:
    """Tell a table of data from one that only lays the page out (one cell a row, or tables within)."""
    nested = table.find(".//table") is not None
    return not nested and any(len(row.xpath("./td | ./th")) > 1 for row in table.iter("tr"))


def table_rows(table: Any) -> list[list[str]]:
    """Read the cells of an HTML table; a cell that spans several rows is repeated in each.

    Args:
        table: an lxml `table` element without tables inside it.

    Raises:
        UnreadableFile: spans that would make more than `_MAX_CELLS` cells.
    """
    grid: dict[tuple[int, int], str] = {}
    rows = list(table.iter("tr"))
    for line, row in enumerate(rows):
        column = 0
        for cell in row.xpath("./td | ./th"):
            while (line, column) in grid:
                column += 1
            text, width = tidy(" ".join(cell.itertext())), _span(cell, "colspan")
            for below in range(line, min(line + _span(cell, "rowspan"), len(rows))):
                grid |= {(below, column + right): "" if right else text for right in range(width)}
            column += width
            if len(grid) > _MAX_CELLS:
                raise UnreadableFile(
                    "un tableau du document est démesuré : il a été refusé, vérifiez son origine"
                )
    width = max((column for _, column in grid), default=-1) + 1
    return [[grid.get((line, column), "") for column in range(width)] for line in range(len(rows))]


def _span(cell: Any, name: str) -> int:
    value = str(cell.get(name) or "1").strip()
    return min(int(value[:6]), _MAX_SPAN) if value.isascii() and value.isdigit() and int(value[:6]) > 0 else 1
