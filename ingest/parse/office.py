"""Office files other than Word's: the bytes of a PPTX, XLSX or ODT go in, their blocks come out."""

import warnings
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from lxml import etree

from ingest.documents import Block, BlockKind
from ingest.errors import UnreadableFile
from ingest.parse.archive import open_archive
from ingest.parse.parsed import Limits, ParsedFile
from ingest.parse.table import records
from ingest.parse.tidy import BULLET, first_heading, markdown_table, tidy, web_link

_MAX_REPEATED_CELLS = 50
_ODF = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "dc": "http://purl.org/dc/elements/1.1/",
}
_ODT_DROPPED = tuple(
    " tracked-changes table-of-content alphabetical-index illustration-index table-index object-index user-index"
    " sequence-decls forms".split(" ")
)
_ODT_ASIDES = ("note", "annotation")
_ODT_BLANKS = ("s", "tab", "line-break")


def parse_pptx(data: bytes, limits: Limits) -> ParsedFile:
    """Read a presentation: each slide's title is a heading, its page the slide's number, its notes come last.

    python-pptx reads it alone: unstructured takes indented bullets for headings.

    Raises:
        UnreadableFile: more slides than `limits.max_pages`.
    """
    import pptx

    deck = pptx.Presentation(BytesIO(data))
    if len(deck.slides) > limits.max_pages:
        raise UnreadableFile(f"la présentation dépasse {limits.max_pages} diapositives : découpez-la")
    blocks = tuple(block for number, slide in enumerate(deck.slides, 1) for block in _slide(slide, number))
    return ParsedFile(first_heading(blocks) or tidy(deck.core_properties.title or "") or None, blocks)


def _slide(slide: Any, number: int) -> Iterator[Block]:
    title = slide.shapes.title
    if title is not None and (text := tidy(title.text_frame.text)):
        # The cover's title is the document's own: the slides' titles stand below it.
        yield Block("heading", text, level=1 if number == 1 else 2, page=number)
    for shape in _shapes(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if getattr(shape, "has_table", False):
            rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
            if text := markdown_table(rows):
                yield Block("table", text, page=number)
        elif shape.has_text_frame:
            yield from _frame(shape, number)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield from _paragraphs(slide.notes_slide.notes_text_frame.paragraphs, number, "paragraph")


def _shapes(shapes: Iterable[Any]) -> Iterator[Any]:
    waiting = list(shapes)[::-1]
    while waiting:
        shape = waiting.pop()
        if hasattr(shape, "shapes"):
            waiting.extend(list(shape.shapes)[::-1])
        else:
            yield shape


def _frame(shape: Any, number: int) -> Iterator[Block]:
    bulleted = shape.is_placeholder and shape.placeholder_format.type in _bulleted_placeholders()
    for paragraph in shape.text_frame.paragraphs:
        kind: BlockKind = "list_item" if bulleted or paragraph.level else "paragraph"
        yield from _paragraphs([paragraph], number, kind)


def _bulleted_placeholders() -> tuple[Any, ...]:
    from pptx.enum.shapes import PP_PLACEHOLDER

    return (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT)


def _paragraphs(paragraphs: Iterable[Any], number: int, kind: BlockKind) -> Iterator[Block]:
    for paragraph in paragraphs:
        if text := BULLET.sub("", tidy(paragraph.text)):
            targets = (web_link(run.hyperlink.address) for run in paragraph.runs)
            links = tuple(dict.fromkeys(link for target in targets for link in target))
            yield Block(kind, text, page=number, links=links)


def parse_xlsx(data: bytes) -> ParsedFile:
    """Read a workbook: each visible sheet is a heading, then its rows as records (see `ingest.parse.table`).

    openpyxl reads it alone: unstructured writes dates as `2026-11-02 00:00:00` and reads hidden sheets.
    """
    import openpyxl

    with warnings.catch_warnings():
        # It warns of what it does not read (drawings, names, styles), which holds no text.
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    blocks: list[Block] = []
    for sheet in workbook.worksheets:
        if sheet.sheet_state != "visible":
            continue
        # A sheet that claims a million columns would be read as such.
        sheet.reset_dimensions()
        rows = ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
        if read := list(records(rows)):
            blocks += [Block("heading", tidy(sheet.title), level=1), *read]
    return ParsedFile(tidy(workbook.properties.title or "") or None, tuple(blocks))


def _cell(value: object) -> str:
    """Write a cell as a French reader expects it."""
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case datetime() if value.time() != time():
            return f"{value:%d/%m/%Y %H:%M}"
        case date():
            return f"{value:%d/%m/%Y}"
        case float():
            return f"{value:.10g}".replace(".", ",")
        case _:
            return str(value)


def parse_odt(data: bytes, limits: Limits) -> ParsedFile:
    """Read an OpenDocument text, straight from its `content.xml`.

    unstructured converts it with pandoc first: a process for each file, and styles lost on the way.
    """
    with open_archive(data, limits) as archive:
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise UnreadableFile(
                "le fichier est protégé par un mot de passe : enregistrez-en une copie sans mot de passe"
            )
        content = _xml(archive.read("content.xml"))
        meta = _xml(archive.read("meta.xml")) if "meta.xml" in archive.namelist() else None
    body = content.find("office:body/office:text", _ODF)
    blocks = () if body is None else tuple(_odt_blocks(body, _numbered_styles(content)))
    title = tidy(str(meta.findtext(".//dc:title", "", _ODF))) if meta is not None else ""
    return ParsedFile(first_heading(blocks) or title or None, blocks)


def _xml(data: bytes) -> Any:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _numbered_styles(content: Any) -> frozenset[str]:
    """The list styles whose items are numbered: people cite a procedure's steps by their number."""
    first_levels = content.iterfind(".//text:list-style/text:list-level-style-number[@text:level='1']", _ODF)
    return frozenset(level.getparent().get(f"{{{_ODF['style']}}}name") for level in first_levels)


def _odt_blocks(body: Any, numbered: frozenset[str]) -> Iterator[Block]:
    """Walk the text without recursion; what is inside a paragraph, a heading or a table is read with it."""
    waiting: list[tuple[Any, BlockKind, str]] = [(body, "paragraph", "")]
    while waiting:
        element, kind, mark = waiting.pop()
        match etree.QName(element).localname if isinstance(element.tag, str) else "":
            case "h":
                level = str(element.get(f"{{{_ODF['text']}}}outline-level") or "1")
                yield from _odt_text(element, "heading", level=int(level) if level.isdigit() else 1)
            case "p":
                yield from _odt_text(element, kind, mark)
            case "table":
                if text := markdown_table(_odt_rows(element)):
                    yield Block("table", text)
            case local if local not in _ODT_DROPPED:
                waiting.extend(reversed(_odt_children(element, local, kind, mark, numbered)))


def _odt_children(
    element: Any, local: str, kind: BlockKind, mark: str, numbered: frozenset[str]
) -> list[tuple[Any, BlockKind, str]]:
    """The elements inside one, each with what a paragraph in it is, and the number it begins with."""
    if local == "list":
        counts = element.get(f"{{{_ODF['text']}}}style-name") in numbered
        return [(item, "list_item", f"{n}. " if counts else "") for n, item in enumerate(element, 1)]
    return [(child, kind, "" if index else mark) for index, child in enumerate(element)]


def _odt_text(element: Any, kind: BlockKind, mark: str = "", level: int = 0) -> Iterator[Block]:
    if text := _odt_inline(element):
        anchors = element.iter(f"{{{_ODF['text']}}}a")
        targets = (web_link(anchor.get(f"{{{_ODF['xlink']}}}href")) for anchor in anchors)
        links = tuple(dict.fromkeys(link for target in targets for link in target))
        yield Block(kind, mark + text, level=level, links=links)


def _odt_inline(element: Any) -> str:
    """The text of a paragraph; tabs and line breaks are elements of their own, notes and comments go."""
    pieces: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, part in walk:
        local = etree.QName(part).localname
        if event == "end":
            pieces.append("" if part is element else part.tail or "")
        elif local in _ODT_ASIDES:
            walk.skip_subtree()
        else:
            pieces.append(" " if local in _ODT_BLANKS else "")
            pieces.append(part.text or "")
    return tidy("".join(pieces))


def _odt_rows(table: Any) -> Iterator[list[str]]:
    repeat = f"{{{_ODF['table']}}}number-columns-repeated"
    for row in table.iter(f"{{{_ODF['table']}}}table-row"):
        cells: list[str] = []
        for cell in row.xpath("table:table-cell | table:covered-table-cell", namespaces=_ODF):
            text = tidy(" ".join(_odt_inline(part) for part in cell.iter(f"{{{_ODF['text']}}}p")))
            times = str(cell.get(repeat) or "1")
            cells += [text] * min(int(times) if times.isdigit() else 1, _MAX_REPEATED_CELLS)
        yield cells
