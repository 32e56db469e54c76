"""The ingest path: source -> load -> parse -> chunk -> embed -> index.

`run_sources` reads each source, writes its passages with their sparse vectors so that they can be searched
at once, and removes what the source no longer holds. `fill_dense` then gives the passages that wait their
dense vector, from the cache of vectors or from the embedder. Both can be stopped at any point and run again.
"""

import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any, TypeVar

from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.schema import BaseNode, TextNode, TransformComponent
from llama_index.core.schema import Document as LlamaDocument
from pydantic import ConfigDict

from ingest.chunk import chunk_document
from ingest.documents import Chunk, Document, embedded_text
from ingest.embed import BATCH, Embedder, PassageEmbedding, Vectors
from ingest.errors import SourceUnavailable, UnreadableFile
from ingest.index import Index, SearchFilter
from ingest.manifest import Manifest, SourceReport
from ingest.sources.base import Item, Source

logger = logging.getLogger(__name__)

PIPELINE_VERSION = "1"
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
        """Bring each source's passages up to date in the index; one that cannot be reached loses nothing."""
        return [self._run_source(source, report) for source in sources]

    def _run_source(self, source: Source, report: Report) -> SourceReport:
        done = SourceReport(source.name)
        try:
            self._sync(source, done, report)
        except SourceUnavailable as error:
            done.failures.append(str(error))
            logger.warning("source %s unavailable: %s", source.name, error)
        self._index.flush()
        _, done.passages = self._manifest.coverage().get(source.name, (0, 0))
        return done

    def _sync(self, source: Source, done: SourceReport, report: Report) -> None:
        whole = source.fingerprint()
        stamp = f"{self._version}/{whole}" if whole is not None else None
        known = self._manifest.fingerprints(source.name)
        self._manifest.begin(source.name, source.kind)
        if stamp is not None and stamp == self._manifest.source_fingerprint(source.name):
            done.unchanged = len(known)
            report(Progress("lecture", source.name, len(known), len(known)))
            return
        seen: set[str] = set()
        for batch in batched(self._changed(source, known, seen, done, report), DOCUMENTS_A_BATCH):
            self._write(source.name, batch)
        if known and not seen:
            raise SourceUnavailable(
                f"La source « {source.name} » ne contient plus rien (dossier démonté ?) : rien n’a été retiré. "
                f"Si c’est voulu : python -m ingest forget {source.name}"
            )
        self._remove(source.name, set(known) - seen, done)
        done.failures = self._manifest.failures(source.name)
        self._manifest.finish(done, stamp)

    def _changed(
        self, source: Source, known: dict[str, str], seen: set[str], done: SourceReport, report: Report
    ) -> Iterator[tuple[Item, str, Document]]:
        """Read the documents that are new or different, counting as it goes."""
        items = source.items()
        total = len(items) if isinstance(items, Sized) else 0
        for count, item in enumerate(items, start=1):
            seen.add(item.key)
            fingerprint = f"{self._version}/{item.fingerprint}"
            if known.get(item.key) == fingerprint:
                done.unchanged += 1
            else:
                yield from self._load(source.name, item, fingerprint, item.key in known, done)
            report(Progress("lecture", source.name, count, total))

    def _load(
        self, source: str, item: Item, fingerprint: str, known: bool, done: SourceReport
    ) -> Iterator[tuple[Item, str, Document]]:
        try:
            document = item.load()
        except UnreadableFile as error:
            self._manifest.record_failure(source, item.key, str(error))
            return
        if known:
            done.changed += 1
        else:
            done.added += 1
        yield item, fingerprint, document

    def _write(self, source: str, batch: Sequence[tuple[Item, str, Document]]) -> None:
        """Index a batch, drop what shorter versions leave behind, and only then note it in the manifest."""
        nodes = self._pipeline.run(documents=[_as_llama_document(document) for _, _, document in batch])
        written: dict[str, list[Chunk]] = {document.document_id: [] for _, _, document in batch}
        for node in nodes:
            chunk: Chunk = node.metadata["chunk"]
            written[chunk.document.document_id].append(chunk)
        known = self._manifest.vectors(self._name, (c.hash for chunks in written.values() for c in chunks))
        for item, fingerprint, document in batch:
            chunks = written[document.document_id]
            if self._manifest.passages_of(document.document_id) > len(chunks):
                beyond = SearchFilter(groups=None, document_id=document.document_id, from_ordinal=len(chunks))
                self._index.delete(beyond)
            self._manifest.record(source, item.key, fingerprint, document.document_id, chunks, known.keys())

    def _remove(self, source: str, keys: set[str], done: SourceReport) -> None:
        for key, document_id in self._manifest.document_ids(source, keys).items():
            self._index.delete(SearchFilter(groups=None, document_id=document_id))
            self._manifest.forget(source, key, document_id)
            done.removed += 1

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
        served = {chunk_id: vector for digest, vector in vectors.items() for chunk_id in by_hash[digest]}
        self._index.set_dense(served)
        self._manifest.mark_embedded(served)
        return len(served)


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Cut `items` into tuples of `size`, the last one shorter (`itertools.batched` from Python 3.12)."""
    waiting = iter(items)
    while batch := tuple(itertools.islice(waiting, size)):
        yield batch
