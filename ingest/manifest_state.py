"""What the manifest says of the index as a whole: a connection goes in, counts and a digest come out."""

import hashlib
import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from ingest.documents import EVERYONE


@dataclass(frozen=True, slots=True)
class IndexedState:
    """What is indexed.

    Args:
        documents: that members of the groups asked about may read; `passages`: theirs.
        digest: SHA-256 of every document and passage, whoever may read it; another one means another index.
    """

    documents: int
    passages: int
    digest: str


def state_of(db: sqlite3.Connection, groups: Collection[str]) -> IndexedState:
    """Read the tables once through: a second for a million passages."""
    may_read = {EVERYONE, *groups}
    digest = hashlib.sha256()
    documents = passages = 0
    rows = db.execute(
        "SELECT document_id, fingerprint, scope, passages FROM documents WHERE passages > 0 ORDER BY document_id"
    )
    for document_id, fingerprint, scope, held in rows:
        digest.update(f"{document_id}\0{fingerprint}\0{scope}\n".encode("utf-8", "surrogatepass"))
        if not may_read.isdisjoint(_groups(scope)):
            documents += 1
            passages += held
    for row in db.execute("SELECT chunk_id, hash, embedded FROM passages ORDER BY chunk_id"):
        digest.update("{} {} {}\n".format(*row).encode("utf-8", "surrogatepass"))
    return IndexedState(documents, passages, digest.hexdigest())


def _groups(scope: str) -> list[str]:
    """Read the groups of a scope as `ingest.manifest.scope_of` writes it; nobody's when it is not known."""
    groups: list[str] = json.loads(scope.partition(" ")[2] or "[]")
    return groups
