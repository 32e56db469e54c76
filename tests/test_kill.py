"""Killed without warning at any point, the next run ends in the index of a run that nobody disturbed."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ingest.generations import Generations
from ingest.index import Query, SearchFilter
from ingest.index_edge import EdgeIndex
from ingest.manifest import Manifest
from ingest.settings import ROOT
from tests.killed_run import ingest
from tests.support import WordEmbedder

KILLS = 20
FILES = 40
ALL = SearchFilter(groups=None)
WORDS = "bilan compétences formation conseiller entretien projet dispositif dossier financement délai".split()


def write(path: Path, chance: random.Random) -> None:
    """Write a note of a few sections, so that versions differ in their number of passages too."""
    sections = [
        f"# Partie {number}\n\n{' '.join(chance.choices(WORDS, k=40))} {chance.random()}."
        for number in range(chance.randint(1, 6))
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n\n".join(sections), "utf-8")


def change(folder: Path, chance: random.Random) -> None:
    """Add, rewrite, rename and remove some of the files."""
    files = sorted(folder.rglob("*.md"))
    for path in chance.sample(files, 12):
        write(path, chance)
    for path in chance.sample(files, 6):
        path.rename(path.with_name(f"renommée-{chance.random()}.md"))
    for path in chance.sample(sorted(folder.rglob("*.md")), 8):
        path.unlink()
    for _ in range(8):
        write(folder / f"dossier-{chance.randint(1, 3)}" / f"note-{chance.random()}.md", chance)


def run_killed(folder: Path, data: Path, after: float) -> bool:
    """Run in a process of its own and kill it; tells whether it was still running."""
    command = [sys.executable, "-m", "tests.killed_run", str(folder), str(data)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    return "done" not in rest


def content(data: Path) -> dict[str, Any]:
    """Give all that an index holds, once each of its passages was found by its own vector."""
    embedder = WordEmbedder()
    index = EdgeIndex(Generations(data).index_dir(0), embedder.dimension)
    manifest = Manifest(Generations(data).manifest_file(0))
    try:
        hits = index.passages(ALL)
        assert index.count(SearchFilter(groups=None, embedded=True)) == len(hits) == manifest.embedded()[0]
        for hit in hits[::7]:
            vector = embedder.query(" > ".join(hit.payload["path"]) + "\n" + hit.payload["text"])
            where = SearchFilter(groups=None, document_id=hit.payload["document_id"])
            best = index.search(Query("", vector, k=1, side="dense", where=where))[0]
            assert best.chunk_id == hit.chunk_id
            assert best.score == pytest.approx(1.0, abs=1e-3)
        return {hit.chunk_id: hit.payload for hit in hits}
    finally:
        index.close()
        manifest.close()


def timed(folder: Path, data: Path) -> float:
    """Run undisturbed; gives the seconds it took."""
    began = time.perf_counter()
    ingest(folder, data)
    return time.perf_counter() - began


@pytest.mark.slow
def test_twenty_kills_leave_no_duplicate_no_orphan_and_no_loss(tmp_path: Path) -> None:
    chance = random.Random(11)
    folder, data, fresh = tmp_path / "documents", tmp_path / "data", tmp_path / "fresh"
    for number in range(FILES):
        write(folder / f"note-{number}.md", chance)
    whole = timed(folder, fresh)
    cut = 0
    for number in range(KILLS):
        cut += run_killed(folder, data, chance.uniform(0, 0.7 * whole))
        if (
            number % 2
        ):  # every other time the files change before the next run, as they do from night to night
            change(folder, chance)
        ingest(folder, data)
        shutil.rmtree(fresh)
        whole = timed(folder, fresh)
        assert content(data) == content(fresh)
        change(folder, chance)
    assert cut >= KILLS // 2, "most runs were over before they were killed: the test tells too little"
