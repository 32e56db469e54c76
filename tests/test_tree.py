"""The invented shared folder: all that it holds ends as what is expected of it, whatever the format."""

import re
import shutil
from pathlib import Path, PurePosixPath

import pytest

from ingest.documents import Kind
from ingest.errors import UnreadableFile
from ingest.parse import parse_file
from ingest.sources.config import read_sources
from ingest.sources.files import FolderSource
from sample.tree import Tree, build_tree
from sample.tree_content.files import planned
from sample.tree_content.wording import Draft, procedure

pytestmark = pytest.mark.slow

FORMATS = {
    *(
        ".pdf",
        ".docx",
        ".odt",
        ".rtf",
        ".pptx",
        ".xlsx",
        ".csv",
        ".tsv",
        ".html",
        ".md",
        ".txt",
        ".eml",
        ".xml",
    ),
}
CONVERTED = {".doc", ".ppt", ".ods", ".odp"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return build_tree(tmp_path_factory.mktemp("arbre") / "organisation")


def normalised(text: str) -> str:
    """Same words, whatever the typography: table bars, bold marks, apostrophes and every kind of space."""
    return " ".join(re.sub(r"[|*]", " ", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")).split())


def test_the_tree_is_large_and_mixed(tree: Tree) -> None:
    readable = [PurePosixPath(file.path) for file in tree.files if file.outcome == "read"]
    assert len(readable) >= 200
    written = FORMATS | (CONVERTED if shutil.which("soffice") else set())
    assert {path.suffix for path in readable} == written
    assert max(len(path.parts) for path in readable) >= 3
    assert any(" " in path.name and "'" in str(path) and "é" in str(path) for path in readable)


def test_every_file_written_is_expected_and_every_file_expected_is_written(tree: Tree) -> None:
    found = {path.relative_to(tree.shared).as_posix() for path in tree.shared.rglob("*") if not path.is_dir()}
    sheets = {path for path in found if path.endswith("metadonnees.csv")}
    assert len(sheets) >= 3
    assert found - sheets == {file.path for file in tree.files}


def test_each_readable_file_says_its_last_sentence(tree: Tree) -> None:
    silent = [
        file.path
        for file in tree.files
        if file.outcome == "read" and normalised(file.text) not in normalised(read(tree.shared / file.path))
    ]
    assert not silent


def read(path: Path) -> str:
    try:
        return "\n".join(block.text for block in parse_file(path).blocks)
    except UnreadableFile as error:
        return f"refused: {error}"


def test_each_unreadable_file_is_refused_with_its_reason(tree: Tree) -> None:
    for file in tree.files:
        if file.outcome == "refused":
            with pytest.raises(UnreadableFile, match=file.text):
                parse_file(tree.shared / file.path)


def test_the_source_lists_all_but_what_is_to_be_ignored(tree: Tree) -> None:
    source = FolderSource("partage", Kind.PROCEDURE, tree.shared)
    listed = {item.key for item in source.items()}
    assert listed == {file.path for file in tree.files if file.outcome != "ignored"}
    assert (tree.shared / "À trier/Vieux disque d'Élodie/Raccourci vers la paie.txt").is_file()


def test_the_sources_file_covers_the_tree_and_three_real_datasets(tree: Tree) -> None:
    configs = read_sources(tree.sources)
    folders = {(tree.folder / config.folder).name for config in configs if config.folder}
    assert folders == {path.name for path in tree.shared.iterdir()}
    datasets = {config.dataset for config in configs if config.dataset}
    assert datasets == {"code-du-travail", "fiches-travail", "fiches-service-public-2020"}


def test_the_same_seed_gives_the_same_bytes(tree: Tree) -> None:
    for file in planned(7):
        # LibreOffice stamps the hour of its conversion; odfpy declares every namespace that the process met.
        if not file.convert and not file.path.endswith((".odt", ".eml")):
            assert (tree.shared / file.path).read_bytes() == file.content, file.path


def test_another_seed_gives_another_text() -> None:
    assert procedure(Draft(7, "PRO-001", 1)).body != procedure(Draft(8, "PRO-001", 1)).body
