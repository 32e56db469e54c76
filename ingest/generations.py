"""Generations of the index: a rebuild makes a new one beside the live one, then one small file says which is live.

    data/generation                  "3": the live one; absent for the first
    data/index-3/  ingest-3.sqlite   its embedded index and its manifest
    data/vectors.sqlite              the cache of vectors, which all generations share

On a Qdrant server the index of generation 3 is the collection NAME-3, and the alias NAME points to it.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

POINTER = "generation"


@dataclass(frozen=True, slots=True)
class Generations:
    """The generations in one data folder.

    Args:
        data_dir: the folder; it need not exist.
    """

    data_dir: Path

    def live(self) -> int:
        """Give the number of the live generation, 0 before any rebuild."""
        try:
            return int((self.data_dir / POINTER).read_text("ascii"))
        except FileNotFoundError:
            return 0

    def index_dir(self, number: int) -> Path:
        """Give the folder of a generation's embedded index."""
        return self.data_dir / (f"index-{number}" if number else "index")

    def manifest_file(self, number: int) -> Path:
        """Give the file of a generation's manifest."""
        return self.data_dir / (f"ingest-{number}.sqlite" if number else "ingest.sqlite")

    def publish(self, number: int) -> None:
        """Make a generation the live one, in one step."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        new = self.data_dir / f"{POINTER}.new"
        with new.open("w", encoding="ascii") as file:
            file.write(str(number))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.data_dir / POINTER)

    def hold(self, number: int) -> IO[str]:
        """Keep a generation from being deleted until the file that this gives is closed, by a kill if need be."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        file = self._lock_file(number).open("a")
        fcntl.flock(file, fcntl.LOCK_SH)
        return file

    def former_in_use(self) -> bool:
        """Tell whether a program still has a generation before the live one open."""
        for number in range(self.live()):
            if self._lock_file(number).exists():
                with self._lock_file(number).open("a") as file:
                    try:
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        return True
        return False

    def prune(self) -> None:
        """Delete the generations before the live one that nobody has open."""
        for number in range(self.live()):
            paths = [self.index_dir(number), self.manifest_file(number)]
            paths += [
                self.manifest_file(number).with_name(f"{paths[1].name}{end}") for end in ("-wal", "-shm")
            ]
            if any(path.exists() for path in paths):
                self._delete(number, paths)

    def _delete(self, number: int, paths: Iterable[Path]) -> None:
        with self._lock_file(number).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            for path in paths:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            for path in (self.manifest_file(number).with_suffix(".lock"), self.index_dir(number)):
                path.with_name(f"{path.stem}.lock").unlink(missing_ok=True)
        self._lock_file(number).unlink(missing_ok=True)

    def _lock_file(self, number: int) -> Path:
        return self.data_dir / f"generation-{number}.lock"
