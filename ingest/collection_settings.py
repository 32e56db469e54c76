"""How an index lies on a Qdrant server: settings go in, the parameters of its collection and of its searches come out.

The one place of every such parameter, each with its reason; figures in docs/administration.md. They are for a server
that many ask at once: the index in the process (`ingest.index_edge`) searches without approximation and needs none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qdrant_client import models

from ingest.index import DENSE, INTEGER_FIELDS, KEYWORD_FIELDS, SPARSE

if TYPE_CHECKING:
    from ingest.settings import IngestSettings

HNSW = models.HnswConfigDiff(
    m=32,  # edges a node, twice Qdrant's own: filters by group, day and kind cut many of them
    ef_construct=256,  # built at ingestion, once: time is spent there rather than in each search
    full_scan_threshold=10_000,  # kB: a filter that leaves fewer vectors than that is answered exactly
    on_disk=False,  # some 260 bytes a passage: read at every step of every search
)

INDEXING_THRESHOLD_KB = 20_000
"""A segment under it (13,000 passages of 384 dimensions) has no graph: all of it is read, exactly, in milliseconds."""

QUANTISATION = models.ScalarQuantization(
    scalar=models.ScalarQuantizationConfig(
        type=models.ScalarType.INT8,  # a quarter of the memory; one bit a dimension loses too much at 384 dimensions
        quantile=0.99,  # a few extreme values must not take the range from all others
        always_ram=True,  # 0.4 GB a million passages, while the whole vectors stay on disk
    )
)

SEARCH_EF = 512
"""Candidates that a walk through the graph keeps: more than the 300 that a fusion asks for."""

OVERSAMPLING = 2.0
"""Candidates that are scored again by their whole vector, for each one that is asked for. At 1, 5 % of the 300 nearest
are missed; at 2, half a percent (docs/administration.md)."""

DENSE_SEARCH = models.SearchParams(
    hnsw_ef=SEARCH_EF,
    quantization=models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING),
)
"""How the dense side is searched; a segment without graph or quantisation is searched exactly, whatever this says."""

PAYLOAD_INDEXES: dict[str, models.PayloadSchemaType] = {
    **dict.fromkeys(KEYWORD_FIELDS, models.PayloadSchemaType.KEYWORD),
    **dict.fromkeys(INTEGER_FIELDS, models.PayloadSchemaType.INTEGER),
}
"""Every field that a filter uses: without its index each search would read all payloads from the disk. Made before the
passages are written, so that the graph has links for them too."""


@dataclass(frozen=True, slots=True)
class CollectionSettings:
    """What an organisation chooses of its collection.

    Args:
        shards: parts that a collection is cut into, to spread it over the nodes of a cluster.
        replicas: nodes that hold each shard.
        quantised: keep int8 copies of the vectors in memory, and the vectors themselves on disk.
    """

    shards: int = 1
    replicas: int = 1
    quantised: bool = True

    @classmethod
    def of(cls, settings: "IngestSettings") -> "CollectionSettings":
        """Read them from the settings."""
        return cls(settings.qdrant_shards, settings.qdrant_replicas, settings.qdrant_quantization == "int8")

    @property
    def write_consistency(self) -> int:
        """Give how many replicas must have a write before it is acknowledged: a majority, so that one may be away."""
        return self.replicas // 2 + 1

    def creation(self, dimension: int) -> dict[str, Any]:
        """Give the arguments of `QdrantClient.create_collection`."""
        return {
            "vectors_config": {
                DENSE: models.VectorParams(
                    size=dimension,
                    distance=models.Distance.COSINE,
                    on_disk=self.quantised,  # read only to score candidates again
                )
            },
            "sparse_vectors_config": {
                SPARSE: models.SparseVectorParams(
                    modifier=models.Modifier.IDF,
                    index=models.SparseIndexParams(
                        on_disk=False
                    ),  # some 100 terms a passage, asked each time
                )
            },
            "on_disk_payload": True,  # the texts: read for the few passages that a search gives, filters have indexes
            "hnsw_config": HNSW,
            "optimizers_config": models.OptimizersConfigDiff(indexing_threshold=INDEXING_THRESHOLD_KB),
            "quantization_config": QUANTISATION if self.quantised else None,
            "shard_number": self.shards,
            "replication_factor": self.replicas,
            "write_consistency_factor": self.write_consistency,
        }

    def change(self) -> dict[str, Any]:
        """Give the arguments of `QdrantClient.update_collection`: all but what only a new collection can have."""
        quantisation = QUANTISATION if self.quantised else models.Disabled.DISABLED
        return {
            "vectors_config": {DENSE: models.VectorParamsDiff(on_disk=self.quantised)},
            "collection_params": models.CollectionParamsDiff(
                on_disk_payload=True, write_consistency_factor=self.write_consistency
            ),
            "hnsw_config": HNSW,
            "optimizers_config": models.OptimizersConfigDiff(indexing_threshold=INDEXING_THRESHOLD_KB),
            "quantization_config": quantisation,
        }

    def differences(self, held: models.CollectionConfig) -> list["Difference"]:
        """Tell where a collection is made otherwise."""
        return [
            Difference(
                name, str(found), str(wanted), needs_rebuild=name in ("shard_number", "replication_factor")
            )
            for name, found, wanted in self._compared(held)
            if found != wanted
        ]

    def _compared(self, held: models.CollectionConfig) -> Iterator[tuple[str, object, object]]:
        """Give what a collection has and what is wanted, by the names that Qdrant gives them."""
        params, vectors = held.params, held.params.vectors
        dense = vectors.get(DENSE) if isinstance(vectors, dict) else None
        yield "shard_number", params.shard_number or 1, self.shards
        yield "replication_factor", params.replication_factor or 1, self.replicas
        yield "write_consistency_factor", params.write_consistency_factor or 1, self.write_consistency
        yield "on_disk_payload", bool(params.on_disk_payload), True
        yield "vectors.on_disk", bool(dense and dense.on_disk), self.quantised
        yield "hnsw.m", held.hnsw_config.m, HNSW.m
        yield "hnsw.ef_construct", held.hnsw_config.ef_construct, HNSW.ef_construct
        yield "hnsw.full_scan_threshold", held.hnsw_config.full_scan_threshold, HNSW.full_scan_threshold
        yield "indexing_threshold", held.optimizer_config.indexing_threshold, INDEXING_THRESHOLD_KB
        yield "quantization", _quantisation(held.quantization_config), "int8" if self.quantised else "off"


@dataclass(frozen=True, slots=True)
class Difference:
    """One parameter of a collection that is not as it would be made today.

    Args:
        name: of the parameter, as Qdrant calls it.
        needs_rebuild: no change of the collection does it.
    """

    name: str
    found: str
    wanted: str
    needs_rebuild: bool


def _quantisation(held: object) -> str:
    if held is None:
        return "off"
    return "int8" if isinstance(held, models.ScalarQuantization) else type(held).__name__
