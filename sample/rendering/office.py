"""Office files with real structure: a `Source` goes in, the bytes of a DOCX, ODT or PPTX come out."""

from datetime import datetime, time
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import docx
import pptx
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from odf.dc import Creator, Language, Title
from odf.dc import Date as OdfDate
from odf.opendocument import OpenDocumentText
from odf.style import ListLevelProperties, Style, TextProperties
from odf.table import Table as OdfTable
from odf.table import TableCell, TableRow
from odf.text import H, List, ListItem, ListLevelStyleBullet, ListLevelStyleNumber, ListStyle, P, Span
from pptx.util import Inches, Pt

from .source import Block, Heading, Items, Paragraph, Source, Table
from .text import plain, runs, typeset

ZIP_DATE = (2026, 11, 2, 8, 0, 0)


def render_docx(source: Source) -> bytes:
    document = docx.Document()
    _docx_properties(document, source)
    document.sections[0].header.paragraphs[0].text = f"Cap Brisecombe \N{EM DASH} {source.reference}"
    document.add_heading(typeset(source.title), level=1)
    document.add_paragraph(typeset(source.subtitle), style="Subtitle")
    for block in source.blocks:
        _add_docx(document, block)
    buffer = BytesIO()
    document.save(buffer)
    return _with_fixed_dates(buffer)


def _docx_properties(document: Any, source: Source) -> None:
    properties = document.core_properties
    properties.title, properties.author, properties.language = source.title, "Cap Brisecombe", "fr-FR"
    properties.created = properties.modified = datetime.combine(source.day, time(9))
    properties.comments, properties.last_modified_by = "", "Cap Brisecombe"


def _add_docx(document: Any, block: Block) -> None:
    match block:
        case Heading(level, text):
            document.add_heading(typeset(text), level=level)
        case Paragraph(text):
            _docx_runs(document.add_paragraph(), text)
        case Items(ordered, items):
            number = _restarted_number(document) if ordered else None
            for item in items:
                paragraph = document.add_paragraph(style="List Number" if ordered else "List Bullet")
                _docx_runs(paragraph, item)
                if number is not None:
                    _set_number(paragraph, number)
        case Table(rows):
            _docx_table(document, rows)


def _docx_runs(paragraph: Any, text: str) -> None:
    for part, bold in runs(typeset(text)):
        paragraph.add_run(part).bold = bold or None


def _restarted_number(document: Any) -> int:
    """A new numbering that starts at 1: the style's own runs on from one list of the document to the next."""
    numbering = document.part.numbering_part.element
    style_number = document.styles["List Number"].element.pPr.numPr.numId.val
    abstract = next(n for n in numbering.num_lst if n.numId == style_number).abstractNumId.val
    number = numbering.add_num(abstract)
    number.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(number.numId)


def _set_number(paragraph: Any, number: int) -> None:
    properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    properties.get_or_add_ilvl().val = 0
    properties.get_or_add_numId().val = number


def _docx_table(document: Any, rows: list[list[str]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for index, row in enumerate(rows):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            _docx_runs(cell.paragraphs[0], text if index else f"**{plain(text)}**")
    header = OxmlElement("w:tblHeader")
    header.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(header)
    document.add_paragraph()


def render_odt(source: Source) -> bytes:
    document = OpenDocumentText()
    moment = datetime.combine(source.day, time(9)).isoformat()
    for element, text in ((Title(), source.title), (Creator(), "Cap Brisecombe"), (OdfDate(), moment)):
        element.addText(text)
        document.meta.addElement(element)
    document.meta.addElement(Language(text="fr-FR"))
    styles = _odt_styles(document)
    document.text.addElement(H(outlinelevel=1, stylename=styles["1"], text=typeset(source.title)))
    document.text.addElement(P(text=typeset(source.subtitle)))
    for block in source.blocks:
        document.text.addElement(_odt_element(block, styles))
    buffer = BytesIO()
    document.write(buffer)
    return _with_fixed_dates(buffer)


def _odt_styles(document: Any) -> dict[str, Any]:
    styles: dict[str, Any] = {}
    for level, size in (("1", "18pt"), ("2", "14pt"), ("3", "12pt")):
        styles[level] = Style(name=f"Heading_20_{level}", displayname=f"Heading {level}", family="paragraph")
        styles[level].addElement(TextProperties(fontsize=size, fontweight="bold"))
        document.styles.addElement(styles[level])
    styles["bold"] = Style(name="Strong", family="text")
    styles["bold"].addElement(TextProperties(fontweight="bold"))
    bullet = ListLevelStyleBullet(level="1", bulletchar="\N{BULLET}")
    number = ListLevelStyleNumber(level="1", numformat="1", numsuffix=".")
    for name, level_style in (("bullet", bullet), ("number", number)):
        level_style.addElement(ListLevelProperties(spacebefore="0.6cm", minlabelwidth="0.6cm"))
        styles[name] = ListStyle(name=name)
        styles[name].addElement(level_style)
    for name in ("bold", "bullet", "number"):
        document.automaticstyles.addElement(styles[name])
    return styles


def _odt_element(block: Block, styles: dict[str, Any]) -> Any:
    match block:
        case Heading(level, text):
            return H(outlinelevel=level, stylename=styles[str(level)], text=typeset(text))
        case Paragraph(text):
            return _odt_paragraph(text, styles)
        case Items(ordered, items):
            entries = List(stylename=styles["number" if ordered else "bullet"])
            for item in items:
                entry = ListItem()
                entry.addElement(_odt_paragraph(item, styles))
                entries.addElement(entry)
            return entries
        case Table(rows):
            return _odt_table(rows, styles)


def _odt_paragraph(text: str, styles: dict[str, Any]) -> Any:
    paragraph = P()
    for part, bold in runs(typeset(text)):
        if bold:
            paragraph.addElement(Span(stylename=styles["bold"], text=part))
        else:
            paragraph.addText(part)
    return paragraph


def _odt_table(rows: list[list[str]], styles: dict[str, Any]) -> Any:
    table = OdfTable()
    for row in rows:
        line = TableRow()
        for text in row:
            cell = TableCell(valuetype="string")
            cell.addElement(_odt_paragraph(text, styles))
            line.addElement(cell)
        table.addElement(line)
    return table


def render_pptx(source: Source) -> bytes:
    """A title slide, then one slide for each `##` section."""
    deck = pptx.Presentation()
    properties = deck.core_properties
    properties.title, properties.author, properties.language = source.title, "Cap Brisecombe", "fr-FR"
    properties.created = properties.modified = datetime.combine(source.day, time(9))
    cover = deck.slides.add_slide(deck.slide_layouts[0])
    cover.shapes.title.text, cover.placeholders[1].text = typeset(source.title), typeset(source.subtitle)
    slide = cover
    for block in source.blocks:
        if isinstance(block, Heading) and block.level == 2:
            slide = deck.slides.add_slide(deck.slide_layouts[1])
            slide.shapes.title.text = typeset(block.text)
        else:
            _add_to_slide(slide, block)
    for placeholder in [p for s in deck.slides for p in s.placeholders if not p.text_frame.text]:
        placeholder.element.getparent().remove(placeholder.element)
    buffer = BytesIO()
    deck.save(buffer)
    return _with_fixed_dates(buffer)


def _add_to_slide(slide: Any, block: Block) -> None:
    match block:
        case Heading(_, text):
            _slide_line(slide, f"**{text}**", 0)
        case Paragraph(text):
            _slide_line(slide, text, 0)
        case Items(_, items):
            for item in items:
                _slide_line(slide, item, 1)
        case Table(rows):
            _slide_table(slide, rows)


def _slide_line(slide: Any, text: str, level: int) -> None:
    frame = slide.placeholders[1].text_frame
    paragraph = frame.add_paragraph() if frame.text else frame.paragraphs[0]
    paragraph.level = level
    for part, bold in runs(typeset(text)):
        run = paragraph.add_run()
        run.text, run.font.bold, run.font.size = part, bold or None, Pt(16)


def _slide_table(slide: Any, rows: list[list[str]]) -> None:
    top = Inches(4.4 if slide.placeholders[1].text_frame.text else 1.8)
    height = Inches(0.35 * len(rows))
    shape = slide.shapes.add_table(len(rows), len(rows[0]), Inches(0.5), top, Inches(9), height)
    for line, row in zip(shape.table.rows, rows, strict=True):
        for cell, text in zip(line.cells, row, strict=True):
            cell.text = typeset(plain(text))
            cell.text_frame.paragraphs[0].font.size = Pt(12)


def _with_fixed_dates(archive: BytesIO) -> bytes:
    """Write the entries again with one date, so that a rebuild gives the same bytes."""
    out = BytesIO()
    with ZipFile(archive) as old, ZipFile(out, "w") as new:
        for name in old.namelist():
            # ODF readers expect `mimetype` first and stored.
            method = ZIP_STORED if name == "mimetype" else ZIP_DEFLATED
            new.writestr(ZipInfo(name, ZIP_DATE), old.read(name), compress_type=method)
    return out.getvalue()
