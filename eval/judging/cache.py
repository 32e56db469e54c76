"""What the judge answered, kept by what it was asked: an interrupted run, or a second one, asks nothing twice.

A file that cannot be opened, read or written costs the cache, not the run: it is said once in the log.
"""

import hashlib
import json
import logging
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

DAY_S: Final = 86_400.0
PATIENCE_S: Final = 5.0
"""Longest wait for another program that writes to the file."""

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS answers (asked TEXT PRIMARY KEY, answer TEXT NOT NULL, last_used REAL)"
)


class JudgementCache:
    """Answers of judges in a SQLite file, or in memory.

    Args:
        path: the file, which its owner alone may read; None keeps them for as long as this object lives.
        keep_days: answers that served nobody for longer are deleted; None keeps them.
    """

    def __init__(self, path: Path | None, keep_days: float | None = None) -> None:
        self._database: sqlite3.Connection | None = None
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.touch(mode=0o600)
            self._database = sqlite3.connect(path or ":memory:", timeout=PATIENCE_S, isolation_level=None)
            self._prepare(keep_days)
        except (OSError, sqlite3.Error) as error:
            self._give_up(error)

    def _prepare(self, keep_days: float | None) -> None:
        assert self._database is not None
        now = time.time()
        self._database.execute(_TABLE)
        columns = {row[1] for row in self._database.execute("PRAGMA table_info(answers)")}
        if "last_used" not in columns:  # a file of before
            self._database.execute("ALTER TABLE answers ADD COLUMN last_used REAL")
        self._database.execute("UPDATE answers SET last_used = ? WHERE last_used IS NULL", (now,))
        if keep_days is not None:
            self._database.execute("DELETE FROM answers WHERE last_used < ?", (now - keep_days * DAY_S,))

    def get(self, asked: str) -> str | None:
        """Give the answer to what `key` made of a request, if there is one."""
        if self._database is None:
            return None
        try:
            row = self._database.execute("SELECT answer FROM answers WHERE asked = ?", (asked,)).fetchone()
            if row is not None:
                used = "UPDATE answers SET last_used = ? WHERE asked = ?"
                self._database.execute(used, (time.time(), asked))
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        return None if row is None else str(row[0])

    def put(self, asked: str, answer: str) -> None:
        """Keep an answer."""
        if self._database is None:
            return
        try:
            self._database.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (asked, answer, time.time())
            )
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()

    def _give_up(self, error: Exception) -> None:
        logger.warning("what the judge answers is not cached: %s", error)
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
        self._database = None


def key(url: str, request: Mapping[str, object]) -> str:
    """Give the digest of all that changes an answer: the endpoint and the whole request."""
    text = json.dumps({"url": url, **request}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
