"""Runs: a store and what is asked go in, sources are brought up to date. The command line and the server share them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ingest.lock import fill_lock
from ingest.opening import Store
from ingest.parse.isolated import FileReader
from ingest.pipeline import Ingestion
from ingest.progress import Report
from ingest.settings import IngestSettings
from ingest.sources.config import SourceConfig, select_sources
from ingest.standing import SourceReport, SourceState

PERIODS: Mapping[str, timedelta | None] = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "manual": None,
}
"""How old the last run of a source may be, by the `schedule` of the sources file; `manual` is never due."""

EARLY = timedelta(minutes=30)
"""A nightly run that starts a little earlier than the day before still finds its sources due."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What is asked of a run.

    Args:
        sources: names of the sources; all of the sources file when None.
        accept_removals: remove what is gone, however much that is.
        retry_set_aside: try once more the files that failed too often.
    """

    sources: Sequence[str] | None = None
    accept_removals: bool = False
    retry_set_aside: bool = False


def run_sources(
    store: Store, settings: IngestSettings, options: RunOptions, report: Report
) -> list[SourceReport]:
    """Bring the sources up to date; files are read in a process of their own, so that none can end the run.

    Raises:
        ConfigurationError: a source is not in the sources file, or the file is wrong.
        StorageFailed, SourceUnavailable: the index's own disk or server refuses.
    """
    with FileReader() as reader:
        sources = select_sources(settings, options.sources, reader.read)
        return ingestion_over(store, settings).run_sources(
            sources,
            report,
            accept_removals=options.accept_removals,
            retry_set_aside=options.retry_set_aside,
        )


def fill_vectors(store: Store, settings: IngestSettings, report: Report) -> int | None:
    """Give passages their dense vector; None when another program is at it, who then serves these too."""
    with fill_lock(settings.data_dir) as is_ours:
        return ingestion_over(store, settings).fill_dense(report) if is_ours else None


def ingestion_over(store: Store, settings: IngestSettings) -> Ingestion:
    """Make the ingest path over a store."""
    return Ingestion(store.index, store.manifest, store.embedder, settings)


def due(
    configs: Iterable[SourceConfig], states: Mapping[str, SourceState], now: datetime | None = None
) -> list[str]:
    """Name the sources whose `schedule` asks for a run now: never read, cut short, or read too long ago."""
    moment = now or datetime.now(UTC)
    return [config.name for config in configs if _is_due(config, states.get(config.name), moment)]


def _is_due(config: SourceConfig, state: SourceState | None, now: datetime) -> bool:
    period = PERIODS[config.schedule]
    if period is None:
        return False
    if state is None or state.last_run is None or state.problem is not None or state.tried > state.last_run:
        return True
    return now - datetime.fromisoformat(state.tried) >= period - min(EARLY, period / 4)
