"""One process among those over one database: a right goes in, whether this process holds it comes out.

PostgreSQL gives the right to one session at a time (a session-level advisory lock,
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS) and takes it back when that session ends,
however it does: another process then has it. SQLite serves one process only, which always holds it.
"""

import logging
import threading

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.store.database import Database

logger = logging.getLogger(__name__)

LOCK = 0x46414E414F
"""Number of the advisory lock ("FANAO" in ASCII)."""


class Alone:
    """The right to do what one process alone does; usable from several threads.

    Args:
        database: whose processes share the right. One of its connections stays taken while it is held, and must lead
            to one session: a pooler in between (PgBouncer) must be in session mode.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session: Connection | None = None
        self._lock = threading.Lock()

    def hold(self) -> bool:
        """Take the right, or check that it is still held; False while another process has it or none can be had."""
        if self._database.engine.dialect.name != "postgresql":
            return True
        with self._lock:
            try:
                if self._session is not None:
                    self._session.execute(text("SELECT 1"))
                    return True
                self._session = self._taken()
            except (DBAPIError, PoolTimeout) as error:
                logger.warning("the database does not say which process is the one: %s", type(error).__name__)
                self._drop()
            return self._session is not None

    def release(self) -> None:
        """Let another process have it."""
        with self._lock:
            self._drop()

    def _taken(self) -> Connection | None:
        session = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        taken = False
        try:
            taken = bool(session.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}))
        finally:
            if not taken:
                session.close()
        return session if taken else None

    def _drop(self) -> None:
        """End the session itself: given back to the pool it would keep the lock."""
        if self._session is not None:
            self._session.invalidate()
            self._session.close()
            self._session = None
