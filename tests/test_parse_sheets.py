"""Tables as files: the header is found below remarks and over merged cells, numbers are written in full."""

import zipfile
from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest

from ingest.parse import parse_bytes
from ingest.parse.sheet import cell_text


def workbook(rows: Sequence[Sequence[object]], *merged: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for cells in merged:
        sheet.merge_cells(cells)
    book.save(buffer := BytesIO())
    return buffer.getvalue()


def read(rows: Sequence[Sequence[object]], *merged: str) -> list[str]:
    return [block.text for block in parse_bytes(workbook(rows, *merged), "a.xlsx").blocks[1:]]


def read_csv(text: str) -> list[str]:
    return [block.text for block in parse_bytes(text.encode(), "a.csv").blocks]


def test_a_remark_of_two_cells_above_the_header_is_not_the_header() -> None:
    rows: list[list[object]] = [["Mise à jour", "12/03/2026"], [], ["Prestation", "Tarif", "Lieu"]]
    assert read([*rows, ["Bilan", 1500, "Lyon"], ["VAE", 900, None]]) == [
        "Mise à jour ; 12/03/2026",
        "Prestation : Bilan ; Tarif : 1500 ; Lieu : Lyon",
        "Prestation : VAE ; Tarif : 900",
    ]


def test_a_label_and_its_value_are_not_the_header_of_a_table_as_wide() -> None:
    assert read_csv("Mise à jour :;12/03/2026\nPrestation;Tarif\nBilan;1500\n") == [
        "Mise à jour : 12/03/2026",
        "Prestation : Bilan ; Tarif : 1500",
    ]


def test_a_form_of_labels_and_values_needs_no_header() -> None:
    assert read_csv("Nom :;Durand\nTéléphone :;02 98 00 00 00\n") == [
        "Nom : Durand",
        "Téléphone : 02 98 00 00 00",
    ]


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("Prestation;Tarif;", "Prestation : Bilan ; Tarif : 1500 ; à revoir"),
        (";Tarif;Remarque", "Bilan ; Tarif : 1500 ; Remarque : à revoir"),
        ("Prestation;;Remarque", "Prestation : Bilan ; 1500 ; Remarque : à revoir"),
    ],
)
def test_a_header_that_leaves_a_column_without_a_name_is_still_the_header(header: str, read: str) -> None:
    assert read_csv(f"{header}\nBilan;1500;à revoir\nVAE;900;aussi\n")[0] == read


def test_a_table_whose_rows_are_sparse_keeps_its_header() -> None:
    assert read_csv("a;b;c;d\n1;;;\n;2;;\n;2;3;\n") == ["a : 1", "b : 2", "b : 2 ; c : 3"]


def test_a_header_of_two_rows_gives_both_names() -> None:
    rows: list[list[object]] = [
        ["Tarifs des prestations"],
        ["Prestation", 2025, None, 2026],
        [None, "Public", "Salarié", "Public", "Salarié"],
        ["Bilan", 1000, 1200, 1500, 1600],
    ]
    record = "Prestation : Bilan ; 2025 Public : 1000 ; 2025 Salarié : 1200 ; 2026 Public : 1500 ; 2026 Salarié : 1600"
    merged = ["A1:E1", "B2:C2", "D2:E2"]
    assert read(rows, *merged) == read(rows, "A2:A3", *merged) == ["Tarifs des prestations", record]


def test_the_first_record_below_a_merged_header_is_not_taken_for_a_second_header() -> None:
    rows: list[list[object]] = [
        ["Centre", "Contact", None],
        ["Brest", "Durand", "accueil"],
        ["Lyon", "Martin", "accueil"],
    ]
    assert read(rows, "B1:C1")[0] == "Centre : Brest ; Contact : Durand ; Contact : accueil"


def test_cells_merged_over_several_rows_are_repeated_in_each_record() -> None:
    rows: list[list[object]] = [
        ["Région", "Centre", "Prix"],
        ["Bretagne", "Brest", 10],
        [None, "Rennes", 20],
        [None, "Nulle part", 5],
    ]
    assert read(rows, "A2:A3") == [
        "Région : Bretagne ; Centre : Brest ; Prix : 10",
        "Région : Bretagne ; Centre : Rennes ; Prix : 20",
        "Centre : Nulle part ; Prix : 5",
    ]


def test_merged_cells_over_empty_rows_make_no_record() -> None:
    assert len(read([["Région", "Centre"], ["Bretagne", "Brest"]], "A2:A1000")) == 1


def test_a_sheet_that_claims_to_end_early_is_read_to_its_end() -> None:
    honest = BytesIO(workbook([["Lieu", "Jour"], ["Brest", "lundi"]]))
    with zipfile.ZipFile(honest) as archive, zipfile.ZipFile(buffer := BytesIO(), "w") as changed:
        for name in archive.namelist():
            lying = archive.read(name).replace(b'<dimension ref="A1:B2"', b'<dimension ref="A1:A1"')
            changed.writestr(name, lying)
    assert b'ref="A1:A1"' in zipfile.ZipFile(buffer).read("xl/worksheets/sheet1.xml")
    assert parse_bytes(buffer.getvalue(), "a.xlsx").blocks[1].text == "Lieu : Brest ; Jour : lundi"


def test_a_number_whose_style_is_not_in_the_file_is_read() -> None:
    styled = BytesIO(workbook([["Poste", "Prix"], ["Budget", 1500]]))
    with zipfile.ZipFile(styled) as archive, zipfile.ZipFile(buffer := BytesIO(), "w") as changed:
        for name in archive.namelist():
            changed.writestr(name, archive.read(name).replace(b'<c r="B2"', b'<c s="9" r="B2"'))
    assert parse_bytes(buffer.getvalue(), "a.xlsx").blocks[1].text == "Poste : Budget ; Prix : 1500"


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (12345678901.5, "General", "12345678901,5"),
        (1e22, "General", "10000000000000000000000"),
        (0.0000012, "General", "0,0000012"),
        (0.1 + 0.2, "General", "0,3"),
        (1200.0, "# ##0.00", "1200"),
        (0.15, "0%", "15 %"),
        (0.07, "0\\ %", "7 %"),
        (0.055, "0%", "5,5 %"),
        (1 / 3, "0.00%", "33,33 %"),
        (1, "0%", "100 %"),
        (12.5, '0.0" %"', "12,5"),
        (-0.02, "0%;[Red]-0%", "-2 %"),
    ],
)
def test_numbers_are_written_in_full_and_percentages_as_such(
    value: float, number_format: str, text: str
) -> None:
    assert cell_text(value, number_format) == text


def test_a_percentage_of_a_workbook_is_read_as_it_shows() -> None:
    book = openpyxl.load_workbook(BytesIO(workbook([["Poste", "Taux"], ["Budget", 0.15]])))
    book.worksheets[0]["B2"].number_format = "0%"
    book.save(buffer := BytesIO())
    assert parse_bytes(buffer.getvalue(), "a.xlsx").blocks[1].text == "Poste : Budget ; Taux : 15 %"


def test_a_header_of_three_names_over_wider_rows_of_text_is_the_header() -> None:
    rows: list[list[object]] = [
        ["Dupont", "Jean", "RH", "Lyon", "Plein"],
        ["Petit", "Luc", "SI", "Nice", "Partiel"],
    ]
    assert (
        read([["Nom", "Prénom", "Service"], *rows])[0]
        == "Nom : Dupont ; Prénom : Jean ; Service : RH ; Lyon ; Plein"
    )


def test_titles_of_two_cells_above_a_wider_header_are_not_the_header() -> None:
    table = "Intitulé;Lieu;Durée;Tarif\nCAP;Lyon;350 h;1200 €\nBTS;Nice;700 h;2400 €\n"
    assert (
        read_csv(f"Catalogue;Version de mars\n{table}")[1]
        == "Intitulé : CAP ; Lieu : Lyon ; Durée : 350 h ; Tarif : 1200 €"
    )


def test_a_header_whose_first_name_ends_with_a_colon_is_the_header() -> None:
    assert read_csv("Question :;Réponse\nQuelle durée ?;3 mois\nQuel coût ?;Gratuit\n") == [
        "Question : Quelle durée ? ; Réponse : 3 mois",
        "Question : Quel coût ? ; Réponse : Gratuit",
    ]
    assert read_csv("Contact :;Durand\nPrestation;Tarif\nBilan;1500\nVAE;900\n")[:2] == [
        "Contact : Durand",
        "Prestation : Bilan ; Tarif : 1500",
    ]


def test_a_long_text_merged_over_many_rows_is_written_once() -> None:
    rows: list[list[object]] = [["Programme", "Session"], ["texte " * 40, "S1"], [None, "S2"]]
    assert read(rows, "A2:A3")[1] == "Session : S2"


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1000, "00000", "01000"),
        (612345678, '0#" "##" "##" "##" "##', "06 12 34 56 78"),
        (612345678, "0#\\ ##\\ ##\\ ##\\ ##", "06 12 34 56 78"),
        (33612345678, "0# ## ## ## ##", "336 12 34 56 78"),
        (1500, "0", "1500"),
        (1500, "#,##0", "1500"),
        (-5, "000", "-5"),
        (timedelta(hours=35), "[h]:mm", "35:00"),
        (-timedelta(minutes=90, seconds=5), "[h]:mm", "-1:30:05"),
        (1e27, "0%", f"1{'0' * 29} %"),
    ],
)
def test_numbers_keep_the_zeros_and_hours_that_their_format_shows(
    value: object, number_format: str, text: str
) -> None:
    assert cell_text(value, number_format) == text
