"""PDF pages whose titles count as the pages do, whose tables follow each other, and whose forms are filled in."""

from collections.abc import Callable
from io import BytesIO

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table

from ingest.documents import Block
from ingest.parse import parse_bytes

FIRST = [["Prestation", "Tarif"], ["Bilan", "1500"], ["VAE", "900"]]
SECOND = [["Pièce", "Délai"], ["CV", "8 jours"], ["Diplôme", "15 jours"]]


def blocks_of(*pages: Callable[[Canvas], None]) -> tuple[Block, ...]:
    canvas = Canvas(buffer := BytesIO(), pagesize=A4)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return parse_bytes(buffer.getvalue(), "a.pdf").blocks


def text(canvas: Canvas, subject: str) -> None:
    canvas.setFont("Helvetica", 11)
    for line in range(10):
        canvas.drawString(60, 700 - 15 * line, f"Ce que dit de {subject} la ligne {'abcdefghij'[line] * 3}.")


def table(canvas: Canvas, rows: list[list[str]], bottom: float, widths: tuple[int, int] = (200, 200)) -> None:
    ruled = Table(rows, colWidths=widths, style=[("GRID", (0, 0), (-1, -1), 1, "black")])
    ruled.wrapOn(canvas, 400, 400)
    ruled.drawOn(canvas, 60, bottom)


def test_titles_that_count_as_the_pages_do_are_kept_and_page_numbers_go() -> None:
    def annexe(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica-Bold", 18)
            canvas.drawString(60, 790, f"Annexe {number}")
            canvas.setFont("Helvetica-Bold", 11)
            canvas.drawString(60, 40, f"Guide de l'accueil - page {number}")
            text(canvas, ("l'accueil", "du tarif", "du dossier")[number - 1])

        return draw

    blocks = blocks_of(*map(annexe, (1, 2, 3)))
    assert [block.text for block in blocks if block.kind == "heading"] == ["Annexe 1", "Annexe 2", "Annexe 3"]
    assert not any("Guide" in block.text for block in blocks)


@pytest.mark.parametrize("running", ["Guide du conseiller - {}", "Guide du conseiller {}/3"])
@pytest.mark.parametrize("height", [30, 800])
def test_bold_lines_that_end_with_a_page_number_go(running: str, height: int) -> None:
    def page(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica-Bold", 12)
            canvas.drawString(60, height, running.format(number))
            text(canvas, ("l'accueil", "du tarif", "du dossier")[number - 1])

        return draw

    assert not any("Guide" in block.text for block in blocks_of(*map(page, (1, 2, 3))))


def low_table(canvas: Canvas) -> None:
    text(canvas, "l'accueil")
    table(canvas, FIRST, 80)


def below_text(canvas: Canvas) -> None:
    text(canvas, "du dossier")
    table(canvas, SECOND, 350)


def of_other_columns(canvas: Canvas) -> None:
    table(canvas, SECOND, 740, (120, 280))


@pytest.mark.parametrize("second", [below_text, of_other_columns])
def test_a_table_that_does_not_go_on_from_the_last_keeps_its_own_header(
    second: Callable[[Canvas], None],
) -> None:
    tables = [block.text for block in blocks_of(low_table, second) if block.kind == "table"]
    assert tables[1].split("\n")[0] == "| Pièce | Délai |"


def test_a_table_goes_on_below_the_running_header_of_its_page() -> None:
    def with_header(draw: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
        def drawn(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 9)
            canvas.drawString(60, 810, "Guide de l'accueil")
            draw(canvas)

        return drawn

    rest = with_header(lambda canvas: table(canvas, [["Atelier", "50"], ["Forum", "0"]], 740))
    *_, last = blocks_of(with_header(low_table), rest)
    assert last.text == "| Prestation | Tarif |\n| --- | --- |\n| Atelier | 50 |\n| Forum | 0 |"


def test_what_a_form_was_filled_with_is_read_in_its_place() -> None:
    def form(canvas: Canvas) -> None:
        for line, (label, value) in enumerate(
            (("Nom de l'organisme", "Cap Brisecombe"), ("Ville", "Vieilmont"))
        ):
            canvas.drawString(60, 700 - 40 * line, f"{label} :")
            canvas.acroForm.textfield(name=label, value=value, x=200, y=690 - 40 * line, width=200, height=20)
        canvas.acroForm.checkbox(name="accord", checked=True, x=60, y=600)

    read = " ".join(block.text for block in blocks_of(form))
    assert read.startswith("Nom de l'organisme : Cap Brisecombe Ville : Vieilmont")


def test_what_a_cell_of_a_form_was_filled_with_is_read_in_its_cell() -> None:
    def form(canvas: Canvas) -> None:
        table(canvas, [["Pièce", "Remise le"], ["Curriculum vitae", ""]], 600)
        canvas.acroForm.textfield(name="cv", value="8 juin", x=265, y=602, width=150, height=14)

    assert blocks_of(form)[-1].text == "| Pièce | Remise le |\n| --- | --- |\n| Curriculum vitae | 8 juin |"


def test_each_of_two_fields_on_a_line_is_read_after_its_label() -> None:
    def form(canvas: Canvas) -> None:
        text(canvas, "la fiche")
        for left, label, value in ((60, "Nom", "Dupont"), (240, "Prénom", "Jean")):
            canvas.drawString(left, 500, f"{label} :")
            canvas.acroForm.textfield(name=label, value=value, x=left + 60, y=494, width=100, height=20)

    assert "Nom : Dupont Prénom : Jean" in " ".join(block.text for block in blocks_of(form))
