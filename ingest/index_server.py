"""The index on a Qdrant server (or cluster), by its URL and `qdrant-client`."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from ingest.documents import Chunk
from ingest.errors import IndexMismatch, SourceUnavailable
from ingest.index import (
    DENSE,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    RRF_K,
    SPARSE,
    AnyOf,
    Between,
    Condition,
    HasDense,
    Hit,
    Query,
    SearchFilter,
    SparseEncoder,
    SparseVector,
    Vector,
    conditions,
    in_reading_order,
    inverse_document_frequency,
    payload_of,
)

logger = logging.getLogger(__name__)

PAGE = 1_000
"""Points of one scroll."""

BATCH = 256
"""Points of one write: a request of about 1 MB."""


@contextmanager
def _answering() -> Iterator[None]:
    """Turn a server that does not answer, or refuses, into `SourceUnavailable`."""
    try:
        yield
    except (ResponseHandlingException, UnexpectedResponse) as error:
        raise SourceUnavailable(
            "Le serveur Qdrant ne répond pas : réessayez dans quelques minutes."
        ) from error


class ServerIndex:
    """`ingest.index.Index` on `qdrant-client`; its local mode (`:memory:`) serves tests.

    Args:
        client: a connected client, which this index closes.
        collection: created when it is missing.
        dimension: size of the dense vectors.

    Raises:
        IndexMismatch: the collection holds vectors of another size.
        SourceUnavailable: the server does not answer.
    """

    def __init__(self, client: QdrantClient, collection: str, dimension: int) -> None:
        self._client = client
        self._collection = collection
        self._encoder = SparseEncoder()
        self._create(dimension)

    @classmethod
    def connect(cls, url: str, collection: str, dimension: int, api_key: str | None = None) -> "ServerIndex":
        """Connect to the server at `url`."""
        client = QdrantClient(url=url, api_key=api_key, timeout=30, check_compatibility=False)
        try:
            return cls(client, collection, dimension)
        except (ResponseHandlingException, UnexpectedResponse) as error:
            client.close()
            raise SourceUnavailable(f"Le serveur Qdrant « {url} » ne répond pas : {error}") from error

    def _create(self, dimension: int) -> None:
        if self._client.collection_exists(self._collection):
            self._check(dimension)
            return
        self._client.create_collection(
            self._collection,
            vectors_config={DENSE: models.VectorParams(size=dimension, distance=models.Distance.COSINE)},
            sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        for key in KEYWORD_FIELDS:
            self._client.create_payload_index(self._collection, key, models.PayloadSchemaType.KEYWORD)
        for key in INTEGER_FIELDS:
            self._client.create_payload_index(self._collection, key, models.PayloadSchemaType.INTEGER)

    def _check(self, dimension: int) -> None:
        vectors = self._client.get_collection(self._collection).config.params.vectors
        held = vectors.get(DENSE) if isinstance(vectors, dict) else None
        if held is None or held.size != dimension:
            raise IndexMismatch(
                f"La collection « {self._collection} » n'a pas de vecteurs de dimension {dimension} : elle a été "
                "construite avec un autre modèle d'embeddings. Choisissez un autre nom de collection, ou "
                "remettez l'ancien réglage."
            )

    @_answering()
    def upsert(self, chunks: Sequence[Chunk], dense: Mapping[str, Vector], embedder: str) -> None:
        for start in range(0, len(chunks), BATCH):
            points = [
                self._point(chunk, dense.get(chunk.hash), embedder) for chunk in chunks[start : start + BATCH]
            ]
            self._client.upsert(self._collection, points, wait=True)

    def _point(self, chunk: Chunk, dense: Vector | None, embedder: str) -> models.PointStruct:
        vector: dict[str, Any] = {SPARSE: _sparse(self._encoder.document(chunk))}
        if dense is not None:
            vector[DENSE] = _floats(dense)
        return models.PointStruct(id=chunk.chunk_id, vector=vector, payload=payload_of(chunk, embedder))

    @_answering()
    def set_dense(self, vectors: Mapping[str, Vector]) -> None:
        held = self._client.retrieve(self._collection, list(vectors), with_payload=False)
        points = [models.PointVectors(id=p.id, vector={DENSE: _floats(vectors[str(p.id)])}) for p in held]
        for start in range(0, len(points), BATCH):
            self._client.update_vectors(self._collection, points[start : start + BATCH], wait=True)

    @_answering()
    def delete(self, where: SearchFilter) -> None:
        chosen = _filter(where)
        self._client.delete(
            self._collection, models.FilterSelector(filter=chosen or models.Filter()), wait=True
        )

    @_answering()
    def search(self, query: Query) -> list[Hit]:
        answer = self._client.query_points(
            self._collection, limit=query.k, with_payload=True, **self._request(query)
        )
        return [Hit(str(point.id), float(point.score), point.payload or {}) for point in answer.points]

    def _request(self, query: Query) -> dict[str, Any]:
        where = _filter(query.where)
        sparse = _sparse(self._encoder.query(query.text))
        if query.dense is None or query.side == "sparse":
            return {"query": sparse, "using": SPARSE, "query_filter": where}
        dense = _floats(query.dense)
        if query.side == "dense":
            return {"query": dense, "using": DENSE, "query_filter": where}
        fusion: models.FusionQuery | models.RrfQuery = models.RrfQuery(rrf=models.Rrf(k=RRF_K))
        if query.fusion == "dbsf":
            fusion = models.FusionQuery(fusion=models.Fusion.DBSF)
        sides = [
            models.Prefetch(query=dense, using=DENSE, limit=query.prefetch, filter=where),
            models.Prefetch(query=sparse, using=SPARSE, limit=query.prefetch, filter=where),
        ]
        return {"query": fusion, "prefetch": sides}

    @_answering()
    def passages(self, where: SearchFilter, limit: int = 10_000) -> list[Hit]:
        return in_reading_order(self._scroll(where, limit))

    def _scroll(self, where: SearchFilter, limit: int) -> Iterator[Hit]:
        offset: Any = None
        left = limit
        while left > 0:
            records, offset = self._client.scroll(
                self._collection, scroll_filter=_filter(where), limit=min(left, PAGE), offset=offset
            )
            yield from (Hit(str(record.id), 0.0, record.payload or {}) for record in records)
            left -= len(records)
            if offset is None or not records:
                return

    @_answering()
    def get(self, chunk_ids: Sequence[str]) -> list[Hit]:
        records = self._client.retrieve(self._collection, list(chunk_ids), with_payload=True)
        return [Hit(str(record.id), 0.0, record.payload or {}) for record in records]

    @_answering()
    def count(self, where: SearchFilter) -> int:
        return self._client.count(self._collection, count_filter=_filter(where), exact=True).count

    @_answering()
    def rarity(self, words: Sequence[str]) -> dict[str, float]:
        encoded = {word: self._encoder.terms([word]) for word in words}
        known = {word: vector for word, vector in encoded.items() if vector.indices}
        if not known:
            return {}
        requests = [
            models.QueryRequest(query=_sparse(vector), using=SPARSE, limit=1, with_vector=[SPARSE])
            for vector in known.values()
        ]
        answers = self._client.query_batch_points(self._collection, requests)
        unseen = inverse_document_frequency(0, max(1, self.count(SearchFilter(groups=None))))
        return {
            word: _idf(answer.points[0], vector) if answer.points else unseen
            for (word, vector), answer in zip(known.items(), answers, strict=True)
        }

    @_answering()
    def embedder(self) -> str | None:
        for hit in self._scroll(SearchFilter(groups=None), limit=1):
            return str(hit.payload["embedder"])
        return None

    def flush(self) -> None:
        """Do nothing: every write waited for the server's word."""

    def close(self) -> None:
        self._client.close()


def _sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=vector.indices, values=vector.values)


def _floats(vector: Vector) -> list[float]:
    return [float(value) for value in vector]


def _idf(point: models.ScoredPoint, query: SparseVector) -> float:
    """Divide a one-term score by what the passage itself gave to it: Qdrant's own IDF is left."""
    stored = point.vector[SPARSE] if isinstance(point.vector, dict) else None
    if not isinstance(stored, models.SparseVector):
        return 0.0
    weights = dict(zip(stored.indices, stored.values, strict=True))
    own = sum(weights.get(index, 0.0) for index in query.indices)
    return float(point.score) / own if own else 0.0


def _filter(where: SearchFilter) -> models.Filter | None:
    must: list[Any] = []
    must_not: list[Any] = []
    for condition in conditions(where):
        if isinstance(condition, HasDense) and not condition.present:
            must_not.append(models.HasVectorCondition(has_vector=DENSE))
        else:
            must.append(_condition(condition))
    return models.Filter(must=must or None, must_not=must_not or None) if must or must_not else None


def _condition(condition: Condition) -> Any:
    match condition:
        case AnyOf(key, values):
            return models.FieldCondition(key=key, match=models.MatchAny(any=list(values)))
        case Between(key, low, high):
            return models.FieldCondition(key=key, range=models.Range(gte=low, lte=high))
        case HasDense():
            return models.HasVectorCondition(has_vector=DENSE)
