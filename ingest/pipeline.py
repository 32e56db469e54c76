"""The ingest path: source -> load -> parse -> chunk -> embed -> index.

`run_sources` reads each source, writes its passages with their sparse vectors so that they can be searched
at once, and removes what the source no longer holds. `fill_dense` then gives the passages that wait their
dense vector, from the cache of vectors or from the embedder. Both can be stopped at any point and run again.

    ingest.sync     one source: what is new, changed, renamed, gone
    ingest.write    documents into passages, in the index and in the manifest
    ingest.fill     dense vectors
"""

from collections.abc import Callable, Iterable

from ingest.embed import Embedder
from ingest.fill import DenseFill
from ingest.index import Index
from ingest.manifest import Manifest
from ingest.progress import Report, silent
from ingest.settings import IngestSettings
from ingest.sources.base import Source
from ingest.standing import SourceReport
from ingest.sync import SourceSync, SyncRules
from ingest.write import DocumentWriter

PIPELINE_VERSION = "4"
"""Part of every fingerprint: raise it when parsing or chunking changes what a document becomes."""


def pipeline_version(max_chars: int) -> str:
    """Give what is put before the fingerprint of an item: what it is read with."""
    return f"{PIPELINE_VERSION}/{max_chars}"


class Ingestion:
    """The ingest path over one index.

    Args:
        index: where passages go; owned by the caller.
        manifest: what is known of earlier runs; owned by the caller.
        embedder: what gives the dense vectors.
        settings: passage length, number of processes, attempts, removals allowed.
    """

    def __init__(
        self, index: Index, manifest: Manifest, embedder: Embedder, settings: IngestSettings | None = None
    ) -> None:
        self._settings = settings or IngestSettings.model_construct()
        self._index = index
        self._manifest = manifest
        self._writer = DocumentWriter(index, manifest, embedder.name, self._settings.chunk_chars)
        self._fill = DenseFill(index, manifest, embedder, self._settings.embed_processes)

    def run_sources(
        self,
        sources: Iterable[Source],
        report: Report = silent,
        *,
        accept_removals: bool = False,
        retry_set_aside: bool = False,
    ) -> list[SourceReport]:
        """Bring each source's passages up to date in the index; one that cannot be reached loses nothing.

        Files that take minutes (long scans) are read after everything else, all sources taken together.

        Args:
            report: called after each document; what it raises stops the run, and what is done stays done.
            accept_removals: remove what is gone, however much that is.
            retry_set_aside: try once more the files that failed too often.
        """
        rules = SyncRules(
            pipeline_version(self._settings.chunk_chars),
            self._settings.file_attempts,
            self._settings.max_removed_share,
            accept_removals,
            retry_set_aside,
        )
        syncs = [SourceSync(source, self._writer, self._manifest, rules, report) for source in sources]
        try:
            for sync in syncs:
                sync.read()
            for sync in syncs:
                sync.read_patiently()
        finally:
            self._index.flush()
        return [sync.finish() for sync in syncs]

    def forget_source(self, source: str) -> int:
        """Remove all that a source brought; gives the number of documents."""
        self._writer.mend(source)
        removed = self._writer.remove(source, list(self._manifest.known(source)))
        self._manifest.forget_source(source)
        self._index.flush()
        return removed

    def fill_dense(self, report: Report = silent, stop: Callable[[], bool] = lambda: False) -> int:
        """Give their dense vector to the passages that wait for one; gives how many texts were embedded.

        Args:
            stop: asked between two batches; what is done stays done.
        """
        try:
            return self._fill.run(report, stop)
        finally:
            self._index.flush()
