"""A night's run over a folder of bad files: each is named with its reason, the others go on, nothing is lost."""

import zipfile
from pathlib import Path

import pytest
from pypdf import PdfWriter

from ingest.documents import Kind
from ingest.index import Index, Query, SearchFilter
from ingest.manifest import Manifest
from ingest.pipeline import Ingestion
from ingest.sources.files import FolderSource
from tests.support import WordEmbedder

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><b>&c;</b>'
)


def _fill(folder: Path) -> set[str]:
    """Write one file of each kind of trouble, and give their names."""
    (folder / "corrompu.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog\n")
    locked = PdfWriter()
    locked.add_blank_page(200, 200)
    locked.encrypt("secret", algorithm="AES-256")
    locked.write(folder / "chiffré.pdf")
    with zipfile.ZipFile(folder / "faux.docx", "w") as archive:
        archive.writestr("bonjour.txt", "ceci n'est pas un DOCX")
    (folder / "bombe.xml").write_text(BOMB, "utf-8")
    (folder / "vide.pdf").touch()
    return {"corrompu.pdf", "chiffré.pdf", "faux.docx", "bombe.xml", "vide.pdf"}


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return Manifest(tmp_path / "ingest.sqlite")


def test_bad_files_are_named_and_the_good_ones_are_indexed(
    edge_index: Index, embedder: WordEmbedder, manifest: Manifest, tmp_path: Path
) -> None:
    folder = tmp_path / "dossier partagé"
    folder.mkdir()
    bad = _fill(folder)
    (folder / "Procédure d’été (2026).md").write_text(
        "# Été\n\nLes horaires d’été commencent en juillet.\n", "utf-8"
    )
    (folder / "agences.csv").write_bytes(
        "Agence;Téléphone\r\nPont-Serein;poste 2140\r\nLa Ferté;élargi\r\n".encode("cp1252")
    )

    ingestion = Ingestion(edge_index, manifest, embedder)
    source = FolderSource("essai", Kind.PROCEDURE, folder)
    [report] = ingestion.run_sources([source])

    assert {failure.split(" : ", 1)[0] for failure in report.failures} == bad
    assert all(len(failure.split(" : ", 1)[1]) > 15 for failure in report.failures)
    assert report.added == 2
    found = edge_index.search(Query("horaires d'été", where=SearchFilter(groups=None)))
    assert found[0].payload["document_id"] == "essai:Procédure d’été (2026).md"
    texts = " ".join(hit.payload["text"] for hit in edge_index.passages(SearchFilter(groups=None)))
    assert "Téléphone" in texts
    assert "élargi" in texts
    manifest.close()


def test_a_good_file_that_is_overwritten_by_a_bad_one_stays_searchable(
    edge_index: Index, embedder: WordEmbedder, manifest: Manifest, tmp_path: Path
) -> None:
    folder = tmp_path / "dossier"
    folder.mkdir()
    (folder / "note.md").write_text("# Note\n\nLe guichet ferme à midi.\n", "utf-8")
    ingestion = Ingestion(edge_index, manifest, embedder)
    source = FolderSource("essai", Kind.PROCEDURE, folder)
    ingestion.run_sources([source])
    (folder / "note.md").write_bytes(b"")
    [report] = ingestion.run_sources([source])
    assert report.failures
    assert edge_index.search(Query("guichet", where=SearchFilter(groups=None)))[0].payload["title"] == "Note"
    manifest.close()


def test_what_links_lead_to_outside_the_folder_is_never_indexed(
    edge_index: Index, embedder: WordEmbedder, manifest: Manifest, tmp_path: Path
) -> None:
    folder, outside = tmp_path / "dossier", tmp_path / "ailleurs"
    for place in (folder, outside):
        place.mkdir()
    (outside / "paie.md").write_text("# Paie\n\nLes bulletins sont confidentiels.\n", "utf-8")
    (folder / "note.md").write_text("# Note\n\nLe guichet ferme à midi.\n", "utf-8")
    (folder / "lien.md").symlink_to(outside / "paie.md")
    (folder / "partage").symlink_to(outside)
    ingestion = Ingestion(edge_index, manifest, embedder)
    [report] = ingestion.run_sources([FolderSource("essai", Kind.PROCEDURE, folder)])
    assert (report.added, report.failures) == (1, [])
    titles = {hit.payload["title"] for hit in edge_index.passages(SearchFilter(groups=None))}
    assert titles == {"Note"}
    manifest.close()
