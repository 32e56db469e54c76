"""France compétences' tables (RNCP and RS): small ones made here in the shapes and encodings of the real ones."""

import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from ingest.documents import Document, Kind, Status, Validity
from ingest.errors import SourceUnavailable, UnreadableFile
from ingest.parse import Limits
from ingest.sources.certification import Certification
from ingest.sources.certifications import CertificationSource
from ingest.sources.config import SourceConfig
from ingest.sources.records import Remark
from ingest.sources.rncp import read_certifications
from ingest.sources.training import CatalogueError

TODAY = date(2026, 11, 22)

STANDARD = (
    "Id_Fiche;Numero_Fiche;Intitule;Abrege_Libelle;Abrege_Intitule;Nomenclature_Europe_Niveau;"
    "Nomenclature_Europe_Intitule;Accessible_Nouvelle_Caledonie;Accessible_Polynesie_Francaise;Date_dernier_jo;"
    "Date_Decision;Date_Fin_Enregistrement;Date_Effet;Type_Enregistrement;Validation_Partielle;Actif\r\n"
    "1;RNCP90001;Métallier;TP;Titre professionnel;NIV4;Niveau 4;Non;Non;01/02/2024;;07/05/2029;07/05/2024;"
    "Enregistrement de droit;;ACTIVE\r\n"
    "2;RNCP90002;Métallier soudeur;TP;Titre professionnel;NIV3;Niveau 3;Non;Non;;;06/05/2024;07/05/2019;"
    "Enregistrement de droit;;INACTIVE\r\n"
    '3;RS99003;"Anglais\r\nprofessionnel";;;;;Non;Non;;14/12/2023;14/12/2026;;Enregistrement sur demande;;ACTIVE\r\n'
    "4;RNCP90004;Dorure;;;NIV5;Niveau 5;Non;Non;;;31/08/2030;01/09/2020;Enregistrement de droit;;INACTIVE\r\n"
    "5;RNCP90005;Vannerie;;;NIV3;Niveau 3;Non;Non;;;21/11/2026;01/09/2020;Enregistrement de droit;;ACTIVE\r\n"
)
COMPANIONS: Mapping[str, str] = {
    "Certificateurs": (
        "Numero_Fiche;Siret_Certificateur;Nom_Certificateur\r\nRNCP90001;11000007200014;MINISTÈRE DU TRAVAIL\r\n"
        "RNCP90001;11000007200015;Branche métallurgie\r\n"
    ),
    "Rome": "Numero_Fiche;Codes_Rome_Code;Codes_Rome_Libelle\r\nRNCP90001;H2902;Chaudronnerie - tôlerie\r\n",
    "Blocs_De_Compétences": (
        "Numero_Fiche;Bloc_Competences_Code;Bloc_Competences_Libelle\r\n"
        'RNCP90001;RNCP90001BC01;"Fabriquer\r\ndes ouvrages"\r\nRNCP90001;RNCP90001BC02;Poser des ouvrages\r\n'
    ),
    "NSF": "Numero_Fiche;Nsf_Code;Nsf_Intitule\r\nRNCP90001;254;254 : Structures métalliques\r\n",
    "Partenaires": (
        "Numero_Fiche;Nom_Partenaire;Siret_Partenaire;Habilitation_Partenaire\r\n"
        "RNCP90001;École A;1;HABILITATION_FORMER\r\nRNCP90001;École B;2;HABILITATION_FORMER\r\n"
    ),
    "VoixAccess": "Numero_Fiche;Si_Jury\r\nRNCP90001;Par expérience\r\n",
    "Ancienne_Nouvelle_Certification": (
        "Numero_Fiche;Ancienne_Certification;Nouvelle_Certification\r\nRNCP90001;RNCP90002;\r\n"
    ),
    "CCN": "Numero_Fiche;Ccn_1_Numero;Ccn_1_Libelle\r\nRNCP90001;3109;Métallurgie\r\n",
}


def write_folder(folder: Path, standard: str = STANDARD) -> Path:
    """Write the tables as France compétences does: a byte order mark here, Windows-1252 there."""
    folder.mkdir()
    (folder / "export_fiches_CSV_Standard_2026_11_20.csv").write_text(standard, "utf-8-sig", newline="")
    for number, (name, content) in enumerate(COMPANIONS.items()):
        file = folder / f"export_fiches_CSV_{name}_2026_11_20.csv"
        file.write_text(content, "cp1252" if number % 2 else "utf-8", newline="")
    return folder


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"export/{file.name}")
    return path


def read(path: Path) -> dict[str, Certification]:
    return {found.number: found for found in read_certifications(path, pytest.fail)}


@pytest.mark.parametrize("pack", [lambda folder: folder, zipped])
def test_the_tables_are_put_together_by_number(tmp_path: Path, pack: object) -> None:
    folder = write_folder(tmp_path / "export")
    certifications = read(pack(folder) if callable(pack) else folder)
    assert list(certifications) == ["RNCP90001", "RNCP90002", "RS99003", "RNCP90004", "RNCP90005"]
    assert certifications["RNCP90001"] == Certification(
        number="RNCP90001",
        title="Métallier",
        form="Titre professionnel",
        level=4,
        certifiers=("MINISTÈRE DU TRAVAIL", "Branche métallurgie"),
        rome=("H2902 Chaudronnerie - tôlerie",),
        nsf=("254 Structures métalliques",),
        skill_blocks=("RNCP90001BC01 Fabriquer des ouvrages", "RNCP90001BC02 Poser des ouvrages"),
        access=("Par expérience",),
        partners=2,
        replaces=("RNCP90002",),
        registration="Enregistrement de droit",
        starts_on=date(2024, 5, 7),
        ends_on=date(2029, 5, 7),
        active=True,
    )


def test_the_main_table_alone_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "standard.csv"
    path.write_text(STANDARD, "cp1252", newline="")
    assert read(path)["RS99003"].starts_on == date(2023, 12, 14)  # the decision, where there is no first day


def test_a_workbook_of_several_sheets_is_read_as_well(tmp_path: Path) -> None:
    book = Workbook()
    main = book.create_sheet("Fiches", 0)
    main.append(["Export du 20 novembre 2026"])
    main.append(["NUMÉRO FICHE", "Intitulé", "Actif"])
    main.append(["rncp 90001", "Métallier", "ACTIVE"])
    sheet = book.create_sheet("Rome")
    sheet.append(["Numero_Fiche", "Codes_Rome_Code", "Codes_Rome_Libelle"])
    sheet.append(["RNCP90001", "H2902", "Chaudronnerie"])
    book.save(tmp_path / "rncp.xlsx")
    (found,) = read(tmp_path / "rncp.xlsx").values()
    assert (found.number, found.title, found.rome) == ("RNCP90001", "Métallier", ("H2902 Chaudronnerie",))


def test_rows_of_two_encodings_in_one_file_are_both_read(tmp_path: Path) -> None:
    rows = (
        "Numero_Fiche;Intitule".encode("utf-8-sig"),
        "RNCP1;Tôlier".encode(),
        "RNCP2;Tôlier".encode("cp1252"),
    )
    (tmp_path / "a.csv").write_bytes(b"\r\n".join(rows))
    assert [found.title for found in read(tmp_path / "a.csv").values()] == ["Tôlier", "Tôlier"]


@pytest.mark.parametrize(
    ("number", "status", "valid_from", "valid_to", "holds"),
    [
        ("RNCP90001", Status.IN_FORCE, date(2024, 5, 7), date(2029, 5, 7), True),
        ("RNCP90002", Status.SUPERSEDED, date(2019, 5, 7), date(2024, 5, 6), False),
        ("RS99003", Status.IN_FORCE, date(2023, 12, 14), date(2026, 12, 14), True),
        ("RNCP90004", Status.REPEALED, date(2020, 9, 1), None, None),  # withdrawn, nobody says since when
        (
            "RNCP90005",
            Status.REPEALED,
            date(2020, 9, 1),
            date(2026, 11, 21),
            False,
        ),  # said to be active still
    ],
)
def test_what_has_ended_or_is_inactive_is_marked(
    tmp_path: Path, number: str, status: Status, valid_from: date, valid_to: date | None, holds: bool | None
) -> None:
    validity = read(write_folder(tmp_path / "export"))[number].validity(TODAY)
    assert (validity.status, validity.valid_from, validity.valid_to) == (status, valid_from, valid_to)
    if holds is not None:
        assert validity.holds_on(TODAY) is holds


def test_a_replacement_is_known_on_both_sides(tmp_path: Path) -> None:
    certifications = read(write_folder(tmp_path / "export"))
    assert certifications["RNCP90002"].replaced_by == ("RNCP90001",)
    assert certifications["RNCP90001"].replaces == ("RNCP90002",)


def test_bad_rows_are_reported_and_the_others_are_read(tmp_path: Path) -> None:
    bad = STANDARD.replace("RNCP90004", "inconnu").replace("07/05/2029", "31/02/2029")
    said: list[Remark] = []
    (tmp_path / "a.csv").write_text(bad, "utf-8", newline="")
    read = list(read_certifications(tmp_path / "a.csv", said.append))
    assert {found.number for found in read} == {"RNCP90002", "RS99003", "RNCP90005"}
    assert said == [
        Remark("ligne 5 : numéro de fiche illisible « inconnu »"),
        Remark("RNCP90001 : date illisible « 31/02/2029 »", key="RNCP90001"),
    ]


def test_tables_that_are_not_ours_are_named_with_their_headers(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("Numero_Fich;Nom\r\n1;Untel\r\n", "utf-8")
    with pytest.raises(
        CatalogueError, match=r"« Intitule ».*notes\.csv.*« Nom ».*plus proche : « numero_fich »"
    ):
        list(read_certifications(tmp_path))
    (tmp_path / "standard.csv").write_text(STANDARD, "utf-8", newline="")
    said: list[Remark] = []
    assert len(list(read_certifications(tmp_path, said.append))) == 5
    assert "notes.csv" in said[0].reason
    assert said[0].is_note


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 rien", b"pas une archive"])
def test_a_broken_archive_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "export.zip").write_bytes(content)
    with pytest.raises(CatalogueError, match=r"export\.zip") as caught:
        list(read_certifications(tmp_path / "export.zip"))
    assert isinstance(caught.value, UnreadableFile)


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "Numero_Fiche;Intitule\n" + "0" * 6_000_000)
    with pytest.raises(CatalogueError, match=r"export\.zip.*bombe zip"):
        list(read_certifications(tmp_path / "export.zip"))
    with pytest.raises(CatalogueError, match=r"export\.zip.*une fois décompressé"):
        list(read_certifications(tmp_path / "export.zip", None, Limits(max_uncompressed_bytes=5_000_000)))


def test_a_table_that_is_too_large_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "export", STANDARD + "\r\n" * 600_000)
    for path in (folder, folder / "export_fiches_CSV_Standard_2026_11_20.csv"):
        with pytest.raises(
            CatalogueError, match=r"Standard_2026_11_20\.csv : le fichier pèse 1 Mo.*FILE_MAX_MB"
        ):
            list(read_certifications(path, None, Limits(max_bytes=1_000_000)))


def test_a_workbook_that_is_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/vide.bin", b"\0" * 6_000_000)
    with pytest.raises(CatalogueError, match=r"a\.xlsx.*bombe zip"):
        list(read_certifications(tmp_path / "a.xlsx"))


@pytest.mark.parametrize("name", ["../../evil.csv", "/evil.csv"])
def test_an_archive_with_a_member_that_climbs_out_of_it_is_refused(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    with zipfile.ZipFile(inner / "export.zip", "w") as archive:
        archive.writestr(name, STANDARD)
    with pytest.raises(CatalogueError, match="chemin interdit"):
        read(inner / "export.zip")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["export.zip"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "export")
    (tmp_path / "secret.csv").write_text("Numero_Fiche;Intitule\r\nRNCP99999;Secret\r\n", "utf-8")
    (folder / "lien.csv").symlink_to(tmp_path / "secret.csv")
    assert "RNCP99999" not in read(folder)


class TestSource:
    @staticmethod
    def source(path: Path, today: date = TODAY) -> CertificationSource:
        config = SourceConfig(
            name="rncp",
            kind=Kind.TRAINING,
            certifications=Path(path.name),
            groups=["conseil"],
            max_removed_share=0.1,
        )
        return CertificationSource(config, path.parent, lambda: today)

    def documents(self, path: Path) -> dict[str, Document]:
        return {item.key: item.load() for item in self.source(path).items()}

    def test_a_certification_is_one_document(self, tmp_path: Path) -> None:
        document = self.documents(write_folder(tmp_path / "export"))["RNCP90001"]
        assert document.document_id == "rncp:RNCP90001"
        assert document.title == "Métallier (RNCP90001)"
        assert document.number == "RNCP90001"
        assert document.url == "https://www.francecompetences.fr/recherche/rncp/90001/"
        assert document.groups == ("conseil",)
        assert document.attributes == {
            "certification": "Métallier", "certification_code": "RNCP90001", "level": 4,
        }  # fmt: skip
        assert [block.text for block in document.blocks] == [
            "Certification : Métallier",
            "Numéro : RNCP90001 (Répertoire national des certifications professionnelles)",
            "Type : Titre professionnel",
            "Niveau : 4",
            "Certificateur : MINISTÈRE DU TRAVAIL, Branche métallurgie",
            "Enregistrement : du 7 mai 2024 au 7 mai 2029",
            "Mode d’enregistrement : Enregistrement de droit",
            "Remplace : RNCP90002",
            "Métiers (ROME) : H2902 Chaudronnerie - tôlerie",
            "Spécialités (NSF) : 254 Structures métalliques",
            "Voies d’accès : Par expérience",
            "Partenaires habilités : 2",
            "Blocs de compétences :",
            "RNCP90001BC01 Fabriquer des ouvrages",
            "RNCP90001BC02 Poser des ouvrages",
        ]

    def test_an_ended_one_says_so_and_leads_to_its_successor(self, tmp_path: Path) -> None:
        document = self.documents(write_folder(tmp_path / "export"))["RNCP90002"]
        texts = {block.text: block.links for block in document.blocks}
        assert "État : cette certification n’est plus active" in texts
        assert texts["Remplacée par : RNCP90001"] == ("rncp:RNCP90001",)
        assert document.validity.status is Status.SUPERSEDED

    def test_the_source_s_own_end_and_status_apply_to_its_certifications(self, tmp_path: Path) -> None:
        write_folder(tmp_path / "export")
        config = SourceConfig(
            name="rncp",
            kind=Kind.TRAINING,
            certifications=Path("export"),
            status=Status.REPEALED,
            valid_to=date(2026, 8, 31),
        )
        found = {
            i.key: i.load().validity for i in CertificationSource(config, tmp_path, lambda: TODAY).items()
        }
        assert found["RNCP90001"] == Validity(date(2024, 5, 7), date(2026, 8, 31), Status.REPEALED)
        assert found["RNCP90002"] == Validity(date(2019, 5, 7), date(2024, 5, 6), Status.REPEALED)

    def test_what_is_left_out_is_in_the_report(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path / "export", STANDARD.replace("07/05/2029", "demain"))
        *_, last = self.source(folder).items()
        with pytest.raises(UnreadableFile, match="RNCP90001 : date illisible « demain »"):
            last.load()

    def test_its_fingerprint_changes_with_a_table_and_with_the_day(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path / "export")
        before = self.source(folder).fingerprint()
        assert self.source(folder).fingerprint() == before
        assert self.source(folder, date(2026, 11, 23)).fingerprint() != before
        (folder / "export_fiches_CSV_Rome_2026_11_20.csv").unlink()
        assert self.source(folder).fingerprint() != before

    def test_tables_that_are_not_there_delete_nothing(self, tmp_path: Path) -> None:
        for ask in (lambda source: source.fingerprint(), lambda source: list(source.items())):
            with pytest.raises(SourceUnavailable, match="rien"):
                ask(self.source(tmp_path / "rien"))
