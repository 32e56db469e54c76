"""A restriction of `metadonnees.csv` that cannot be tied to its file closes the files that it may mean."""

import unicodedata
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ingest.documents import EVERYONE, Kind
from ingest.errors import UnreadableMetadata
from ingest.sources.files import FileReference, FolderSource


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    return FolderSource("procedures", Kind.PROCEDURE, tmp_path)


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"Texte de {name}.", encoding="utf-8")


def only(source: FolderSource) -> FileReference:
    [reference] = source.items()
    return reference


def sheet(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "metadonnees.csv").write_text(text, encoding="utf-8")


def refusal(source: FolderSource, key: str) -> str:
    """Give why what is said of a file keeps it from everyone."""
    [reference] = [item for item in source.items() if item.key == key]
    with pytest.raises(UnreadableMetadata) as caught:
        reference.load()
    return str(caught.value)


def readers(source: FolderSource) -> dict[str, tuple[str, ...]]:
    return {item.key: item.load().groups for item in source.items()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "fichier;groupe\na.txt;rh\n",
            "ligne 1 : la colonne « groupe » n’est pas connue : écrivez « groupes »",
        ),
        ("fichier;Groups\na.txt;rh\n", "la colonne « Groups » n’est pas connue : écrivez « groupes »"),
        ("fichier;référant\na.txt;rh\n", "écrivez « reference » ; si elle est à vous, « x_referant »"),
        ("fichier;Accès\na.txt;rh\n", "colonnes connues : fichier, reference"),
        ("fichier;groupes;Groupes\na.txt;rh;\n", "ligne 1 : la colonne « groupes » y est deux fois"),
        ("fichier;reference;\na.txt;;rh\n", "ligne 2 : « rh » est dans une colonne sans nom"),
        ("fichier;reference\na.txt;;rh\n", "ligne 2 : « rh » est dans une colonne sans nom"),
        ("fichier;groupes\n;rh\n", "ligne 2, colonne « fichier » : il manque le nom du fichier"),
        ("fichier;groupes\na.txt;,\n", "ligne 2, colonne « groupes » : « , » ne nomme aucun groupe"),
    ],
)
def test_a_restriction_that_is_not_understood_closes_the_file_and_says_so(
    source: FolderSource, tmp_path: Path, text: str, said: str
) -> None:
    write(tmp_path, "a.txt")
    sheet(tmp_path, text)
    assert said in refusal(source, "a.txt")


def test_empty_cells_free_columns_and_headers_in_plain_french_are_taken(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt")
    header = "Fichier;Référence;Valable jusqu’au;Revu le;Groupes;Auteur;x_service;;"
    sheet(tmp_path, f"{header}\na.txt;PR-1;31/12/2026;05/01/2026;rh;Léa;Paie;;;;\n;;\n")
    document = only(source).load()
    assert (document.number, document.groups, document.reviewed) == ("PR-1", ("rh",), date(2026, 1, 5))
    assert document.validity.valid_to == date(2026, 12, 31)


def test_a_name_that_differs_by_capitals_is_the_same_file(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, unicodedata.normalize("NFD", "Congés ÉTÉ.txt"), "a.txt")
    sheet(tmp_path, "fichier;groupes\nconges.txt;\nCONGÉS été.TXT;rh\n")
    assert readers(source) == {"Congés ÉTÉ.txt": ("rh",), "a.txt": (EVERYONE,)}


def test_of_two_files_that_differ_by_capitals_each_has_the_row_of_its_very_name(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt", "A.txt")
    sheet(tmp_path, "fichier;groupes\na.txt;rh\nA.txt;direction\n")
    assert readers(source) == {"A.txt": ("direction",), "a.txt": ("rh",)}
    sheet(tmp_path, "fichier;groupes\na.TXT;rh\n")
    assert set(readers(source).values()) == {("rh",)}
    sheet(tmp_path, "fichier;groupes\na.TXT;rh\nA.TXT;direction\n")
    assert "ligne 3, colonne « fichier » : « A.TXT » est déjà décrit ligne 2" in refusal(source, "a.txt")


def test_a_reserved_file_that_was_renamed_is_read_by_nobody_until_its_row_follows(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt", "salaires.txt", "b/c.txt")
    sheet(tmp_path, "fichier;groupes\na.txt;\nsalaires.txt;rh\n")
    (tmp_path / "salaires.txt").rename(tmp_path / "paie.txt")
    said = refusal(source, "paie.txt")
    assert "ligne 3 : aucun fichier ne s’appelle « salaires.txt » dans ce dossier" in said
    assert "réserve à « rh » : écrivez-y le nouveau nom du fichier" in said
    assert {item.key: item.load().groups for item in source.items() if item.key != "paie.txt"} == {
        "a.txt": (EVERYONE,),
        "b/c.txt": (EVERYONE,),
    }
    sheet(tmp_path, "fichier;groupes\na.txt;\npaie.txt;rh\n")
    assert readers(source)["paie.txt"] == ("rh",)


def test_a_row_without_a_file_that_keeps_nobody_away_closes_nothing(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a.txt")
    sheet(tmp_path, "fichier;reference;groupes\nb.txt;PR-1;\nc.txt;PR-2;direction rh\n")
    assert readers(replace(source, groups=("rh",))) == {"a.txt": ("rh",)}


def test_files_are_read_again_when_a_reserved_row_loses_its_file_and_when_it_goes(
    source: FolderSource, tmp_path: Path
) -> None:
    def fingerprints() -> dict[str, str]:
        return {item.key: item.fingerprint for item in source.items()}

    write(tmp_path, "a.txt", "b.txt")
    sheet(tmp_path, "fichier;groupes\nb.txt;\n")
    before = fingerprints()
    sheet(tmp_path, "fichier;groupes\nb.txt;\nc.txt;rh\n")
    orphaned = fingerprints()
    assert orphaned["a.txt"] != before["a.txt"]
    assert orphaned["b.txt"] == before["b.txt"]
    sheet(tmp_path, "fichier;groupes\nb.txt;\n")
    assert fingerprints() == before


@pytest.mark.parametrize(
    "written", ["rh/salaires.txt", "rh\\salaires.txt", "RH/ancien nom.txt", "rh/", "rh/*.txt"]
)
def test_a_row_that_leads_to_a_sub_folder_closes_it_and_says_where_it_belongs(
    source: FolderSource, tmp_path: Path, written: str
) -> None:
    write(tmp_path, "a.txt", "rh/salaires.txt", "rh/b.txt", "autre/c.txt")
    sheet(tmp_path, f"fichier;groupes\n{written};direction\n")
    sheet(tmp_path / "rh", "fichier;groupes\nb.txt;rh\n")
    assert f"ligne 2, colonne « fichier » : « {written} » est un" in refusal(source, "a.txt")
    assert f"dans metadonnees.csv, la ligne 2 réserve « {written} »" in refusal(source, "rh/salaires.txt")
    opened = {
        item.key: item.load().groups for item in source.items() if item.key in ("rh/b.txt", "autre/c.txt")
    }
    assert opened == {"rh/b.txt": ("rh",), "autre/c.txt": (EVERYONE,)}


def test_a_sheet_of_a_folder_without_documents_still_restricts_what_it_names(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "rh/salaires.txt", "rh/b.txt")
    sheet(tmp_path, "fichier;groupes\nsalaires.txt;direction\n")
    assert "mettez-la dans le metadonnees.csv du dossier" in refusal(source, "rh/salaires.txt")
    sheet(tmp_path, "fichier;groupes\nrh;direction\n")
    assert "réserve « rh »" in refusal(source, "rh/b.txt")


def test_a_reserved_file_that_was_moved_is_read_by_nobody_until_its_row_follows(
    source: FolderSource, tmp_path: Path
) -> None:
    write(tmp_path, "a/b.txt", "c/Salaires.txt")
    sheet(tmp_path / "a", "fichier;groupes\nb.txt;\nsalaires.txt;rh\n")
    assert "dans a/metadonnees.csv, la ligne 3 réserve « salaires.txt »" in refusal(source, "c/Salaires.txt")
    sheet(tmp_path / "c", "fichier;groupes\nsalaires.txt;rh\n")
    assert readers(source) == {"a/b.txt": (EVERYONE,), "c/Salaires.txt": ("rh",)}


def test_a_sheet_that_was_not_exported_closes_its_folder(source: FolderSource, tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Métadonnées.xlsx")
    assert "« Métadonnées.xlsx » ne se lit pas : enregistrez-le aussi en CSV" in refusal(source, "a.txt")
    sheet(tmp_path, "fichier;groupes\na.txt;rh\n")
    assert {item.load().groups for item in source.items() if item.key == "a.txt"} == {("rh",)}
