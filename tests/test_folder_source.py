"""A folder gives references that change with their file and its metadata, and documents that obey the sheet."""

import csv
import os
import unicodedata
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from ingest.documents import EVERYONE, Kind, Status, Validity
from ingest.errors import LoadLater, SourceUnavailable, UnreadableFile, UnreadableMetadata
from ingest.parse import Limits, ParsedFile, libreoffice, ocr
from ingest.parse.parsed import MEGABYTE
from ingest.sources.files import LINK_OUT, SAME_NAME, FileReference, FolderSource

DOCUMENTS = Path(__file__).parents[1] / "sample" / "documents"
Form = Literal["NFC", "NFD"]
COLUMNS = "fichier;reference;titre;date;valable_du;valable_jusqu_au;statut;remplace;remplace_par;groupes"


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    return FolderSource("procedures", Kind.PROCEDURE, tmp_path)


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Texte de {name}.", encoding="utf-8")


def describe(folder: Path, *rows: str, encoding: str = "utf-8-sig") -> None:
    (folder / "metadonnees.csv").write_text(
        "\r\n".join((COLUMNS, *rows)) + "\r\n", encoding=encoding, newline=""
    )


def only(source: FolderSource) -> FileReference:
    [reference] = source.items()
    return reference


def keys(source: FolderSource) -> list[str]:
    return [reference.key for reference in source.items()]


def test_the_procedures_of_the_sample_take_their_metadata_from_the_sheet() -> None:
    source = FolderSource("procedures", Kind.PROCEDURE, DOCUMENTS / "procedures")
    with (DOCUMENTS / "procedures" / "metadonnees.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["fichier"]: row for row in csv.DictReader(file, delimiter=";")}
    references = {reference.key: reference for reference in source.items()}
    assert set(references) == set(rows)
    for key in ("PR-004 Délais de réponse (2022).pdf", "PR-001 Accueil physique et téléphonique.docx"):
        document, row = source.load(references[key]), rows[key]
        assert document.document_id == f"procedures:{key}"
        assert document.number == row["reference"]
        assert document.dated == date.fromisoformat(row["date"])
        assert document.validity.status == Status(row["statut"])
        assert document.title == document.blocks[0].text
        assert document.groups == tuple(row["groupes"].split()) or document.groups == (EVERYONE,)


def test_a_superseded_procedure_is_not_in_force_today() -> None:
    source = FolderSource("procedures", Kind.PROCEDURE, DOCUMENTS / "procedures", pattern="PR-004*")
    document = source.load(only(source))
    assert document.validity.status is Status.SUPERSEDED
    assert not document.validity.holds_on(date(2026, 11, 22))


def test_without_a_sheet_a_file_is_in_force_for_everyone(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a/Congés.txt")
    document = only(source).load()
    assert (document.document_id, document.title) == ("procedures:a/Congés.txt", "Congés")
    assert (document.validity, document.groups, document.url) == (Validity(), (EVERYONE,), None)
    assert (tmp_path / (document.file or "")).is_file()


def test_hidden_temporary_and_outside_files_are_skipped(source: FolderSource, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.txt"
    outside.write_text("dehors")
    write(tmp_path, "b.txt", "a.txt", ".cache/x.txt", ".secret.txt", "~$a.docx", "Thumbs.db")
    describe(tmp_path)
    (tmp_path / "lien.txt").symlink_to(outside)
    (tmp_path / "copie.txt").symlink_to(tmp_path / "a.txt")
    assert keys(source) == ["a.txt", "b.txt", "copie.txt"]


@pytest.mark.parametrize("pattern", ["**/*", "*", "*/*", "lien/**/*", "lien/secret.txt"])
def test_a_link_to_another_folder_is_never_entered(
    source: FolderSource, tmp_path: Path, pattern: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("dehors")
    write(outside, "secret.txt", "sous/autre.txt")
    write(tmp_path, "a.txt")
    (tmp_path / "lien").symlink_to(outside)
    (tmp_path / "boucle").symlink_to(tmp_path / "boucle")
    chosen = replace(source, pattern=pattern)
    assert set(keys(chosen)) <= {"a.txt"}
    left_out = chosen.listing().left_out
    assert left_out
    assert set(left_out.values()) == {LINK_OUT}


def test_a_file_replaced_by_a_link_after_it_was_listed_is_not_read(
    source: FolderSource, tmp_path: Path
) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.txt"
    outside.write_text("secret")
    write(tmp_path, "a.txt")
    reference = only(source)
    (tmp_path / "a.txt").unlink()
    (tmp_path / "a.txt").symlink_to(outside)
    with pytest.raises(UnreadableFile, match="lien vers un autre dossier"):
        reference.load()


def test_a_source_that_is_a_link_itself_is_read(
    source: FolderSource, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    real = tmp_path_factory.mktemp("partage")
    write(real, "a.txt")
    (tmp_path / "partage").symlink_to(real)
    assert keys(replace(source, folder=tmp_path / "partage")) == ["a.txt"]


def test_a_name_that_is_no_unicode_is_listed_under_one_that_is(source: FolderSource, tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/cong\xe9s.txt", "w") as file:
        file.write("Texte.")
    document = only(source).load()
    assert (document.document_id, document.file) == ("procedures:cong\ufffds.txt", "cong\ufffds.txt")


def test_the_pattern_chooses_the_files(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.md", "c/d.md")
    assert keys(replace(source, pattern="**/*.md")) == ["b.md", "c/d.md"]


def test_a_missing_folder_is_unavailable_and_not_empty(source: FolderSource, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="introuvable"):
        keys(replace(source, folder=tmp_path / "absent"))


def test_one_file_is_a_source_that_is_missing_when_it_is(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt")
    describe(tmp_path, "b.txt;PR-1;;;;;;;;")
    one = replace(source, only="b.txt")
    assert [(item.key, item.load().number, item.load().file) for item in one.items()] == [
        ("b.txt", "PR-1", "b.txt")
    ]
    (tmp_path / "b.txt").unlink()
    with pytest.raises(SourceUnavailable, match=r"b\.txt de la source « procedures » ne se lit pas"):
        one.items()


def test_one_file_that_is_a_link_to_elsewhere_is_refused(source: FolderSource, tmp_path: Path) -> None:
    (tmp_path / "b.txt").symlink_to("/etc/hostname")
    with pytest.raises(SourceUnavailable, match="lien vers un autre dossier"):
        replace(source, only="b.txt").items()


def test_a_fingerprint_changes_with_the_content_and_with_its_own_row_only(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt")
    describe(tmp_path, "a.txt;PR-1;;;;;;;;")
    first = only(source).fingerprint
    describe(tmp_path, "a.txt;PR-1;;;;;;;;", "autre.txt;PR-9;;;;;;;;")
    assert only(source).fingerprint == first
    describe(tmp_path, "a.txt;PR-1;;;;;abroge;;;")
    repealed = only(source).fingerprint
    assert repealed != first
    (tmp_path / "a.txt").write_text("Autre texte.")
    assert only(source).fingerprint not in (first, repealed)


def test_a_change_of_the_sources_groups_reaches_files_that_did_not_change(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt")
    assert only(replace(source, groups=("direction",))).fingerprint != only(source).fingerprint


def test_a_pdf_is_tried_again_once_the_ocr_is_installed(
    source: FolderSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "scan.pdf")
    monkeypatch.setattr(ocr, "missing_ocr", lambda: "l'OCR n'est pas installé")
    before = only(source).fingerprint
    monkeypatch.setattr(ocr, "missing_ocr", lambda: None)
    assert only(source).fingerprint != before


def test_the_limits_of_cost_decide_on_a_new_try_and_not_on_the_fingerprint(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.pdf")
    before = only(source)
    larger = [
        Limits(max_bytes=MEGABYTE),
        Limits(max_seconds=9),
        Limits(max_memory_bytes=9),
        Limits(max_pages=9),
    ]
    after = [only(replace(source, limits=limits)) for limits in larger]
    assert {reference.fingerprint for reference in after} == {before.fingerprint}
    assert len({before.attempt, *(reference.attempt for reference in after)}) == 5


@pytest.mark.parametrize(("module", "name"), [(ocr, "missing_ocr"), (libreoffice, "missing_office")])
def test_a_file_that_failed_is_tried_again_once_a_program_is_installed(
    source: FolderSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    write(tmp_path, "a.doc")
    monkeypatch.setattr(module, name, lambda: "il n'est pas installé")
    attempt, fingerprint = only(source).attempt, only(source).fingerprint
    monkeypatch.setattr(module, name, lambda: None)
    assert only(source).attempt != attempt
    assert only(source).fingerprint == fingerprint


def test_the_ocr_matters_to_files_that_may_be_scans_only(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    without = replace(source, limits=Limits(ocr=False))
    assert only(without).fingerprint == only(source).fingerprint


def test_what_the_source_makes_of_its_files_is_in_their_fingerprint(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt")
    changed = (
        source,
        replace(source, kind=Kind.LEGAL),
        replace(source, groups=("rh",)),
        replace(source, url_template="https://exemple.fr/{key}"),
        replace(source, validity=Validity(status=Status.SUPERSEDED)),
    )
    assert len({only(each).fingerprint for each in changed}) == len(changed)
    assert len({only(each).content for each in changed}) == 1


def test_a_renamed_file_keeps_the_digest_of_its_content(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    content, key = only(source).content, only(source).key
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    assert (key, only(source).key) == ("a.txt", "b.txt")
    assert only(source).content == content != ""


def test_a_file_is_read_by_the_reader_given_and_put_off_when_it_says_so(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "scan.pdf")

    def reader(path: Path, limits: Limits) -> ParsedFile:
        if not limits.patient:
            raise LoadLater(f"{path.name} est long")
        return ParsedFile("Lu", ())

    reference = only(replace(source, reader=reader))
    with pytest.raises(LoadLater, match=r"scan\.pdf est long"):
        reference.load(patient=False)
    assert reference.load().title == "Lu"


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_sheet", ["NFC", "NFD"])
def test_accents_and_spaces_match_however_they_are_written(
    source: FolderSource, tmp_path: Path, on_disk: Form, in_sheet: Form
) -> None:
    name = "Règles d'été – congés.txt"
    write(tmp_path, unicodedata.normalize(on_disk, name))
    describe(tmp_path, f"{unicodedata.normalize(in_sheet, name)};PR-7;;;;;;;;")
    document = only(source).load()
    assert document.document_id == f"procedures:{name}"
    assert document.number == "PR-7"
    assert (tmp_path / (document.file or "")).is_file()


def test_two_names_that_look_the_same_give_one_document(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, unicodedata.normalize("NFC", "été.txt"), unicodedata.normalize("NFD", "été.txt"))
    assert keys(source) == ["été.txt"]
    assert list(source.listing().left_out.values()) == [SAME_NAME]


def test_a_sheet_saved_again_by_a_spreadsheet_is_read(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    describe(
        tmp_path, "a.txt;PR-1;Congés d'été;05/01/2026;01/02/2026;31/12/2026;Remplacé;;;", encoding="cp1252"
    )
    document = only(source).load()
    assert document.title == "Congés d'été"
    assert document.dated == date(2026, 1, 5)
    assert document.validity == Validity(date(2026, 2, 1), date(2026, 12, 31), Status.SUPERSEDED)


def test_the_day_of_the_last_review_is_read_and_the_column_is_optional(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt", "b.txt")
    (tmp_path / "metadonnees.csv").write_text("fichier;revu_le\na.txt;05/01/2026\nb.txt;\n", "utf-8")
    assert [item.load().reviewed for item in source.items()] == [date(2026, 1, 5), None]


def test_the_validity_of_the_source_stands_where_the_sheet_says_nothing(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt", "b.txt", "c.txt")
    describe(tmp_path, "a.txt;;;;2026-02-01;;;;;", "b.txt;;;;;2026-06-30;en_vigueur;;;")
    default = Validity(date(2026, 1, 1), date(2026, 12, 31), Status.SUPERSEDED)
    assert [item.load().validity for item in replace(source, validity=default).items()] == [
        replace(default, valid_from=date(2026, 2, 1)),
        Validity(date(2026, 1, 1), date(2026, 6, 30), Status.IN_FORCE),
        default,
    ]


def test_a_row_that_contradicts_the_validity_of_the_source_is_named(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt")
    describe(tmp_path, "a.txt;;;;2027-02-01;;;;;")
    with pytest.raises(UnreadableMetadata, match="ligne 2"):
        only(replace(source, validity=Validity(valid_to=date(2026, 12, 31)))).load()


@pytest.mark.parametrize("name", ["Metadonnees.csv", "métadonnées.csv", "METADONNEES.CSV"])
def test_a_sheet_whose_name_has_capitals_or_accents_still_restricts(
    source: FolderSource, tmp_path: Path, name: str
) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / name).write_text("fichier;groupes\na.txt;direction\n", "utf-8")
    assert keys(source) == ["a.txt"]
    assert only(source).load().groups == ("direction",)


def test_two_sheets_in_one_folder_hide_its_files(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    for name in ("metadonnees.csv", "Metadonnees.csv"):
        (tmp_path / name).write_text("fichier;groupes\na.txt;direction\n", "utf-8")
    with pytest.raises(UnreadableMetadata, match="gardez-en un"):
        only(source).load()


def test_a_sheet_that_is_a_link_is_not_followed(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "metadonnees.csv").symlink_to("/etc/hostname")
    with pytest.raises(UnreadableMetadata, match="est un lien"):
        only(source).load()


def test_the_sheets_title_takes_the_typography_of_the_file(source: FolderSource, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# L’accueil d’été\n\nTexte.", encoding="utf-8")
    describe(tmp_path, "a.md;;L'accueil d'été;;;;;;;")
    assert only(source).load().title == "L’accueil d’été"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.txt;;;31/02/2026;;;;;;", "ligne 2, colonne « date »"),
        ("a.txt;;;;demain;;;;;", "ligne 2, colonne « valable_du »"),
        ("a.txt;;;;;;perime;;;", "ligne 2, colonne « statut »"),
        ("a.txt;;;;2026-02-01;2026-01-01;;;;", "ligne 2, colonne « valable_jusqu_au »"),
        ("a.txt;;;;;;;;;\r\na.txt;;;;;;;;;", "ligne 3, colonne « fichier »"),
    ],
)
def test_a_wrong_cell_is_named_by_file_line_and_column(
    source: FolderSource, tmp_path: Path, row: str, message: str
) -> None:
    write(tmp_path, "a.txt")
    describe(tmp_path, row)
    with pytest.raises(UnreadableFile, match=r"metadonnees\.csv") as caught:
        only(source).load()
    assert message in str(caught.value)


def test_a_sheet_without_its_first_column_hides_no_restriction(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "metadonnees.csv").write_text("nom,groupes\na.txt,direction\n")
    with pytest.raises(UnreadableFile, match="point-virgule"):
        only(source).load()


@pytest.mark.parametrize("cell", ["direction rh", "direction, rh", "direction,rh"])
def test_groups_of_the_sheet_replace_those_of_the_source(
    source: FolderSource, tmp_path: Path, cell: str
) -> None:
    write(tmp_path, "a.txt")
    describe(tmp_path, f"a.txt;;;;;;;;;{cell}")
    assert only(source).load().groups == ("direction", "rh")


@pytest.mark.parametrize("cell", ["conseillers", EVERYONE])
def test_a_sheet_cannot_open_a_restricted_source(source: FolderSource, tmp_path: Path, cell: str) -> None:
    write(tmp_path, "a.txt")
    describe(tmp_path, f"a.txt;;;;;;;;;{cell}")
    with pytest.raises(UnreadableFile, match="colonne « groupes »"):
        only(replace(source, groups=("direction", "rh"))).load()


def test_the_address_of_a_file_is_quoted(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "été/a b.txt")
    template = "https://intranet.example/docs/{key}"
    assert (
        only(replace(source, url_template=template)).load().url
        == "https://intranet.example/docs/%C3%A9t%C3%A9/a%20b.txt"
    )


def test_a_file_that_cannot_be_read_is_listed_and_reported(source: FolderSource, tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG")
    reference = only(source)
    with pytest.raises(UnreadableFile, match="n'est pas pris en charge"):
        source.load(reference)
