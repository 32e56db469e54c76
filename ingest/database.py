"""One SQLite file: a path and a schema go in, transactions come out; what the disk refuses is said in French."""

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import StorageFailed

WAIT_S = 30.0
"""How long a transaction waits for that of another process."""


class Database:
    """A SQLite file in WAL mode, usable from several threads, one at a time, and beside other processes.

    Args:
        path: the file; created with its folder when missing.
        prepare: brings the tables up to date; called each time a file is opened.

    Raises:
        StorageFailed: the file cannot be opened, read or written (disk full, rights, damaged file).
    """

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self.path = path
        self._prepare = prepare
        self._lock = threading.RLock()
        self._alone = (
            threading.RLock()
        )  # of its own: who writes for seconds keeps nobody from reading meanwhile
        self._depth = 0
        self._connection = self._connect(path)

    def _connect(self, path: Path) -> sqlite3.Connection:
        with self._explained():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageFailed(
                    f"Le dossier « {path.parent} » ne peut pas être créé : {error}"
                ) from error
            connection = sqlite3.connect(path, check_same_thread=False, timeout=WAIT_S)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            with connection:
                self._prepare(connection)
            return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the connection; what is done with it is kept whole or not at all."""
        with self._lock, self._explained(), self._connection:
            yield self._connection

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others who ask for the same out, threads and processes: what is checked inside stays true."""
        with self._alone:
            self._depth += 1
            try:
                if self._depth > 1:
                    yield
                    return
                with self.path.with_suffix(".lock").open("w") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed, even by a kill
                    yield
            finally:
                self._depth -= 1

    def switch(self, path: Path) -> None:
        """Go on with another file of the same tables."""
        with self._lock:
            former, self._connection = self._connection, self._connect(path)
            self.path = path
            former.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise  # a mistake of ours, not of the disk
            raise StorageFailed(
                f"« {self.path} » ne peut pas être lu ou écrit ({error}). Vérifiez la place libre et les droits "
                "du dossier, puis relancez : ce qui était fait est gardé."
            ) from error
