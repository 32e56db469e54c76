"""Documents are written: chunked along their structure, put in the index, then noted in the manifest.

DocumentWriter.write     documents -> passages in the index, with the vectors already known
DocumentWriter.remove    what a source no longer holds
DocumentWriter.mend      what the manifest and the index do not agree on is read again
DocumentWriter.restrict  fewer groups may read a source, from now on
"""

import itertools
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.schema import BaseNode, TextNode, TransformComponent
from llama_index.core.schema import Document as LlamaDocument
from pydantic import ConfigDict

from ingest.chunk import chunk_document
from ingest.documents import EVERYONE, Chunk, Document
from ingest.index import Index, SearchFilter
from ingest.manifest import Manifest, scope_of
from ingest.sources.base import Described

logger = logging.getLogger(__name__)

PASSAGES_A_CHANGE = 1_000
"""Passages whose groups are changed by one call."""

T = TypeVar("T")


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
        known = self.manifest.vectors.of(self.embedder_name, (chunk.hash for chunk in chunks))
        self.index.upsert(chunks, known, self.embedder_name)
        return nodes


def _as_node(chunk: Chunk) -> BaseNode:
    return TextNode(id_=chunk.chunk_id, text=chunk.text, metadata={"chunk": chunk})


def _as_llama_document(document: Document) -> LlamaDocument:
    return LlamaDocument(id_=document.document_id, text="", metadata={"document": document})


@dataclass(frozen=True, slots=True)
class Version:
    """A document as it was read: its key in its source, and the digests of this version of it."""

    key: str
    fingerprint: str
    content: str
    document: Document


class DocumentWriter:
    """Keeps an index and its manifest in step.

    Args:
        index, manifest: owned by the caller.
        embedder_name: whose vectors are taken from the cache.
        max_chars: longest passage.
    """

    def __init__(self, index: Index, manifest: Manifest, embedder_name: str, max_chars: int) -> None:
        self._index = index
        self._manifest = manifest
        self._name = embedder_name
        self._pipeline = IngestionPipeline(
            transformations=[
                StructureChunker(max_chars=max_chars),
                PassageWriter(index=index, manifest=manifest, embedder_name=embedder_name),
            ],
            disable_cache=True,
        )

    def write(self, source: str, batch: Sequence[Version]) -> None:
        """Index a batch, drop what longer former versions leave behind, and only then note it in the manifest."""
        with self._manifest.writing():
            before = self._manifest.held(source, [v.key for v in batch])
            self._manifest.announce(source, [(v.key, v.document.document_id) for v in batch])
            nodes = self._pipeline.run(documents=[_as_llama_document(v.document) for v in batch])
            written: dict[str, list[Chunk]] = {v.document.document_id: [] for v in batch}
            for node in nodes:
                chunk: Chunk = node.metadata["chunk"]
                written[chunk.document.document_id].append(chunk)
            hashes = (c.hash for chunks in written.values() for c in chunks)
            known = self._manifest.vectors.of(self._name, hashes)
            for version in batch:
                chunks = written[version.document.document_id]
                if version.key in before:
                    self._drop_beyond(version.document.document_id, len(chunks))
                self._manifest.record(
                    source,
                    version.key,
                    version.document,
                    chunks,
                    known.keys(),
                    fingerprint=version.fingerprint,
                    content=version.content,
                )

    def _drop_beyond(self, document_id: str, count: int) -> None:
        self._index.delete(SearchFilter(groups=None, document_id=document_id, from_ordinal=count))

    def remove(self, source: str, keys: Iterable[str]) -> int:
        """Remove the documents of these keys; gives how many of them had passages."""
        known = self._manifest.known(source)
        removed = 0
        for key in keys:
            if key in known:
                removed += known[key].passages > 0
                self._index.delete(SearchFilter(groups=None, document_id=known[key].document_id))
                self._manifest.forget(source, key, known[key].document_id)
        return removed

    def withdraw(self, source: str, key: str, document_id: str) -> None:
        """Take a document out of the index, and keep what is known of its failures."""
        self._index.delete(SearchFilter(groups=None, document_id=document_id))
        self._manifest.withdraw(source, key, document_id)

    def is_narrowed(self, document_id: str, described: Described | None) -> bool:
        """Tell whether what is said of a document now lets it be read by fewer people, or for less long."""
        if described is None:
            return False
        where = SearchFilter(groups=None, document_id=document_id)
        for entry in self._index.entries(where, ("groups", "from_day", "to_day")):
            groups, validity = described
            held = entry.payload["groups"]
            first = validity.valid_from.toordinal() if validity.valid_from else 0
            readers = EVERYONE in groups or set(held) <= set(groups)
            return (
                not readers
                or first > entry.payload["from_day"]
                or validity.last_day < entry.payload["to_day"]
            )
        return False

    def mend(self, source: str) -> None:
        """Have what the manifest and the index do not agree on read again, whatever came between them.

        Two counts tell whether a passage or a vector is missing or too many. After a run that was cut (a kill, a
        power cut), when either file may be the older one, each passage's digest, readers and days are compared too.
        """
        everything = SearchFilter(groups=None, sources=(source,))
        embedded, passages = self._manifest.coverage().get(source, (0, 0))
        if self._manifest.was_cut(source) or self._index.count(everything) != passages:
            self._doubt(source, everything)
        with_vector = SearchFilter(groups=None, sources=(source,), embedded=True)
        if self._index.count(with_vector) < embedded:
            logger.warning("source %s: vectors are missing from the index, they are put back", source)
            self._manifest.doubt_vectors(source)

    def _doubt(self, source: str, everything: SearchFilter) -> None:
        known, scopes = self._manifest.passages(source), self._manifest.scopes(source)
        held: Counter[str] = Counter()
        agreed: Counter[str] = Counter()
        for entry in self._index.entries(everything, ("document_id", "hash", "groups", "from_day", "to_day")):
            payload = entry.payload
            document = str(payload["document_id"])
            held[document] += 1
            scope = scope_of(payload["groups"], payload["from_day"], payload["to_day"])
            if known.get(entry.chunk_id) == (document, payload["hash"]) and scopes.get(document) == scope:
                agreed[document] += 1
        wanted = Counter(document for document, _ in known.values())
        wrong = {d for d in wanted.keys() | held.keys() if not wanted[d] == held[d] == agreed[d]}
        if wrong:
            logger.warning("source %s: the index and its manifest differ on %d documents", source, len(wrong))
            self._manifest.doubt(source, {document: held[document] for document in wrong})

    def restrict(self, source: str, groups: Sequence[str]) -> None:
        """Let only these groups read what the source brought, before any of it is read again.

        A document that was restricted further stays so; one whose groups all lose the right is read by nobody.
        """
        if EVERYONE in groups:
            return
        readers: dict[tuple[str, ...], list[str]] = {}
        passages: Counter[str] = Counter()
        changed: set[str] = set()
        everything = SearchFilter(groups=None, sources=(source,))
        for entry in self._index.entries(everything, ("groups", "document_id")):
            held, document = tuple(entry.payload["groups"]), str(entry.payload["document_id"])
            passages[document] += 1
            allowed = tuple(groups) if EVERYONE in held else tuple(g for g in held if g in groups)
            if allowed != held:
                readers.setdefault(allowed, []).append(entry.chunk_id)
                changed.add(document)
        # Read again as soon as they can be: the rights may be given back before that.
        self._manifest.doubt(source, {document: passages[document] for document in changed})
        for allowed, chunk_ids in readers.items():
            for some in batched(chunk_ids, PASSAGES_A_CHANGE):
                self._index.set_groups(some, allowed)


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Cut `items` into tuples of `size`, the last one shorter (`itertools.batched` from Python 3.12)."""
    waiting = iter(items)
    while batch := tuple(itertools.islice(waiting, size)):
        yield batch
