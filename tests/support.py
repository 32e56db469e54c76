"""What tests build on: a fast stand-in for an embedder, small documents, and every index backend there is."""

import hashlib
import os
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from ingest.documents import EVERYONE, Block, Document, Kind, Status, Validity
from ingest.embed import Vectors
from ingest.index import Index
from ingest.text import terms


class WordEmbedder:
    """A fast stand-in for an embedder: each term adds its own direction, so shared words give close vectors."""

    name = "words-64"
    dimension = 64

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def query(self, text: str) -> Vectors:
        return self._vector(text)

    def passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> Vectors:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in terms(text):
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            vector += np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        normalised: Vectors = vector / np.linalg.norm(vector)
        return normalised


def make_document(
    key: str,
    *texts: str,
    source: str = "essai",
    kind: Kind = Kind.PROCEDURE,
    title: str = "",
    number: str | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
    status: Status = Status.IN_FORCE,
    groups: tuple[str, ...] = (EVERYONE,),
) -> Document:
    """Make a document whose texts are paragraphs; one that begins with "# " is a heading."""
    blocks = tuple(
        Block("heading", text.removeprefix("# "), level=1)
        if text.startswith("# ")
        else Block("paragraph", text)
        for text in texts
    )
    return Document(
        document_id=f"{source}:{key}",
        source=source,
        kind=kind,
        title=title or key,
        blocks=blocks,
        number=number,
        validity=Validity(valid_from, valid_to, status),
        groups=groups,
    )


def _edge(folder: Path, dimension: int) -> Index:
    from ingest.index_edge import EdgeIndex

    return EdgeIndex(folder, dimension)


def _local(_: Path, dimension: int) -> Index:
    from qdrant_client import QdrantClient

    from ingest.index_server import ServerIndex

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Payload indexes have no effect")  # the local mode's own limit
        return ServerIndex(QdrantClient(":memory:"), "essai", dimension)


def _server(_: Path, dimension: int) -> Index:
    from qdrant_client import QdrantClient

    from ingest.index_server import ServerIndex

    url = os.environ.get("QDRANT_URL")
    if not url:
        pytest.skip("QDRANT_URL is not set: no Qdrant server to run the store tests on")
    client = QdrantClient(url=url)
    client.delete_collection("fanal-essai")
    return ServerIndex(client, "fanal-essai", dimension)


BACKENDS: dict[str, Callable[[Path, int], Index]] = {"edge": _edge, "local": _local, "server": _server}
