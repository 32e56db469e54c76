"""The commands of `python -m ingest`: settings and options go in, an exit status and lines on screen come out."""

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from ingest.errors import ConfigurationError, FanalError, IndexBusy, SourceUnavailable
from ingest.manifest import Manifest, SourceReport
from ingest.settings import IngestSettings
from ingest.sources.config import select_sources

console = Console(highlight=False)

POLL_S = 1.0


def fetch(options: Namespace) -> int:
    """Download an open dataset into the cache, then ingest it."""
    from ingest.sources.packages import DATASETS
    from ingest.sources.packages import fetch as download

    settings = IngestSettings()
    dataset = DATASETS.get(options.dataset)
    if dataset is None:
        known = ", ".join(DATASETS)
        raise ConfigurationError(
            f"Le jeu de données « {options.dataset} » n’existe pas. Jeux connus : {known}."
        )
    console.print(f"Téléchargement : {dataset.title} ({dataset.package} {dataset.version})…")
    download(dataset, settings.cache_dir)
    if options.download_only:
        return 0
    return _ingest(settings, [dataset.name], sparse_only=options.sparse_only)


def run(options: Namespace) -> int:
    """Bring the index up to date with the sources."""
    return _ingest(IngestSettings(), options.sources or None, sparse_only=options.sparse_only)


def _ingest(settings: IngestSettings, names: Sequence[str] | None, *, sparse_only: bool) -> int:
    sources = select_sources(settings, names)
    try:
        with _opened(settings) as ingestion, bars() as show:
            reports = [report for source in sources for report in ingestion.run_sources([source], show)]
            embedded = None if sparse_only else ingestion.fill_dense(show)
    except IndexBusy:
        console.print("Le serveur Fanal tient l’index : il fait l’ingestion, en voici le suivi.")
        return _through_server(settings, [source.name for source in sources], sparse_only=sparse_only)
    return _print_reports(reports, embedded)


@contextmanager
def _opened(settings: IngestSettings) -> Iterator[Any]:
    """Open the ingest path over the settings' index, and close it after."""
    from ingest.opening import open_store
    from ingest.pipeline import Ingestion

    store = open_store(settings)
    try:
        yield Ingestion(
            store.index,
            store.manifest,
            store.embedder,
            max_chars=settings.chunk_chars,
            processes=settings.embed_processes,
        )
    finally:
        store.close()


@contextmanager
def bars() -> Iterator[Callable[[Any], None]]:
    """Show a bar a stage, with counts and the time left."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(elapsed_when_finished=True), console=console) as shown:
        tasks: dict[tuple[str, str], Any] = {}

        def report(progress: Any) -> None:
            key = (progress.stage, progress.source)
            if key not in tasks:
                tasks[key] = shown.add_task(f"{progress.stage} {progress.source}".strip(), total=None)
            shown.update(tasks[key], completed=progress.done, total=progress.total or None)

        yield report


def _print_reports(reports: Sequence[SourceReport], embedded: int | None) -> int:
    for report in reports:
        console.print(
            f"[bold]{report.source}[/bold] : {report.added} ajoutés, {report.changed} modifiés, "
            f"{report.unchanged} inchangés, {report.removed} retirés ; {report.passages} passages"
        )
        for failure in report.failures:
            console.print(f"  illisible : {failure}", style="red", markup=False)
    if embedded == 0:
        console.print("Aucun texte nouveau : aucun vecteur calculé.")
    elif embedded is not None:
        console.print(f"{embedded} textes transformés en vecteurs.")
    return 1 if any(report.failures for report in reports) else 0


def _through_server(settings: IngestSettings, names: Sequence[str], *, sparse_only: bool) -> int:
    """Ask the server that owns the index to do the work, and follow it; the vectors then come behind anyway.

    The sources are named: a server with another sources file refuses those that it does not know.
    """
    try:
        with httpx.Client(base_url=settings.server_url, timeout=30) as client, bars() as show:
            started = client.post("/v1/ingestions", json={"sources": list(names)})
            view = _checked(started)
            while view["state"] == "running" and not (sparse_only and view["stage"] == "vecteurs"):
                _follow(show, view)
                time.sleep(POLL_S)
                view = _checked(client.get(f"/v1/ingestions/{view['id']}"))
            _follow(show, view)
    except httpx.TransportError as error:
        raise SourceUnavailable(
            f"L’index est tenu par un autre programme, et aucun serveur Fanal ne répond à {settings.server_url} "
            f"({error}). Réglez FANAL_SERVER_URL, ou arrêtez cet autre programme."
        ) from error
    if view["error"]:
        raise FanalError(view["error"])
    return _print_reports([SourceReport(**report) for report in view["reports"]], None)


def _checked(response: httpx.Response) -> dict[str, Any]:
    try:
        body: dict[str, Any] = response.json()
    except ValueError as error:
        raise SourceUnavailable(
            f"Ce qui répond à {response.url.copy_with(path='/')} n’est pas Fanal : réglez FANAL_SERVER_URL."
        ) from error
    if response.is_error:
        raise FanalError(str(body.get("detail", response.text)))
    return body


def _follow(show: Callable[[Any], None], view: Mapping[str, Any]) -> None:
    show(Namespace(stage=view["stage"], source="", done=view["done"], total=view["total"]))


def status(_: Namespace) -> int:
    """Print how each source stands."""
    settings = IngestSettings()
    manifest = Manifest(settings.manifest_file)
    try:
        table = Table("Source", "Type", "Documents", "Passages", "Vecteurs", "Échecs", "Dernière ingestion")
        for name, state in manifest.states().items():
            share = f"{state.embedded / state.passages:.0%}" if state.passages else "—"
            counts = (str(state.documents), str(state.passages), share, str(state.failures))
            table.add_row(name, str(state.kind), *counts, state.last_run or "inachevée")
        console.print(table)
        configured = {source.name for source in select_sources(settings, None)}
        for name in sorted(manifest.states().keys() - configured):
            console.print(
                f"{name} est dans l’index sans être dans le fichier des sources (forget la retire)."
            )
        for name in manifest.states():
            for failure in manifest.failures(name):
                console.print(f"  illisible : {name}, {failure}", style="red", markup=False)
    finally:
        manifest.close()
    return 0


def forget(options: Namespace) -> int:
    """Remove all that a source brought."""
    try:
        with _opened(IngestSettings()) as ingestion:
            removed = ingestion.forget_source(options.source)
    except IndexBusy as error:
        raise IndexBusy("Le serveur Fanal tient l’index : arrêtez-le le temps de cette commande.") from error
    console.print(f"{removed} documents retirés de l’index.")
    return 0


COMMANDS: Mapping[str, Callable[[Namespace], int]] = {
    "fetch": fetch,
    "run": run,
    "status": status,
    "forget": forget,
}
