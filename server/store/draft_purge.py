"""The end of drafts: what has had its time goes in, nothing comes out but counts, and lines in the audit.

A draft goes whole on its day. Of a validated synthesis the notes, the machine's text and the way back from the masks
go before, on theirs, and the rest is sealed by a new key: without the old one a copy of what it was opens no more.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session

from ingest.errors import FanalError
from server.store.database import Database
from server.store.draft_content import without_notes
from server.store.draft_rows import content_of, record_act, seal_into
from server.store.models import StoredDraft, StoredDraftKey
from server.store.sealing import Keyring

logger = logging.getLogger(__name__)

PURGED_AT_ONCE = 100
"""Drafts that one transaction takes: others write between two of them."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge took away: drafts whole, syntheses (validated once) whole, and the notes of syntheses that stay."""

    drafts: int = 0
    syntheses: int = 0
    notes: int = 0


class DraftPurge:
    """One purge, everybody's; `run` raises `StorageFailed` when the disk or the database fails.

    Args:
        actor: who asked for it, for the audit.
    """

    def __init__(
        self, database: Database, keyring: Keyring, clock: Callable[[], datetime], actor: str
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._actor = actor

    def run(self) -> Purged:
        """Take away all that has had its time."""
        drafts = syntheses = notes = 0
        while counted := self._database.write(self._delete_some):
            drafts += counted.drafts
            syntheses += counted.syntheses
        unread: set[Key] = set()
        while found := self._database.write(partial(self._strip_some, unread=unread)):
            unread |= {key for key, done in found.items() if not done}
            notes += sum(found.values())
        self._database.scrub()
        return Purged(drafts, syntheses, notes)

    def _delete_some(self, session: Session) -> Purged | None:
        """Delete some drafts whose day has come; one whose key is gone too, not before: the key may be restored."""
        rows = self._some(session, StoredDraft.expires_on <= self._clock().astimezone(UTC).date())
        for row in rows:
            record_act(session, "draft_purged", row, self._clock(), self._actor)
            session.delete(row)  # its key goes with it
        syntheses = sum(row.validated_at is not None for row in rows)
        return Purged(len(rows) - syntheses, syntheses) if rows else None

    def _strip_some(self, session: Session, unread: Collection[Key]) -> dict[Key, bool]:
        """Take the notes out of some syntheses; tells of each whether that was done.

        Args:
            unread: those that could not be opened: they go whole on their day, and hold up no other.
        """
        ended = StoredDraft.notes_until <= self._clock().astimezone(UTC).date()
        others = tuple_(StoredDraft.owner, StoredDraft.id).not_in(list(unread))
        return {(row.owner, row.id): self._strip(session, row) for row in self._some(session, ended & others)}

    def _strip(self, session: Session, row: StoredDraft) -> bool:
        held = session.get(StoredDraftKey, (row.owner, row.id))
        if held is None:
            return False
        try:
            content = content_of(row, self._keyring.open(held.wrapped))
        except FanalError as error:
            logger.error("the notes of synthesis %s stay until it goes: %s", row.id, error)
            return False
        key, held.wrapped = self._keyring.new()
        seal_into(row, without_notes(content), key)
        row.notes_until = None
        record_act(session, "notes_purged", row, self._clock(), self._actor)
        return True

    def _some(self, session: Session, ended: ColumnElement[bool]) -> list[StoredDraft]:
        # One that another server is purging is its own to count.
        rows = select(StoredDraft).where(ended).limit(PURGED_AT_ONCE).with_for_update(skip_locked=True)
        return list(session.scalars(rows))
