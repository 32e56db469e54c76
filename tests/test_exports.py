"""Several exports of France compétences' tables in one folder: the newest of each table is read."""

import os
from datetime import date, datetime
from pathlib import Path

import pytest

from ingest.sources.exports import exported_on
from ingest.sources.records import Remark
from ingest.sources.rncp import read_certifications

HEADER = "Numero_Fiche;Intitule;Date_Fin_Enregistrement"


def write(folder: Path, name: str, *rows: str, header: str = HEADER) -> None:
    (folder / name).write_text("\r\n".join((header, *rows, "")), "utf-8", newline="")


def test_of_two_exports_the_newest_is_read(tmp_path: Path) -> None:
    write(tmp_path, "export_Standard_2025_11_01.csv", "RNCP1;Ancien;01/01/2026", "RNCP2;Retirée;01/01/2028")
    write(tmp_path, "export_Standard_2026_11_01.csv", "RNCP1;Nouveau;01/01/2029", "RNCP3;Créée;")
    rome = "Numero_Fiche;Codes_Rome_Code;Codes_Rome_Libelle"
    write(tmp_path, "export_Rome_2025_11_01.csv", "RNCP1;K1801;Conseil", header=rome)
    said: list[Remark] = []
    found = {one.number: one for one in read_certifications(tmp_path, said.append)}
    assert {number: one.title for number, one in found.items()} == {"RNCP1": "Nouveau", "RNCP3": "Créée"}
    assert found["RNCP1"].ends_on == date(2029, 1, 1)
    assert found["RNCP1"].rome == ("K1801 Conseil",)  # the only export of that table
    [remark] = said
    assert remark.is_note
    assert remark.reason.startswith(
        "« export_Standard_2025_11_01.csv » laissé de côté : « export_Standard_2026"
    )


def test_without_a_date_in_its_name_an_export_is_as_old_as_its_file(tmp_path: Path) -> None:
    for name, title, day in (("a.csv", "Nouveau", 3e8), ("b.csv", "Ancien", 2e8)):
        write(tmp_path, name, f"RNCP1;{title};")
        os.utime(tmp_path / name, (day, day))
    assert [found.title for found in read_certifications(tmp_path)] == ["Nouveau"]


def test_two_tables_of_one_shape_that_name_other_certifications_are_both_read(tmp_path: Path) -> None:
    for name, number in (("rncp_2026_11.csv", "RNCP1"), ("rs_2026_10.csv", "RS1")):
        write(tmp_path, name, f"{number};Titre;")
    assert {found.number for found in read_certifications(tmp_path, pytest.fail)} == {"RNCP1", "RS1"}


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("export_fiches_CSV_Standard_2026_11_20.csv", date(2026, 11, 20)),
        ("export-20261120.csv", date(2026, 11, 20)),
        ("export 20-11-2026.csv", date(2026, 11, 20)),
        ("fiches_2026_11.csv", date(2026, 11, 1)),
        ("fiches_2026.csv", date(2020, 1, 2)),
        ("fiches_2026_02_30.csv", date(2020, 1, 2)),
        ("120261120.csv", date(2020, 1, 2)),
    ],
)
def test_the_day_of_an_export_is_in_its_name(name: str, day: date) -> None:
    assert exported_on(name, datetime(2020, 1, 2, 3)) == day


def test_rows_that_contradict_each_other_are_noted_once(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "RNCP1;A;01/01/2028", "RNCP1;A;01/01/2028", "RNCP1;A;01/01/2029", "RNCP1;B;")
    said: list[Remark] = []
    [found] = read_certifications(tmp_path, said.append)
    assert (found.title, found.ends_on) == ("A", date(2028, 1, 1))
    reason = "RNCP1 : deux lignes différentes dans « a.csv », seule la première est lue"
    assert said == [Remark(reason, is_note=True)]
