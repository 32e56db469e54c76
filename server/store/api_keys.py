"""The API keys of machines: what one is for goes in and its hash is kept; what a hash may do comes out."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.access_schemas import ApiKeyRequest, ApiKeyView
from server.store.audit import Act, append
from server.store.database import Database
from server.store.models import StoredApiKey


class ApiKeys:
    """The keys; usable from several threads.

    Args:
        clock: gives the time, with its zone.

    Its methods raise `StorageFailed` when the disk refuses, and `DatabaseUnavailable` when the database does not
    answer.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    def create(self, wanted: ApiKeyRequest, digest: str, prefix: str, actor: str) -> ApiKeyView:
        """Keep a key, with its line in the audit.

        Args:
            digest: see `server.sign_in.keys.digest_of`.
            prefix: the first characters of the key.
        """

        def work(session: Session) -> ApiKeyView:
            now = self._clock()
            row = StoredApiKey(
                id=uuid.uuid4().hex,
                digest=digest,
                prefix=prefix,
                name=wanted.name,
                scopes=sorted(set(wanted.scopes)),
                groups=sorted(set(wanted.groups)),
                created_by=actor,
                created_at=now,
                expires_at=wanted.expires_at,
                last_used_at=None,
                revoked_at=None,
            )
            session.add(row)
            session.flush()
            counts = {**dict.fromkeys(row.scopes, 1), "groups": len(row.groups)}
            append(session, Act("key_created", actor, row.id, counts=counts), now)
            return _view(row)

        return self._database.write(work)

    def views(self) -> list[ApiKeyView]:
        """List the keys, the newest first; those that were revoked too."""
        newest = select(StoredApiKey).order_by(StoredApiKey.created_at.desc(), StoredApiKey.id)
        return self._database.read(lambda session: [_view(row) for row in session.scalars(newest)])

    def revoke(self, key_id: str, actor: str) -> bool:
        """Keep a key from ever working again, with its line in the audit; False when there is no such key."""

        def work(session: Session) -> bool:
            row = session.get(StoredApiKey, key_id, with_for_update=True)
            if row is None:
                return False
            if row.revoked_at is None:
                row.revoked_at = self._clock()
                append(session, Act("key_revoked", actor, key_id), row.revoked_at)
            return True

        return self._database.write(work)

    def find(self, digest: str) -> ApiKeyView | None:
        """Give the key of a hash, whatever has become of it."""
        row = select(StoredApiKey).where(StoredApiKey.digest == digest)

        def work(session: Session) -> ApiKeyView | None:
            found = session.scalar(row)
            return None if found is None else _view(found)

        return self._database.read(work)

    def is_valid(self, key: ApiKeyView) -> bool:
        """Tell whether a key works: neither revoked nor expired."""
        return key.revoked_at is None and (key.expires_at is None or self._clock() < key.expires_at)

    def is_due(self, key: ApiKeyView) -> bool:
        """Tell whether its last use, as it is kept, is of an earlier minute."""
        return key.last_used_at is None or key.last_used_at < self._minute()

    def used(self, key: ApiKeyView) -> None:
        """Write that a key was used now, to the minute: asked when `is_due`, one write a minute for each key."""
        now = update(StoredApiKey).where(StoredApiKey.id == key.id).values(last_used_at=self._minute())
        self._database.write(lambda session: session.execute(now))

    def _minute(self) -> datetime:
        return self._clock().replace(second=0, microsecond=0)


def _view(row: StoredApiKey) -> ApiKeyView:
    return ApiKeyView.model_validate(row, from_attributes=True)
