"""`check` says all that `metadonnees.csv` keeps from being read, once, and where it is."""

from pathlib import Path

from ingest.check import check_sources
from ingest.settings import IngestSettings

SOURCE = '[[source]]\nname = "docs"\nkind = "procedure"\nfolder = "docs"\n'


def problems(folder: Path, **files: str) -> list[str]:
    """Check a source of these files, `__` standing for a slash and the last `_` for a dot."""
    (folder / "sources.toml").write_text(SOURCE, encoding="utf-8")
    for name, text in files.items():
        path = folder / "docs" / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    settings = IngestSettings(
        sources_file=folder / "sources.toml",
        data_dir=folder / "data",
        cache_dir=folder / "cache",
        _env_file=None,
    )
    [check] = check_sources(settings, {})
    return check.problems


def test_an_unknown_column_is_to_be_corrected(tmp_path: Path) -> None:
    [said] = problems(tmp_path, a_md="# A", b_md="# B", metadonnees_csv="fichier;groupe\na.md;rh\n")
    assert said == "metadonnees.csv, ligne 1 : la colonne « groupe » n’est pas connue : écrivez « groupes »"


def test_a_reserved_row_without_a_file_is_said_once_with_what_it_closes(tmp_path: Path) -> None:
    files = {"rh__b_md": "# B", "rh__c_md": "# C", "a_md": "# A"}
    [said] = problems(tmp_path, **files, rh__metadonnees_csv="fichier;groupes\nd.md;rh\n")
    assert said.startswith(
        "rh/metadonnees.csv, ligne 2 : aucun fichier ne s’appelle « d.md » dans ce dossier"
    )
    assert "personne ne lit les fichiers du dossier qui n’ont pas de ligne à eux" in said


def test_the_sheet_of_a_folder_without_documents_is_looked_at(tmp_path: Path) -> None:
    said = problems(tmp_path, rh__a_md="# A", rh__b_md="# B", metadonnees_csv="fichier;groupes\nrh/a.md;rh\n")
    assert [line.split(" : ")[0] for line in said] == [
        "rh/a.md",
        "rh/b.md",
        "metadonnees.csv, ligne 2, colonne « fichier »",
    ]
    assert said[0].startswith("rh/a.md : dans metadonnees.csv, la ligne 2 réserve « rh/a.md »")
    assert said[2].endswith("metadonnees.csv du dossier « rh », avec le nom seul, « a.md »")
