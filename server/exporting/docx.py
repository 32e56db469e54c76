"""A sheet as a DOCX: a `Sheet` goes in, the bytes of a file that Word and LibreOffice open come out.

Headings, lists and the title are the styles of that name, the language is French and the title is in the properties:
what a screen reader goes by.
"""

import io

import docx
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph as DocxParagraph

from server.exporting.sheet import (
    AI_SUBJECT,
    LANGUAGE,
    PRODUCER,
    Heading,
    Items,
    Paragraph,
    Sheet,
    is_right_to_left,
)

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FONT = "Arial"
DARK_BLUE = RGBColor(0x17, 0x36, 0x5D)
"""Of headings: 12 to 1 on white, where the library's own blue is 4 to 1."""


def write_docx(sheet: Sheet) -> bytes:
    """Write a sheet."""
    document = docx.Document()
    _set_page(document)
    _set_language(document)
    _set_styles(document)
    _set_properties(document, sheet)
    _write(document.add_paragraph(style="Title"), sheet.title)
    for block in sheet.blocks:
        match block:
            case Heading(level, text):
                _write(document.add_paragraph(style=f"Heading {level}"), text)
            case Paragraph(text, label):
                _write(document.add_paragraph(), text, label)
            case Items(items):
                for item in items:
                    _write(document.add_paragraph(style="List Bullet"), item)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _write(paragraph: DocxParagraph, text: str, label: str = "") -> None:
    if label:
        paragraph.add_run(f"{label} : ").bold = True
    run = paragraph.add_run(text)
    if is_right_to_left(text):
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
        run.font.rtl = True


def _set_page(document: Document) -> None:
    """Make the pages A4, numbered."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(25)
    number = OxmlElement("w:fldSimple")
    number.set(qn("w:instr"), "PAGE")
    section.footer.paragraphs[0]._p.append(number)


def _set_language(document: Document) -> None:
    styles = document.styles.element
    for properties in styles.iter(qn("w:rPrDefault")):
        for language in properties.iter(qn("w:lang")):
            language.set(qn("w:val"), LANGUAGE)
            language.set(qn("w:eastAsia"), LANGUAGE)


def _set_styles(document: Document) -> None:
    for name, (size, before, after) in _SIZES.items():
        style = document.styles[name]
        style.font.name, style.font.size = FONT, Pt(size)
        fonts = style.element.rPr.rFonts
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)  # it would win over the font of that name
        fonts.set(qn("w:cs"), FONT)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        if name.startswith(("Title", "Heading")):
            style.font.color.rgb = DARK_BLUE


_SIZES = {
    "Normal": (11, 0, 6),
    "Title": (20, 0, 12),
    "Heading 1": (14, 18, 6),
    "Heading 2": (12, 12, 4),
    "List Bullet": (11, 0, 3),
}
"""Size of each style's letters and the room above and below, in points: no empty paragraph is needed."""


def _set_properties(document: Document, sheet: Sheet) -> None:
    """Say what the file is, and nothing of the machine or of the library's own example."""
    properties = document.core_properties
    properties.title, properties.subject = sheet.title[:255], AI_SUBJECT
    properties.author = properties.last_modified_by = PRODUCER
    properties.language, properties.comments = LANGUAGE, ""
    properties.created = properties.modified = sheet.written_at
    properties.revision = 1
    relations = document.part.package.rels
    for key in [key for key, relation in relations.items() if relation.reltype.endswith("/thumbnail")]:
        del relations[key]
