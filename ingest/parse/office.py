"""Office files other than Word's: the bytes of a PPTX, XLSX or ODT go in, their blocks come out."""

import warnings
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from lxml import etree

from ingest.documents import Block, BlockKind
from ingest.errors import UnreadableFile
from ingest.parse.archive import open_archive
from ingest.parse.odt_lists import ListNumbers
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
_ODT_BLOCKS = ("p", "h", "list", "table")
_MAX_DIGITS = 9
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
        if (title is not None and shape.shape_id == title.shape_id) or _is_running(shape):
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


def _is_running(shape: Any) -> bool:
    """Tell the date, the footer and the number that every slide repeats."""
    from pptx.enum.shapes import PP_PLACEHOLDER

    running = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)
    return shape.is_placeholder and shape.placeholder_format.type in running


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

    from ingest.parse.sheet import merged_cells, sheet_rows

    with warnings.catch_warnings():
        # It warns of what it does not read (drawings, names, styles), which holds no text.
        warnings.simplefilter("ignore")
        workbook = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    blocks: list[Block] = []
    for sheet in workbook.worksheets:
        if sheet.sheet_state != "visible":
            continue
        if read := list(records(sheet_rows(sheet), merged_cells(sheet))):
            blocks += [Block("heading", tidy(sheet.title), level=1), *read]
    return ParsedFile(tidy(workbook.properties.title or "") or None, tuple(blocks))


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
        held = archive.namelist()
        meta = _xml(archive.read("meta.xml")) if "meta.xml" in held else None
        styles = [_xml(archive.read("styles.xml"))] if "styles.xml" in held else []
    body = content.find("office:body/office:text", _ODF)
    blocks = () if body is None else tuple(_odt_blocks(body, ListNumbers(content, *styles)))
    title = tidy(str(meta.findtext(".//dc:title", "", _ODF))) if meta is not None else ""
    return ParsedFile(first_heading(blocks) or title or None, blocks)


def _xml(data: bytes) -> Any:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _odt_blocks(body: Any, numbers: ListNumbers) -> Iterator[Block]:
    """Walk the text without recursion; what is inside a paragraph, a heading or a table is read with it.

    Text boxes come after the paragraph that they are anchored in.
    """
    waiting: list[tuple[Any, BlockKind, str]] = [(body, "paragraph", "")]
    while waiting:
        element, kind, mark = waiting.pop()
        match etree.QName(element).localname if isinstance(element.tag, str) else "":
            case "h" | "p" as local:
                text, boxes = _odt_inline(element)
                if text:
                    level = _odt_number(element, "text", "outline-level") if local == "h" else 0
                    shown: BlockKind = "heading" if local == "h" else kind
                    yield Block(shown, ("" if level else mark) + text, level=level, links=_odt_links(element))
                waiting.extend((box, "paragraph", "") for box in reversed(boxes))
            case "table":
                if text := markdown_table(_odt_rows(element)):
                    yield Block("table", text)
            case "list":
                marks = zip(element, numbers.marks(element), strict=True)
                waiting.extend((item, "list_item", number) for item, number in reversed(list(marks)))
            case local if local not in _ODT_DROPPED:
                children = [(child, kind, "" if index else mark) for index, child in enumerate(element)]
                waiting.extend(reversed(children))


def _odt_links(element: Any) -> tuple[str, ...]:
    anchors = element.iter(f"{{{_ODF['text']}}}a")
    targets = (web_link(anchor.get(f"{{{_ODF['xlink']}}}href")) for anchor in anchors)
    return tuple(dict.fromkeys(link for target in targets for link in target))


def _odt_inline(element: Any) -> tuple[str, list[Any]]:
    """The text of a paragraph, and what is in the boxes and shapes anchored in it.

    Tabs and line breaks are elements of their own, notes and comments go.
    """
    pieces: list[str] = []
    boxes: list[Any] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, part in walk:
        local = etree.QName(part).localname
        if event == "end":
            pieces.append("" if part is element else part.tail or "")
        elif local in _ODT_ASIDES:
            walk.skip_subtree()
        elif local in _ODT_BLOCKS and part is not element:
            boxes.append(part)
            pieces.append(" ")
            walk.skip_subtree()
        else:
            pieces.append(" " if local in _ODT_BLANKS else "")
            pieces.append(part.text or "")
    return tidy("".join(pieces)), boxes


def _odt_rows(table: Any) -> Iterator[list[str]]:
    """The cells of a table; one that spans several rows is repeated in each."""
    lasting: dict[int, tuple[int, str]] = {}
    for number, row in enumerate(table.iter(f"{{{_ODF['table']}}}table-row")):
        cells: list[str] = []
        for cell in row.xpath("table:table-cell | table:covered-table-cell", namespaces=_ODF):
            last, above = lasting.get(len(cells), (-1, ""))
            covered = etree.QName(cell).localname == "covered-table-cell"
            within = covered and last >= number
            text = above if within else _odt_cell(cell)
            if (height := _odt_number(cell, "table", "number-rows-spanned")) > 1:
                lasting[len(cells)] = number + height - 1, text
            times = min(_odt_number(cell, "table", "number-columns-repeated"), _MAX_REPEATED_CELLS)
            cells += [text, *["" if within else text] * (times - 1)]
        yield cells


def _odt_cell(cell: Any) -> str:
    paragraphs = cell.xpath(
        ".//*[self::text:p or self::text:h][not(ancestor::text:note or ancestor::office:annotation)]",
        namespaces=_ODF,
    )
    return tidy(" ".join(_odt_inline(paragraph)[0] for paragraph in paragraphs))


def _odt_number(element: Any, vocabulary: str, name: str) -> int:
    value = str(element.get(f"{{{_ODF[vocabulary]}}}{name}") or "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < _MAX_DIGITS else 1
