"""`check` says what each source would bring and what is wrong, and touches nothing."""

from collections.abc import Callable
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from rich.console import Console

from ingest.check import SourceCheck, check_sources, print_check, print_checks
from ingest.check_files import looks_scanned
from ingest.errors import ConfigurationError
from ingest.index import Index
from ingest.manifest import Manifest
from ingest.parse import Limits, libreoffice, ocr
from ingest.pipeline import Ingestion
from ingest.settings import ROOT, IngestSettings
from ingest.sources.config import select_sources
from tests.faulty_readers import scanned_or_dead, sessions_or_dead
from tests.support import WordEmbedder

DOCUMENTS = ROOT / "sample" / "documents"
FOLDER = '[[source]]\nname = "notes"\nkind = "procedure"\nfolder = "notes"\n'
HEADER = "fichier;reference;date;groupes"


def settings(folder: Path, toml: str, **changes: Any) -> IngestSettings:
    (folder / "sources.toml").write_text(toml, encoding="utf-8")
    (folder / "notes").mkdir(exist_ok=True)
    return IngestSettings(
        sources_file=folder / "sources.toml",
        data_dir=folder / "data",
        cache_dir=folder / "cache",
        _env_file=None,
        **changes,
    )


def write(folder: Path, **files: str | bytes) -> None:
    for name, content in files.items():
        path = folder / "notes" / name.replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., SourceCheck]:
    def one(toml: str = FOLDER, known: dict[str, str] | None = None, **changes: Any) -> SourceCheck:
        chosen = settings(tmp_path, toml, **changes)
        [found] = check_sources(chosen, {"notes": known or {}}, lambda fingerprint: f"1/{fingerprint}")
        return found

    return one


Check = Callable[..., SourceCheck]


@pytest.mark.slow
def test_the_sample_has_nothing_to_correct_and_is_not_touched(tmp_path: Path) -> None:
    chosen = IngestSettings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", _env_file=None)
    checks = {check.config.name: check for check in check_sources(chosen, {})}
    problems = [problem for check in checks.values() for problem in check.problems]
    assert [line for line in problems if "numérisés" not in line] == []  # as on a machine without tesseract
    assert checks["procedures"].formats["PDF"] > 5
    assert (
        checks["procedures"].new
        == checks["procedures"].documents
        == sum(checks["procedures"].formats.values())
    )
    assert checks["offre-formation"].documents > 20
    assert checks["catalogue-partenaires"].documents > 20
    assert not list(tmp_path.iterdir())


def test_files_are_counted_by_what_they_are_and_by_what_changed(tmp_path: Path, check: Check) -> None:
    write(tmp_path, a_md="# Un", b_md="# Deux", c_txt="Trois")
    [source] = select_sources(settings(tmp_path, FOLDER), None)
    known = {item.key: f"1/{item.fingerprint}" for item in source.items()}
    write(tmp_path, b_md="# Deux bis", d_html="<p>Quatre</p>")
    found = check(known=known | {"gone.md": "1/x"})
    assert (found.new, found.changed, found.unchanged, found.vanished) == (1, 1, 2, 1)
    assert found.formats == {"Markdown": 2, "texte": 1, "HTML": 1}
    assert (found.documents, found.size) == (4, 4 + 10 + 5 + 13)
    assert found.problems == []


def test_a_file_that_will_not_be_read_is_named_with_the_reason(tmp_path: Path, check: Check) -> None:
    write(tmp_path, a_md="# Un", image_png=b"\x89PNG", vide_pdf=b"", gros_txt=b"x" * 2_000_000)
    found = check(file_max_mb=1)
    assert found.formats == {"Markdown": 1}
    assert [problem.split(" : ")[0] for problem in found.problems] == ["gros.txt", "image.png", "vide.pdf"]
    assert "plus que les 1 Mo permis" in found.problems[0]


def test_a_link_out_of_the_folder_is_said_to_be_left_out(tmp_path: Path, check: Check) -> None:
    (tmp_path / "dehors").mkdir()
    (tmp_path / "dehors" / "secret.txt").write_text("secret")
    write(tmp_path, a_md="# Un")
    (tmp_path / "notes" / "lien.txt").symlink_to(tmp_path / "dehors" / "secret.txt")
    (tmp_path / "notes" / "dossier").symlink_to(tmp_path / "dehors")
    found = check()
    assert found.documents == 1
    assert sorted(note.split(", ")[1].split(" : ")[0] for note in found.notes) == ["dossier", "lien.txt"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("a.md;;demain;", "metadonnees.csv, ligne 2, colonne « date » : la date « demain »"),
        ("a.md;;;rh", "metadonnees.csv, ligne 2, colonne « groupes » : « rh »"),
        ("b.md;;;", "metadonnees.csv, ligne 2 : aucun fichier ne s’appelle « b.md »"),
    ],
)
def test_a_wrong_row_of_metadata_is_named_by_its_line(
    tmp_path: Path, check: Check, row: str, problem: str
) -> None:
    write(tmp_path, a_md="# Un", metadonnees_csv=f"{HEADER}\n{row}\n")
    [said] = check(FOLDER + 'groups = ["direction"]\n').problems
    assert said.startswith(problem)


def test_a_sheet_that_cannot_be_read_is_named_once_for_all_its_files(tmp_path: Path, check: Check) -> None:
    write(tmp_path, a_md="# Un", b_md="# Deux", metadonnees_csv="nom;groupes\na.md;rh\n")
    [said] = check().problems
    assert "la colonne « fichier » manque" in said


def test_the_address_of_a_document_is_shown(tmp_path: Path, check: Check) -> None:
    write(tmp_path, a_md="# Un", metadonnees_csv=f"{HEADER}\na.md;PR-1;;\n")
    assert (
        check(FOLDER + 'link = "https://exemple.fr/{number}/{key}"\n').link == "https://exemple.fr/PR-1/a.md"
    )


def test_scans_are_announced_where_nothing_reads_them(
    tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = next(path for path in DOCUMENTS.rglob("*.pdf") if looks_scanned(path, Limits()))
    write(tmp_path, a_pdf=scan.read_bytes())
    monkeypatch.setattr(ocr, "missing_ocr", lambda: "l'OCR n'est pas installé")
    assert check().problems == ["1 PDF sans doute numérisés ne seront pas lus : l'OCR n'est pas installé"]
    without = check(FOLDER + "ocr = false\n")
    assert (len(without.notes), without.problems) == (1, [])
    monkeypatch.setattr(ocr, "missing_ocr", lambda: None)
    assert check().problems == []


def test_scans_are_told_from_pdfs_with_text() -> None:
    scanned = {path.name for path in DOCUMENTS.rglob("*.pdf") if looks_scanned(path, Limits())}
    assert "PR-024 Sécurité des locaux et évacuation.pdf" in scanned
    assert "PR-004 Délais de réponse (2022).pdf" not in scanned


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7 cut", b"not a pdf"])
def test_a_pdf_that_does_not_open_is_no_scan(tmp_path: Path, pdf: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf)
    assert looks_scanned(tmp_path / "a.pdf", Limits()) is False


def test_pdfs_are_opened_by_another_process(
    tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ends whoever opens it (pdfium is written in C) ends that process, and the next one is looked at."""
    monkeypatch.setattr("ingest.check_files.looks_scanned", scanned_or_dead)
    write(tmp_path, a_pdf=b"%PDF-1.7 kill", b_pdf=b"%PDF-1.7 scan")
    found = check(FOLDER + "ocr = false\n")
    assert found.notes == ["1 PDF sans doute numérisés ne seront pas lus (ocr = false)"]


def test_a_catalogue_that_ends_whoever_reads_it_is_a_problem(
    tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.sources.catalogue.read_sessions", sessions_or_dead)
    (tmp_path / "offre.xml").write_text("<lheo/>")
    [problem] = check(FOLDER.replace('folder = "notes"', 'lheo = "offre.xml"')).problems
    assert "interrompue brutalement" in problem


def test_an_old_format_needs_libreoffice(
    tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a_doc=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument\0".encode("utf-16-le"))
    monkeypatch.setattr(libreoffice, "missing_office", lambda: "LibreOffice n'est pas installé")
    assert check().problems == [
        "1 fichiers d’un ancien format ne seront pas lus : LibreOffice n'est pas installé"
    ]


def test_a_folder_that_is_missing_or_empty_is_a_problem(tmp_path: Path, check: Check) -> None:
    absent = FOLDER.replace('folder = "notes"', 'folder = "absent"')
    assert "introuvable" in check(absent).problems[0]
    assert "la source est vide" in check().problems[0]


def test_too_many_files_gone_is_a_problem(tmp_path: Path, check: Check) -> None:
    write(tmp_path, a_md="# Un")
    known = {f"{n}.md": "1/x" for n in range(9)}
    assert "9 documents sur 9 ont disparu" in check(known=known).problems[0]
    assert check(FOLDER + "max_removed_share = 1.0\n", known=known).problems == []


def test_one_file_is_a_source(tmp_path: Path, check: Check) -> None:
    write(tmp_path, a_md="# Un", b_md="# Deux")
    found = check(FOLDER.replace('folder = "notes"', 'file = "notes/b.md"'))
    assert (found.documents, found.formats, found.problems) == (1, {"Markdown": 1}, [])


def test_pages_are_counted_and_not_joined(check: Check) -> None:
    pages = 'pages = ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]\nhosts = ["127.0.0.1"]\n'
    found = check(FOLDER.replace('folder = "notes"\n', pages), known={"http://127.0.0.1:9/a": "1/x"})
    assert (found.documents, found.new, found.problems) == (2, 1, [])


def test_open_data_that_was_not_fetched_says_how_to(check: Check) -> None:
    [problem] = check(FOLDER.replace('folder = "notes"', 'dataset = "code-du-travail"')).problems
    assert problem.endswith("n’est pas encore téléchargé : python -m ingest fetch code-du-travail")


def test_a_header_that_the_table_has_not_is_named(tmp_path: Path, check: Check) -> None:
    book = Workbook()
    book.worksheets[0].append(["Intitulé", "Lieu"])
    book.worksheets[0].append(["Soudure", "Brest"])
    book.save(tmp_path / "offre.xlsx")
    table = FOLDER.replace(
        'folder = "notes"\n', 'table = "offre.xlsx"\n[source.columns]\ntitle = "Intitulé"\n'
    )
    assert (check(table).documents, check(table).problems) == (1, [])
    [problem] = check(table + 'place = "Ville"\n').problems
    assert "« Ville »" in problem


def test_a_wrong_sources_file_is_not_checked_further(check: Check) -> None:
    with pytest.raises(ConfigurationError, match="ligne 5, source « notes »"):
        check(FOLDER + "foldr = 'x'\n")


def test_what_is_printed_says_it_all_and_gives_the_exit_status(tmp_path: Path, check: Check) -> None:
    write(tmp_path, a_md="# Un", **{f"i{n}_png": b"\x89PNG" for n in range(25)})
    toml = FOLDER + 'title = "Notes [de] service"\ngroups = ["rh"]\nschedule = "weekly"\n'
    screen = StringIO()
    status = print_checks([check(toml, known={"a.md": "1/x"})], Console(file=screen, width=200))
    said = screen.getvalue()
    assert status == 1
    assert "notes (Notes [de] service)" in said
    assert "procédures ; folder = notes ; réservée à : rh ; toutes les semaines" in said
    assert "26 fichiers, 0,0 Mo : 1 Markdown" in said
    assert "25 nouveaux, 1 modifié" in said
    assert said.count("à corriger : i") == 20
    assert "et 5 autres" in said
    assert "1 source à corriger sur 1." in said


def test_nothing_to_correct_is_a_success(tmp_path: Path, check: Check) -> None:
    write(tmp_path, a_md="# Un")
    screen = StringIO()
    assert print_checks([check()], Console(file=screen)) == 0
    assert "1 source : rien à corriger." in screen.getvalue()


def test_the_command_compares_with_the_last_run_and_makes_no_manifest(
    tmp_path: Path, edge_index: Index, embedder: WordEmbedder
) -> None:
    write(tmp_path, a_md="# Un\n\nTexte.")
    chosen, screen = settings(tmp_path, FOLDER), StringIO()
    assert print_check(chosen, Console(file=screen), ["notes"]) == 0
    assert "1 nouveau" in screen.getvalue()
    assert not chosen.data_dir.exists()
    with closing(Manifest(chosen.manifest_file)) as manifest:
        Ingestion(edge_index, manifest, embedder).run_sources(select_sources(chosen, None))
    assert print_check(chosen, Console(file=screen)) == 0
    assert "1 inchangé" in screen.getvalue()


def test_a_source_that_is_not_in_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"« autre »\. Sources : notes"):
        check_sources(settings(tmp_path, FOLDER), {}, names=["autre"])
