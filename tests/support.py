"""What tests build on: a fast stand-in for an embedder, small documents, and every index backend there is."""

import hashlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ingest.chunk import chunk_document
from ingest.documents import EVERYONE, Block, Document, Kind, Status, Validity
from ingest.embed import Vectors
from ingest.index import Index
from ingest.text import terms

if TYPE_CHECKING:
    from ingest.index_server import ServerIndex
    from ingest.qdrant_calls import QdrantCalls


OPEN_AND_RESERVED = """
[[source]]
name = "procedures"
kind = "procedure"
folder = "procedures"

[[source]]
name = "direction"
kind = "procedure"
folder = "direction"
groups = ["direction"]
"""
"""Sources of an organisation: what everybody reads, and what one group alone does."""


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


def make_procedures(count: int, word: str = "accueil") -> list[Document]:
    """Make documents of one passage each."""
    return [
        make_document(
            f"d{n}", f"# Étape {n % 9}", f"La procédure {n} de {word}.", f"Elle dure {n % 7} jours."
        )
        for n in range(count)
    ]


def fill_server(
    url: str,
    word: str,
    count: int = 3,
    *,
    generation: int | None = None,
    calls: "QdrantCalls | None" = None,
    embedder: str = "words-64",
) -> "ServerIndex":
    """Open an index on a server and write documents of one passage each, without dense vectors."""
    from ingest.index_server import ServerIndex

    index = ServerIndex.connect(url, "fanal", WordEmbedder.dimension, generation=generation, calls=calls)
    index.upsert([c for d in make_procedures(count, word) for c in chunk_document(d, 1_800)], {}, embedder)
    return index


@contextmanager
def _edge(folder: Path, dimension: int) -> Iterator[Index]:
    from ingest.index_edge import EdgeIndex

    with closing(EdgeIndex(folder, dimension)) as index:
        yield index


@contextmanager
def _local(_: Path, dimension: int) -> Iterator[Index]:
    from qdrant_client import QdrantClient

    from ingest.index_server import ServerIndex

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Payload indexes have no effect")  # the local mode's own limit
        opened = ServerIndex(QdrantClient(":memory:"), "essai", dimension)
    with closing(opened) as index:
        yield index


@contextmanager
def _rest(_: Path, dimension: int) -> Iterator[Index]:
    from ingest.index_server import ServerIndex
    from tests.qdrant_rest import QdrantRest
    from tests.served import serving

    with serving(QdrantRest().app) as url, closing(ServerIndex.connect(url, "essai", dimension)) as index:
        yield index


@contextmanager
def _server(_: Path, dimension: int) -> Iterator[Index]:
    from ingest.collections import drop_before
    from ingest.index_server import ServerIndex
    from ingest.qdrant_calls import open_client

    url = os.environ.get("QDRANT_URL")
    if not url:
        pytest.skip("QDRANT_URL is not set: no Qdrant server to run the store tests on")
    client = open_client(url)
    drop_before(client, "fanal-essai", sys.maxsize)  # and the alias with its collection
    with closing(ServerIndex(client, "fanal-essai", dimension)) as index:
        yield index


BACKENDS: dict[str, Callable[[Path, int], AbstractContextManager[Index]]] = {
    "edge": _edge,
    "local": _local,
    "rest": _rest,
    "server": _server,
}
