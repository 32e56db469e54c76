"""PDF with a text layer: a `Source` goes in, the bytes of a one-column or two-column PDF come out."""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    ListFlowable,
    ListItem,
    PageTemplate,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

from .source import Block, Heading, Items, Paragraph, Source, Table
from .text import plain, runs, typeset

MARGIN, GUTTER = 20 * mm, 8 * mm
CELL_PADDING, LONGEST_SHARE = 5, 45
NAVY = colors.HexColor("#1d3a5f")
BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=13.5, spaceAfter=5)
CELL = ParagraphStyle("cell", parent=BODY, fontSize=9, leading=11, spaceAfter=0)
HEAD_CELL = ParagraphStyle("head-cell", parent=CELL, fontName="Helvetica-Bold")
NOTE = ParagraphStyle("note", parent=BODY, fontName="Helvetica-Oblique", fontSize=8.5, spaceAfter=8)
TITLES = {
    level: ParagraphStyle(
        f"title-{level}",
        fontName="Helvetica-Bold",
        fontSize=size,
        leading=size * 1.2,
        spaceBefore=size * 0.6,
        spaceAfter=4,
        textColor=NAVY,
        keepWithNext=1,
    )
    for level, size in {1: 18, 2: 13, 3: 11}.items()
}


def render_pdf(source: Source) -> bytes:
    """One column, a running header and page numbers, as a word processor exports it."""
    return _build(source, columns=1, body=BODY)


def render_columns(source: Source) -> bytes:
    """Two justified columns in a serif face, as a printed bulletin."""
    serif = ParagraphStyle(
        "serif", parent=BODY, fontName="Times-Roman", fontSize=9.5, leading=12, alignment=TA_JUSTIFY
    )
    return _build(source, columns=2, body=serif)


def _build(source: Source, columns: int, body: ParagraphStyle) -> bytes:
    buffer = BytesIO()
    document = BaseDocTemplate(
        buffer,
        pagesize=A4,
        invariant=1,
        title=f"{source.reference} {source.title}",
        author="Cap Brisecombe",
        subject="Document interne",
        creator="Cap Brisecombe",
        lang="fr-FR",
    )
    template = PageTemplate(frames=_frames(columns), onPage=_running_lines(source.reference))
    document.addPageTemplates(template)
    width = _column_width(columns)
    story: list[Flowable] = [_text(source.title, TITLES[1]), _text(source.subtitle, NOTE)]
    for block in source.blocks:
        story.extend(_flowables(block, body, width))
    document.build(story)
    return buffer.getvalue()


def _column_width(columns: int) -> float:
    return float((A4[0] - 2 * MARGIN - (columns - 1) * GUTTER) / columns)


def _frames(columns: int) -> list[Frame]:
    width, height = _column_width(columns), A4[1] - 2 * MARGIN - 10 * mm
    return [
        Frame(MARGIN + i * (width + GUTTER), MARGIN + 4 * mm, width, height, 0, 0, 0, 0)
        for i in range(columns)
    ]


def _running_lines(reference: str) -> Callable[[Any, Any], None]:
    def draw(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.setFillGray(0.35)
        canvas.drawString(MARGIN, A4[1] - 14 * mm, f"Cap Brisecombe \N{EM DASH} {reference}")
        canvas.drawCentredString(A4[0] / 2, 12 * mm, f"Page {document.page}")

    return draw


def _flowables(block: Block, body: ParagraphStyle, width: float) -> list[Flowable]:
    match block:
        case Heading(level, text):
            return [_text(text, TITLES[level])]
        case Paragraph(text):
            return [_text(text, body)]
        case Items(ordered, items):
            return [_list(ordered, items, body)]
        case Table(rows):
            return [_grid(rows, width), Spacer(1, 8)]


def _list(ordered: bool, items: list[str], body: ParagraphStyle) -> ListFlowable:
    entries = [ListItem(_text(item, body), spaceAfter=2) for item in items]
    bullet = {"bulletType": "1", "bulletFormat": "%s."} if ordered else {"bulletType": "bullet"}
    return ListFlowable(entries, leftIndent=14, bulletFontSize=9, **bullet)


def _grid(rows: list[list[str]], width: float) -> Grid:
    cells = [[_text(cell, CELL if i else HEAD_CELL) for cell in row] for i, row in enumerate(rows)]
    grid = Grid(cells, colWidths=_widths(rows, width), repeatRows=1, hAlign="LEFT")
    grid.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e3e9f1")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), CELL_PADDING),
                ("RIGHTPADDING", (0, 0), (-1, -1), CELL_PADDING),
            ]
        )
    )
    return grid


def _widths(rows: list[list[str]], width: float) -> list[float]:
    """Give each column room for its longest word, then share what is left by its longest cell."""
    columns = [[typeset(plain(cell)) for cell in column] for column in zip(*rows, strict=True)]
    words = [[word for cell in column for word in cell.split(" ")] for column in columns]
    least = [max(_word_width(word) for word in column) + 2 * CELL_PADDING + 1 for column in words]
    shares = [min(max(map(len, column)), LONGEST_SHARE) for column in columns]
    spare = max(width - sum(least), 0)
    return [low + spare * share / sum(shares) for low, share in zip(least, shares, strict=True)]


def _word_width(word: str) -> float:
    return float(stringWidth(word, HEAD_CELL.fontName, HEAD_CELL.fontSize))


def _text(text: str, style: ParagraphStyle) -> Text:
    marked = [f"<b>{escape(part)}</b>" if bold else escape(part) for part, bold in runs(typeset(text))]
    return Text("".join(marked), style)
