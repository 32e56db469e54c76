"""The ingest path: source -> load -> parse -> chunk -> embed -> index.

`run_sources` reads each source, writes its passages with their sparse vectors so that they can be searched
at once, and removes what the source no longer holds. `fill_dense` then gives the passages that wait their
dense vector, from the cache of vectors or from the embedder. Both can be stopped at any point and run again.
"""

import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.schema import BaseNode, TextNode, TransformComponent
from llama_index.core.schema import Document as LlamaDocument
from pydantic import ConfigDict

from ingest.chunk import chunk_document
from ingest.documents import Chunk, Document, embedded_text
from ingest.embed import BATCH, Embedder, PassageEmbedding, Vectors
from ingest.errors import SourceUnavailable, UnreadableFile, UnreadableMetadata
from ingest.index import Index, SearchFilter
from ingest.manifest import Manifest, SourceReport
from ingest.sources.base import FailedItem, Item, Source

logger = logging.getLogger(__name__)

PIPELINE_VERSION = "2"
"""Part of every fingerprint: raise it when parsing or chunking changes what a document becomes."""

DOCUMENTS_A_BATCH = 64
PASSAGES_A_LOOKUP = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: `done` of `total` (0 when it is not known) in `stage`, for the source named."""

    stage: str
    source: str
    done: int
    total: int


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Report progress to nobody."""


class StructureChunker(TransformComponent):
    """llama-index transformation: documents become passages along their own headings."""

    max_chars: int

    def __call__(self, nodes: Sequence[BaseNode], **_: Any) -> list[BaseNode]:
        return [
            _as_node(chunk)
            for node in nodes
            for chunk in chunk_document(node.metadata["document"], self.max_chars)
        ]


class PassageWriter(TransformComponent):
    """llama-index transformation: passages are written to the index, with the vectors already computed."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: Any
    manifest: Any
    embedder_name: str

    def __call__(self, nodes: Sequence[BaseNode], **_: Any) -> Sequence[BaseNode]:
        chunks = [node.metadata["chunk"] for node in nodes]
        known = self.manifest.vectors(self.embedder_name, (chunk.hash for chunk in chunks))
        self.index.upsert(chunks, known, self.embedder_name)
        return nodes


def _as_node(chunk: Chunk) -> BaseNode:
    return TextNode(id_=chunk.chunk_id, text=chunk.text, metadata={"chunk": chunk})


def _as_llama_document(document: Document) -> LlamaDocument:
    return LlamaDocument(id_=document.document_id, text="", metadata={"document": document})


class Ingestion:
    """The ingest path over one index.

    Args:
        index: where passages go; owned by the caller.
        manifest: what is known of earlier runs; owned by the caller.
        embedder: what gives the dense vectors.
        max_chars: longest passage.
        processes: processes that embed; 0 for one a core.
    """

    def __init__(
        self,
        index: Index,
        manifest: Manifest,
        embedder: Embedder,
        *,
        max_chars: int = 1_800,
        processes: int = 0,
    ) -> None:
        self._index = index
        self._manifest = manifest
        self._embedding = PassageEmbedding(embedder, processes)
        self._name = embedder.name
        self._version = f"{PIPELINE_VERSION}/{max_chars}"
        self._pipeline = IngestionPipeline(
            transformations=[
                StructureChunker(max_chars=max_chars),
                PassageWriter(index=index, manifest=manifest, embedder_name=embedder.name),
            ],
            disable_cache=True,
        )

    def run_sources(self, sources: Iterable[Source], report: Report = silent) -> list[SourceReport]:
        """Bring each source's passages up to date in the index; one that cannot be reached loses nothing.

        Args:
            report: called after each document; what it raises stops the run before anything is removed.
        """
        return [self._run_source(source, report) for source in sources]

    def _run_source(self, source: Source, report: Report) -> SourceReport:
        done = SourceReport(source.name)
        try:
            self._sync(source, done, report)
        except (SourceUnavailable, UnreadableFile) as error:
            done.failures = [*self._manifest.failures(source.name), str(error)]
            logger.warning("source %s not read to its end: %s", source.name, error)
        self._index.flush()
        _, done.passages = self._manifest.coverage().get(source.name, (0, 0))
        return done

    def _sync(self, source: Source, done: SourceReport, report: Report) -> None:
        whole = source.fingerprint()
        stamp = f"{self._version}/{whole}" if whole is not None else None
        known = self._manifest.fingerprints(source.name)
        if stamp is not None and stamp == self._manifest.source_fingerprint(source.name):
            done.failures = self._manifest.failures(source.name)
            done.unchanged = len(known) - len(done.failures)
            report(Progress("lecture", source.name, len(known), len(known)))
            return
        self._manifest.begin(source.name, source.kind)
        seen = _Seen()
        for batch in batched(self._changed(source, known, seen, done, report), DOCUMENTS_A_BATCH):
            self._write(source.name, batch)
        if known and not (seen.good or seen.failed):
            raise SourceUnavailable(
                f"La source « {source.name} » ne contient plus rien (dossier démonté ?) : rien n’a été retiré. "
                f"Si c’est voulu : python -m ingest forget {source.name}"
            )
        # A row that cannot be read may be one of those that are indexed: then nothing is known to be gone.
        gone = set(known) - seen.good - seen.failed
        self._remove(
            source.name, {key for key in gone if not (seen.unplaced and self._held(source.name, key))}, done
        )
        done.failures = self._manifest.failures(source.name)
        self._manifest.finish(done, stamp)

    def _changed(
        self, source: Source, known: dict[str, str], seen: "_Seen", done: SourceReport, report: Report
    ) -> Iterator[tuple[Item, str, Document]]:
        """Read the documents that are new or different, counting as it goes."""
        items = source.items()
        total = len(items) if isinstance(items, Sized) else 0
        for count, item in enumerate(items, start=1):
            fingerprint = f"{self._version}/{item.fingerprint}"
            if known.get(item.key) == fingerprint:
                done.unchanged += 1
                seen.good.add(item.key)
            elif document := self._load(source.name, item, seen):
                if item.key in known:
                    done.changed += 1
                else:
                    done.added += 1
                yield item, fingerprint, document
            report(Progress("lecture", source.name, count, total))

    def _load(self, source: str, item: Item, seen: "_Seen") -> Document | None:
        """Read a document; of one that cannot be read, note why."""
        try:
            document = item.load()
        except UnreadableFile as error:
            if isinstance(error, UnreadableMetadata):  # perhaps it was reserved: nobody finds it meanwhile
                self._index.delete(SearchFilter(groups=None, document_id=f"{source}:{item.key}"))
                self._manifest.forget(source, item.key, f"{source}:{item.key}")
            self._manifest.record_failure(source, item.key, str(error))
            seen.failed.add(item.key)
            seen.unplaced |= isinstance(item, FailedItem)
            return None
        seen.good.add(item.key)
        return document

    def _write(self, source: str, batch: Sequence[tuple[Item, str, Document]]) -> None:
        """Index a batch, drop what shorter versions leave behind, and only then note it in the manifest."""
        with self._manifest.writing():
            before = self._manifest.fingerprints(source).keys()
            self._manifest.announce(source, [(item.key, document.document_id) for item, _, document in batch])
            nodes = self._pipeline.run(documents=[_as_llama_document(document) for _, _, document in batch])
            written: dict[str, list[Chunk]] = {document.document_id: [] for _, _, document in batch}
            for node in nodes:
                chunk: Chunk = node.metadata["chunk"]
                written[chunk.document.document_id].append(chunk)
            known = self._manifest.vectors(
                self._name, (c.hash for chunks in written.values() for c in chunks)
            )
            for item, fingerprint, document in batch:
                chunks = written[document.document_id]
                if item.key in before:
                    self._drop_beyond(document.document_id, len(chunks))
                self._manifest.record(
                    source, item.key, fingerprint, document.document_id, chunks, known.keys()
                )

    def _drop_beyond(self, document_id: str, count: int) -> None:
        self._index.delete(SearchFilter(groups=None, document_id=document_id, from_ordinal=count))

    def _held(self, source: str, key: str) -> bool:
        """Tell whether a key has passages; one that has none was only ever a failure."""
        return any(self._manifest.passages_of(i) for i in self._manifest.document_ids(source, [key]).values())

    def _remove(self, source: str, keys: set[str], done: SourceReport) -> None:
        for key, document_id in self._manifest.document_ids(source, keys).items():
            done.removed += self._manifest.passages_of(document_id) > 0
            self._index.delete(SearchFilter(groups=None, document_id=document_id))
            self._manifest.forget(source, key, document_id)

    def forget_source(self, source: str) -> int:
        """Remove all that a source brought; gives the number of documents."""
        done = SourceReport(source)
        self._remove(source, set(self._manifest.fingerprints(source)), done)
        self._manifest.forget_source(source)
        self._index.flush()
        return done.removed

    def fill_dense(self, report: Report = silent, stop: Callable[[], bool] = lambda: False) -> int:
        """Give their dense vector to the passages that wait for one; gives how many texts were embedded.

        Args:
            stop: asked between two batches; what is done stays done.
        """
        done, total = self._manifest.embedded()
        report(Progress("vecteurs", "", done, total))
        embedded = 0
        for passages, computed in self._filled(stop):
            done += passages
            embedded += computed
            report(Progress("vecteurs", "", done, total))
        self._index.flush()
        return embedded

    def _filled(self, stop: Callable[[], bool]) -> Iterator[tuple[int, int]]:
        """Give, after each batch, how many passages it served and how many texts it embedded."""
        by_hash: dict[str, list[str]] = {}
        for passage in self._manifest.waiting():
            by_hash.setdefault(passage.hash, []).append(passage.chunk_id)
        missing: list[str] = []
        for hashes in batched(by_hash, PASSAGES_A_LOOKUP):
            known = self._manifest.vectors(self._name, hashes)
            missing += [digest for digest in hashes if digest not in known]
            yield self._set_dense(known, by_hash), 0
        if stop():
            return
        pending: deque[tuple[str, ...]] = deque()
        for vectors in self._embedding.run(self._texts(missing, by_hash, pending)):
            found = dict(zip(pending.popleft(), vectors, strict=True))
            found = {digest: vector for digest, vector in found.items() if not np.isnan(vector[0])}  # refused
            self._manifest.keep_vectors(self._name, found)
            yield self._set_dense(found, by_hash), len(found)
            if stop():
                return

    def _texts(
        self, missing: Sequence[str], by_hash: Mapping[str, Sequence[str]], pending: deque[tuple[str, ...]]
    ) -> Iterator[list[str]]:
        """Read from the index what is to be embedded, noting in `pending` the hashes of each batch given."""
        for hashes in batched(missing, BATCH):
            hits = self._index.get([by_hash[digest][0] for digest in hashes])
            texts = {
                hit.payload["hash"]: embedded_text(hit.payload["path"], hit.payload["text"]) for hit in hits
            }
            present = tuple(digest for digest in hashes if digest in texts)
            if present:
                pending.append(present)
                yield [texts[digest] for digest in present]

    def _set_dense(self, vectors: Mapping[str, Vectors], by_hash: Mapping[str, Sequence[str]]) -> int:
        """Give passages their vector, unless they were rewritten or removed since they were listed."""
        wanted = {chunk_id: digest for digest in vectors for chunk_id in by_hash[digest]}
        with self._manifest.writing():
            now = self._manifest.hashes(wanted)
            served = {key: vectors[digest] for key, digest in wanted.items() if now.get(key) == digest}
            self._index.set_dense(served)
            self._manifest.mark_embedded(served)
        return len(served)


@dataclass(slots=True)
class _Seen:
    """The keys that a run met: read or unchanged, or failed; `unplaced` when a failure has no key of its own."""

    good: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    unplaced: bool = False


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Cut `items` into tuples of `size`, the last one shorter (`itertools.batched` from Python 3.12)."""
    waiting = iter(items)
    while batch := tuple(itertools.islice(waiting, size)):
        yield batch
