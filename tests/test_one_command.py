"""One command over what an organisation has: a shared folder of 240 mixed files, and three sets of real open data."""

import os
import re
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from ingest.index import Index, Query, SearchFilter
from ingest.index_edge import EdgeIndex
from ingest.manifest import Manifest
from ingest.settings import ROOT, IngestSettings
from ingest.sources.packages import DATASETS
from sample.tree import DATASETS as REAL
from sample.tree import Tree, build_tree
from tests.test_tree import normalised

CACHE = Path(os.environ.get("FANAL_CACHE", ROOT / ".cache"))
ALL = SearchFilter(groups=None)

missing = [name for name in REAL if not DATASETS[name].is_whole(CACHE)]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.law,
    pytest.mark.skipif(bool(missing), reason=f"not fetched: {', '.join(missing)}"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return build_tree(tmp_path_factory.mktemp("arbre") / "organisation")


@pytest.fixture(scope="module")
def settings(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> IngestSettings:
    """The settings of an index that one command has just filled."""
    found = IngestSettings(
        data_dir=tmp_path_factory.mktemp("data"), cache_dir=CACHE, sources_file=tree.sources, _env_file=None
    )
    done = command(found, "run", "--sparse-only")
    assert done.returncode == 1, done.stdout + done.stderr  # some files cannot be read, and that is said
    return found


@pytest.fixture(scope="module")
def index(settings: IngestSettings) -> Index:
    return EdgeIndex(settings.index_dir, 384)


def command(settings: IngestSettings, *words: str) -> subprocess.CompletedProcess[str]:
    places = {
        "FANAL_DATA_DIR": str(settings.data_dir),
        "FANAL_CACHE_DIR": str(settings.cache_dir),
        "FANAL_SOURCES_FILE": str(settings.sources_file),
    }
    line = [sys.executable, "-m", "ingest", *words]
    return subprocess.run(
        line, cwd=ROOT, env=os.environ | places, capture_output=True, text=True, check=False
    )


def test_every_readable_file_is_in_the_index_with_its_sentence(tree: Tree, index: Index) -> None:
    texts: dict[str, list[str]] = {}
    for hit in index.passages(ALL, 1_000_000):
        if hit.payload["file"]:
            texts.setdefault(hit.payload["file"], []).append(
                " ".join((*hit.payload["path"], hit.payload["text"]))
            )
    by_name = {name.rpartition("/")[2]: normalised(" ".join(parts)) for name, parts in texts.items()}
    read = [file for file in tree.files if file.outcome == "read"]
    lost = [
        file.path
        for file in read
        if normalised(file.text) not in by_name.get(file.path.rpartition("/")[2], "")
    ]
    assert len(read) >= 200
    assert lost == []


def test_every_other_file_is_named_with_its_reason_or_passed_over(
    tree: Tree, settings: IngestSettings
) -> None:
    with closing(Manifest(settings.manifest_file)) as manifest:
        failures = {
            failure.key.rpartition("/")[2]: failure.reason
            for source in manifest.states()
            for failure in manifest.failures(source)
        }
    expected = {f.path.rpartition("/")[2]: f.text for f in tree.files if f.outcome == "refused"}
    assert failures.keys() == expected.keys()
    assert all(re.search(word, failures[name], re.IGNORECASE) for name, word in expected.items())


def test_the_three_sets_of_open_data_are_whole(settings: IngestSettings) -> None:
    with closing(Manifest(settings.manifest_file)) as manifest:
        states = manifest.states()
    documents = {name: states[name].documents for name in REAL}
    assert documents == {
        "code-du-travail": 11_545,
        "fiches-travail": 269,
        "fiches-service-public-2020": 7_591,
    }


def test_an_old_sheet_answers_for_2020_and_never_for_today(index: Index) -> None:
    question = "Comment utiliser son compte personnel de formation avec Pôle emploi ?"
    for day, old in ((date(2020, 11, 15), True), (date.today(), False)):
        hits = index.search(Query(question, k=50, where=SearchFilter(groups=None, as_of=day)))
        sources = {hit.payload["source"] for hit in hits}
        assert ("fiches-service-public-2020" in sources) is old


def test_the_same_command_again_changes_nothing(settings: IngestSettings, index: Index) -> None:
    before = {hit.chunk_id: hit.payload["hash"] for hit in index.passages(ALL, 1_000_000)}
    index.close()
    done = command(settings, "run", "--sparse-only")
    counts = re.findall(r"(\d+) ajoutés.*?(\d+) modifiés.*?(\d+) retirés", done.stdout)
    assert len(counts) == 12
    assert set(counts) == {("0", "0", "0")}
    with closing(EdgeIndex(settings.index_dir, 384)) as again:
        assert {hit.chunk_id: hit.payload["hash"] for hit in again.passages(ALL, 1_000_000)} == before
