"""Scans: their pages are read side by side, in order, within a time; a long one waits when it is asked to."""

import subprocess
import time
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import pypdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import LoadLater, UnreadableFile
from ingest.parse import Limits, ocr, parse_bytes
from ingest.parse.ocr import missing_ocr
from ingest.parse.parsed import IMPATIENT_PAGES

DOCUMENTS = Path(__file__).parents[1] / "sample" / "documents"
needs_ocr = pytest.mark.skipif(missing_ocr() is not None, reason=missing_ocr() or "")


def scan(pages: int) -> bytes:
    """A scanned page, as many times as asked."""
    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.append(next(DOCUMENTS.rglob("PR-024 *.pdf")), pages=(0, 1))
    writer.write(buffer := BytesIO())
    return buffer.getvalue()


@needs_ocr
@pytest.mark.slow
def test_a_long_scan_is_put_off_before_any_of_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_tesseract", refuse)
    began = time.perf_counter()
    with pytest.raises(LoadLater, match=r"200 pages numérisées"):
        parse_bytes(scan(200), "a.pdf", Limits(patient=False))
    assert time.perf_counter() - began < 3


def refuse(*_: object) -> bytes:
    raise AssertionError("no page was to be read")


@needs_ocr
def test_a_short_scan_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_tesseract", page_after(0))
    assert parse_bytes(scan(IMPATIENT_PAGES), "a.pdf", Limits(patient=False)).blocks


def test_without_ocr_a_long_scan_does_not_wait() -> None:
    with pytest.raises(UnreadableFile, match="désactivé"):
        parse_bytes(scan(5), "a.pdf", Limits(ocr=False, patient=False))


def page_after(seconds: float) -> Callable[..., bytes]:
    """What tesseract would give, after a while; its text is the page's number."""

    def tesseract(image: "ocr._Image", allowed: float) -> bytes:
        time.sleep(max(0, min(seconds, allowed)))
        if allowed < seconds:
            raise subprocess.TimeoutExpired("tesseract", allowed)
        words = f"Texte de la page {image.number}."
        return f'<span class="ocr_line" title="bbox 100 900 900 950; x_size 30">{words}</span>'.encode()

    return tesseract


@needs_ocr
@pytest.mark.slow
def test_pages_are_read_side_by_side_and_stay_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr.os, "sched_getaffinity", lambda _: set(range(4)))
    monkeypatch.setattr(ocr, "_tesseract", page_after(0.8))
    data = scan(8)
    began = time.perf_counter()
    blocks = parse_bytes(data, "a.pdf").blocks
    assert time.perf_counter() - began < 0.6 * 8 * 0.8
    assert [block.page for block in blocks] == list(range(1, 9))
    assert [block.text for block in blocks] == [f"Texte de la page {number}." for number in range(1, 9)]


@needs_ocr
def test_the_time_of_all_the_pages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_tesseract", page_after(0.2))
    monkeypatch.setattr(ocr.os, "sched_getaffinity", lambda _: {0})
    began = time.perf_counter()
    with pytest.raises(UnreadableFile, match=r"a dépassé 0\.5 secondes à la page \d"):
        parse_bytes(scan(12), "a.pdf", Limits(max_ocr_seconds=0.5))
    assert time.perf_counter() - began < 2


@needs_ocr
def test_the_time_of_one_page_is_bounded() -> None:
    with pytest.raises(UnreadableFile, match=r"de la page 1 a dépassé 0\.05 secondes"):
        parse_bytes(scan(1), "a.pdf", Limits(ocr_seconds_per_page=0.05))


STAMP = (
    "Envoyé en préfecture le 12/03/2026",
    "Reçu en préfecture le 12/03/2026",
    "ID : 075-21750001-DEL2026",
)


def stamped(
    lines: Sequence[str], pages: int = 1, text_mode: int = 0, height: float = A4[1], first: bool = False
) -> bytes:
    """A scanned page, with text over it at its top right, or under it when drawn `first`, and a small picture."""
    image = ImageReader(scanned_image())
    canvas = Canvas(buffer := BytesIO(), pagesize=A4)
    for _ in range(pages):
        for step in ("text", "image") if first else ("image", "text"):
            if step == "image":
                canvas.drawImage(image, 0, A4[1] - height, A4[0], height)
                continue
            text = canvas.beginText(420, 770)
            text.setFont("Helvetica", 7)
            text.setTextRenderMode(text_mode)
            text.textLines(list(lines))
            canvas.drawText(text)
            canvas.drawImage(image, 60, 20, 40, 40)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def scanned_image() -> Image.Image:
    with pypdfium2.PdfDocument(scan(1)) as document:
        image: Image.Image = document[0].render(scale=2.5, grayscale=True).to_pil()
        return image


@needs_ocr
@pytest.mark.slow
def test_a_stamped_scan_is_read_with_its_stamp_once() -> None:
    text = " ".join(block.text for block in parse_bytes(stamped(STAMP), "a.pdf").blocks)
    assert "Sécurité des locaux et évacuation" in text
    assert "alarme" in text
    assert [text.count(line) for line in STAMP] == [1, 1, 1]
    assert text.lower().count("fecture le 12") == 2


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(lambda: stamped(STAMP * 6), id="much text"),
        pytest.param(lambda: stamped(STAMP, text_mode=3), id="invisible text"),
        pytest.param(lambda: stamped(STAMP, first=True), id="text behind the image"),
        pytest.param(lambda: stamped(STAMP, height=0.4 * A4[1]), id="a picture on the page"),
    ],
)
@needs_ocr
def test_a_page_whose_text_is_there_is_not_read_again(
    page: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "_tesseract", refuse)
    assert STAMP[0] in parse_bytes(page(), "a.pdf").blocks[0].text


def test_without_ocr_a_stamped_scan_gives_its_stamp_and_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    blocks = parse_bytes(stamped(STAMP), "a.pdf", Limits(ocr=False)).blocks
    assert " ".join(block.text for block in blocks) == " ".join(STAMP)
    assert "Images des pages [1] laissées de côté : l'OCR est désactivé" in caplog.text


def test_without_ocr_scans_whose_stamp_is_their_only_text_are_refused() -> None:
    with pytest.raises(UnreadableFile, match=r"numérisé.*désactivé"):
        parse_bytes(stamped(STAMP, pages=2), "a.pdf", Limits(ocr=False))


@needs_ocr
def test_a_page_with_text_keeps_it_when_its_image_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    blocks = parse_bytes(stamped(STAMP), "a.pdf", Limits(ocr_seconds_per_page=0.01)).blocks
    assert " ".join(block.text for block in blocks) == " ".join(STAMP)
    assert "Image de la page 1 laissée de côté" in caplog.text


@needs_ocr
def test_stamped_scans_that_ocr_fails_to_read_are_refused_with_its_reason() -> None:
    with pytest.raises(UnreadableFile, match=r"numérisé.*OCR"):
        parse_bytes(stamped(STAMP, pages=3), "a.pdf", Limits(max_ocr_seconds=0.01, patient=False))


def slides(draw: Callable[[Canvas, ImageReader, int], None]) -> bytes:
    canvas = Canvas(buffer := BytesIO(), pagesize=(960, 540))
    image = ImageReader(Image.new("L", (96, 54), 200))
    for number in range(3):
        draw(canvas, image, number)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def over_a_background(canvas: Canvas, image: ImageReader, number: int) -> None:
    canvas.drawImage(image, 0, 0, 960, 540)
    for line in range(5):
        canvas.drawString(
            80, 400 - 40 * line, f"Le point {line} de la diapositive {number}, pour les conseillers"
        )


def beside_a_pile_of_pictures(canvas: Canvas, image: ImageReader, number: int) -> None:
    canvas.drawString(640, 300, "Ce que montrent les photos")
    for left in (40, 100, 160):
        canvas.drawImage(image, left, 40, 440, 380)


@pytest.mark.parametrize("draw", [over_a_background, beside_a_pile_of_pictures])
@needs_ocr
def test_slides_are_no_scans(
    draw: Callable[[Canvas, ImageReader, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "_image", refuse)
    assert parse_bytes(slides(draw), "a.pdf").blocks


@needs_ocr
def test_the_printed_labels_of_a_scanned_form_are_read_without_its_values() -> None:
    page = Image.new("L", (1654, 2339), 255)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=36)
    canvas = Canvas(buffer := BytesIO(), pagesize=A4)
    draw.text((167, 250), "Fiche d'inscription du candidat", 0, font)
    for line, (label, value) in enumerate((("Nom", "Dupont Martin"), ("Ville", "Bourg-en-Bresse"))):
        draw.text((167, 400 + 150 * line), f"{label} :", 0, font)
        canvas.acroForm.textfield(name=label, value=value, x=120, y=680 - 54 * line, width=200, height=24)
    canvas.drawImage(ImageReader(page), 0, 0, *A4)
    canvas.save()
    text = " ".join(block.text for block in parse_bytes(buffer.getvalue(), "a.pdf").blocks)
    assert [text.count(word) for word in ("Nom :", "Ville :", "Dupont", "Bourg")] == [1, 1, 1, 1]


@needs_ocr
@pytest.mark.parametrize(("pages", "put_off"), [(IMPATIENT_PAGES + 1, False), (21, True)])
def test_pages_with_text_are_put_off_only_when_many(
    pages: int, put_off: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "_tesseract", page_after(0))
    data = stamped(STAMP, pages=pages)
    if put_off:
        with pytest.raises(LoadLater, match="21 pages"):
            parse_bytes(data, "a.pdf", Limits(patient=False))
    else:
        assert parse_bytes(data, "a.pdf", Limits(patient=False)).blocks
