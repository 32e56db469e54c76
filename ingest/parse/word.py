"""Word documents: the bytes of a DOCX go in, its headings, paragraphs, lists and tables come out."""

import os
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ingest.documents import Block
from ingest.parse.html import table_rows
from ingest.parse.parsed import ParsedFile
from ingest.parse.tidy import first_heading, markdown_table, tidy, web_link

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_DROPPED = frozenset(("Header", "Footer", "PageBreak", "Image"))
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CONTENTS = ".//w:sdt[w:sdtPr/w:docPartObj/w:docPartGallery[@w:val='Table of Contents']]"
_CONTENTS_STYLE = re.compile(r"(?:toc|table of figures)\b", re.IGNORECASE)
_HIDDEN = ".//w:r[w:rPr/w:vanish[not(@w:val='0' or @w:val='false')]]"
_WRAPPINGS = ".//w:sdt | .//w:ins[w:r] | .//w:moveTo | .//w:smartTag | .//w:fldSimple | .//w:customXml"
_TEXT_BOX = f"{_W}txbxContent"
_CHOICES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_DRAWINGS = (_CHOICES, f"{_W}pict", f"{_W}drawing", f"{_W}object")
_TAKEN_AWAY = (f"{_W}del", f"{_W}moveFrom")
_TYPES = "[Content_Types].xml"
_MACRO_TYPE = b"application/vnd.ms-word.document.macroEnabled.main+xml"
_PLAIN_TYPE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_OUTLINE = "./w:pPr/w:outlineLvl/@w:val"
_BODY_TEXT_LEVEL = 9


def parse_docx(data: bytes) -> ParsedFile:
    """Read a Word document.

    unstructured gives the text in order, with the numbers that Word computes for lists and headings. It takes
    a subtitle for a second-level heading and misses headings whose style is the organisation's own: their
    levels are read with python-docx. It also passes over forms' fields and tracked insertions, and reads
    hidden text and tables of contents, and loses text boxes: the document is put right first.

    Raises:
        The errors of python-docx, lxml and zipfile that `ingest.parse.failures` lists.
    """
    import docx

    data = without_macros(data)
    document = docx.Document(BytesIO(data))
    if _clean(document):
        saved = BytesIO()
        document.save(saved)
        data = saved.getvalue()
    levels = _heading_levels(document)
    blocks = tuple(block for element in _partition(data) for block in _blocks(element, levels))
    return ParsedFile(first_heading(blocks) or tidy(document.core_properties.title or "") or None, blocks)


def without_macros(data: bytes) -> bytes:
    """Give a DOCM as the DOCX it is but for its macros, which nothing here runs; a DOCX is given back as it is."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        types = archive.read(_TYPES)
        if _MACRO_TYPE not in types:
            return data
        rewritten = BytesIO()
        with zipfile.ZipFile(rewritten, "w", zipfile.ZIP_DEFLATED) as copy:
            for member in archive.infolist():
                content = archive.read(member)
                renamed = member.filename == _TYPES
                copy.writestr(
                    member.filename, content.replace(_MACRO_TYPE, _PLAIN_TYPE) if renamed else content
                )
    return rewritten.getvalue()


def _clean(document: Any) -> bool:
    """Take away what nobody reads, and the wrappings of what they do; tell whether anything changed."""
    contents = [style.style_id for style in document.styles if _CONTENTS_STYLE.match(str(style.name))]
    body = document.element.body
    unread = [*body.xpath(_CONTENTS), *body.xpath(_HIDDEN)]
    unread += [p for p in body.iter(f"{_W}p") if p.style in contents]
    for element in unread:
        if element.getparent() is not None:
            element.getparent().remove(element)
    wrappings = body.xpath(_WRAPPINGS)
    for wrapping in wrappings:
        inner = wrapping.find(f"{_W}sdtContent") if wrapping.tag == f"{_W}sdt" else wrapping
        for child in () if inner is None else list(inner):
            wrapping.addprevious(child)
        wrapping.getparent().remove(wrapping)
    boxes = _move_text_boxes(body)
    return bool(unread or wrappings or boxes)


def _move_text_boxes(body: Any) -> bool:
    """Move the text of boxes after the paragraphs they are anchored in; tell whether there was any.

    Word writes each box twice, for itself and for its versions before 2010: the first is kept.
    """
    for choices in list(body.iter(_CHOICES)):
        versions = [version for version in choices if next(version.iter(_TEXT_BOX), None) is not None]
        for repeated in versions[1:]:
            choices.remove(repeated)
    boxes = [box for box in body.iter(_TEXT_BOX) if next(box.iterancestors(*_TAKEN_AWAY), None) is None]
    # Backwards: boxes of one paragraph stay in order, and a box within a box is moved before it.
    for box in reversed(boxes):
        anchor = next(box.iterancestors(f"{_W}p"), None)
        for child in reversed(box):
            ([box, *box.iterancestors(*_DRAWINGS)][-1] if anchor is None else anchor).addnext(child)
        box.getparent().remove(box)
    return bool(boxes)


def _partition(data: bytes) -> "list[Element]":
    """Run unstructured offline: it phones home at import, and downloads a model at the first sentence."""
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["UNSTRUCTURED_DISABLE_NOTICE"] = "1"
    import unstructured.nlp.tokenize as tokenize
    from unstructured.partition.docx import partition_docx

    tokenize._load_spacy_model = _sentence_splitter
    # An empty list of languages switches off the detection, which costs more than the rest.
    return partition_docx(file=BytesIO(data), languages=[""], include_page_breaks=False)


def _sentence_splitter() -> Any:
    import spacy

    # Not blank("fr"): compiling its expressions takes ten seconds.
    splitter = spacy.blank("xx")
    splitter.add_pipe("sentencizer")
    return splitter


def _heading_levels(document: Any) -> dict[str, int]:
    """Find the level of each heading, by its text: 1 to 9, and 0 for what only looks like one."""
    by_style: dict[str | None, int | None] = {}
    levels: dict[str, int] = {}
    for paragraph in document.element.body.iter("{*}p"):
        own = paragraph.xpath(_OUTLINE)
        if paragraph.style not in by_style:
            style = next((s for s in document.styles if s.style_id == paragraph.style), None)
            by_style[paragraph.style] = _style_level(style)
        level = _outline(own[0]) if own else by_style[paragraph.style]
        text = tidy("".join(paragraph.xpath(".//w:t/text()")))
        if level is not None and text:
            levels.setdefault(text, level)
    return levels


def _style_level(style: Any) -> int | None:
    """The level that a style gives, its own or one it is based on."""
    for _ in range(_BODY_TEXT_LEVEL):
        if style is None:
            return None
        if style.name == "Title":
            return 1
        if style.name == "Subtitle":
            return 0
        if str(style.name).startswith("Heading ") and style.name[-1].isdigit():
            return int(style.name[-1])
        if outline := style.element.xpath(_OUTLINE):
            return _outline(outline[0])
        style = getattr(style, "base_style", None)
    return None


def _outline(value: str) -> int:
    """Word counts outline levels from 0, and 9 is body text."""
    level = int(value) if value.isdigit() else _BODY_TEXT_LEVEL
    return level + 1 if level < _BODY_TEXT_LEVEL else 0


def _blocks(element: "Element", levels: dict[str, int]) -> Iterator[Block]:
    text, category = tidy(element.text), element.category
    if category in _DROPPED or not text:
        return
    targets = map(web_link, element.metadata.link_urls or ())
    links = tuple(dict.fromkeys(link for target in targets for link in target))
    if category == "Table":
        yield Block("table", _table(element) or text, links=links)
    elif category == "ListItem":
        yield Block("list_item", text, links=links)
    elif level := _level(text, levels):
        yield Block("heading", text, level=level, links=links)
    else:
        yield Block("paragraph", text, links=links)


def _level(text: str, levels: dict[str, int]) -> int:
    """A heading's text may begin with the number that Word gives it, which its paragraph does not hold."""
    number, _, rest = text.partition(" ")
    if text in levels:
        return levels[text]
    return levels.get(rest, 0) if number[:1].isalnum() and len(number) <= len("12.12.12.") else 0


def _table(element: "Element") -> str:
    from lxml import html as lxml_html

    markup = element.metadata.text_as_html
    return markdown_table(table_rows(lxml_html.fragment_fromstring(markup))) if markup else ""
