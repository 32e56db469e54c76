"""The manifest: what is indexed, from which version of which file, and what could not be read.

One SQLite file beside the index. It is written after the index, never before: a run killed between the two
writes the same passages again, under the same ids. What it says is compared with the index at each run
(`ingest.write.DocumentWriter.mend`), so that a lost or an old manifest ends in the right index too.
"""

import json
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from ingest.database import Database
from ingest.documents import Chunk, Document, Kind
from ingest.manifest_schema import COUNTS, UPSERT_DOCUMENT, prepare
from ingest.manifest_state import IndexedState, state_of
from ingest.standing import Failure, Known, SourceState, Waiting
from ingest.vectors import VECTORS_FILE, VectorCache


class Manifest:
    """The manifest's tables; usable from several threads, one at a time, and beside other processes.

    Args:
        path: the SQLite file; created with its folder when missing. The cache of vectors lies beside it.

    Every method raises `StorageFailed` when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, prepare)
        self.vectors = VectorCache(path.parent / VECTORS_FILE)
        with self._database.transaction() as db:
            before = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'vectors'").fetchone()
        if before:  # the manifest held them itself in Fanal 0.1
            self.vectors.take_over(path)
            with self._database.transaction() as db:
                db.execute("DROP TABLE vectors")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep others from writing passages or vectors: what is checked inside stays true until the end."""
        with self._database.alone():
            yield

    def switch(self, path: Path) -> None:
        """Go on with the manifest of another generation of the index."""
        self._database.switch(path)

    def close(self) -> None:
        """Close both files."""
        self._database.close()
        self.vectors.close()

    # ---------------------------------------------------------------- documents

    def known(self, source: str) -> dict[str, Known]:
        """Give what is known of each key of the source, failures included."""
        columns = "key, document_id, fingerprint, content, passages, error, tried, attempts"
        with self._database.transaction() as db:
            rows = db.execute(f"SELECT {columns} FROM documents WHERE source = ?", (source,))  # noqa: S608 - the names above
            return {key: Known(*rest) for key, *rest in rows}

    def fingerprints(self, source: str) -> dict[str, str]:
        """Give the fingerprint under which each document of the source is indexed, "" when it must be read again."""
        return {key: known.fingerprint for key, known in self.known(source).items() if known.passages}

    def held(self, source: str, keys: Iterable[str]) -> set[str]:
        """Tell which of these keys of the source are known."""
        found = set()
        with self._database.transaction() as db:
            for key in keys:
                row = db.execute(
                    "SELECT 1 FROM documents WHERE source = ? AND key = ?", (source, key)
                ).fetchone()
                if row is not None:
                    found.add(key)
        return found

    def announce(self, source: str, documents: Iterable[tuple[str, str]]) -> None:
        """Note, before the index is written, that these (key, document id) are being written.

        A run killed meanwhile finds them changed at the next one, whatever the source holds by then.
        """
        with self._database.transaction() as db:
            db.executemany(
                "INSERT INTO documents (source, key, document_id, fingerprint) VALUES (?, ?, ?, '') "
                "ON CONFLICT (source, key) DO UPDATE SET fingerprint = ''",
                [(source, key, document_id) for key, document_id in documents],
            )

    def record(
        self,
        source: str,
        key: str,
        document: Document,
        chunks: Sequence[Chunk],
        embedded: Container[str],
        *,
        fingerprint: str,
        content: str = "",
    ) -> None:
        """Note that a document is in the index as these passages; `embedded` holds the hashes with a vector."""
        identity = (source, key, document.document_id, fingerprint, content)
        size = sum(len(chunk.text.encode("utf-8", "surrogatepass")) for chunk in chunks)
        checked = document.reviewed or document.dated
        first, last = document.validity.first_day, document.validity.last_day
        scope = scope_of(document.groups, first, last)
        state = (len(chunks), size, checked.isoformat() if checked else None, last, scope)
        rows = [
            (c.chunk_id, document.document_id, c.ordinal, source, c.hash, _priority(c), c.hash in embedded)
            for c in chunks
        ]
        with self._database.transaction() as db:
            db.execute("DELETE FROM passages WHERE document_id = ?", (document.document_id,))
            db.execute(UPSERT_DOCUMENT, identity + state)
            db.executemany("INSERT OR REPLACE INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def record_failure(self, source: str, key: str, reason: str, tried: str = "", content: str = "") -> None:
        """Note that a file cannot be read; what an earlier version gave stays in the index.

        Args:
            tried: fingerprint of the version and of the means; failing again under the same one counts up, but
                for "".
        """
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO documents (source, key, document_id, fingerprint, error, tried, content, attempts) "
                "VALUES (?, ?, ?, '', ?, ?, ?, 1) ON CONFLICT (source, key) DO UPDATE SET "
                "fingerprint = '', error = excluded.error, tried = excluded.tried, "
                "attempts = CASE WHEN tried = excluded.tried AND tried <> '' THEN attempts + 1 ELSE 1 END",
                (source, key, f"{source}:{key}", reason, tried, content),
            )

    def failures(self, source: str) -> list[Failure]:
        """Give the files of the source that cannot be read."""
        with self._database.transaction() as db:
            rows = db.execute(
                "SELECT key, error, attempts FROM documents WHERE source = ? AND error IS NOT NULL ORDER BY key",
                (source,),
            )
            return [Failure(*row) for row in rows]

    def forget(self, source: str, key: str, document_id: str) -> None:
        """Remove a document that the index no longer holds."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
            db.execute("DELETE FROM documents WHERE source = ? AND key = ?", (source, key))

    def withdraw(self, source: str, key: str, document_id: str) -> None:
        """Note that the index holds nothing of a document any more, and keep what is known of its failures."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
            db.execute(
                "UPDATE documents SET fingerprint = '', passages = 0, bytes = 0 WHERE source = ? AND key = ?",
                (source, key),
            )

    def doubt(self, source: str, held: Mapping[str, int]) -> None:
        """Have documents read again at the next run, even if nothing of them was known.

        Args:
            held: how many passages the index holds of each document id.
        """
        rows = [
            (source, document_id.removeprefix(f"{source}:"), document_id, passages)
            for document_id, passages in held.items()
        ]
        with self._database.transaction() as db:
            db.executemany(
                "INSERT INTO documents (source, key, document_id, fingerprint, passages) VALUES (?, ?, ?, '', ?) "
                "ON CONFLICT (source, key) DO UPDATE SET fingerprint = '', passages = excluded.passages",
                rows,
            )
            db.execute("UPDATE sources SET fingerprint = NULL WHERE source = ?", (source,))

    def stale(self, source: str, before: date, today: date) -> list[tuple[str, date]]:
        """Give the documents in force that nobody has looked at since `before`, oldest first, with their day."""
        with self._database.transaction() as db:
            rows = db.execute(
                "SELECT key, checked FROM documents WHERE source = ? AND passages > 0 AND checked < ? "
                "AND until >= ? ORDER BY checked, key",
                (source, before.isoformat(), today.toordinal()),
            )
            return [(key, date.fromisoformat(day)) for key, day in rows]

    # ---------------------------------------------------------------- passages

    def passages(self, source: str) -> dict[str, tuple[str, str]]:
        """Give the document id and the hash of each passage of a source, by chunk id."""
        with self._database.transaction() as db:
            rows = db.execute("SELECT chunk_id, document_id, hash FROM passages WHERE source = ?", (source,))
            return {chunk_id: (document_id, digest) for chunk_id, document_id, digest in rows}

    def scopes(self, source: str) -> dict[str, str]:
        """Give `scope_of` each document of a source, by document id."""
        with self._database.transaction() as db:
            return dict(db.execute("SELECT document_id, scope FROM documents WHERE source = ?", (source,)))

    def waiting(self) -> list[Waiting]:
        """Give the passages without a dense vector, in the order in which they should get one."""
        with self._database.transaction() as db:
            rows = db.execute("SELECT chunk_id, hash FROM passages WHERE embedded = 0 ORDER BY priority")
            return [Waiting(chunk_id, digest) for chunk_id, digest in rows]

    def hashes(self, chunk_ids: Iterable[str]) -> dict[str, str]:
        """Give the hash that each of these passages has now; one that is gone is left out."""
        with self._database.transaction() as db:
            found = {}
            for chunk_id in chunk_ids:
                row = db.execute("SELECT hash FROM passages WHERE chunk_id = ?", (chunk_id,)).fetchone()
                if row is not None:
                    found[chunk_id] = row[0]
            return found

    def mark_embedded(self, chunk_ids: Iterable[str]) -> None:
        """Note that these passages have their dense vector in the index."""
        with self._database.transaction() as db:
            db.executemany(
                "UPDATE passages SET embedded = 1 WHERE chunk_id = ?", [(key,) for key in chunk_ids]
            )

    def doubt_vectors(self, source: str) -> None:
        """Have the passages of a source get their dense vector again; those in the cache cost nothing."""
        with self._database.transaction() as db:
            db.execute("UPDATE passages SET embedded = 0 WHERE source = ?", (source,))

    def coverage(self) -> dict[str, tuple[int, int]]:
        """Give, for each source, its passages with a dense vector and all its passages."""
        with self._database.transaction() as db:
            rows = db.execute("SELECT source, SUM(embedded), COUNT(*) FROM passages GROUP BY source")
            return {source: (embedded, total) for source, embedded, total in rows}

    def dense_share(self) -> float:
        """Give the share, in [0, 1], of the passages that have their dense vector; 1 when there is none."""
        with self._database.transaction() as db:
            waiting = db.execute("SELECT COUNT(*) FROM passages WHERE embedded = 0").fetchone()[0]
            if not waiting:
                return 1.0
            total = db.execute("SELECT COUNT(*) FROM passages").fetchone()[0]
            return 1.0 - float(waiting / total)

    def state(self, groups: Collection[str]) -> IndexedState:
        """Give what members of `groups` may read, and a digest of all that is indexed."""
        with self._database.transaction() as db:
            return state_of(db, groups)

    def embedded(self) -> tuple[int, int]:
        """Give the number of passages with a dense vector, and of all passages."""
        coverage = self.coverage().values()
        return sum(done for done, _ in coverage), sum(total for _, total in coverage)

    # ---------------------------------------------------------------- sources

    def begin(self, source: str, kind: Kind, groups: Sequence[str]) -> None:
        """Note that a source is being read: until `finish`, no fingerprint vouches for the whole of it."""
        with self._database.transaction() as db:
            db.execute(
                "INSERT INTO sources (source, kind, groups, tried, is_open) VALUES (?, ?, ?, ?, 1) "
                "ON CONFLICT DO UPDATE SET kind = excluded.kind, groups = excluded.groups, "
                "tried = excluded.tried, fingerprint = NULL, is_open = 1",
                (source, str(kind), json.dumps(list(groups)), _now()),
            )

    def stop(self, source: str, problem: str) -> None:
        """Note why a run did not reach the end of a source."""
        with self._database.transaction() as db:
            db.execute("UPDATE sources SET problem = ? WHERE source = ?", (problem, source))

    def finish(self, source: str, fingerprint: str | None) -> None:
        """Note that a source was read to its end; `fingerprint` is the whole source's, where it has one."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE sources SET finished = ?, problem = NULL, fingerprint = ?, is_open = 0 WHERE source = ?",
                (_now(), fingerprint, source),
            )

    def forget_source(self, source: str) -> None:
        """Forget that a source was ever read."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM sources WHERE source = ?", (source,))

    def source_fingerprint(self, source: str) -> str | None:
        """Give the fingerprint that the source had when it was last read to its end."""
        with self._database.transaction() as db:
            row = db.execute("SELECT fingerprint FROM sources WHERE source = ?", (source,)).fetchone()
            return row[0] if row else None

    def was_cut(self, source: str) -> bool:
        """Tell whether a run over the source began and did not reach its end."""
        with self._database.transaction() as db:
            row = db.execute("SELECT is_open FROM sources WHERE source = ?", (source,)).fetchone()
            return bool(row and row[0])

    def groups(self, source: str) -> tuple[str, ...] | None:
        """Give the groups that the source's documents were last written for; None when it was never read."""
        with self._database.transaction() as db:
            row = db.execute("SELECT groups FROM sources WHERE source = ?", (source,)).fetchone()
            return tuple(json.loads(row[0])) if row else None

    def states(self, attempts: int = 3) -> dict[str, SourceState]:
        """Say how each source stands, those that were never read to their end included.

        Args:
            attempts: runs after which a file that fails is set aside.
        """
        coverage = self.coverage()
        with self._database.transaction() as db:
            today = date.today().toordinal()
            counts = {source: counted for source, *counted in db.execute(COUNTS, (attempts, today))}
            rows = db.execute(
                "SELECT source, kind, groups, finished, problem, tried FROM sources ORDER BY source"
            )
            return {
                source: _state(kind, groups, counts.get(source), coverage.get(source, (0, 0)), last)
                for source, kind, groups, *last in rows
            }


def _state(
    kind: str,
    groups: str,
    counts: Sequence[int] | None,
    coverage: tuple[int, int],
    last: Sequence[str | None],
) -> SourceState:
    documents, size, failures, set_aside, undated = counts or (0, 0, 0, 0, 0)
    embedded, passages = coverage
    finished, problem, tried = last
    return SourceState(
        kind=Kind(kind),
        groups=tuple(json.loads(groups)),
        documents=documents,
        passages=passages,
        embedded=embedded,
        bytes=size,
        failures=failures,
        set_aside=set_aside,
        undated=undated,
        last_run=finished,
        problem=problem,
        tried=tried or "",
    )


def scope_of(groups: Iterable[str], first_day: int, last_day: int) -> str:
    """Write who may read a document and from when to when it holds, to be compared."""
    return f"{first_day}-{last_day} {json.dumps(sorted(groups))}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _priority(chunk: Chunk) -> int:
    """Order of the dense side: the organisation's own texts, then the law, with what is ended last."""
    ended = chunk.document.validity.last_day < date.today().toordinal()
    return (2 if ended else 0) + (1 if chunk.document.kind == "legal" else 0)
