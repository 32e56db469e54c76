"""Rich Text Format: the bytes of an RTF go in, its headings, paragraphs, lists and tables come out.

Read here rather than with a library: `striprtf` gives bare text, without headings, list marks or table rows.
The format is a stream of groups, control words and text (Microsoft, "Rich Text Format Specification 1.9.1").
"""

import codecs
import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass

from ingest.documents import Block
from ingest.parse.parsed import ParsedFile
from ingest.parse.tidy import BULLET, first_heading, markdown_table, tidy, web_link

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+"
)
_MAX_DEPTH = 10_000
_CODE_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_SKIPPED = frozenset(
    "fonttbl colortbl pict header headerl headerr headerf footer footerl footerr footerf footnote annotation"
    " atnid atnauthor nonshppict nonesttables shprslt xe tc tcn rxe sp objdata".split()
)
_READ_THOUGH_OPTIONAL = frozenset(("shpinst", "fldinst"))
_GATHERED = frozenset(("stylesheet", "info", "title", "listtext", "pntext", "fldinst"))
_CHARACTERS = {
    "tab": " ",
    "line": " ",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "nestcell": " ",
    "nestrow": " ",
}
_SYMBOLS = {"~": "\u00a0", "_": "-", "\n": "\n", "\r": "\n", "\\": "\\", "{": "{", "}": "}"}
_HEADING_STYLE = re.compile(r"^(?:heading|titre) ([1-9])\b", re.IGNORECASE)
_CONTENTS_STYLE = re.compile(r"^(?:toc|tm) [1-9]\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\d{1,3}\.)*\d{1,3}[.)°]?|[a-zA-Z][.)]")
_LINK = re.compile(r'^\s*HYPERLINK\s+"([^"]+)"')


def parse_rtf(data: bytes) -> ParsedFile:
    """Read an RTF; hidden and deleted text, headers, footers, notes and tables of contents are left out.

    Raises:
        ValueError: groups nested beyond reason.
    """
    reader = _Reader(data.decode("latin-1"))
    blocks = tuple(reader.blocks())
    return ParsedFile(first_heading(blocks) or tidy(reader.title) or None, blocks)


@dataclass(slots=True)
class _State:
    """What a group inherits and may change: where its text goes, and what its paragraph is."""

    destination: str = ""
    skipped: bool = False
    hidden: bool = False
    after_unicode: int = 1
    style: int = 0
    level: int | None = None
    in_table: bool = False


@dataclass(frozen=True, slots=True)
class _Style:
    level: int
    is_contents: bool = False


_PLAIN = _Style(0)


class _Reader:
    """One pass over the tokens of a file."""

    def __init__(self, text: str) -> None:
        self.title = ""
        self._text = text
        self._state = _State()
        self._groups: list[_State] = []
        self._code_page = "cp1252"
        self._to_skip = 0
        self._optional = False
        self._pieces: list[str] = []
        self._gathered: list[str] = []
        self._bytes = bytearray()
        self._mark = ""
        self._links: list[str] = []
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._row_links: list[str] = []
        self._styles: dict[int, _Style] = {}

    def blocks(self) -> Iterator[Block]:
        at = 0
        while token := _TOKEN.match(self._text, at):
            at = token.end()
            word, number, code, symbol, brace, text = token.groups()
            if code is None:
                self._flush_bytes()
            if word == "bin":
                at += max(0, int(number or 0))
            elif word is not None:
                yield from self._word(word, None if number is None else int(number))
            elif code is not None:
                self._byte(int(code, 16))
            elif symbol is not None:
                yield from self._symbol(symbol)
            elif brace is not None:
                self._brace(brace)
            elif text is not None:
                self._plain(text)
        self._flush_bytes()
        yield from self._paragraph()
        yield from self._table()

    def _brace(self, brace: str) -> None:
        self._to_skip = 0
        if brace == "{":
            if len(self._groups) >= _MAX_DEPTH:
                raise ValueError("groups nested too deep")
            self._groups.append(copy(self._state))
        elif self._groups:
            ended, self._state = self._state, self._groups.pop()
            if ended.destination and not ended.skipped:
                self._end_gathered(ended, self._state.destination)

    def _end_gathered(self, ended: _State, outer: str) -> None:
        if ended.destination == outer != "stylesheet":
            return  # a group within it: its text goes on
        text, self._gathered = "".join(self._gathered), []
        if ended.destination == "stylesheet":
            self._add_style(ended, text.strip(" ;"))
        elif ended.destination in ("listtext", "pntext"):
            self._mark = tidy(text) or "•"
        elif ended.destination == "title":
            self.title = text
        elif link := _LINK.match(text):
            self._links.extend(web_link(link[1]))

    def _add_style(self, ended: _State, name: str) -> None:
        named = _HEADING_STYLE.match(name)
        level = ended.level or (int(named[1]) if named else int(name.lower() in ("title", "titre")))
        self._styles[ended.style] = _Style(level, _CONTENTS_STYLE.match(name) is not None)

    def _word(self, word: str, number: int | None) -> Iterator[Block]:
        optional, self._optional = self._optional, False
        if self._starts_destination(word, optional):
            return
        match word:
            case "par" | "sect" | "page":
                yield from self._paragraph()
            case "cell" | "row":
                self._table_word(word)
            case "u":
                self._append(chr((number or 0) & 0xFFFF))
                self._to_skip = self._state.after_unicode
            case "ansicpg":
                self._code_page = _known(f"cp{number}")
            case "mac" | "pc" | "pca":
                self._code_page = _CODE_PAGES[word]
            case character if character in _CHARACTERS:
                self._append(_CHARACTERS[character])
            case _:
                self._format(word, number)

    def _starts_destination(self, word: str, optional: bool) -> bool:
        if word in _GATHERED and not self._state.skipped:
            self._gathered = []
            self._state.destination = word
            return True
        if word in _SKIPPED or (optional and word not in _READ_THOUGH_OPTIONAL):
            self._state.skipped = True
            return True
        return False

    def _format(self, word: str, number: int | None) -> None:
        state = self._state
        match word:
            case "pard":
                state.style, state.level, state.in_table = 0, None, False
            case "plain":
                state.hidden = False
            case "v" | "deleted":
                state.hidden = number != 0
            case "s":
                state.style = number or 0
            case "outlinelevel":
                state.level = (number or 0) + 1 if (number or 0) < 9 else 0
            case "intbl":
                state.in_table = True
            case "uc":
                state.after_unicode = max(0, number or 0)

    def _symbol(self, symbol: str) -> Iterator[Block]:
        if symbol == "*":
            self._optional = True
        elif _SYMBOLS.get(symbol) == "\n":
            yield from self._paragraph()
        else:
            self._plain(_SYMBOLS.get(symbol, ""))

    def _byte(self, value: int) -> None:
        if self._to_skip:
            self._to_skip -= 1
        else:
            self._bytes.append(value)

    def _flush_bytes(self) -> None:
        if self._bytes:
            self._append(self._bytes.decode(self._code_page, "replace"))
            self._bytes.clear()

    def _plain(self, text: str) -> None:
        kept = text[self._to_skip :]
        self._to_skip = max(0, self._to_skip - len(text))
        # Some programs write accents as bare bytes of the code page.
        self._append(kept if kept.isascii() else kept.encode("latin-1").decode(self._code_page, "replace"))

    def _append(self, text: str) -> None:
        if self._state.skipped or self._state.hidden:
            return
        (self._gathered if self._state.destination else self._pieces).append(text)

    def _paragraph(self) -> Iterator[Block]:
        """End a paragraph; within a table it only ends a line of its cell."""
        if self._state.destination or self._state.skipped:
            return
        if self._state.in_table:
            self._pieces.append(" ")
            return
        yield from self._table()
        text, mark, links = self._taken()
        style = self._styles.get(self._state.style, _PLAIN)
        level = style.level if self._state.level is None else self._state.level
        if not text or style.is_contents:
            return
        number = mark if _NUMBER.fullmatch(mark) else ""
        if level:
            yield Block("heading", f"{number} {text}".strip(), level=level, links=links)
        elif mark or BULLET.match(text):
            yield Block("list_item", BULLET.sub("", f"{number} {text}".strip()), links=links)
        else:
            yield Block("paragraph", text, links=links)

    def _taken(self) -> tuple[str, str, tuple[str, ...]]:
        """Take the text read since the last paragraph or cell, its list mark and its links."""
        # Beyond the first 65,536 characters, Unicode comes as two halves.
        text = "".join(self._pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        taken = tidy(text), self._mark, tuple(dict.fromkeys(self._links))
        self._pieces, self._mark, self._links = [], "", []
        return taken

    def _table_word(self, word: str) -> None:
        if self._state.skipped:
            return
        if word == "cell":
            text, _, links = self._taken()
            self._cells.append(text)
            self._row_links.extend(links)
        elif self._cells:
            self._rows.append(self._cells)
            self._cells = []

    def _table(self) -> Iterator[Block]:
        """End a table; one of a single column only lays the page out."""
        rows = self._rows + ([self._cells] if self._cells else [])
        links = tuple(dict.fromkeys(self._row_links))
        self._rows, self._cells, self._row_links = [], [], []
        if max(map(len, rows), default=0) > 1:
            if text := markdown_table(rows):
                yield Block("table", text, links=links)
        else:
            yield from (Block("paragraph", row[0], links=links) for row in rows if row[0])


def _known(code_page: str) -> str:
    try:
        return codecs.lookup(code_page).name
    except LookupError:
        return "cp1252"
