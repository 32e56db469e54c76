"""The embedded index: Qdrant's own core in the process, in a folder that one process owns at a time."""

import fcntl
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import qdrant_edge as edge

from ingest.candidates import Lookup, gathered
from ingest.documents import Chunk
from ingest.errors import ConfigurationError, IndexBusy, IndexMismatch, StorageFailed
from ingest.filter_edge import filter_of
from ingest.index import (
    CANDIDATES,
    DENSE,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    RRF_K,
    SPARSE,
    Candidate,
    Hit,
    Query,
    SearchFilter,
    Vector,
    check_embedder,
    in_reading_order,
    payload_of,
)
from ingest.sparse import SparseEncoder, SparseVector, inverse_document_frequency

_CONFIG = "edge_config.json"

_BUSY = (
    "L’index est déjà ouvert par un autre programme (le serveur Fanal, sans doute). "
    "Passez par ce serveur, ou arrêtez-le."
)

ALL_POINTS = 1 << 31

PAGE = 1_000
"""Points of one scroll."""


class EdgeIndex:
    """`ingest.index.Index` on `qdrant-edge-py`.

    The write-ahead log stays on: it is what makes a second process fail instead of corrupting the folder.

    Args:
        folder: where the shard lives; created when it is missing.
        dimension: size of the dense vectors.
        min_free_mb: free space under which nothing is written, in MB: Qdrant's core maps its files in memory, and
            the system kills the process that writes to such a file when the disk is full.

    Raises:
        IndexBusy: another process owns the folder.
        IndexMismatch: the folder holds vectors of another size.
        StorageFailed: the disk is full, or refuses a write; also raised by every method that writes.
    """

    def __init__(self, folder: Path, dimension: int, min_free_mb: int = 0) -> None:
        self._encoder = SparseEncoder()
        self._writing = threading.Lock()
        self._folder = folder
        self._dimension = dimension
        self._min_free_mb = min_free_mb
        self._lock = _locked(folder)
        try:
            self._shard = self._opened(folder)
        except BaseException:
            self._lock.close()
            raise

    def _opened(self, folder: Path) -> edge.EdgeShard:
        if not (folder / _CONFIG).exists():  # one that exists is opened on a full disk too: to be searched
            folder.mkdir(parents=True, exist_ok=True)
            _check_space(folder, self._min_free_mb)
        shard = _open(folder, self._dimension)
        # A field that an earlier Fanal did not filter by gets its index.
        if _free_mb(folder) >= self._min_free_mb:
            with _writes_to(folder):
                _index_fields(shard)
        return shard

    def upsert(self, chunks: Sequence[Chunk], dense: Mapping[str, Vector], embedder: str) -> None:
        points = [self._point(chunk, dense.get(chunk.hash), embedder) for chunk in chunks]
        if points:
            self._update(edge.UpdateOperation.upsert_points(points))

    def _point(self, chunk: Chunk, dense: Vector | None, embedder: str) -> edge.Point:
        vector: dict[str, Any] = {SPARSE: _sparse(self._encoder.document(chunk))}
        if dense is not None:
            vector[DENSE] = _floats(dense)
        return edge.Point(id=chunk.chunk_id, vector=vector, payload=payload_of(chunk, embedder))

    def set_dense(self, vectors: Mapping[str, Vector]) -> None:
        with self._writing:
            held = self._shard.retrieve(list(vectors), with_payload=False, with_vector=False)
            points = [edge.PointVectors(p.id, {DENSE: _floats(vectors[str(p.id)])}) for p in held]
            if points:
                self._change(edge.UpdateOperation.update_vectors(points))

    def delete(self, where: SearchFilter) -> None:
        self._update(edge.UpdateOperation.delete_points_by_filter(filter_of(where) or edge.Filter()))

    def set_groups(self, chunk_ids: Sequence[str], groups: Sequence[str]) -> None:
        with self._writing:
            held = self._shard.retrieve(list(chunk_ids), with_payload=False, with_vector=False)
            if held:
                ids = [point.id for point in held]
                self._change(edge.UpdateOperation.set_payload(ids, {"groups": list(groups)}))

    def search(self, query: Query) -> list[Hit]:
        return [_hit(point) for point in self._shard.query(self._request(query))]

    def _request(self, query: Query) -> edge.QueryRequest:
        where = filter_of(query.where)
        sparse = self._nearest(query, SPARSE)
        if query.dense is None or query.side == "sparse":
            return edge.QueryRequest(limit=query.k, query=sparse, filter=where, with_payload=True)
        dense = self._nearest(query, DENSE)
        if query.side == "dense":
            return edge.QueryRequest(limit=query.k, query=dense, filter=where, with_payload=True)
        fusion: Any = edge.Fusion.Dbsf() if query.fusion == "dbsf" else edge.Fusion.Rrf(k=RRF_K)
        sides = [edge.Prefetch(limit=query.prefetch, query=side, filter=where) for side in (dense, sparse)]
        return edge.QueryRequest(limit=query.k, query=fusion, prefetches=sides, with_payload=True)

    def _nearest(self, query: Query, side: str) -> edge.Query:
        if side == SPARSE or query.dense is None:
            return edge.Query.Nearest(_sparse(self._encoder.query(query.text, query.expansion)), using=SPARSE)
        return edge.Query.Nearest(_floats(query.dense), using=DENSE)

    def candidates(self, query: Query, limit: int = CANDIDATES) -> list[Candidate]:
        shard = self._shard  # a switch meanwhile must not mix two generations
        sides = {side: self._nearest(query, side) for side in (SPARSE, DENSE)}

        def answered(lookups: Sequence[Lookup]) -> list[list[Hit]]:
            requests = [
                edge.QueryRequest(
                    limit=lookup.limit,
                    query=sides[lookup.using] if lookup.using else None,
                    filter=filter_of(lookup.where),
                    with_payload=lookup.using is None,
                )
                for lookup in lookups
            ]
            found = shard.query_batch(edge.QueryBatchRequest(requests))
            return [[_hit(point) for point in points] for points in found]

        return gathered(query, limit, answered)

    def passages(self, where: SearchFilter, limit: int = 10_000) -> list[Hit]:
        return in_reading_order(self._scroll(where, limit))

    def entries(self, where: SearchFilter, fields: Sequence[str]) -> Iterator[Hit]:
        return self._scroll(where, ALL_POINTS, list(fields))

    def _scroll(self, where: SearchFilter, limit: int, fields: list[str] | bool = True) -> Iterator[Hit]:
        offset: Any = None
        left = limit
        while left > 0:
            request = edge.ScrollRequest(
                offset=offset,
                limit=min(left, PAGE),
                filter=filter_of(where),
                with_payload=fields,
            )
            records, offset = self._shard.scroll(request)
            yield from (Hit(str(record.id), 0.0, record.payload or {}) for record in records)
            left -= len(records)
            if offset is None or not records:
                return

    def get(self, chunk_ids: Sequence[str]) -> list[Hit]:
        records = self._shard.retrieve(list(chunk_ids), with_payload=True, with_vector=False)
        return [Hit(str(record.id), 0.0, record.payload or {}) for record in records]

    def count(self, where: SearchFilter) -> int:
        return self._shard.count(edge.CountRequest(exact=True, filter=filter_of(where)))

    def rarity(self, words: Sequence[str], where: SearchFilter) -> dict[str, float]:
        encoded = {word: self._encoder.terms([word]) for word in words}
        known = {word: vector for word, vector in encoded.items() if vector.indices}
        if not known:
            return {}
        within = edge.SearchParams(idf=edge.IdfParams(filter_of(where)))
        requests = [_lookup(vector, within) for vector in known.values()]
        found = self._shard.query_batch(edge.QueryBatchRequest(requests))
        # An estimate (at worst a third too low, over several groups): counting takes longer than all the rest.
        total = self._shard.count(edge.CountRequest(exact=False, filter=filter_of(where)))
        unseen = inverse_document_frequency(0, max(1, total))
        return {
            word: _idf(hits[0], vector) if hits else unseen
            for (word, vector), hits in zip(known.items(), found, strict=True)
        }

    def embedder(self) -> str | None:
        for hit in self._scroll(SearchFilter(groups=None), limit=1):
            return str(hit.payload["embedder"])
        return None

    def switch(self, folder: Path, embedder: str) -> None:
        if folder == self._folder:
            return
        former, lock = self._shard, _locked(folder)
        with self._writing:
            try:
                self._shard = self._opened(folder)
                check_embedder(self.embedder(), embedder)
            except BaseException:
                self._shard = former
                lock.close()
                raise
            self._lock.close()
            self._folder, self._lock = folder, lock
        with suppress(Exception):  # nobody will open it again; it is closed when the last search on it ends
            former.flush()

    def flush(self) -> None:
        with self._writing, _writes_to(self._folder):
            self._shard.flush()

    def close(self) -> None:
        with self._writing, self._lock:
            self._shard.close()

    def _update(self, operation: edge.UpdateOperation) -> None:
        with self._writing:
            self._change(operation)

    def _change(self, operation: edge.UpdateOperation) -> None:
        _check_space(self._folder, self._min_free_mb)
        with _writes_to(self._folder):
            self._shard.update(operation)


@contextmanager
def _writes_to(folder: Path) -> Iterator[None]:
    """Name the folder of a write that Qdrant's core refuses."""
    try:
        yield
    except Exception as error:  # the binding raises nothing finer
        raise StorageFailed(f"L’index de « {folder} » refuse une écriture : {error}") from error


def _locked(folder: Path) -> IO[str]:
    """Own the folder until the file that this gives is closed, by a kill if need be.

    Qdrant's own lock comes too late: a second opening is refused, but first replays the journal of the first one,
    whose next flush then fails.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        file = folder.with_name(f"{folder.name}.lock").open("a")
    except OSError as error:
        raise StorageFailed(f"Le dossier « {folder.parent} » ne peut pas être écrit : {error}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise IndexBusy(_BUSY) from error
    return file


def _open(folder: Path, dimension: int) -> edge.EdgeShard:
    config = edge.EdgeConfig(
        vectors={DENSE: edge.EdgeVectorParams(size=dimension, distance=edge.Distance.Cosine)},
        sparse_vectors={SPARSE: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
        wal_enabled=True,
    )
    try:
        if (folder / _CONFIG).exists():
            shard = edge.EdgeShard.load(str(folder), config)
        else:
            shard = edge.EdgeShard.create(str(folder), config)
    except Exception as error:  # the binding raises nothing finer
        raise _explained(error, folder) from error
    return shard


def _check_space(folder: Path, min_free_mb: int) -> None:
    free = _free_mb(folder)
    if free < min_free_mb:
        raise StorageFailed(
            f"Il ne reste que {free} Mo sur le disque de « {folder} », et l’ingestion en garde {min_free_mb} libres "
            "(FANAL_MIN_FREE_MB) : faites de la place, puis relancez-la. Ce qui était fait est gardé."
        )


def _free_mb(folder: Path) -> int:
    return shutil.disk_usage(folder).free // 1_000_000


def _index_fields(shard: edge.EdgeShard) -> None:
    for key in KEYWORD_FIELDS:
        shard.update(edge.UpdateOperation.create_field_index(key, edge.PayloadSchemaType.Keyword))
    for key in INTEGER_FIELDS:
        shard.update(edge.UpdateOperation.create_field_index(key, edge.PayloadSchemaType.Integer))


def _explained(error: Exception, folder: Path) -> Exception:
    message = str(error)
    if "WouldBlock" in message:
        return IndexBusy(_BUSY)
    if "dimension" in message.lower() or "vector" in message.lower():
        return IndexMismatch(
            f"L'index de « {folder} » a été construit avec un autre modèle d'embeddings ({message}). "
            "Remettez l'ancien réglage, ou supprimez ce dossier et relancez l'ingestion."
        )
    return ConfigurationError(f"L'index de « {folder} » ne s'ouvre pas : {message}")


def _sparse(vector: SparseVector) -> edge.SparseVector:
    return edge.SparseVector(indices=vector.indices, values=vector.values)


def _floats(vector: Vector) -> list[float]:
    return [float(value) for value in vector]


def _lookup(vector: SparseVector, params: edge.SearchParams) -> edge.QueryRequest:
    query = edge.Query.Nearest(_sparse(vector), using=SPARSE)
    return edge.QueryRequest(limit=1, query=query, params=params, with_vector=[SPARSE], with_payload=False)


def _idf(hit: edge.ScoredPoint, query: SparseVector) -> float:
    """Divide a one-term score by what the passage itself gave to it: Qdrant's own IDF is left."""
    stored = hit.vector[SPARSE]  # type: ignore[index,call-overload]  # the stubs know only lists
    weights = dict(zip(stored.indices, stored.values, strict=True))  # type: ignore[union-attr]
    own = sum(weights.get(index, 0.0) for index in query.indices)
    return float(hit.score) / own if own else 0.0


def _hit(point: edge.ScoredPoint) -> Hit:
    return Hit(str(point.id), float(point.score), point.payload or {})
