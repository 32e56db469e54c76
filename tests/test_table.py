"""The reader of catalogues in tables, on small files made here."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import pytest
from openpyxl import Workbook

from ingest.sources.records import Remark
from ingest.sources.table import read_table
from ingest.sources.training import CatalogueError, MissingColumnError, TrainingSession
from tests.training_files import CSV_COLUMNS, CSV_HEADER, CSV_ROW, write_csv


class TestReadTable:
    @pytest.mark.parametrize(
        ("encoding", "separator"), [("cp1252", ";"), ("utf-8-sig", ";"), ("utf-8", "\t"), ("cp1252", "|")]
    )
    def test_finds_encoding_and_separator(self, tmp_path: Path, encoding: str, separator: str) -> None:
        rows = [line.replace(";", separator) for line in (CSV_HEADER, CSV_ROW)]
        path = write_csv(tmp_path / "a.csv", rows[1], header=rows[0], encoding=encoding)
        (session,) = read_table(path, CSV_COLUMNS, pytest.fail)
        assert (session.title, session.provider, session.place) == ("Métallier", "École", "Ellien")
        assert (session.starts_on, session.ends_on) == (date(2027, 1, 12), date(2027, 6, 30))
        assert (session.duration_hours, session.price_euros) == (35.5, 1250.5)
        assert (session.postal_code, session.level, session.cpf) == ("01000", 4, True)
        assert session.mode == "présentiel"

    def test_header_is_found_below_a_title_whatever_its_case_and_order(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", "", "VILLE; intitule ", "Ellien;Maçon", header="Catalogue;2027")
        (session,) = read_table(path, {"title": "Intitulé", "place": "Ville"})
        assert (session.title, session.place) == ("Maçon", "Ellien")

    def test_quoted_cell_keeps_its_lines(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", '"Maçon";"- Murs\r\n- Enduits"', header="Intitulé;Programme")
        (session,) = read_table(path, {"title": "Intitulé", "programme": "Programme"})
        assert session.programme == "- Murs\n- Enduits"

    def test_missing_columns_are_named(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", "Maçon;Ellien", header="Intitulé;Ville")
        columns = {"title": "Intitulé", "starts_on": "Date de début", "ends_on": "Date de fin"}
        with pytest.raises(MissingColumnError, match="« Date de début », « Date de fin »") as caught:
            list(read_table(path, columns))
        assert isinstance(caught.value, ValueError)

    def test_a_wrong_mapping_is_refused(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv")
        with pytest.raises(CatalogueError, match="couleur"):
            list(read_table(path, {"title": "Intitulé", "couleur": "Couleur"}))
        with pytest.raises(CatalogueError, match="intitulé"):
            list(read_table(path, {"place": "Ville"}))

    @pytest.mark.parametrize(
        ("written", "meant"),
        [("titel", "title"), ("start_on", "starts_on"), ("intitulé", "title"), ("Organisme", "provider")],
    )
    def test_a_wrong_field_is_answered_with_the_nearest(
        self, tmp_path: Path, written: str, meant: str
    ) -> None:
        with pytest.raises(CatalogueError, match=f"« {written} » .vouliez-vous dire « {meant} »") as caught:
            list(read_table(write_csv(tmp_path / "a.csv"), {"title": "Intitulé", written: "Ville"}))
        assert "certification_code" in str(caught.value)

    def test_a_missing_header_is_answered_with_the_nearest_and_those_of_the_file(
        self, tmp_path: Path
    ) -> None:
        path = write_csv(tmp_path / "a.csv", "Maçon;12/01/2027;Ellien", header="Intitulé;Date debut;Ville")
        columns = {"title": "Intitulé", "starts_on": "Date de début", "price_euros": "Tarif"}
        with pytest.raises(MissingColumnError) as caught:
            list(read_table(path, columns))
        assert str(caught.value) == (
            "a.csv : colonnes absentes : « Date de début » (la plus proche : « Date debut »), « Tarif ». "
            "En-têtes du fichier : « Intitulé », « Date debut », « Ville »."
        )

    def test_headers_are_listed_even_when_none_is_mapped(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", "Name;Town", "Mason;Ellien", header="Catalogue 2027;")
        with pytest.raises(MissingColumnError, match="En-têtes du fichier : « Name », « Town »"):
            list(read_table(path, {"title": "Intitulé"}))

    def test_rows_of_two_encodings_glued_together_are_both_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_bytes("Intitulé\nTôlier\n".encode() + "Métallier\n".encode("cp1252"))
        titles = [session.title for session in read_table(tmp_path / "a.csv", {"title": "Intitulé"})]
        assert titles == ["Tôlier", "Métallier"]

    def test_lines_that_end_as_on_old_macintoshes_are_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_bytes(b"Titre\rUn\rDeux\r")
        assert [s.title for s in read_table(tmp_path / "a.csv", {"title": "Titre"})] == ["Un", "Deux"]

    def test_bad_rows_are_reported_with_their_line(self, tmp_path: Path) -> None:
        bad_date = CSV_ROW.replace("12/01/2027", "31/02/2027")
        bad_price = CSV_ROW.replace("1 250,50 €", "sur devis").replace("12/01/2027", "à définir")
        said: list[Remark] = []
        path = write_csv(tmp_path / "a.csv", bad_date, ";;;", bad_price, CSV_ROW)
        first, second = read_table(path, CSV_COLUMNS, said.append)
        assert said == [
            Remark("ligne 2 : date illisible « 31/02/2027 »"),
            Remark("ligne 4 : prix illisible : « sur devis »", is_note=True),
        ]
        assert (first.price_euros, first.starts_on) == (None, None)
        assert second.starts_on == date(2027, 1, 12)

    @pytest.mark.parametrize(
        "written",
        [
            "2027-03-01",
            "2027-03-01 00:00:00",
            "01.03.2027",
            "01/03/27",
            "20270301",
            "1er mars 2027",
            "lundi 1 mars 2027",
        ],
    )
    def test_dates_as_people_write_them(self, tmp_path: Path, written: str) -> None:
        path = write_csv(tmp_path / "a.csv", f"Maçon;{written}", header="Intitulé;Début")
        (session,) = read_table(path, {"title": "Intitulé", "starts_on": "Début"})
        assert session.starts_on == date(2027, 3, 1)

    @pytest.mark.parametrize(
        ("written", "level"),
        [
            ("Niveau 5 (bac +2)", 5),
            ("bac +5 (niveau 7)", 7),
            ("Niveau : 5", 5),
            ("NIV5", 5),
            ("V", 3),
            ("V bis", None),
            ("Sans niveau", None),
        ],
    )
    def test_levels_as_people_write_them(self, tmp_path: Path, written: str, level: int | None) -> None:
        path = write_csv(tmp_path / "a.csv", f"Maçon;{written}", header="Intitulé;Niveau")
        (session,) = read_table(path, {"title": "Intitulé", "level": "Niveau"})
        assert session.level == level

    def test_workbook_with_several_sheets_and_kinds_of_dates(self, tmp_path: Path) -> None:
        book = Workbook()
        book.active.append(["Lisez-moi"])
        sheet = book.create_sheet("Sessions")
        sheet.append(["Catalogue 2027"])
        sheet.append([None, "Intitulé", "Début", "CP", "Prix"])
        for start in (datetime(2027, 1, 12), "12/01/2027", 46399):
            sheet.append([None, f"Maçon {start}", start, 1000.0, 1250])
        book.save(tmp_path / "a.xlsx")
        columns = {"title": "Intitulé", "starts_on": "Début", "postal_code": "CP", "price_euros": "Prix"}
        sessions = list(read_table(tmp_path / "a.xlsx", columns, pytest.fail))
        assert [session.starts_on for session in sessions] == [date(2027, 1, 12)] * 3
        assert {(session.postal_code, session.price_euros) for session in sessions} == {("01000", 1250.0)}

    def test_an_unreadable_file_is_a_clear_error(self, tmp_path: Path) -> None:
        (tmp_path / "a.xlsx").write_bytes(b"pas un classeur")
        with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
            archive.writestr("autre.txt", "")
        (tmp_path / "c.csv").write_bytes(b"Intitul\x81;\xff\x8d")
        (tmp_path / "d.csv").write_bytes(b"")
        for name in ("a.xlsx", "b.xlsx", "c.csv", "d.csv"):
            with pytest.raises(CatalogueError, match=name):
                list(read_table(tmp_path / name, {"title": "Intitulé"}))

    def test_rows_come_one_by_one(self, tmp_path: Path) -> None:
        path = write_csv(tmp_path / "a.csv", *(f"Titre {n}" for n in range(1000)), header="Intitulé")
        sessions: Iterator[TrainingSession] = read_table(path, {"title": "Intitulé"})
        assert [session.title for session in islice(sessions, 2)] == ["Titre 0", "Titre 1"]
