"""The manifest: what is indexed, from which version of which file, and the vectors already computed.

One SQLite file beside the index. It is written after the index, never before: a run killed between the two
writes the same passages again, under the same ids.
"""

import json
import sqlite3
import threading
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from ingest.documents import Chunk, Kind, Status, Validity
from ingest.embed import Vectors

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    source TEXT NOT NULL, key TEXT NOT NULL, document_id TEXT NOT NULL, fingerprint TEXT NOT NULL,
    passages INTEGER NOT NULL, error TEXT, PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passages (
    chunk_id TEXT PRIMARY KEY, document_id TEXT NOT NULL, ordinal INTEGER NOT NULL, source TEXT NOT NULL,
    hash TEXT NOT NULL, priority INTEGER NOT NULL, embedded INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS passages_document ON passages (document_id);
CREATE INDEX IF NOT EXISTS passages_waiting ON passages (priority) WHERE embedded = 0;
CREATE INDEX IF NOT EXISTS passages_source ON passages (source, embedded);
CREATE TABLE IF NOT EXISTS vectors (
    embedder TEXT NOT NULL, hash TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (embedder, hash)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS index_of (identity TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sources (
    source TEXT PRIMARY KEY, kind TEXT NOT NULL, finished TEXT, fingerprint TEXT, report TEXT
) WITHOUT ROWID;
"""

_VARIABLES = 500
"""Values of one SQL `IN`: SQLite takes at least 999."""


@dataclass(slots=True)
class SourceReport:
    """What one run did with one source; counts are documents, but for `passages`."""

    source: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A passage that has no dense vector yet."""

    chunk_id: str
    hash: str


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source stands in the index."""

    kind: Kind
    documents: int
    passages: int
    embedded: int
    failures: int
    last_run: str | None


class Manifest:
    """The manifest's tables; usable from several threads, one at a time.

    Args:
        path: the SQLite file; created with its folder when missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
        self._lock = threading.RLock()
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._connection:
            yield self._connection

    def bind(self, identity: str, *, empty: bool) -> None:
        """Tie the manifest to its index: what is known of another index, or of one that was emptied, is forgotten.

        Args:
            identity: names the index and the embedder it is written for.
            empty: whether that index holds nothing.

        The vectors stay: they depend on the text and on the embedder alone.
        """
        with self._transaction() as db:
            row = db.execute("SELECT identity FROM index_of").fetchone()
            if row is None or row[0] != identity or empty:
                for table in ("documents", "passages", "sources", "index_of"):
                    db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names above
                db.execute("INSERT INTO index_of VALUES (?)", (identity,))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep others from writing passages or vectors: what is checked inside stays true until the end."""
        with self._lock:
            yield

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def fingerprints(self, source: str) -> dict[str, str]:
        """Give the fingerprint under which each key of the source was last read, failures included."""
        with self._transaction() as db:
            return dict(db.execute("SELECT key, fingerprint FROM documents WHERE source = ?", (source,)))

    def record(
        self,
        source: str,
        key: str,
        fingerprint: str,
        document_id: str,
        chunks: Sequence[Chunk],
        embedded: Container[str],
    ) -> None:
        """Note that a document is in the index as these passages; `embedded` holds the hashes with a vector."""
        with self._transaction() as db:
            db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
            db.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, NULL)",
                (source, key, document_id, fingerprint, len(chunks)),
            )
            db.executemany(
                "INSERT OR REPLACE INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (c.chunk_id, document_id, c.ordinal, source, c.hash, _priority(c), c.hash in embedded)
                    for c in chunks
                ],
            )

    def record_failure(self, source: str, key: str, reason: str) -> None:
        """Note that a file cannot be read: it is tried again at each run, what an earlier version gave stays."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO documents VALUES (?, ?, ?, '', 0, ?) ON CONFLICT (source, key) "
                "DO UPDATE SET fingerprint = '', error = excluded.error",
                (source, key, f"{source}:{key}", reason),
            )

    def announce(self, source: str, documents: Iterable[tuple[str, str]]) -> None:
        """Note, before the index is written, that these (key, document id) are being written.

        A run killed meanwhile finds them changed at the next one, whatever the source holds by then.
        """
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO documents VALUES (?, ?, ?, '', 0, NULL) "
                "ON CONFLICT (source, key) DO UPDATE SET fingerprint = ''",
                [(source, key, document_id) for key, document_id in documents],
            )

    def passages_of(self, document_id: str) -> int:
        """Count the passages under which a document stands in the index."""
        with self._transaction() as db:
            row = db.execute("SELECT COUNT(*) FROM passages WHERE document_id = ?", (document_id,)).fetchone()
            return int(row[0])

    def document_ids(self, source: str, keys: Iterable[str]) -> dict[str, str]:
        """Give the document id of each of these keys."""
        wanted = set(keys)
        with self._transaction() as db:
            rows = db.execute("SELECT key, document_id FROM documents WHERE source = ?", (source,))
            return {key: document_id for key, document_id in rows if key in wanted}

    def forget(self, source: str, key: str, document_id: str) -> None:
        """Remove a document that the index no longer holds."""
        with self._transaction() as db:
            db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
            db.execute("DELETE FROM documents WHERE source = ? AND key = ?", (source, key))

    def failures(self, source: str) -> list[str]:
        """Give a line for each file of the source that cannot be read: its name and the reason."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT key, error FROM documents WHERE source = ? AND error IS NOT NULL ORDER BY key",
                (source,),
            )
            return [f"{key} : {error}" for key, error in rows]

    def waiting(self) -> list[Waiting]:
        """Give the passages without a dense vector, in the order in which they should get one."""
        with self._transaction() as db:
            rows = db.execute("SELECT chunk_id, hash FROM passages WHERE embedded = 0 ORDER BY priority")
            return [Waiting(chunk_id, digest) for chunk_id, digest in rows]

    def hashes(self, chunk_ids: Iterable[str]) -> dict[str, str]:
        """Give the hash that each of these passages has now; one that is gone is left out."""
        with self._transaction() as db:
            found = {}
            for chunk_id in chunk_ids:
                row = db.execute("SELECT hash FROM passages WHERE chunk_id = ?", (chunk_id,)).fetchone()
                if row is not None:
                    found[chunk_id] = row[0]
            return found

    def mark_embedded(self, chunk_ids: Iterable[str]) -> None:
        """Note that these passages have their dense vector in the index."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE passages SET embedded = 1 WHERE chunk_id = ?", [(key,) for key in chunk_ids]
            )

    def coverage(self) -> dict[str, tuple[int, int]]:
        """Give, for each source, its passages with a dense vector and all its passages."""
        with self._transaction() as db:
            rows = db.execute("SELECT source, SUM(embedded), COUNT(*) FROM passages GROUP BY source")
            return {source: (embedded, total) for source, embedded, total in rows}

    def dense_share(self) -> float:
        """Give the share, in [0, 1], of the passages that have their dense vector; 1 when there is none."""
        with self._transaction() as db:
            waiting = db.execute("SELECT COUNT(*) FROM passages WHERE embedded = 0").fetchone()[0]
            if not waiting:
                return 1.0
            total = db.execute("SELECT COUNT(*) FROM passages").fetchone()[0]
            return 1.0 - float(waiting / total)

    def embedded(self) -> tuple[int, int]:
        """Give the number of passages with a dense vector, and of all passages."""
        coverage = self.coverage().values()
        return sum(done for done, _ in coverage), sum(total for _, total in coverage)

    def vectors(self, embedder: str, hashes: Iterable[str]) -> dict[str, Vectors]:
        """Give the cached vectors of these hashes, shape (dimension,) each."""
        wanted = list(dict.fromkeys(hashes))
        found: dict[str, Vectors] = {}
        with self._transaction() as db:
            for start in range(0, len(wanted), _VARIABLES):
                some = wanted[start : start + _VARIABLES]
                marks = ",".join("?" * len(some))
                rows = db.execute(
                    f"SELECT hash, vector FROM vectors WHERE embedder = ? AND hash IN ({marks})",  # noqa: S608 - marks only
                    (embedder, *some),
                )
                found.update((digest, np.frombuffer(blob, dtype=np.float32)) for digest, blob in rows)
        return found

    def keep_vectors(self, embedder: str, vectors: Mapping[str, Vectors]) -> None:
        """Keep vectors by the hash of what was embedded, so that no text is embedded twice."""
        with self._transaction() as db:
            db.executemany(
                "INSERT OR IGNORE INTO vectors VALUES (?, ?, ?)",
                [
                    (embedder, digest, vector.astype(np.float32).tobytes())
                    for digest, vector in vectors.items()
                ],
            )

    def begin(self, source: str, kind: Kind) -> None:
        """Note that a source is being read: until `finish`, no fingerprint vouches for the whole of it."""
        with self._transaction() as db:
            db.execute(
                "INSERT INTO sources (source, kind) VALUES (?, ?) "
                "ON CONFLICT DO UPDATE SET kind = excluded.kind, fingerprint = NULL",
                (source, str(kind)),
            )

    def finish(self, report: SourceReport, fingerprint: str | None) -> None:
        """Note that a source was read to its end; `fingerprint` is the whole source's, where it has one."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        written = json.dumps(asdict(report), ensure_ascii=False)
        with self._transaction() as db:
            db.execute(
                "UPDATE sources SET finished = ?, fingerprint = ?, report = ? WHERE source = ?",
                (now, fingerprint, written, report.source),
            )

    def forget_source(self, source: str) -> None:
        """Forget that a source was ever read."""
        with self._transaction() as db:
            db.execute("DELETE FROM sources WHERE source = ?", (source,))

    def source_fingerprint(self, source: str) -> str | None:
        """Give the fingerprint that the source had when it was last read to its end."""
        with self._transaction() as db:
            row = db.execute("SELECT fingerprint FROM sources WHERE source = ?", (source,)).fetchone()
            return row[0] if row else None

    def states(self) -> dict[str, SourceState]:
        """Say how each source stands, those that were never read to their end included."""
        coverage = self.coverage()
        with self._transaction() as db:
            counts = {
                source: (documents, failures)
                for source, documents, failures in db.execute(
                    "SELECT source, SUM(passages > 0), SUM(error IS NOT NULL) FROM documents GROUP BY source"
                )
            }
            rows = db.execute("SELECT source, kind, finished FROM sources ORDER BY source").fetchall()
        states = {}
        for source, kind, finished in rows:
            documents, failures = counts.get(source, (0, 0))
            embedded, passages = coverage.get(source, (0, 0))
            states[source] = SourceState(Kind(kind), documents, passages, embedded, failures, finished)
        return states


def _priority(chunk: Chunk) -> int:
    """Order of the dense side: the organisation's own texts, then the law, with what is ended last."""
    validity = chunk.document.validity
    ended = validity.status is not Status.IN_FORCE or not Validity(None, validity.valid_to).holds_on(
        date.today()
    )
    return (2 if ended else 0) + (1 if chunk.document.kind == "legal" else 0)
