"""`python -m ingest status`: how each source stands, and what an administrator should do about it."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ingest.errors import ConfigurationError
from ingest.lock import holder
from ingest.manifest import Manifest
from ingest.settings import IngestSettings
from ingest.sources.config import SourceConfig, read_sources
from ingest.standing import Failure, SourceState

LINES_A_SOURCE = 10
"""Failures and stale documents shown for each source unless one is named."""

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source stands, and what it needs.

    Args:
        stale: documents in force that nobody has reviewed for long, oldest first, with their day.
        failures: files that cannot be read.
        is_listed: whether the sources file still has it.
    """

    name: str
    state: SourceState
    stale: list[tuple[str, date]]
    failures: list[Failure]
    is_listed: bool


def source_statuses(
    manifest: Manifest, settings: IngestSettings, configs: Mapping[str, SourceConfig], today: date
) -> list[SourceStatus]:
    """Say how each source stands; open data is reviewed by whoever publishes it, unless its source says otherwise.

    Args:
        configs: the sources file, by name; open data that was fetched may stand without being in it.
    """
    from ingest.sources.packages import DATASETS

    found = []
    for name, state in manifest.states(settings.file_attempts).items():
        config = configs.get(name)
        is_open_data = config is None or config.dataset is not None
        months = (config and config.review_months) or (None if is_open_data else settings.review_months)
        found.append(
            SourceStatus(
                name=name,
                state=state,
                stale=manifest.stale(name, months_before(today, months), today) if months else [],
                failures=manifest.failures(name),
                is_listed=config is not None or name in DATASETS,
            )
        )
    return found


def months_before(day: date, months: int) -> date:
    """Give the day that lies `months` before, the last of its month where that one is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise ValueError(f"no such day: {months} months before {day}")


def print_status(settings: IngestSettings, console: Console, only: str | None = None) -> None:
    """Print the table of sources, then what is wrong; all of it for the source named.

    Raises:
        ConfigurationError: the sources file is wrong, or no source has that name.
    """
    configs = {config.name: config for config in read_sources(settings.sources_file)}
    with closing(Manifest(settings.manifest_file)) as manifest:
        statuses = source_statuses(manifest, settings, configs, date.today())
    if only is not None:
        statuses = [status for status in statuses if status.name == only]
        if not statuses:
            raise ConfigurationError(f"Aucune source « {only} » dans l’index.")
    console.print(_table(statuses))
    _print_index(settings, console, {status.name for status in statuses}, configs, only)
    for status in statuses:
        _print_source(status, settings.file_attempts, console, LINES_A_SOURCE if only is None else None)


def _table(statuses: list[SourceStatus]) -> Table:
    """Draw the table narrow enough for the 80 columns of a log or of a mail from cron."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Source", overflow="fold", min_width=20)
    for name in ("Docs", "Passages", "Vect.", "Échecs", "Revoir", "Mo"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Lue le", no_wrap=True)
    for status in statuses:
        state = status.state
        share = f"{state.embedded / state.passages:.0%}" if state.passages else "—"
        counts = (state.documents, state.passages, share, state.failures, len(status.stale))
        size = f"{state.bytes / _MEGABYTE:.1f}"
        table.add_row(status.name, *map(str, counts), size, _when(state.last_run) or "jamais")
    return table


def say(console: Console, text: str, style: str = "") -> None:
    """Print a line as it is: brackets in a file's name are no markup, and a log is searched line by line."""
    console.print(text, style=style, markup=False, soft_wrap=True)


def _print_index(
    settings: IngestSettings,
    console: Console,
    indexed: set[str],
    configs: Mapping[str, SourceConfig],
    only: str | None,
) -> None:
    if running := holder(settings.data_dir):
        say(console, f"Une ingestion est en cours ({running}).")
    if settings.qdrant_url is None:
        size, whole = (_folder_size(each) / _MEGABYTE for each in (settings.index_dir, settings.data_dir))
        say(console, f"Index : {size:.0f} Mo ; dossier {settings.data_dir} : {whole:.0f} Mo.")
    if only is None and (never := [name for name in configs if name not in indexed]):
        say(console, f"Jamais lues : {', '.join(never)} (python -m ingest run).")


def _print_source(status: SourceStatus, attempts: int, console: Console, limit: int | None) -> None:
    name, state = status.name, status.state
    if not status.is_listed:
        say(
            console,
            f"{name} est dans l’index sans être dans le fichier des sources : ses documents répondent toujours. "
            f"Pour la retirer : python -m ingest forget {name}",
            "yellow",
        )
    if state.problem is not None:
        say(console, f"{name}, le {_when(state.tried)} : {state.problem}", "red")
    for failure in status.failures[:limit]:
        aside = " ; mis de côté, `run --retry` le relit" if failure.attempts >= attempts else ""
        tries = f"{failure.attempts} essai{'s' if failure.attempts > 1 else ''}{aside}"
        say(console, f"  illisible : {name}, {failure.key} : {failure.reason} ({tries})", "red")
    for key, day in status.stale[:limit]:
        say(console, f"  à revoir : {name}, {key}, pas revu depuis le {day:%d/%m/%Y}")
    if limit is None and state.undated:
        say(console, f"  sans date : {state.undated} documents en vigueur (colonnes « date » ou « revu_le »)")
    hidden = sum(max(0, len(lines) - (limit or len(lines))) for lines in (status.failures, status.stale))
    if hidden:
        say(console, f"  … et {hidden} autres : python -m ingest status {name}")


def _when(moment: str | None) -> str:
    return f"{datetime.fromisoformat(moment).astimezone():%d/%m %H:%M}" if moment else ""


def _folder_size(folder: Path) -> int:
    """Give what a folder takes on disk, in bytes: Qdrant's files have holes that their length does not show."""
    size = 0
    for path in folder.rglob("*"):
        try:
            size += path.stat().st_blocks * 512
        except OSError:  # deleted meanwhile
            continue
    return size
