"""The index: all of Qdrant's schema, writes and searches.

In go passages (`Chunk`) and their vectors; out come `Hit`s. One interface, `Index`, and two backends that
speak the same Qdrant: `ingest.index_edge` (Qdrant's core in the process, the default) and
`ingest.index_server` (a Qdrant server by its URL). What is stored, how a filter is meant and how the sparse
vectors are made is decided here, once, for both.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ingest.attributes import (
    FACETS,
    START_DAY,
    certification_facet,
    cpf_facet,
    level_facet,
    region_facet,
    stored,
)
from ingest.documents import EVERYONE, Chunk, Kind
from ingest.errors import IndexMismatch
from ingest.generations import Generations

if TYPE_CHECKING:
    from ingest.settings import IngestSettings

logger = logging.getLogger(__name__)

DENSE = "dense"
SPARSE = "sparse"

RRF_K = 60
"""Qdrant's own default differs between its server and its local mode: it is always given."""

PREFETCH = 300
"""Passages that each side brings to the fusion: fewer lose recall (docs/performance.md), more cost time."""

CANDIDATES = 120
"""Passages that a ranker orders, of those that both sides bring: 80 lose a tenth of its gain (docs/retrieval.md)."""

KEYWORD_FIELDS = ("document_id", "source", "kind", "groups", "number", FACETS)
INTEGER_FIELDS = ("from_day", "to_day", "ordinal", START_DAY)

Vector = Sequence[float] | npt.NDArray[np.float32]
Payload = Mapping[str, Any]
Side = Literal["hybrid", "dense", "sparse"]
Fusion = Literal["dbsf", "rrf"]


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Which passages a search may see. None means no condition, except for `groups`.

    Args:
        groups: the caller's groups; `EVERYONE` is added. None sees everything: for maintenance only.
        as_of: only passages in force on that day.
        document_ids: only passages of these documents.
        chunk_ids: only these passages.
        region: name of a region, whatever its case, accents and hyphens.
        starts_after: only training sessions that begin on that day or later.
        cpf: only trainings that are, or are not, said to be open to the CPF.
        level: of the certification, 1 to 8.
        certification: its RNCP or RS code, or its whole title.
    """

    groups: frozenset[str] | None = frozenset()
    as_of: date | None = None
    kinds: tuple[Kind, ...] | None = None
    sources: tuple[str, ...] | None = None
    numbers: tuple[str, ...] | None = None
    document_id: str | None = None
    document_ids: tuple[str, ...] | None = None
    chunk_ids: tuple[str, ...] | None = None
    from_ordinal: int | None = None
    embedded: bool | None = None
    region: str | None = None
    starts_after: date | None = None
    cpf: bool | None = None
    level: int | None = None
    certification: str | None = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field holds one of `values`."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The integer field lies between `low` and `high`, both included."""

    key: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class OneOf:
    """The point is one of these."""

    chunk_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasDense:
    """The point has a dense vector, or has none."""

    present: bool


Condition = AnyOf | Between | HasDense | OneOf


def conditions(wanted: SearchFilter) -> list[Condition]:
    """Give the conditions that a point must all meet, for a backend to write in its own words."""
    found: list[Condition] = []
    if wanted.groups is not None:
        found.append(AnyOf("groups", tuple(sorted(wanted.groups | {EVERYONE}))))
    if wanted.as_of is not None:
        day = wanted.as_of.toordinal()
        found += [Between("from_day", high=day), Between("to_day", low=day)]
    for key, values in (("kind", wanted.kinds), ("source", wanted.sources), ("number", wanted.numbers)):
        if values is not None:
            found.append(AnyOf(key, tuple(str(value) for value in values)))
    if wanted.document_id is not None:
        found.append(AnyOf("document_id", (wanted.document_id,)))
    if wanted.document_ids is not None:
        found.append(AnyOf("document_id", wanted.document_ids))
    if wanted.chunk_ids is not None:
        found.append(OneOf(wanted.chunk_ids))
    if wanted.from_ordinal is not None:
        found.append(Between("ordinal", low=wanted.from_ordinal))
    if wanted.embedded is not None:
        found.append(HasDense(wanted.embedded))
    return [*found, *_training_conditions(wanted)]


def _training_conditions(wanted: SearchFilter) -> Iterator[Condition]:
    if wanted.region is not None:
        yield AnyOf(FACETS, (region_facet(wanted.region),))
    if wanted.cpf is not None:
        yield AnyOf(FACETS, (cpf_facet(wanted.cpf),))
    if wanted.level is not None:
        yield AnyOf(FACETS, (level_facet(wanted.level),))
    if wanted.certification is not None:
        yield AnyOf(FACETS, (certification_facet(wanted.certification),))
    if wanted.starts_after is not None:
        yield Between(START_DAY, low=wanted.starts_after.toordinal())


@dataclass(frozen=True, slots=True)
class Query:
    """One search.

    Args:
        text: the question, for the sparse side.
        expansion: what its acronyms stand for, for the same side; its words count for less.
        dense: its embedding; None searches the sparse side alone, whatever `side` says.
        k: how many hits are wanted.
        fusion: how Qdrant joins the two lists: by standardised scores (DBSF) or by ranks (RRF, k = 60).
    """

    text: str
    dense: Vector | None = None
    k: int = 10
    side: Side = "hybrid"
    fusion: Fusion = "dbsf"
    expansion: str = ""
    prefetch: int = PREFETCH
    where: SearchFilter = field(default_factory=SearchFilter)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, its payload as stored and the score that ordered it."""

    chunk_id: str
    score: float
    payload: Payload


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage for a ranker to place, with the raw scores that fusion hides.

    Args:
        hit: its payload; its score is 0.
        sparse: its BM25 score; None when it shares no term with the question.
        dense: its cosine with the question; None when it has no dense vector, or the question has none.
    """

    hit: Hit
    sparse: float | None
    dense: float | None


class Index(Protocol):
    """What the paths ask of Qdrant. Calls are synchronous and may come from several threads."""

    def upsert(self, chunks: Sequence[Chunk], dense: Mapping[str, Vector], embedder: str) -> None:
        """Write passages, replacing those of the same id; `dense` maps a chunk's hash to its vector."""

    def set_dense(self, vectors: Mapping[str, Vector]) -> None:
        """Give passages (by chunk id) their dense vector; one that is no longer there is passed over."""

    def delete(self, where: SearchFilter) -> None:
        """Delete the passages that meet the filter."""

    def set_groups(self, chunk_ids: Sequence[str], groups: Sequence[str]) -> None:
        """Say anew who may read these passages; one that is no longer there is passed over."""

    def search(self, query: Query) -> list[Hit]:
        """Find the best passages, best first."""

    def candidates(self, query: Query, limit: int = CANDIDATES) -> list[Candidate]:
        """Find the passages that are worth ranking, with the score of both sides (`ingest.candidates`).

        Of `query`, its text, vector, `prefetch` and filter are read. They come in the order of the sum of their
        standardised scores.
        """

    def passages(self, where: SearchFilter, limit: int = 10_000) -> list[Hit]:
        """Give the passages that meet the filter, in the order of their documents."""

    def entries(self, where: SearchFilter, fields: Sequence[str]) -> Iterator[Hit]:
        """Give all the passages that meet the filter, in no order, with these fields of their payload alone."""

    def get(self, chunk_ids: Sequence[str]) -> list[Hit]:
        """Give the passages of those ids that exist."""

    def count(self, where: SearchFilter) -> int:
        """Count the passages that meet the filter."""

    def rarity(self, words: Sequence[str], where: SearchFilter) -> dict[str, float]:
        """Give the inverse document frequency of terms (of `ingest.text.terms`); an unknown one weighs the most.

        It is counted among the passages that meet the filter: what others may read must not show in an answer.
        """

    def embedder(self) -> str | None:
        """Name the embedder that the passages were written for; None while the index is empty."""

    def switch(self, folder: Path, embedder: str) -> None:
        """Go over to the generation that a rebuild has published; searches under way end on the former one.

        Args:
            folder: where it lies when it is embedded; a server's alias names it by itself.
            embedder: whose questions will be searched.

        Raises:
            IndexMismatch: it was written for another embedder, and the former one goes on.
        """

    def flush(self) -> None:
        """Put what was written on disk."""

    def close(self) -> None:
        """Release the index."""


def payload_of(chunk: Chunk, embedder: str) -> dict[str, Any]:
    """Write what is stored beside a passage's vectors.

    `from_day` and `to_day` are proleptic ordinals without gaps: two integer ranges filter by date with no
    special case for a text that has no known beginning or end. A text that its source calls superseded
    or repealed without saying since when holds on no day.
    """
    document = chunk.document
    validity = document.validity
    return {
        "document_id": document.document_id,
        "chunk_id": chunk.chunk_id,
        "ordinal": chunk.ordinal,
        "kind": str(document.kind),
        "source": document.source,
        "title": document.title,
        "path": list(chunk.path),
        "text": chunk.text,
        "page": chunk.page,
        "url": document.url,
        "file": document.file,
        "number": document.number,
        "dated": document.dated.isoformat() if document.dated else None,
        "status": str(validity.status),
        "valid_from": validity.valid_from.isoformat() if validity.valid_from else None,
        "valid_to": validity.valid_to.isoformat() if validity.valid_to else None,
        "from_day": validity.first_day,
        "to_day": validity.last_day,
        "groups": list(document.groups),
        "links": list(chunk.links),
        "hash": chunk.hash,
        "embedder": embedder,
        **stored(document.attributes),
    }


def check_embedder(held: str | None, wanted: str) -> None:
    """Raise `IndexMismatch` when an index holds passages that were written for another embedder than is wanted."""
    if held not in (None, wanted):
        raise IndexMismatch(
            f"L’index a été construit avec le modèle d’embeddings « {held} », et le réglage demande « {wanted} ». "
            "Remettez l’ancien réglage, ou reconstruisez l’index : python -m ingest rebuild"
        )


def in_reading_order(hits: Iterable[Hit]) -> list[Hit]:
    """Sort passages by document, then by their place in it."""
    return sorted(hits, key=lambda hit: (hit.payload["document_id"], hit.payload["ordinal"]))


def open_index(settings: "IngestSettings", dimension: int, generation: int | None = None) -> Index:
    """Open the index that the settings name.

    Args:
        generation: which one (see `ingest.generations`); the live one when None.

    Raises:
        IndexBusy: another process owns the embedded index.
        IndexMismatch: its dense vectors have another dimension.
        SourceUnavailable: the Qdrant server does not answer.
    """
    if settings.qdrant_url is None:
        from ingest.index_edge import EdgeIndex

        generations = Generations(settings.data_dir)
        number = generations.live() if generation is None else generation
        return EdgeIndex(generations.index_dir(number), dimension, settings.min_free_mb)
    from ingest.index_server import ServerIndex

    return ServerIndex.of(settings, dimension, generation)
