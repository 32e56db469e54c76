"""A sheet as an ODT: a `Sheet` goes in, the bytes of a file that LibreOffice and Word open come out.

Headings are real ones, with their levels; the language is French and the title is in the properties.
"""

import io
from datetime import UTC

from odf import dc, meta, office, style, text
from odf.opendocument import OpenDocumentText

from server.exporting.sheet import (
    AI_SUBJECT,
    LANGUAGE,
    PRODUCER,
    Block,
    Heading,
    Items,
    Paragraph,
    Sheet,
    is_right_to_left,
)

MEDIA_TYPE = "application/vnd.oasis.opendocument.text"
FONT = "Arial"
DARK_BLUE = "#17365d"

_STYLES = {
    "Standard": ("11pt", "normal", "0pt", "6pt"),
    "Title": ("20pt", "bold", "0pt", "12pt"),
    "Heading_20_1": ("14pt", "bold", "18pt", "6pt"),
    "Heading_20_2": ("12pt", "bold", "12pt", "4pt"),
    "List_20_Contents": ("11pt", "normal", "0pt", "3pt"),
}
"""Size and weight of each style's letters, and the room above and below: no empty paragraph is needed."""


def write_odt(sheet: Sheet) -> bytes:
    """Write a sheet."""
    document = OpenDocumentText()
    _set_properties(document, sheet)
    _set_styles(document)
    document.text.addElement(text.P(stylename="Title", text=sheet.title))
    for block in sheet.blocks:
        document.text.addElement(_element(block))
    written = io.BytesIO()
    document.write(written)
    return written.getvalue()


def _element(block: Block) -> office.Element:
    match block:
        case Heading(level, words):
            return text.H(outlinelevel=level, stylename=f"Heading_20_{level}", text=words)
        case Paragraph(words, label):
            return _paragraph(words, label)
        case Items(items):
            listed = text.List(stylename="Bullets")
            for words in items:
                item = text.ListItem()
                item.addElement(_paragraph(words, stylename="List_20_Contents"))
                listed.addElement(item)
            return listed


def _paragraph(words: str, label: str = "", stylename: str = "Standard") -> office.Element:
    paragraph = text.P(stylename="From_20_right" if is_right_to_left(words) else stylename)
    if label:
        paragraph.addElement(text.Span(stylename="Label", text=f"{label} : "))
    for index, part in enumerate(words.split("\t")):
        if index:
            paragraph.addElement(text.Tab())
        paragraph.addText(part)
    return paragraph


def _set_properties(document: OpenDocumentText, sheet: Sheet) -> None:
    at = sheet.written_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for element in (
        dc.Title(text=sheet.title),
        dc.Subject(text=AI_SUBJECT),
        dc.Language(text=LANGUAGE),
        dc.Creator(text=PRODUCER),
        dc.Date(text=at),
        meta.InitialCreator(text=PRODUCER),
        meta.CreationDate(text=at),
    ):
        document.meta.addElement(element)


def _set_styles(document: OpenDocumentText) -> None:
    language, country = LANGUAGE.split("-")
    default = style.DefaultStyle(family="paragraph")
    default.addElement(
        style.TextProperties(fontfamily=FONT, fontsize="11pt", language=language, country=country)
    )
    document.styles.addElement(default)
    for name, (size, weight, above, below) in _STYLES.items():
        one = style.Style(name=name, displayname=name.replace("_20_", " "), family="paragraph")
        if name.startswith("Heading"):
            one.setAttribute("defaultoutlinelevel", name[-1])
        one.addElement(style.ParagraphProperties(margintop=above, marginbottom=below))
        color = DARK_BLUE if weight == "bold" else "#000000"
        one.addElement(style.TextProperties(fontsize=size, fontweight=weight, color=color))
        document.styles.addElement(one)
    backwards = style.Style(name="From_20_right", family="paragraph", parentstylename="Standard")
    backwards.addElement(style.ParagraphProperties(writingmode="rl-tb", textalign="right"))
    document.styles.addElement(backwards)
    label = style.Style(name="Label", family="text")
    label.addElement(style.TextProperties(fontweight="bold"))
    document.automaticstyles.addElement(label)
    _set_bullets(document)
    _set_page(document)


def _set_bullets(document: OpenDocumentText) -> None:
    bullets = text.ListStyle(name="Bullets")
    level = text.ListLevelStyleBullet(level=1, bulletchar="•")
    level.addElement(style.ListLevelProperties(spacebefore="5mm", minlabelwidth="5mm"))
    bullets.addElement(level)
    document.styles.addElement(bullets)


def _set_page(document: OpenDocumentText) -> None:
    """Make the pages A4, numbered."""
    layout = style.PageLayout(name="A4")
    layout.addElement(style.PageLayoutProperties(pagewidth="210mm", pageheight="297mm", margin="25mm"))
    layout.addElement(style.FooterStyle())
    document.automaticstyles.addElement(layout)
    master = style.MasterPage(name="Standard", pagelayoutname="A4")
    footer = style.Footer()
    number = text.P(stylename="Standard")
    number.addElement(text.PageNumber(selectpage="current"))
    footer.addElement(number)
    master.addElement(footer)
    document.masterstyles.addElement(master)
