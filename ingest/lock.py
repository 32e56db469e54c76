"""One run at a time over one index: lock files in the data folder, released even when their holder is killed."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from ingest.errors import IngestionRunning

RUN_LOCK = "ingestion.lock"
FILL_LOCK = "vectors.lock"

TRIES, WAIT_S = 6, 0.02


@contextmanager
def run_lock(data_dir: Path) -> Iterator[None]:
    """Hold the right to bring sources up to date.

    Args:
        data_dir: folder of the index; programs that share it share the lock.

    Raises:
        IngestionRunning: another program, or another thread of this one, holds it; the message says since when.
    """
    with _held(data_dir / RUN_LOCK) as is_ours:
        if not is_ours:
            raise IngestionRunning(
                f"Une ingestion est déjà en cours ({holder(data_dir)}) : attendez sa fin, "
                "ou suivez-la avec `python -m ingest status`."
            )
        yield


@contextmanager
def fill_lock(data_dir: Path) -> Iterator[bool]:
    """Hold the right to compute vectors, or give False: whoever holds it also serves what is written meanwhile."""
    with _held(data_dir / FILL_LOCK) as is_ours:
        yield is_ours


def holder(data_dir: Path) -> str:
    """Say who brings sources up to date and since when; "" when nobody does."""
    try:
        with (data_dir / RUN_LOCK).open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip()
    except FileNotFoundError:
        pass
    return ""


@contextmanager
def _held(path: Path) -> Iterator[bool]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        if not _taken(file):
            yield False
            return
        file.truncate(0)
        file.write(f"processus {os.getpid()}, depuis le {datetime.now():%d/%m/%Y à %H:%M}")
        file.flush()
        yield True


def _taken(file: IO[str]) -> bool:
    """Try for a tenth of a second: who only looks (`holder`) has it for less than that."""
    for _ in range(TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(WAIT_S)
        else:
            return True
    return False
