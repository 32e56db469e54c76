"""What an administrator reads when the server refuses to start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.chunk import chunk_document
from ingest.index_edge import EdgeIndex
from tests.support import WordEmbedder, make_document

ROOT = Path(__file__).resolve().parent.parent


def refused(**environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "server", "--port", "0"],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.slow
def test_an_index_that_another_program_holds_is_said_in_a_line(tmp_path: Path) -> None:
    held = EdgeIndex(tmp_path / "index", 384)
    assert "déjà ouvert par un autre programme" in refused(FANAL_DATA_DIR=str(tmp_path))
    held.close()


@pytest.mark.slow
def test_an_index_of_another_embedder_is_said_in_a_line(tmp_path: Path) -> None:
    index = EdgeIndex(tmp_path / "index", 384)
    index.upsert(chunk_document(make_document("a", "Texte."), 1_800), {}, WordEmbedder.name)
    index.close()
    assert f"« {WordEmbedder.name} »" in refused(FANAL_DATA_DIR=str(tmp_path))


@pytest.mark.slow
def test_an_embeddings_endpoint_that_does_not_answer_is_said_in_a_line(tmp_path: Path) -> None:
    said = refused(
        FANAL_DATA_DIR=str(tmp_path),
        FANAL_EMBEDDER="openai",
        FANAL_EMBEDDER_URL="http://127.0.0.1:9/v1",
        FANAL_EMBEDDER_MODEL="e5",
    )
    assert "Le service d'embeddings ne répond pas" in said


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    assert "FANAL_CHUNK_CHARS" in refused(FANAL_DATA_DIR=str(tmp_path), FANAL_CHUNK_CHARS="douze")
