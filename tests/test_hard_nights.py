"""What happens at three in the morning: a scan that takes for ever, a disk that fills up, two runs at once."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections import namedtuple
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ingest.chunk import chunk_document
from ingest.documents import Kind
from ingest.errors import IngestionRunning, StorageFailed
from ingest.index import Index, Query, SearchFilter
from ingest.index_edge import EdgeIndex
from ingest.lock import fill_lock, holder, run_lock
from ingest.manifest import Manifest
from ingest.parse import Limits
from ingest.parse.isolated import FileReader
from ingest.parse.ocr import missing_ocr
from ingest.pipeline import Ingestion
from ingest.settings import ROOT
from ingest.sources.files import FolderSource
from tests.support import WordEmbedder, make_document

ALL = SearchFilter(groups=None)
Usage = namedtuple("Usage", "total used free")


def scan(pages: int) -> bytes:
    """Make a PDF whose pages are images of noise: nothing for a text layer, much for an OCR to look at."""
    noise = [Image.frombytes("L", (620, 877), os.urandom(620 * 877)) for _ in range(2)]
    data = BytesIO()
    noise[0].save(data, "PDF", save_all=True, append_images=[noise[n % 2] for n in range(1, pages)])
    return data.getvalue()


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return Manifest(tmp_path / "data" / "ingest.sqlite")


@pytest.mark.slow
@pytest.mark.skipif(missing_ocr() is not None, reason=str(missing_ocr()))
def test_a_scan_of_two_hundred_pages_stops_nothing(
    tmp_path: Path, edge_index: Index, manifest: Manifest, embedder: WordEmbedder
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a-scan.pdf").write_bytes(scan(200))
    for number in range(5):
        (folder / f"note-{number}.md").write_text(f"# Note {number}\n\nLe délai {number} est court.\n")
    limits = Limits(max_ocr_seconds=5)
    with FileReader() as reader:
        source = FolderSource("notes", Kind.PROCEDURE, folder, limits=limits, reader=reader.read)
        [report] = Ingestion(edge_index, manifest, embedder).run_sources([source])
    manifest.close()
    assert report.added == 5
    assert edge_index.search(Query("délai", where=ALL))
    [failure] = report.failures
    assert failure.startswith("a-scan.pdf")
    assert "5 secondes" in failure


def test_a_disk_that_fills_up_stops_the_run_and_loses_nothing(
    tmp_path: Path, manifest: Manifest, embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.md").write_text("# A\n\nLe premier texte.\n")
    index = EdgeIndex(tmp_path / "index", embedder.dimension, min_free_mb=500)
    source = FolderSource("notes", Kind.PROCEDURE, folder)
    ingestion = Ingestion(index, manifest, embedder)
    ingestion.run_sources([source])
    (folder / "b.md").write_text("# B\n\nLe second texte.\n")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: Usage(10**12, 10**12, 40 * 10**6))
        with pytest.raises(StorageFailed, match="Il ne reste que 40 Mo"):
            ingestion.run_sources([source])
        assert "40 Mo" in (manifest.states()["notes"].problem or "")
        assert [hit.payload["title"] for hit in index.search(Query("texte", where=ALL))] == ["A"]
        index.close()
        index = EdgeIndex(
            tmp_path / "index", embedder.dimension, min_free_mb=500
        )  # a server starts all the same
        assert index.count(ALL) == 1
    ingestion = Ingestion(index, manifest, embedder)
    assert ingestion.run_sources([source])[0].failures == []
    assert index.count(ALL) == 2
    index.close()
    manifest.close()


@pytest.mark.slow
def test_a_second_program_is_refused_without_harm_to_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    index = EdgeIndex(folder, 64)
    second = (
        "import sys; from pathlib import Path; from ingest.index_edge import EdgeIndex\n"
        "EdgeIndex(Path(sys.argv[1]), 64)"
    )
    for turn in range(3):
        index.upsert(chunk_document(make_document(str(turn), f"Texte numéro {turn}."), 1_800), {}, "essai")
        index.flush()
        index.delete(SearchFilter(groups=None, document_id="essai:0"))
        refused = subprocess.run(
            [sys.executable, "-c", second, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert "IndexBusy" in refused.stderr
        index.flush()
    index.close()
    with closing(EdgeIndex(folder, 64)) as again:
        assert again.count(ALL) == 2


_FULL = """
import sys
from pathlib import Path
from ingest.chunk import chunk_document
from ingest.errors import StorageFailed
from ingest.index_edge import EdgeIndex
from tests.support import make_document
index = EdgeIndex(Path(sys.argv[1]) / "index", 64, min_free_mb=20)
for number in range(600):
    document = make_document(str(number), *(f"mot{number}x{n} " * 300 for n in range(20)))
    try:
        index.upsert(chunk_document(document, 1800), {}, "essai")
    except StorageFailed as error:
        print("refused:", error)
        index.close()
        sys.exit(0)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None, reason="mounting a small disk needs root"
)
def test_a_disk_that_is_really_full_refuses_instead_of_killing_the_process(tmp_path: Path) -> None:
    small = tmp_path / "petit-disque"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(small)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this container may not mount a disk")
    try:
        done = subprocess.run(
            [sys.executable, "-c", _FULL, str(small)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    finally:
        subprocess.run(["umount", str(small)], check=True)
    assert done.returncode == 0, done.stderr
    assert "refused: Il ne reste que" in done.stdout


def test_two_runs_at_once_are_refused_with_who_and_since_when(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        assert holder(tmp_path).startswith(f"processus {os.getpid()}, depuis le ")
        with pytest.raises(IngestionRunning, match="attendez sa fin"), run_lock(tmp_path):
            pass
    assert holder(tmp_path) == ""
    with run_lock(tmp_path):
        pass


def test_a_lock_does_not_outlive_a_process_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from ingest.lock import run_lock\n"
        "with run_lock(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    with run_lock(tmp_path):
        assert holder(tmp_path)


def test_vectors_are_computed_by_one_program_at_a_time(tmp_path: Path) -> None:
    with fill_lock(tmp_path) as first, fill_lock(tmp_path) as second:
        assert (first, second) == (True, False)


def test_a_manifest_that_is_no_database_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "ingest.sqlite"
    broken.write_bytes(b"ceci n'est pas une base" * 100)
    with pytest.raises(StorageFailed, match=r"ingest\.sqlite"):
        Manifest(broken)


def test_vectors_of_the_first_fanal_are_taken_over(tmp_path: Path, embedder: WordEmbedder) -> None:
    former = tmp_path / "ingest.sqlite"
    vector = embedder.query("texte")
    with sqlite3.connect(former) as db:
        db.execute(
            "CREATE TABLE vectors (embedder TEXT, hash TEXT, vector BLOB, PRIMARY KEY (embedder, hash))"
        )
        db.execute("CREATE TABLE documents (source TEXT, key TEXT)")
        db.execute("INSERT INTO vectors VALUES ('words-64', 'abc', ?)", (vector.tobytes(),))
    db.close()
    manifest = Manifest(former)
    assert (manifest.vectors.of("words-64", ["abc"])["abc"] == vector).all()
    assert manifest.known("essai") == {}
    manifest.close()
