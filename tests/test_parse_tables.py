"""Ruled tables of PDFs: the lines of a page enclose cells, merged ones included; each word stands in its own."""

from collections.abc import Sequence
from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table, TableStyle

from ingest.parse import parse_bytes
from ingest.parse.pdf_grid import Segment, find_grids


def pages(*tables: Table, top: float = 700) -> list[str]:
    """Draw each table on a page of its own, and give the tables that are read."""
    canvas = Canvas(buffer := BytesIO(), pagesize=A4)
    for table in tables:
        canvas.drawString(60, 760, "Voici ce que prévoit la convention.")
        _, height = table.wrapOn(canvas, 450, 700)
        table.drawOn(canvas, 60, top - height)
        canvas.showPage()
    canvas.save()
    return [block.text for block in parse_bytes(buffer.getvalue(), "a.pdf").blocks if block.kind == "table"]


def table(rows: Sequence[Sequence[str]], *styles: tuple[object, ...]) -> Table:
    return Table(
        rows,
        colWidths=[110] * len(rows[0]),
        style=TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black"), *styles]),
    )


def test_merged_cells_leave_their_place_empty_and_lines_of_a_cell_are_joined() -> None:
    rows = [
        ["Région", "Lieu", "Durée"],
        ["Ouest", "Brest\nsur mer", "3 j"],
        ["", "Nan-\ntes", "4 j"],
        ["Total", "", "7 j"],
    ]
    merged = table(rows, ("SPAN", (0, 1), (0, 2)), ("SPAN", (0, 3), (1, 3)))
    assert pages(merged) == [
        "| Région | Lieu | Durée |\n| --- | --- | --- |\n| Ouest | Brest sur mer | 3 j |\n|  | Nantes | 4 j |"
        "\n| Total |  | 7 j |"
    ]


def test_cells_that_are_filled_rectangles_are_cells() -> None:
    rows = [["Action", "Durée"], ["Bilan", "24 h"], ["VAE", "20 h"]]
    filled = Table(
        rows, colWidths=[110, 110], style=TableStyle([("BACKGROUND", (0, 0), (-1, -1), "lightgrey")])
    )
    boxed = table(rows, ("BACKGROUND", (0, 0), (-1, 0), "grey"))
    assert pages(boxed) == ["| Action | Durée |\n| --- | --- |\n| Bilan | 24 h |\n| VAE | 20 h |"]
    assert pages(filled) == []


def test_a_table_that_goes_on_on_the_next_page_has_its_header_again() -> None:
    tall = table([["Action", "Durée"], *([f"Action {n}", f"{n} h"] for n in range(30))])
    rest = table([["Dernière", "99 h"], ["Fin", "100 h"]])
    first, second = pages(tall, rest)
    assert first.split("\n")[0] == second.split("\n")[0] == "| Action | Durée |"
    assert second.split("\n")[2:] == ["| Dernière | 99 h |", "| Fin | 100 h |"]


def test_a_word_is_in_the_cell_where_most_of_it_lies() -> None:
    canvas = Canvas(buffer := BytesIO(), pagesize=A4)
    canvas.grid([60, 160, 260], [600, 620, 640])
    for x, y, text in ((165, 625, "Durée"), (62, 605, "Bilan"), (62, 625, "Action"), (162, 605, "24 h")):
        canvas.drawString(x, y, text)
    canvas.save()
    [block] = parse_bytes(buffer.getvalue(), "a.pdf").blocks
    assert block.text == "| Action | Durée |\n| --- | --- |\n| Bilan | 24 h |"


@given(
    widths=st.lists(st.floats(10, 80), min_size=1, max_size=6),
    heights=st.lists(st.floats(10, 40), min_size=1, max_size=8),
    shift=st.floats(-0.9, 0.9),
)
def test_lines_that_nearly_meet_enclose_every_cell(
    widths: list[float], heights: list[float], shift: float
) -> None:
    grids = find_grids(ruled(widths, heights, shift))
    if len(widths) * len(heights) == 1:
        assert grids == []
        return
    [rows] = grids
    assert [len(row) for row in rows] == [len(widths)] * len(heights)
    assert all(cell is not None for row in rows for cell in row)


def ruled(widths: list[float], heights: list[float], shift: float) -> list[Segment]:
    """The lines of a grid, each drawn in two pieces, the second a little aside."""
    xs, ys = ([50 + sum(sizes[:n]) for n in range(len(sizes) + 1)] for sizes in (widths, heights))
    middle_x, middle_y = (xs[0] + xs[-1]) / 2, (ys[0] + ys[-1]) / 2
    upright = [
        (x + aside, a, x + aside, b)
        for x in xs
        for a, b, aside in ((ys[0], middle_y, 0), (middle_y, ys[-1], shift))
    ]
    level = [
        (a, y + aside, b, y + aside)
        for y in ys
        for a, b, aside in ((xs[0], middle_x, 0), (middle_x, xs[-1], shift))
    ]
    return [*upright, *level]
