"""The index on a Qdrant server (or cluster), by its URL and `qdrant-client`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qdrant_client import QdrantClient, models

from ingest.candidates import Lookup, gathered
from ingest.collection_settings import DENSE_SEARCH, CollectionSettings
from ingest.collections import (
    PRODUCTION,
    drop_before,
    generation_of,
    live_collection,
    open_generation,
    open_live,
)
from ingest.documents import Chunk
from ingest.errors import FanalError, SourceUnavailable
from ingest.filter_server import filter_of
from ingest.index import (
    CANDIDATES,
    DENSE,
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
from ingest.qdrant_calls import (
    LOOKUP,
    PATIENT,
    QUICK,
    SEARCH_TIMEOUT_S,
    CollectionGone,
    Patience,
    QdrantCalls,
    open_client,
)
from ingest.server_points import batches, floats, hit, idf, idf_within, scored, sparse
from ingest.sparse import SparseEncoder, inverse_document_frequency

if TYPE_CHECKING:
    from ingest.settings import IngestSettings

T = TypeVar("T")

ALL_POINTS = 1 << 31

PAGE = 1_000
"""Points of one scroll, ids of one look-up."""

BATCH = 256
"""Points of one write: a request of at most 4.4 MB with 384 dimensions (a Qdrant server takes 32 MB)."""


class ServerIndex:
    """`ingest.index.Index` on `qdrant-client`; its local mode (`:memory:`) serves tests.

    Every write waits for the server's word and is idempotent (points are written by their id, deleted by a
    filter, given a vector or groups by their id): one whose answer is lost is simply made again. What
    ingestion asks is tried for about a quarter of a minute, what a person waits for twice
    (`ingest.qdrant_calls`).

    It stays with the collection that was live when it was opened until `switch`, or until a rebuild drops that
    one: vectors of another embedder must not answer this one's questions.

    Args:
        client: a connected client, which this index closes.
        name: the index's name, an alias of its live collection; made when it is missing.
        dimension: size of the dense vectors.
        generation: work on that generation, made when it is missing, and leave the live one alone.
        calls: how calls are tried again.
        wanted: how a collection that is missing is made.

    Raises:
        IndexMismatch: the collection holds vectors of another size.
        SourceUnavailable: the server does not answer.
        ConfigurationError: the server refuses the key.
    """

    def __init__(
        self,
        client: QdrantClient,
        name: str,
        dimension: int,
        *,
        generation: int | None = None,
        calls: QdrantCalls | None = None,
        wanted: CollectionSettings = PRODUCTION,
    ) -> None:
        self._client = client
        self._calls = calls or QdrantCalls()
        self._encoder = SparseEncoder()
        self._name = name
        self._pinned = generation is not None
        if generation is None:
            self._collection = open_live(client, name, dimension, self._calls, wanted)
        else:
            self._collection = open_generation(client, name, generation, dimension, self._calls, wanted)
        self._written_for = self._embedder_of(self._collection)

    @classmethod
    def of(cls, settings: "IngestSettings", dimension: int, generation: int | None = None) -> "ServerIndex":
        """Connect to the settings' server; raises as the class does."""
        key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
        wanted = CollectionSettings.of(settings)
        url, name = settings.qdrant_url or "", settings.collection
        return cls.connect(url, name, dimension, key, generation=generation, wanted=wanted)

    @classmethod
    def connect(
        cls,
        url: str,
        name: str,
        dimension: int,
        api_key: str | None = None,
        *,
        generation: int | None = None,
        calls: QdrantCalls | None = None,
        wanted: CollectionSettings = PRODUCTION,
    ) -> "ServerIndex":
        """Connect to the server at `url`; raises as the class does."""
        client = open_client(url, api_key)
        try:
            return cls(client, name, dimension, generation=generation, calls=calls, wanted=wanted)
        except SourceUnavailable as error:
            client.close()
            raise SourceUnavailable(f"{error} (adresse : {url}, cause : {error.__cause__})") from error
        except FanalError:
            client.close()
            raise

    def switch(self, folder: Path, embedder: str) -> None:  # noqa: ARG002 - the alias says where
        self._go_live(embedder)
        drop_before(self._client, self._name, generation_of(self._name, self._collection), self._calls)

    def _go_live(self, embedder: str | None) -> None:
        live = live_collection(self._client, self._name, self._calls)
        if live is None:
            raise CollectionGone(
                f"L’index « {self._name} » n’est plus sur le serveur Qdrant : relancez l’ingestion."
            )
        written_for = self._embedder_of(live)
        if embedder is not None:
            check_embedder(written_for, embedder)
        self._collection, self._written_for = live, written_for

    def _ask(self, patience: Patience, question: Callable[[str], T]) -> T:
        """Ask the collection, by its name; when a rebuild has just dropped it, ask the one that replaces it."""
        try:
            return self._calls.make(patience, question, self._collection)
        except CollectionGone:
            if self._pinned:
                raise
            self._go_live(self._written_for)
            return self._calls.make(patience, question, self._collection)

    def upsert(self, chunks: Sequence[Chunk], dense: Mapping[str, Vector], embedder: str) -> None:
        for some in batches(chunks, BATCH):
            points = [self._point(chunk, dense.get(chunk.hash), embedder) for chunk in some]
            self._calls.patiently(self._client.upsert, self._collection, points, wait=True)
        self._written_for = embedder

    def _point(self, chunk: Chunk, dense: Vector | None, embedder: str) -> models.PointStruct:
        vector: dict[str, Any] = {SPARSE: sparse(self._encoder.document(chunk))}
        if dense is not None:
            vector[DENSE] = floats(dense)
        return models.PointStruct(id=chunk.chunk_id, vector=vector, payload=payload_of(chunk, embedder))

    def set_dense(self, vectors: Mapping[str, Vector]) -> None:
        for some in batches(list(vectors), BATCH):
            points = [
                models.PointVectors(id=key, vector={DENSE: floats(vectors[key])}) for key in self._held(some)
            ]
            if points:
                self._calls.patiently(self._client.update_vectors, self._collection, points, wait=True)

    def delete(self, where: SearchFilter) -> None:
        chosen = models.FilterSelector(filter=filter_of(where) or models.Filter())
        self._calls.patiently(self._client.delete, self._collection, chosen, wait=True)

    def set_groups(self, chunk_ids: Sequence[str], groups: Sequence[str]) -> None:
        for some in batches(chunk_ids, PAGE):
            held = models.PointIdsList(points=[*self._held(some)])
            if held.points:
                payload = {"groups": list(groups)}
                self._calls.patiently(self._client.set_payload, self._collection, payload, held, wait=True)

    def _held(self, chunk_ids: Sequence[str]) -> list[str]:
        """Give those of the ids that exist: a server refuses a change of a point that does not."""
        records = self._calls.patiently(
            self._client.retrieve, self._collection, list(chunk_ids), with_payload=False
        )
        return [str(record.id) for record in records]

    def search(self, query: Query) -> list[Hit]:
        asked = self._request(query)
        answer = self._ask(
            QUICK,
            lambda collection: self._client.query_points(
                collection, limit=query.k, with_payload=True, timeout=SEARCH_TIMEOUT_S, **asked
            ),
        )
        return [scored(point) for point in answer.points]

    def _request(self, query: Query) -> dict[str, Any]:
        where = filter_of(query.where)
        words = sparse(self._encoder.query(query.text, query.expansion))
        if query.dense is None or query.side == "sparse":
            return {"query": words, "using": SPARSE, "query_filter": where}
        dense = floats(query.dense)
        if query.side == "dense":
            return {"query": dense, "using": DENSE, "query_filter": where, "search_params": DENSE_SEARCH}
        fusion: models.FusionQuery | models.RrfQuery = models.RrfQuery(rrf=models.Rrf(k=RRF_K))
        if query.fusion == "dbsf":
            fusion = models.FusionQuery(fusion=models.Fusion.DBSF)
        sides = [
            models.Prefetch(
                query=dense, using=DENSE, limit=query.prefetch, filter=where, params=DENSE_SEARCH
            ),
            models.Prefetch(query=words, using=SPARSE, limit=query.prefetch, filter=where),
        ]
        return {"query": fusion, "prefetch": sides}

    def candidates(self, query: Query, limit: int = CANDIDATES) -> list[Candidate]:
        vectors: dict[str, Any] = {SPARSE: sparse(self._encoder.query(query.text, query.expansion))}
        if query.dense is not None:
            vectors[DENSE] = floats(query.dense)

        def answered(lookups: Sequence[Lookup]) -> list[list[Hit]]:
            requests = [
                models.QueryRequest(
                    limit=lookup.limit,
                    query=vectors[lookup.using] if lookup.using else None,
                    using=lookup.using,
                    filter=filter_of(lookup.where),
                    params=DENSE_SEARCH if lookup.using == DENSE else None,
                    with_payload=lookup.using is None,
                )
                for lookup in lookups
            ]
            answers = self._ask(
                QUICK,
                lambda collection: self._client.query_batch_points(
                    collection, requests, timeout=SEARCH_TIMEOUT_S
                ),
            )
            return [[scored(point) for point in answer.points] for answer in answers]

        return gathered(query, limit, answered)

    def passages(self, where: SearchFilter, limit: int = 10_000) -> list[Hit]:
        return in_reading_order(self._scroll(where, limit))

    def entries(self, where: SearchFilter, fields: Sequence[str]) -> Iterator[Hit]:
        return self._scroll(where, ALL_POINTS, list(fields))

    def _scroll(self, where: SearchFilter, limit: int, fields: list[str] | bool = True) -> Iterator[Hit]:
        offset: Any = None
        left = limit
        while left > 0:
            records, offset = self._page(where, min(left, PAGE), offset, fields)
            yield from (hit(record) for record in records)
            left -= len(records)
            if offset is None or not records:
                return

    def _page(
        self, where: SearchFilter, limit: int, offset: Any, fields: list[str] | bool
    ) -> tuple[list[models.Record], Any]:
        return self._ask(
            LOOKUP,
            lambda collection: self._client.scroll(
                collection,
                filter_of(where),
                limit,
                offset=offset,
                with_payload=fields,
                timeout=SEARCH_TIMEOUT_S,
            ),
        )

    def get(self, chunk_ids: Sequence[str]) -> list[Hit]:
        records = self._ask(PATIENT, lambda collection: self._client.retrieve(collection, list(chunk_ids)))
        return [hit(record) for record in records]

    def count(self, where: SearchFilter) -> int:
        counted = self._ask(
            LOOKUP,
            lambda collection: self._client.count(
                collection, filter_of(where), exact=True, timeout=SEARCH_TIMEOUT_S
            ),
        )
        return counted.count

    def rarity(self, words: Sequence[str], where: SearchFilter) -> dict[str, float]:
        encoded = {word: self._encoder.terms([word]) for word in words}
        known = {word: vector for word, vector in encoded.items() if vector.indices}
        if not known:
            return {}
        within = idf_within(where)
        requests = [
            models.QueryRequest(
                query=sparse(vector), using=SPARSE, params=within, limit=1, with_vector=[SPARSE]
            )
            for vector in known.values()
        ]
        answers = self._ask(
            QUICK,
            lambda collection: self._client.query_batch_points(
                collection, requests, timeout=SEARCH_TIMEOUT_S
            ),
        )
        total = 0 if all(answer.points for answer in answers) else self.count(where)
        unseen = inverse_document_frequency(0, max(1, total))
        return {
            word: idf(answer.points[0], vector) if answer.points else unseen
            for (word, vector), answer in zip(known.items(), answers, strict=True)
        }

    def embedder(self) -> str | None:
        self._written_for = self._embedder_of(self._collection)
        return self._written_for

    def _embedder_of(self, collection: str) -> str | None:
        records, _ = self._calls.patiently(self._client.scroll, collection, limit=1)
        return str((records[0].payload or {})["embedder"]) if records else None

    def flush(self) -> None:
        """Do nothing: every write waited for the server's word."""

    def close(self) -> None:
        self._client.close()
