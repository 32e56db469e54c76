"""Runs of ingestion as files, `DATA_DIR/ingestions`: views go in, and come out in whatever process asks for them.

ID.json    the last view, replaced whole
ID.lock    held by the process that makes the run: free under a view that says "running", that process was killed
"""

import fcntl
import logging
import os
import re
import time
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from ingest.errors import StorageFailed
from server.schemas import IngestionView

logger = logging.getLogger(__name__)

KEPT_RUNS = 50
"""Runs whose state can still be asked for."""

EVERY_S = 0.5
"""Least time between two writes of a run's progress; its end is written at once."""

INTERRUPTED = "Ingestion interrompue par l’arrêt du serveur : relancez-la, elle reprendra."

_RUN_ID = re.compile(r"[0-9a-f]{32}")


class RunFile:
    """One run that this process makes.

    Raises:
        StorageFailed: the folder cannot be written.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self._path = folder / f"{run_id}.json"
        self._written = 0.0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._path.with_suffix(".lock").open("a")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StorageFailed(
                f"L’état de l’ingestion ne peut pas être écrit dans « {folder} » ({error.strerror}) : vérifiez la "
                "place libre et les droits du dossier."
            ) from error

    def is_due(self) -> bool:
        """Tell whether the progress was last written long enough ago."""
        return time.monotonic() - self._written >= EVERY_S

    def write(self, view: IngestionView) -> None:
        """Keep a view; a disk that refuses is logged, and stops no ingestion."""
        self._written = time.monotonic()
        new = self._path.with_suffix(".new")
        try:
            with open(
                os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
            ) as file:
                file.write(view.model_dump_json())
            new.replace(self._path)
        except OSError as error:
            logger.warning("the state of an ingestion is not kept: %s", error.strerror)

    def close(self) -> None:
        """Let go: what was written last is how the run ended."""
        self._lock.close()


class RunFiles:
    """The runs of a data folder, whichever process made them."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "ingestions"

    def begin(self, run_id: str) -> RunFile:
        """Make the file of a new run, and forget the oldest; raises as `RunFile` does."""
        begun = RunFile(self._folder, run_id)
        self._prune()
        return begun

    def view(self, run_id: str) -> IngestionView | None:
        """Say where a run stood when it was last written; None when there is no such run."""
        if not _RUN_ID.fullmatch(run_id):
            return None
        path = self._folder / f"{run_id}.json"
        held = _is_held(
            path.with_suffix(".lock")
        )  # before the file: a run that ends in between has written it
        try:
            view = IngestionView.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):  # another version's run is as good as none
            return None
        if view.state == "running" and not held:
            return view.model_copy(update={"state": "failed", "error": INTERRUPTED})
        return view

    def _prune(self) -> None:
        runs = sorted(self._folder.glob("*.json"), key=_age, reverse=True)
        for path in runs[KEPT_RUNS:]:
            path.unlink(missing_ok=True)
            path.with_suffix(".lock").unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Give when a file was written; 0.0 when another process has just removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _is_held(path: Path) -> bool:
    try:
        with path.open("rb") as lock:
            return not _is_free(lock)
    except FileNotFoundError:
        return False


def _is_free(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
