"""The ingestion service: while the server runs, it owns the embedded index, so ingestion goes through it.

One run at a time, in a thread; the dense side fills in behind it, in processes of lower priority. Where a run stands is
kept in files (`server.ingestion_runs`): any process that serves tells it.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Literal

from ingest.errors import FanalError, IngestionStopped
from ingest.lock import run_lock
from ingest.opening import Store
from ingest.progress import Progress
from ingest.settings import IngestSettings
from ingest.standing import SourceReport
from server.ingestion_runs import INTERRUPTED, RunFile, RunFiles
from server.schemas import IngestionRequest, IngestionView
from server.schemas import SourceReport as WireReport

logger = logging.getLogger(__name__)

STOP_S = 30.0


@dataclass(slots=True)
class _Run:
    id: str
    asked: IngestionRequest
    file: RunFile
    state: Literal["running", "done", "failed"] = "running"
    stage: str = "préparation"
    source: str = ""
    done: int = 0
    total: int = 0
    reports: list[SourceReport] = field(default_factory=list)
    error: str | None = None


class IngestionService:
    """Runs the ingest path inside the server.

    Args:
        store: owned by the caller, shared with the rest of the server.
        settings: where the sources are.
    """

    def __init__(self, store: Store, settings: IngestSettings) -> None:
        self._store = store
        self._settings = settings
        self._runs: dict[str, _Run] = {}
        self._files = RunFiles(settings.data_dir)
        self._filling = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, asked: IngestionRequest) -> IngestionView:
        """Start a run over the named sources, all when none is named.

        Raises:
            IngestionRunning: another run is not finished, here or in another program.
            ConfigurationError: a source is not in the sources file.
            StorageFailed: the data folder cannot be written.
        """
        from ingest.sources.config import select_sources

        select_sources(self._settings, asked.sources)
        run_id = uuid.uuid4().hex
        with self._alone() as held:
            run = _Run(run_id, asked, self._files.begin(run_id))
            run.file.write(self._view(run))
            self._runs[run.id] = run
            owned = held.pop_all()
            self._spawn(lambda: self._work(run, owned))
        return self._view(run)

    def forget(self, source: str) -> int:
        """Remove all that a source brought; gives the number of documents.

        Raises:
            IngestionRunning: a run is not finished.
        """
        from ingest.runs import ingestion_over

        with self._alone():
            return ingestion_over(self._store, self._settings).forget_source(source)

    @contextmanager
    def _alone(self) -> Iterator[ExitStack]:
        """Hold the right to change what is indexed, on the live generation; `pop_all` hands it to a thread."""
        with ExitStack() as held:
            held.enter_context(run_lock(self._settings.data_dir))
            self._store.follow()
            yield held

    def resume(self) -> None:
        """Give their dense vector to the passages that an earlier run left without one."""
        if self._store.manifest.dense_share() < 1.0:
            self._spawn(lambda: self._fill(None))

    def view(self, run_id: str) -> IngestionView | None:
        """Say where a run stands, whichever process makes it; None when there is no such run."""
        run = self._runs.get(run_id)
        if run is not None:
            return self._view(run)
        kept = self._files.view(run_id)
        return kept and kept.model_copy(update=self._embedded())

    def stop(self) -> bool:
        """Stop after the document or the batch in hand; tells whether that took less than half a minute."""
        self._stopping.set()
        deadline = time.monotonic() + STOP_S
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _spawn(self, target: Callable[[], None]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=target, name="ingestion", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, run: _Run, held: ExitStack) -> None:
        try:
            with held:
                self._read(run)
            if run.state == "running":
                self._fill(run)
        finally:
            with closing(run.file):
                run.file.write(self._view(run))
            del self._runs[run.id]

    def _read(self, run: _Run) -> None:
        from ingest import runs

        asked = run.asked
        options = runs.RunOptions(asked.sources, asked.accept_removals, asked.retry_set_aside)
        with _ends(run):
            run.reports += runs.run_sources(
                self._store, self._settings, options, lambda progress: self._note(run, progress)
            )

    def _fill(self, run: _Run | None) -> None:
        from ingest import runs

        if run is not None:  # the line may be long: an earlier run's vectors come first
            run.stage, run.source = "vecteurs", ""
            run.done, run.total = self._store.manifest.embedded()
        with self._filling, _ends(run):
            runs.fill_vectors(self._store, self._settings, lambda progress: self._note(run, progress))
            if run is not None:
                run.state = "done"

    def _note(self, run: _Run | None, progress: Progress) -> None:
        """Keep the progress; raising is how a run is stopped."""
        if self._stopping.is_set():
            raise IngestionStopped(INTERRUPTED)
        if run is not None:
            run.stage, run.source = progress.stage, progress.source
            run.done, run.total = progress.done, progress.total
            if run.file.is_due():
                run.file.write(self._view(run))

    def _embedded(self) -> dict[str, int]:
        embedded, total = self._store.manifest.embedded()
        return {"embedded": embedded, "to_embed": total - embedded}

    def _view(self, run: _Run) -> IngestionView:
        return IngestionView(
            id=run.id,
            state=run.state,
            stage=run.stage,
            source=run.source,
            done=run.done,
            total=run.total,
            reports=[WireReport(**asdict(report)) for report in run.reports],
            error=run.error,
            **self._embedded(),
        )


@contextmanager
def _ends(run: _Run | None) -> Iterator[None]:
    """Turn what goes wrong in a run's thread into its state: nobody else would see it."""
    try:
        yield
    except FanalError as error:
        _fail(run, str(error))
    except Exception:  # a thread's last stop: the log has the trace, the caller a plain line
        logger.exception("ingestion failed")
        _fail(
            run,
            "L'ingestion s'est arrêtée sur une erreur imprévue ; le journal du serveur en donne le détail.",
        )


def _fail(run: _Run | None, message: str) -> None:
    logger.error("ingestion: %s", message)
    if run is not None:
        run.state, run.error = "failed", message
