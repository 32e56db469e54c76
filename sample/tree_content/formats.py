"""Formats that `sample/rendering` does not write: a `Source` goes in, the bytes of an RTF, TXT or XML come out."""

from collections.abc import Iterator
from xml.etree import ElementTree

from sample.rendering.source import Block, Heading, Items, Paragraph, Source, Table, french_date
from sample.rendering.text import plain, typeset

_RTF_HEAD = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Calibri;}}"
    r"{\stylesheet{\s1\b\fs32 heading 1;}{\s2\b\fs26 heading 2;}}"
)
_RTF_LEVELS = {1: (r"\s1\outlinelevel0", 32), 2: (r"\s2\outlinelevel1", 26), 3: (r"\s2\outlinelevel2", 24)}
_CELL_TWIPS = 4_500


def render_rtf(source: Source) -> bytes:
    """An RTF as Word writes it: styles, `\\'e9` for what Windows-1252 has and `\\u` for the rest."""
    lines = [_rtf_heading(1, source.title), rf"\pard\plain\i {_rtf(source.subtitle)}\i0\par"]
    for block in source.blocks:
        lines += _rtf_block(block)
    info = rf"{{\info{{\title {_rtf(source.title)}}}}}"
    return "\n".join([_RTF_HEAD + info, *lines, "}"]).encode("ascii")


def _rtf_heading(level: int, text: str) -> str:
    style, size = _RTF_LEVELS[level]
    return rf"\pard\plain{style}\b\fs{size} {_rtf(text)}\b0\par"


def _rtf_block(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, text):
            yield _rtf_heading(level, text)
        case Paragraph(text):
            yield rf"\pard\plain\fs22 {_rtf(text)}\par"
        case Items(ordered, items):
            for number, item in enumerate(items, start=1):
                mark = f"{number}." if ordered else r"\'95"
                yield rf"\pard\plain\fi-360\li720{{\pntext {mark}\tab}}{_rtf(item)}\par"
        case Table(rows):
            yield from map(_rtf_row, rows)
            yield r"\pard\par"


def _rtf_row(row: list[str]) -> str:
    edges = "".join(rf"\cellx{_CELL_TWIPS * place}" for place in range(1, len(row) + 1))
    cells = "".join(rf"\pard\intbl {_rtf(cell)}\cell " for cell in row)
    return rf"\trowd\trgaph70{edges}{cells}\row"


def _rtf(text: str) -> str:
    return "".join(map(_rtf_character, typeset(plain(text))))


def _rtf_character(character: str) -> str:
    if character in "\\{}":
        return f"\\{character}"
    if ord(character) < 128:
        return character
    try:
        return rf"\'{character.encode('cp1252').hex()}"
    except UnicodeEncodeError:
        return rf"\u{ord(character)}?"


def render_txt(source: Source, encoding: str) -> bytes:
    """A text as an old editor saves it: underlined titles, dashes for items, CRLF."""
    lines = [source.title.upper(), "=" * len(source.title), source.subtitle, ""]
    for block in source.blocks:
        lines += [*_txt_block(block), ""]
    return "\r\n".join(lines).encode(encoding)


def _txt_block(block: Block) -> list[str]:
    match block:
        case Heading(_, text):
            return [text, "-" * len(text)]
        case Paragraph(text):
            return [plain(text)]
        case Items(ordered, items):
            return [
                f"{number}. {item}" if ordered else f"- {item}" for number, item in enumerate(items, start=1)
            ]
        case Table(rows):
            return [" : ".join(row) for row in rows]


def render_xml(sources: list[Source]) -> bytes:
    """A catalogue of workshops, as an application exports it: one element a workshop."""
    root = ElementTree.Element("catalogue", {"organisme": "Cap Brisecombe", "langue": "fr"})
    for source in sources:
        workshop = ElementTree.SubElement(root, "atelier", {"reference": source.reference})
        ElementTree.SubElement(workshop, "intitule").text = source.title
        ElementTree.SubElement(workshop, "miseAJour").text = french_date(source.day)
        description = ElementTree.SubElement(workshop, "description")
        for block in source.blocks:
            if isinstance(block, Paragraph):
                ElementTree.SubElement(description, "paragraphe").text = plain(block.text)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True))
