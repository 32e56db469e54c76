"""Plain text and Markdown: the bytes of a file go in, its paragraphs, headings, lists and tables come out."""

import re
from dataclasses import replace

from ingest.documents import Block
from ingest.parse.html import parse_html_text
from ingest.parse.parsed import ParsedFile
from ingest.parse.tidy import BULLET, NUMBERED, decode, first_heading, iso_date, tidy

_MAX_TITLE = 120
_UNDERLINE = re.compile(r"^\s*(?:={3,}|-{3,}|_{3,}|\*{3,})\s*$")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*\r?\n", re.DOTALL)
_FRONT_FIELD = re.compile(r"""^(titre|title|date)\s*:\s*["']?(.+?)["']?\s*$""", re.MULTILINE | re.IGNORECASE)


def parse_text(data: bytes) -> ParsedFile:
    """Read a plain text; lone lines in capitals and underlined lines are headings, as people type them."""
    blocks = text_blocks(decode(data))
    return ParsedFile(first_heading(blocks), blocks)


def text_blocks(text: str) -> tuple[Block, ...]:
    """Split a plain text on its blank lines, and its lists on their marks."""
    blocks: list[Block] = []
    for part in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = [line for line in part.split("\n") if tidy(line)]
        if lines and (heading := _heading(lines)):
            blocks.append(heading)
            lines = lines[2:]
        blocks.extend(_paragraphs(lines))
    return tuple(blocks)


def _heading(lines: list[str]) -> Block | None:
    title = tidy(lines[0])
    if len(title) > _MAX_TITLE or not re.search(r"[^\W\d_]{2}", title):
        return None
    underlined = len(lines) > 1 and _UNDERLINE.match(lines[1]) is not None
    if underlined or (len(lines) == 1 and title.isupper()):
        return Block("heading", title, level=2 if underlined and "-" in lines[1] else 1)
    return None


def _paragraphs(lines: list[str]) -> list[Block]:
    blocks: list[Block] = []
    for line in map(tidy, lines):
        if _UNDERLINE.match(line):
            continue
        if mark := BULLET.match(line):
            blocks.append(Block("list_item", line[mark.end() :]))
        elif NUMBERED.match(line):
            blocks.append(Block("list_item", line))
        elif blocks:
            blocks[-1] = replace(blocks[-1], text=f"{blocks[-1].text} {line}")
        else:
            blocks.append(Block("paragraph", line))
    return blocks


def parse_markdown(data: bytes) -> ParsedFile:
    """Read a Markdown file (CommonMark and tables); `title` and `date` of a front matter are kept."""
    from markdown_it import MarkdownIt

    text = decode(data)
    front = _FRONT_MATTER.match(text)
    fields = {name.lower(): value for name, value in _FRONT_FIELD.findall(front[1])} if front else {}
    page = MarkdownIt("commonmark").enable("table").render(text[front.end() :] if front else text)
    read = parse_html_text(f"<main>{page}</main>")
    title = fields.get("titre") or fields.get("title") or read.title
    return replace(read, title=title, dated=iso_date(fields.get("date")))
