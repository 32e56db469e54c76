"""A catalogue as a source, odd cells and hostile files included: what is kept, noted, left out, and removed."""

import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from ingest.attributes import stored
from ingest.documents import Document, Kind, Status, Validity
from ingest.errors import UnreadableFile
from ingest.index import Index
from ingest.manifest import Manifest
from ingest.parse import Limits
from ingest.pipeline import Ingestion
from ingest.settings import IngestSettings
from ingest.sources.base import FailedItem
from ingest.sources.catalogue import CatalogueSource
from ingest.sources.config import SourceConfig, build_source
from ingest.sources.records import Remark, failed_items, read_apart
from ingest.sources.table import read_table
from ingest.sources.training import CatalogueError
from ingest.sources.validity import merged
from ingest.standing import SourceReport
from tests.faulty_readers import never_ends
from tests.support import WordEmbedder

COLUMNS = {
    "session_id": "Réf", "title": "Intitulé", "starts_on": "Début", "ends_on": "Fin", "duration_hours": "Durée",
    "certification_code": "Code", "cpf": "CPF", "level": "Niveau",
}  # fmt: skip
ROW = {"Réf": "", "Intitulé": "Bilan", "Début": "01/12/2026", "Fin": "30/06/2027"}


def config(**given: Any) -> SourceConfig:
    return SourceConfig.model_validate(
        {"name": "offre", "kind": "training", "table": "offre.csv", "columns": COLUMNS, **given}
    )


def write(folder: Path, *rows: dict[str, str]) -> Path:
    headers = list(COLUMNS.values())
    lines = [";".join((ROW | row).get(header, "") for header in headers) for row in rows]
    (folder / "offre.csv").write_text("\n".join((";".join(headers), *lines, "")), "utf-8")
    return folder / "offre.csv"


def documents(folder: Path, **given: Any) -> list[Document]:
    items = CatalogueSource(config(**given), folder).items()
    return [item.load() for item in items if not isinstance(item, FailedItem)]


def failures(folder: Path) -> list[FailedItem]:
    return [item for item in CatalogueSource(config(), folder).items() if isinstance(item, FailedItem)]


def test_only_a_row_left_out_that_nothing_tells_apart_suspends_removals(tmp_path: Path) -> None:
    write(tmp_path, {"Durée": "3 jours"}, {}, {"Réf": "7", "Fin": "01/01/2020"}, {"Début": "bientôt"})
    assert [(failed.key, failed.is_note) for failed in failures(tmp_path)] == [
        ("offre.csv (1)", True),
        ("offre.csv (2)", True),
        ("7", True),
        ("offre.csv (4)", False),
    ]


def test_a_row_left_out_beside_one_of_the_same_id_takes_nothing_away() -> None:
    remarks = [Remark("a", key="1"), Remark("b", key="2"), Remark("c", key="2")]
    assert list(failed_items("f", remarks, ["1"])) == [
        FailedItem("f (1)", "a", is_note=True),
        FailedItem("2", "b", is_note=True),
        FailedItem("f (3)", "c", is_note=True),
    ]


class TestRun:
    @pytest.fixture
    def run(self, tmp_path: Path, edge_index: Index, embedder: WordEmbedder) -> Callable[[], SourceReport]:
        def once() -> SourceReport:
            with closing(Manifest(tmp_path / "manifest.sqlite")) as manifest:
                ingestion = Ingestion(edge_index, manifest, embedder)
                [report] = ingestion.run_sources([CatalogueSource(config(), tmp_path)])
            return report

        return once

    def test_what_left_the_catalogue_is_removed_whatever_is_noted_of_the_others(
        self, tmp_path: Path, run: Callable[[], SourceReport]
    ) -> None:
        odd = {"Intitulé": "VAE", "Durée": "3 jours", "CPF": "peut-être", "Niveau": "Bac"}
        kept = [odd, odd, *({"Intitulé": f"Titre {n}"} for n in range(3))]
        write(tmp_path, *kept, {"Intitulé": "Annulée"})
        first = run()
        assert (first.added, len(first.failures)) == (5, 7)  # three cells of two rows, and the duplicate
        write(tmp_path, *kept)
        assert run().removed == 1

    def test_a_session_whose_row_broke_stays_and_what_left_goes(
        self, tmp_path: Path, run: Callable[[], SourceReport]
    ) -> None:
        rows = [{"Réf": str(n), "Intitulé": f"Titre {n}"} for n in range(5)]
        write(tmp_path, *rows)
        run()
        write(tmp_path, *rows[:3], rows[3] | {"Fin": "31/02/2027"})
        second = run()
        assert (second.removed, second.passages) == (1, 4)


class TestFilters:
    @pytest.mark.parametrize(
        ("cell", "number", "facets"),
        [
            ("37098", "RNCP37098", ["certification RNCP37098"]),
            ("RNCP37098 - Conseiller", "RNCP37098", ["certification RNCP37098"]),
            ("RNCP37098 et RS n° 5616", "RNCP37098", ["certification RNCP37098", "certification RS5616"]),
            ("37098 ; 37099", "RNCP37098", ["certification RNCP37098", "certification RNCP37099"]),
            ("COURS 12", "COURS 12", ["certification cours 12"]),
        ],
    )
    def test_every_code_of_a_cell_is_a_facet(
        self, tmp_path: Path, cell: str, number: str, facets: list[str]
    ) -> None:
        write(tmp_path, {"Code": cell.replace(";", ",")})
        [document] = documents(tmp_path)
        assert document.number == number
        assert stored(document.attributes)["facets"] == facets

    def test_a_bare_number_under_a_header_of_the_rs_is_of_the_rs(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("Intitulé;Code RS\nAnglais;5616\n", "utf-8")
        [session] = read_table(path, {"title": "Intitulé", "certification_code": "Code RS"})
        assert session.certification_code == "RS5616"

    @pytest.mark.parametrize(
        ("cell", "cpf"),
        [
            ("éligible au CPF", True), ("Éligible au CPF : oui", True), ("CPF", True), ("Oui", True), ("x", True),
            ("non éligible au CPF", False), ("Non éligible", False), ("Pas éligible au CPF", False), ("NON", False),
        ],
    )  # fmt: skip
    def test_the_cpf_is_read_as_people_write_it(self, tmp_path: Path, cell: str, cpf: bool) -> None:
        write(tmp_path, {"CPF": cell})
        assert [document.attributes["cpf"] for document in documents(tmp_path)] == [cpf]
        assert failures(tmp_path) == []

    @pytest.mark.parametrize(
        ("header", "cell", "said"),
        [
            ("CPF", "à étudier", "ligne 2 : CPF illisible : « à étudier »"),
            ("CPF", "formation", "ligne 2 : CPF illisible : « formation »"),
            ("Niveau", "Bac", "ligne 2 : niveau illisible : « Bac »"),
        ],
    )
    def test_what_cannot_be_read_is_noted(self, tmp_path: Path, header: str, cell: str, said: str) -> None:
        write(tmp_path, {header: cell})
        assert failures(tmp_path) == [FailedItem("offre.csv (1)", said, is_note=True)]

    @pytest.mark.parametrize("cell", ["Sans niveau", "aucun", "non concerné", "-"])
    def test_a_cell_that_says_there_is_no_level_is_not_noted(self, tmp_path: Path, cell: str) -> None:
        write(tmp_path, {"Niveau": cell})
        assert failures(tmp_path) == []


D = date(2026, 8, 31)
LATER = date(2027, 6, 30)


@pytest.mark.parametrize(
    ("own", "source", "whole"),
    [
        (Validity(valid_to=LATER), Validity(D, None), Validity(D, LATER)),
        (Validity(valid_to=LATER), Validity(None, D), Validity(None, D)),
        (Validity(valid_to=D), Validity(None, LATER), Validity(None, D)),
        (Validity(LATER, None), Validity(D, None), Validity(LATER, None)),
        (Validity(valid_to=LATER), Validity(None, D, Status.REPEALED), Validity(None, D, Status.REPEALED)),
        # Repealed nobody knows since when: it holds no longer, whatever the last day of a session.
        (Validity(valid_to=LATER), Validity(status=Status.REPEALED), Validity(status=Status.REPEALED)),
        (Validity(status=Status.REPEALED), Validity(None, LATER), Validity(status=Status.REPEALED)),
        (Validity(None, D, Status.SUPERSEDED), Validity(), Validity(None, D, Status.SUPERSEDED)),
    ],
)
def test_the_source_completes_what_a_record_says_of_its_validity(
    own: Validity, source: Validity, whole: Validity
) -> None:
    assert merged(own, source) == whole


def test_a_dated_session_takes_the_status_and_the_first_day_of_its_source(tmp_path: Path) -> None:
    write(tmp_path, {})
    [document] = documents(tmp_path, status="remplace", valid_from=date(2026, 1, 1), valid_to=D)
    assert document.validity == Validity(date(2026, 1, 1), D, Status.SUPERSEDED)


def workbook(path: Path, **changes: tuple[bytes, bytes]) -> Path:
    """Write a workbook of one session, with what a member of it holds replaced."""
    book, whole = Workbook(), BytesIO()
    book.worksheets[0].append(["Intitulé", "Début"])
    book.worksheets[0].append(["Bilan", "01/12/2026"])
    book.save(whole)
    with zipfile.ZipFile(whole) as before, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            old, new = changes.get(Path(name).stem, (b"", b""))
            after.writestr(name, before.read(name).replace(old, new) if old else before.read(name))
    return path


class TestCost:
    def test_a_workbook_that_lies_about_its_size_costs_what_it_holds(self, tmp_path: Path) -> None:
        path = workbook(
            tmp_path / "a.xlsx", sheet1=(b'<dimension ref="A1:B2"', b'<dimension ref="A1:XFD1048576"')
        )
        wide = workbook(tmp_path / "b.xlsx", sheet1=(b"</sheetData>", b'<row r="200000"/></sheetData>'))
        started = time.monotonic()
        assert [session.title for session in read_table(path, {"title": "Intitulé"})] == ["Bilan"]
        assert [session.title for session in read_table(wide, {"title": "Intitulé"})] == ["Bilan"]
        assert time.monotonic() - started < 5

    def test_a_workbook_of_endless_texts_is_refused_unread(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx")
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/sharedStrings.xml", b"<sst>" + b"<si><t>a</t></si>" * 1_000_000 + b"</sst>")
        with pytest.raises(CatalogueError, match=r"a\.xlsx.*bombe zip"):
            list(read_table(path, {"title": "Intitulé"}))

    @pytest.mark.parametrize("place", ["lheo", "table"])
    def test_a_catalogue_that_is_too_large_is_refused(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "offre.csv").write_bytes(b" " * 2_000_000)
        given = {"name": "offre", "kind": "training", place: "offre.csv"}
        given |= {"columns": COLUMNS} if place == "table" else {}
        source = CatalogueSource(SourceConfig.model_validate(given), tmp_path, Limits(max_bytes=1_048_576))
        with pytest.raises(CatalogueError, match=r"offre\.csv : le fichier pèse 1 Mo, plus que les 1 Mo"):
            list(source.items())

    def test_a_reading_without_end_is_cut_short(self, tmp_path: Path) -> None:
        started = time.monotonic()
        with pytest.raises(UnreadableFile, match="dépassé 1 secondes"):
            read_apart(never_ends, tmp_path / "a.csv", Limits(max_seconds=0.1))
        assert time.monotonic() - started < 10

    def test_the_sources_file_has_catalogues_and_registers_read_apart(self, tmp_path: Path) -> None:
        write(tmp_path, {"Durée": "3 jours"})
        table = "Numero_Fiche;Intitule\nRNCP1;Titre\n"
        (tmp_path / "rncp.csv").write_text(table, "utf-8")
        settings = IngestSettings(sources_file=tmp_path / "sources.toml", _env_file=None)
        register = SourceConfig(name="rncp", kind=Kind.TRAINING, certifications=Path("rncp.csv"))
        [session, note] = build_source(config(), settings).items()
        [certification] = build_source(register, settings).items()
        assert (session.load().title, certification.load().title) == ("Bilan", "Titre (RNCP1)")
        assert isinstance(note, FailedItem)
        assert note.is_note
