"""The tables of the manifest: a connection goes in, with tables of this version it comes out."""

import sqlite3

_VERSION = 5
"""Of the tables: an older file is emptied (but for its vectors), and the next run fills it from the index."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    source TEXT NOT NULL, key TEXT NOT NULL, document_id TEXT NOT NULL, fingerprint TEXT NOT NULL,
    content TEXT NOT NULL DEFAULT '', passages INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    checked TEXT, until INTEGER NOT NULL DEFAULT 0, scope TEXT NOT NULL DEFAULT '',
    error TEXT, tried TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passages (
    chunk_id TEXT PRIMARY KEY, document_id TEXT NOT NULL, ordinal INTEGER NOT NULL, source TEXT NOT NULL,
    hash TEXT NOT NULL, priority INTEGER NOT NULL, embedded INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS passages_document ON passages (document_id);
CREATE INDEX IF NOT EXISTS passages_waiting ON passages (priority) WHERE embedded = 0;
CREATE INDEX IF NOT EXISTS passages_source ON passages (source, embedded);
CREATE TABLE IF NOT EXISTS sources (
    source TEXT PRIMARY KEY, kind TEXT NOT NULL, groups TEXT NOT NULL, tried TEXT NOT NULL, problem TEXT,
    finished TEXT, fingerprint TEXT, is_open INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""

UPSERT_DOCUMENT = """
INSERT INTO documents (source, key, document_id, fingerprint, content, passages, bytes, checked, until, scope)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, key) DO UPDATE SET
    document_id = excluded.document_id, fingerprint = excluded.fingerprint, content = excluded.content,
    passages = excluded.passages, bytes = excluded.bytes, checked = excluded.checked, until = excluded.until,
    scope = excluded.scope,
    error = NULL, tried = '', attempts = 0
"""

COUNTS = """
SELECT source, SUM(passages > 0), SUM(bytes), SUM(error IS NOT NULL), SUM(error IS NOT NULL AND attempts >= ?),
    SUM(passages > 0 AND until >= ? AND checked IS NULL)
FROM documents GROUP BY source
"""


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables, once those of another version are gone."""
    if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        for table in ("documents", "passages", "sources", "index_of"):
            db.execute(f"DROP TABLE IF EXISTS {table}")
        db.execute(f"PRAGMA user_version = {_VERSION}")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
