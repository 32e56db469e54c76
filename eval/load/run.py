"""`python -m eval load`: processes are started, people act, something may be killed, all is read back and written.

Options go in; a `LoadReport` comes out, with the raw exchanges in the folder of the run.
"""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eval.load.faults import Fault, Killable, Outage, Seen, inflict, seen
from eval.load.figures import Figures, figures
from eval.load.people import DEFAULT_MIX, Crowd, sample_material
from eval.load.postgres import Postgres, programs
from eval.load.readback import lost
from eval.load.records import Journal, Kind
from eval.load.servers import ModelProcess, ServerProcess, server_settings
from eval.load.watch import Sample, Watch
from eval.paced_model import Pace, read_calls
from eval.sample_index import bring_up_to_date, prepared
from ingest.errors import ConfigurationError
from ingest.vectors import VECTORS_FILE

DATABASES = ("postgresql", "sqlite")


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What is loaded, and how.

    Args:
        cache: folder whose `bench/sample` holds the sample's index.
        folder: where the run is written.
        minutes: how long people begin things.
        think_s: mean pause of a person between two things.
        pace: of the model.
        database: `postgresql`, `sqlite`, or the URL of a database that is there already.
        fault: the part that is killed after `fault_at_s` and started again `away_s` later.
        settings: further `FANAL_…` settings of the server.
    """

    cache: Path
    folder: Path
    people: int = 50
    minutes: float = 5.0
    think_s: float = 5.0
    mix: Mapping[Kind, float] = field(default_factory=lambda: DEFAULT_MIX)
    pace: Pace = field(default_factory=lambda: Pace(0.2, 50.0))
    database: str = "postgresql"
    fault: Fault | None = None
    fault_at_s: float = 60.0
    away_s: float = 15.0
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What came of a load.

    Args:
        kept: how many conversations, answers, feedback and drafts were acknowledged.
        lost: those that were not there afterwards, a line each.
    """

    options: LoadOptions
    figures: Figures
    samples: list[Sample]
    kept: Mapping[str, int]
    lost: list[str]
    outage: Outage | None = None
    seen: Seen | None = None

    @property
    def is_good(self) -> bool:
        """Whether nothing was lost and, when nothing was killed, nothing went wrong."""
        return not self.lost and bool(self.outage or not self.figures.errors)


@dataclass(frozen=True, slots=True)
class Running:
    """The processes of a load, all up."""

    server: ServerProcess
    model: ModelProcess
    postgres: Postgres | None

    def part(self, fault: Fault) -> Killable:
        """Give the part of that name.

        Raises:
            ConfigurationError: PostgreSQL is to be killed, and is not this load's own.
        """
        parts: Mapping[str, Killable | None] = {
            "postgres": self.postgres,
            "model": self.model,
            "worker": self.server,
        }
        part = parts[fault]
        if part is None:
            raise ConfigurationError(
                "--fault postgres demande le PostgreSQL du banc : --database postgresql."
            )
        return part


def load(options: LoadOptions) -> LoadReport:
    """Run a load.

    Raises:
        FanalError: the index cannot be had, or PostgreSQL is not installed.
        RuntimeError: a process does not start.
    """
    options.folder.mkdir(parents=True, exist_ok=True)
    with running(options, indexed(options)) as parts:
        if options.fault:
            parts.part(options.fault)  # said before the load rather than in the middle of it
        return asyncio.run(_loaded(options, parts))


def indexed(options: LoadOptions) -> Path:
    """Bring the sample's index up to date, in a Qdrant server when the settings name one; gives its folder."""
    settings = prepared("sample", options.cache)
    url = options.settings.get("FANAL_QDRANT_URL")
    if url is None:
        return settings.data_dir
    data = options.folder / "data"
    data.mkdir(exist_ok=True)
    elsewhere = settings.model_copy(update={"data_dir": data, "qdrant_url": url})
    bring_up_to_date(elsewhere, vectors=settings.data_dir / VECTORS_FILE)
    return data


@contextmanager
def running(options: LoadOptions, data: Path) -> Iterator[Running]:
    """Start the processes of a load, and stop them."""
    with ExitStack() as opened:
        model = ModelProcess(options.pace, options.folder)
        model.calls.unlink(missing_ok=True)
        opened.callback(model.close)
        model.start()
        postgres = Postgres() if options.database == "postgresql" else None
        if postgres:
            opened.callback(postgres.close)
            postgres.start()
        settings = server_settings(
            data, model.url, _database(options, postgres), options.folder, options.settings
        )
        several = int(options.settings.get("FANAL_WORKERS", "1")) > 1
        server = ServerProcess(settings, options.folder, killed_child=several)
        opened.callback(server.close)
        server.start()
        yield Running(server, model, postgres)


def _database(options: LoadOptions, postgres: Postgres | None) -> str:
    if postgres:
        return postgres.url
    if options.database == "sqlite":
        path = options.folder / "load.sqlite"
        for one in options.folder.glob("load.sqlite*"):
            one.unlink()
        return f"sqlite:///{path}"
    return options.database


def database_here() -> str:
    """Name the database that a load takes by itself: PostgreSQL where it is installed."""
    return "postgresql" if programs() else "sqlite"


async def _loaded(options: LoadOptions, parts: Running) -> LoadReport:
    journal = Journal(options.folder / "exchanges.jsonl")
    watch = Watch(lambda: parts.server.processes)
    until = time.monotonic() + options.minutes * 60
    crowd = Crowd(
        parts.server.url, options.people, options.think_s, options.mix, until, journal, sample_material()
    )
    watching = asyncio.create_task(watch.look())
    try:
        outage, _ = await asyncio.gather(_outage(options, parts), crowd.live())
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        journal.close()
    return LoadReport(
        options=options,
        figures=figures(journal.exchanges, read_calls(parts.model.calls), watch.samples, watch.late_s),
        samples=watch.samples,
        kept=journal.acknowledged.count(),
        lost=await lost(parts.server.url, journal.acknowledged),
        outage=outage,
        seen=seen(outage, journal.exchanges) if outage else None,
    )


async def _outage(options: LoadOptions, parts: Running) -> Outage | None:
    if options.fault is None:
        return None
    return await inflict(parts.part(options.fault), options.fault_at_s, options.away_s)
