"""What the judge answered, kept by what it was asked: an interrupted run, or a second one, asks nothing twice."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path


class JudgementCache:
    """Answers of judges in a SQLite file, or in memory.

    Args:
        path: the file; None keeps them for as long as this object lives.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None)
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS answers (asked TEXT PRIMARY KEY, answer TEXT NOT NULL)"
        )

    def get(self, asked: str) -> str | None:
        """Give the answer to what `key` made of a request, if there is one."""
        row = self._database.execute("SELECT answer FROM answers WHERE asked = ?", (asked,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, asked: str, answer: str) -> None:
        """Keep an answer."""
        self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (asked, answer))

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def key(url: str, request: Mapping[str, object]) -> str:
    """Give the digest of all that changes an answer: the endpoint and the whole request."""
    text = json.dumps({"url": url, **request}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
