"""Structure-aware chunking: a document's blocks become passages along its own headings.

A passage never crosses a heading, so its title path says what it is about, and is embedded and indexed with
it. A section that is too long is cut between its blocks; a block that is too long, at its sentences or, for a
table, between its rows with the header repeated.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.documents import Block, Chunk, Document

_NUMBERED_ITEM = re.compile(r"(?:\d{1,3}|[a-z])[.)°]\s")
_SENTENCE_END = re.compile(r"(?<=[.;:!?…»])\s+(?=[\w«\"(\-–—])")


@dataclass(slots=True)
class _Section:
    """The blocks read since the last heading, where that heading stands, and what it cites itself."""

    path: tuple[str, ...]
    links: tuple[str, ...] = ()
    blocks: list[Block] = field(default_factory=list)


def chunk_document(document: Document, max_chars: int) -> list[Chunk]:
    """Cut a document into passages of at most `max_chars` characters, in reading order.

    A document with headings and no text gives one passage of its headings, so that it can still be found.
    """
    pieces = [(section, piece) for section in _sections(document) for piece in _pieces(section, max_chars)]
    return [
        Chunk(document, ordinal, section.path, _text(blocks), blocks[0].page, _links(section, blocks))
        for ordinal, (section, blocks) in enumerate(pieces)
    ]


def _sections(document: Document) -> Iterator[_Section]:
    root = (*document.path, document.title)
    headings: list[Block] = []
    section = _Section(root)
    for block in document.blocks:
        if block.kind != "heading":
            section.blocks.append(block)
            continue
        if section.blocks:
            yield section
        headings = [above for above in headings if above.level < block.level] + [block]
        titles = tuple(heading.text for heading in headings if heading.text != document.title)
        section = _Section(root + titles, block.links)
    if section.blocks:
        yield section
    elif not any(block.kind != "heading" for block in document.blocks) and document.blocks:
        yield _Section(
            root, (), [Block("paragraph", block.text, page=block.page) for block in document.blocks]
        )


def _pieces(section: _Section, max_chars: int) -> Iterator[list[Block]]:
    """Group the section's blocks into lists whose texts fit `max_chars`."""
    group: list[Block] = []
    size = 0
    for block in (part for whole in section.blocks for part in _cut(whole, max_chars)):
        length = len(_line(block))
        if group and size + length > max_chars:
            yield group
            group, size = [], 0
        group.append(block)
        size += length + 1
    if group:
        yield group


def _cut(block: Block, max_chars: int) -> Iterator[Block]:
    if len(block.text) <= max_chars:
        yield block
        return
    parts = (
        _table_parts(block.text, max_chars) if block.kind == "table" else _prose_parts(block.text, max_chars)
    )
    for part in parts:
        yield Block(block.kind, part, block.level, block.page, block.links)


def _table_parts(table: str, max_chars: int) -> Iterator[str]:
    lines = table.split("\n")
    has_rule = len(lines) > 1 and set(lines[1]) <= set("|-: ")
    header, rows = (lines[:2], lines[2:]) if has_rule else (lines[:1], lines[1:])
    head = "\n".join(header)
    if len(head) > max_chars // 2:  # repeated, such a header would leave no room for the rows
        yield from _packed(lines, "\n", max_chars)
        return
    for rows_text in _packed(rows, "\n", max(1, max_chars - len(head) - 1)):
        yield f"{head}\n{rows_text}"


def _prose_parts(text: str, max_chars: int) -> Iterator[str]:
    yield from _packed(_SENTENCE_END.split(text), " ", max_chars)


def _packed(units: list[str], glue: str, max_chars: int) -> Iterator[str]:
    """Join units while they fit; one that alone does not fit is cut at a space, or anywhere without one."""
    held = ""
    for unit in (part for whole in units for part in _forced(whole, max_chars)):
        if held and len(held) + len(glue) + len(unit) > max_chars:
            yield held
            held = ""
        held = f"{held}{glue}{unit}" if held else unit
    if held:
        yield held


def _forced(unit: str, max_chars: int) -> Iterator[str]:
    while len(unit) > max_chars:
        space = unit.rfind(" ", 1, max_chars)
        end = space if space > 0 else max_chars
        yield unit[:end]
        unit = unit[end:].lstrip()
    if unit:
        yield unit


def _text(blocks: list[Block]) -> str:
    return "\n".join(_line(block) for block in blocks)


def _line(block: Block) -> str:
    """Write a list item as one; a numbered item keeps its number for a marker."""
    unmarked = block.kind == "list_item" and not _NUMBERED_ITEM.match(block.text)
    return f"- {block.text}" if unmarked else block.text


def _links(section: _Section, blocks: list[Block]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*section.links, *(link for block in blocks for link in block.links))))
