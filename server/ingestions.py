"""The ingestion service: while the server runs, it owns the embedded index, so ingestion goes through it.

One run at a time, in a thread; the dense side fills in behind it, in processes of lower priority.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

from ingest.embed import Embedder
from ingest.errors import FanalError, IngestionRunning, IngestionStopped
from ingest.index import Index
from ingest.manifest import Manifest, SourceReport
from ingest.settings import IngestSettings
from server.schemas import IngestionView
from server.schemas import SourceReport as WireReport

if TYPE_CHECKING:
    from ingest.pipeline import Ingestion, Progress

logger = logging.getLogger(__name__)

STOP_S = 30.0

KEPT_RUNS = 50
"""Runs whose state can still be asked for."""


@dataclass(slots=True)
class _Run:
    id: str
    sources: list[str] | None
    state: Literal["running", "done", "failed"] = "running"
    stage: str = "préparation"
    done: int = 0
    total: int = 0
    reports: list[SourceReport] = field(default_factory=list)
    error: str | None = None


class IngestionService:
    """Runs the ingest path inside the server.

    Args:
        index, manifest, embedder: owned by the caller, shared with the rest of the server.
        settings: where the sources are.
    """

    def __init__(
        self, index: Index, manifest: Manifest, embedder: Embedder, settings: IngestSettings
    ) -> None:
        self._index = index
        self._manifest = manifest
        self._embedder = embedder
        self._settings = settings
        self._runs: dict[str, _Run] = {}
        self._reading = threading.Lock()
        self._filling = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, sources: list[str] | None) -> IngestionView:
        """Start a run over the named sources, all when None.

        Raises:
            IngestionRunning: another run is not finished.
            ConfigurationError: a source is not in the sources file.
        """
        from ingest.sources.config import select_sources

        select_sources(self._settings, sources)
        if not self._reading.acquire(blocking=False):
            raise IngestionRunning("Une ingestion est déjà en cours : attendez sa fin, ou suivez-la.")
        run = _Run(uuid.uuid4().hex, sources)
        self._runs[run.id] = run
        for old in list(self._runs)[:-KEPT_RUNS]:
            del self._runs[old]
        self._spawn(lambda: self._work(run))
        return self._view(run)

    def resume(self) -> None:
        """Give their dense vector to the passages that an earlier run left without one."""
        if self._manifest.dense_share() < 1.0:
            self._spawn(lambda: self._fill(None))

    def view(self, run_id: str) -> IngestionView | None:
        """Say where a run stands; None when there is no such run."""
        run = self._runs.get(run_id)
        return self._view(run) if run else None

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

    def _work(self, run: _Run) -> None:
        try:
            self._read(run)
        finally:
            self._reading.release()
        if run.state == "running":
            self._fill(run)

    def _read(self, run: _Run) -> None:
        from ingest.sources.config import select_sources

        with _ends(run):
            sources = select_sources(self._settings, run.sources)
            ingestion = self._ingestion()
            for source in sources:
                run.reports += ingestion.run_sources([source], lambda progress: self._note(run, progress))

    def _fill(self, run: _Run | None) -> None:
        if run is not None:  # the line may be long: an earlier run's vectors come first
            run.stage = "vecteurs"
            run.done, run.total = self._manifest.embedded()
        with self._filling, _ends(run):
            self._ingestion().fill_dense(lambda progress: self._note(run, progress))
            if run is not None:
                run.state = "done"

    def _note(self, run: _Run | None, progress: "Progress") -> None:
        """Keep the progress; raising is how a run is stopped."""
        if self._stopping.is_set():
            raise IngestionStopped(
                "Ingestion interrompue par l’arrêt du serveur : relancez-la, elle reprendra."
            )
        if run is not None:
            run.stage, run.done, run.total = progress.stage, progress.done, progress.total

    def _ingestion(self) -> "Ingestion":
        from ingest.pipeline import Ingestion

        return Ingestion(
            self._index,
            self._manifest,
            self._embedder,
            max_chars=self._settings.chunk_chars,
            processes=self._settings.embed_processes,
        )

    def _view(self, run: _Run) -> IngestionView:
        embedded, total = self._manifest.embedded()
        return IngestionView(
            id=run.id,
            state=run.state,
            stage=run.stage,
            done=run.done,
            total=run.total,
            reports=[WireReport(**asdict(report)) for report in run.reports],
            embedded=embedded,
            to_embed=total - embedded,
            error=run.error,
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
