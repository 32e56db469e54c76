"""The cache of vectors: the digest of a text goes in, the vector that was computed of it comes out.

It outlives the index: a rebuild, a document that comes back or a passage that two documents share costs nothing.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from ingest.database import Database
from ingest.embed import Vectors

VECTORS_FILE = "vectors.sqlite"

_VARIABLES = 500
"""Values of one SQL `IN`: SQLite takes at least 999."""


class VectorCache:
    """Vectors by embedder and by digest of what was embedded (`ingest.documents.content_hash`).

    Args:
        path: the SQLite file; created when missing.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, _prepare)

    def of(self, embedder: str, hashes: Iterable[str]) -> dict[str, Vectors]:
        """Give the vectors that are known of these digests, shape (dimension,) each."""
        wanted = list(dict.fromkeys(hashes))
        found: dict[str, Vectors] = {}
        with self._database.transaction() as db:
            for start in range(0, len(wanted), _VARIABLES):
                some = wanted[start : start + _VARIABLES]
                marks = ",".join("?" * len(some))
                rows = db.execute(
                    f"SELECT hash, vector FROM vectors WHERE embedder = ? AND hash IN ({marks})",  # noqa: S608 - marks only
                    (embedder, *some),
                )
                found.update((digest, np.frombuffer(blob, dtype=np.float32)) for digest, blob in rows)
        return found

    def keep(self, embedder: str, vectors: Mapping[str, Vectors]) -> None:
        """Keep vectors, so that no text is embedded twice."""
        rows = [(embedder, digest, vector.astype(np.float32).tobytes()) for digest, vector in vectors.items()]
        with self._database.transaction() as db:
            db.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)", rows)

    def take_over(self, former: Path) -> None:
        """Bring over the vectors of another SQLite file that has the same table."""
        with self._database.transaction() as db:
            db.execute("ATTACH ? AS former", (str(former),))
            db.execute("INSERT OR IGNORE INTO vectors SELECT embedder, hash, vector FROM former.vectors")
        with self._database.transaction() as db:
            db.execute("DETACH former")

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _prepare(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE IF NOT EXISTS vectors (embedder TEXT NOT NULL, hash TEXT NOT NULL, vector BLOB NOT NULL, "
        "PRIMARY KEY (embedder, hash)) WITHOUT ROWID"
    )
