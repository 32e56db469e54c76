"""Points of a Qdrant server: what `qdrant-client` gives goes in, Fanal's hits come out; vectors the other way."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from qdrant_client import models

from ingest.filter_server import filter_of
from ingest.index import SPARSE, Hit, SearchFilter, Vector
from ingest.sparse import SparseVector

T = TypeVar("T")


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into parts of that size at most."""
    return (items[start : start + size] for start in range(0, len(items), size))


def hit(record: models.Record) -> Hit:
    """Read a point that was looked up: it has no score."""
    return Hit(str(record.id), 0.0, record.payload or {})


def scored(point: models.ScoredPoint) -> Hit:
    """Read a point that a search found."""
    return Hit(str(point.id), float(point.score), point.payload or {})


def sparse(vector: SparseVector) -> models.SparseVector:
    """Write a sparse vector as the client does."""
    return models.SparseVector(indices=vector.indices, values=vector.values)


def floats(vector: Vector) -> list[float]:
    """Write a dense vector as the client does."""
    return [float(value) for value in vector]


def idf_within(where: SearchFilter) -> models.SearchParams | None:
    """Ask for the IDF of what a filter leaves."""
    corpus = filter_of(where)
    return models.SearchParams(idf=models.IdfCorpusParams(corpus=corpus)) if corpus else None


def idf(point: models.ScoredPoint, query: SparseVector) -> float:
    """Divide a one-term score by what the passage itself gave to it: Qdrant's own IDF is left."""
    stored = point.vector[SPARSE] if isinstance(point.vector, dict) else None
    if not isinstance(stored, models.SparseVector):
        return 0.0
    weights = dict(zip(stored.indices, stored.values, strict=True))
    own = sum(weights.get(index, 0.0) for index in query.indices)
    return float(point.score) / own if own else 0.0
