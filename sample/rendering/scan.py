"""A scanned PDF: a `Source` goes in, a PDF of skewed, noisy grey page images comes out (no text layer)."""

import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from .source import Block, Heading, Items, Paragraph, Source, Table
from .text import plain, typeset

DPI = 200
PAGE = (round(A4[0] * DPI / 72), round(A4[1] * DPI / 72))
MARGIN, GREY, PAPER = 190, 35, 244
SKEW_DEGREES, NOISE = 0.6, 10
FONTS = Path(reportlab.__file__).parent / "fonts"
Line = tuple[str, int, bool]


def render_scan(source: Source) -> bytes:
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    canvas.setTitle(f"Numérisation {source.reference}")
    for number, lines in enumerate(_pages(_lines(source))):
        canvas.drawImage(ImageReader(_jpeg(_photocopy(_draw(lines), number))), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _lines(source: Source) -> Iterator[Line]:
    yield from _wrap(source.title, 44, True)
    yield from _wrap(source.subtitle, 24, False)
    for block in source.blocks:
        yield ("", 16, False)
        yield from _block_lines(block)


def _block_lines(block: Block) -> Iterator[Line]:
    match block:
        case Heading(_, text):
            yield from _wrap(text, 34, True)
        case Paragraph(text):
            yield from _wrap(text, 28, False)
        case Items(ordered, items):
            for index, item in enumerate(items, 1):
                yield from _wrap(f"{index}. {item}" if ordered else f"- {item}", 28, False)
        case Table(rows):
            for row in rows:
                yield from _wrap(" : ".join(row), 28, False)


def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / ("VeraBd.ttf" if bold else "Vera.ttf")), size)


def _wrap(text: str, size: int, bold: bool) -> Iterator[Line]:
    font, line = _font(size, bold), ""
    for word in plain(typeset(text)).split(" "):
        longer = f"{line} {word}".strip()
        if font.getlength(longer) > PAGE[0] - 2 * MARGIN:
            yield (line, size, bold)
            longer = word
        line = longer
    yield (line, size, bold)


def _pages(lines: Iterator[Line]) -> list[list[Line]]:
    pages: list[list[Line]] = [[]]
    height = 0
    for line in lines:
        height += round(line[1] * 1.5)
        if height > PAGE[1] - 2 * MARGIN:
            pages.append([])
            height = 0
        pages[-1].append(line)
    return pages


def _draw(lines: list[Line]) -> Image.Image:
    page = Image.new("L", PAGE, PAPER)
    pen, top = ImageDraw.Draw(page), MARGIN
    for text, size, bold in lines:
        pen.text((MARGIN, top), text, fill=GREY, font=_font(size, bold))
        top += round(size * 1.5)
    return page


def _photocopy(page: Image.Image, number: int) -> Image.Image:
    """Skew the page and add grain; seeded by page number so that a rebuild gives the same bytes."""
    skewed = page.rotate(SKEW_DEGREES, resample=Image.Resampling.BICUBIC, fillcolor=PAPER - 8)
    noise = random.Random(number)
    small = (PAGE[0] // 4, PAGE[1] // 4)
    specks = bytes(noise.randrange(255 - 6 * NOISE, 256) for _ in range(small[0] * small[1]))
    grain = Image.frombytes("L", small, specks)
    return Image.blend(skewed, grain.resize(PAGE), 0.18)


def _jpeg(page: Image.Image) -> BytesIO:
    buffer = BytesIO()
    page.save(buffer, "JPEG", quality=45, dpi=(DPI, DPI))
    buffer.seek(0)
    return buffer
