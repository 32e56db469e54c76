"""Drafts and syntheses: what a person was drafted goes in sealed; it comes out for its owner until its day comes.

Everything is asked for by its owner: what is another's does not exist. Each act is in the audit, in the transaction
that does it: neither is kept without the other. Whether the owner may still read the passages of the advice is not
decided here (`server.drafting.service`).
"""

import logging
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Literal

from cryptography.fernet import Fernet
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from server.draft_schemas import DraftSummary, ExportFormat
from server.store.audit import Act, append
from server.store.database import Database
from server.store.draft_content import DraftContent, edited, read_names, validated
from server.store.draft_purge import DraftPurge, Purged
from server.store.draft_rows import KeptDraft, content_of, kept_draft, record_act, status_of, write_change
from server.store.errors import DraftChanged, DraftDamaged, DraftsKeyWrong
from server.store.models import StoredDraft, StoredDraftKey, storable
from server.store.sealing import Keyring, unseal

logger = logging.getLogger(__name__)

UNREADABLE = "Illisible : prévenez l’administrateur"
"""What stands for the label of a draft that cannot be opened."""

NAMED = 20
"""Drafts that cannot be opened that one line of the log names."""

CHANGED = (
    "Cette synthèse a été modifiée entre-temps, dans un autre onglet ou par un autre programme : rien n’a été "
    "enregistré. Rechargez-la, puis refaites votre modification."
)


class Drafts:
    """What is kept of drafts; usable from several threads.

    Args:
        database: shared with the conversations, which close it.
        clock: gives the time, with its zone; days are those of UTC.

    Every method raises `StorageFailed` when the disk refuses, and `DatabaseUnavailable` when the database does not
    answer; those that open a draft raise `DraftsKeyWrong` when another server sealed it by a key of its own.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock

    def check_keys(self) -> int:
        """Open every data key, and wrap by the current master key those that an older one wrapped; gives how many.

        A key that does not open is damaged, or of another server: it is logged, and the others are of use.

        Raises:
            DraftsKeyWrong: no draft at all can be opened; nothing was changed.
        """

        def work(session: Session) -> tuple[int, list[str]]:
            rows = session.scalars(select(StoredDraftKey).with_for_update()).all()
            renewed, shut, refusal = 0, [], None
            for row in rows:
                try:
                    wrapped = self._keyring.renewed(row.wrapped)
                except DraftsKeyWrong as error:
                    shut.append(row.draft_id)
                    refusal = error
                    continue
                if wrapped is not None:
                    row.wrapped = wrapped
                    renewed += 1
            if refusal is not None and len(shut) == len(rows):
                raise refusal
            return renewed, shut

        renewed, shut = self._database.write(work)
        if shut:
            listed = ", ".join(shut[:NAMED])
            logger.error("%d drafts cannot be opened by any key of this server: %s", len(shut), listed)
        return renewed

    def create(
        self,
        owner: str,
        content: DraftContent,
        *,
        draft_id: str | None = None,
        model: str,
        prompt_version: str | None,
        counts: Mapping[str, int],
    ) -> KeptDraft:
        """Keep a new draft.

        Args:
            draft_id: the one that the audit began with, None for a new one.
            counts: for the audit, how many masks the person kept, added and removed, and so on.
        """
        identity = draft_id or uuid.uuid4().hex

        def work(session: Session) -> KeptDraft:
            now = self._clock()
            key, wrapped = self._keyring.new()
            row = StoredDraft(
                owner=storable(owner),  # what is sealed says the same
                id=identity,
                template=content.template.id,
                template_version=content.template.version,
                status="draft",
                revision=1,
                model=model,
                prompt_version=prompt_version,
                created_at=now,
            )
            write_change(row, content, key, now)
            session.add(row)
            session.flush()
            session.add(StoredDraftKey(owner=row.owner, draft_id=identity, wrapped=wrapped))
            record_act(session, "draft_created", row, now, counts=counts)
            return kept_draft(row, content)

        return self._database.write(work)

    def get(self, owner: str, draft_id: str) -> KeptDraft | None:
        """Give a draft, None when the owner has none of that id."""

        def work(session: Session) -> KeptDraft | None:
            found = self._opened(session, owner, draft_id)
            return kept_draft(found[0], found[1]) if found else None

        return self._database.read(work)

    def record(
        self, act: Literal["draft_read", "draft_exported"], owner: str, draft: KeptDraft,
        written_as: ExportFormat | None = None,
    ) -> None:  # fmt: skip
        """Write in the audit that the owner is given a draft; do this first."""
        counts: dict[str, int] = {written_as: 1} if written_as else {}
        line = Act(act, owner, draft.id, draft.content.template.id, draft.model, counts)
        self._database.write(lambda session: append(session, line, self._clock()))

    def summaries(self, owner: str, limit: int = 100) -> list[DraftSummary]:
        """Give the owner's drafts, the last changed first."""
        rows = (
            select(StoredDraft, StoredDraftKey.wrapped)
            .join(
                StoredDraftKey,
                (StoredDraftKey.owner == StoredDraft.owner) & (StoredDraftKey.draft_id == StoredDraft.id),
            )
            .where(StoredDraft.owner == owner, StoredDraft.expires_on > self._today())
            .order_by(StoredDraft.updated_at.desc(), StoredDraft.id)
            .limit(limit)
        )
        return self._database.read(
            lambda session: [self._summary(row, wrapped) for row, wrapped in session.execute(rows)]
        )

    def edit(
        self,
        owner: str,
        draft_id: str,
        texts: Mapping[str, str],
        revision: int | None,
        unseen: Collection[str] = (),
    ) -> KeptDraft | None:
        """Put a person's texts in their sections; what was validated is a draft again.

        Args:
            texts: by id of the section; what is equal to what is kept changes nothing.
            revision: the one that was edited, None for whatever is there.
            unseen: ids of the sections whose text they may no longer read, see `server.drafting.view`.

        Returns:
            The draft; None when the owner has none of that id.

        Raises:
            DraftChanged: it is not of that revision.
        """

        def work(session: Session) -> KeptDraft | None:
            found = self._opened(session, owner, draft_id, revision, lock=True)
            if found is None:
                return None
            row, content, key = found
            held = {section.id: section.text for section in content.sections}
            changes = {name: text for name, text in texts.items() if held.get(name, text) != text}
            if changes:
                now = self._clock()
                content = edited(content, changes, unseen)
                row.revision += 1
                row.status = "draft"
                write_change(row, content, key, now)
                record_act(session, "draft_edited", row, now, counts={"sections": len(changes)})
            return kept_draft(row, content)

        return self._database.write(work)

    def validate(self, owner: str, draft_id: str, name: str, revision: int | None) -> KeptDraft | None:
        """Write that a person validated a draft; one that stands validated is left as it is.

        Args:
            revision: the one that was read, None for whatever is there.

        Raises:
            DraftChanged: it is not of that revision.
        """

        def work(session: Session) -> KeptDraft | None:
            found = self._opened(session, owner, draft_id, revision, lock=True)
            if found is None:
                return None
            row, content, key = found
            if row.status != "validated":
                now = self._clock()
                content = validated(content, name, now.astimezone(UTC))
                row.status = "validated"
                row.validated_at = row.validated_at or now
                write_change(row, content, key, now)
                record_act(session, "draft_validated", row, now)
            return kept_draft(row, content)

        return self._database.write(work)

    def delete(self, owner: str, draft_id: str) -> bool:
        """Delete a draft and its key; tells whether there was one."""

        def work(session: Session) -> bool:
            row = session.get(StoredDraft, (owner, draft_id), with_for_update=True)
            if row is None:
                return False
            record_act(session, "draft_deleted", row, self._clock())
            session.delete(row)  # its key goes with it
            return True

        removed = self._database.write(work)
        self._database.scrub()
        return removed

    def last_change(self, before: datetime) -> datetime | None:
        """Give when anybody's draft was changed last, not later than `before`."""
        changes = select(StoredDraft.updated_at).where(StoredDraft.updated_at <= before)
        latest = changes.order_by(StoredDraft.updated_at.desc()).limit(1)
        return self._database.read(lambda session: session.scalar(latest))

    def purge(self, actor: str) -> Purged:
        """Take away all that has had its time, everybody's."""
        return DraftPurge(self._database, self._keyring, self._clock, actor).run()

    def _opened(
        self, session: Session, owner: str, draft_id: str, revision: int | None = None, *, lock: bool = False
    ) -> tuple[StoredDraft, DraftContent, Fernet] | None:
        row = session.get(StoredDraft, (owner, draft_id), with_for_update=lock or None)
        held = session.get(StoredDraftKey, (owner, draft_id))
        if row is None or held is None or row.expires_on <= self._today():
            return None  # the purge of the day may not have come by yet
        if revision not in (None, row.revision):
            raise DraftChanged(CHANGED)
        key = self._keyring.open(held.wrapped)
        return row, content_of(row, key), key

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()

    def _summary(self, row: StoredDraft, wrapped: bytes) -> DraftSummary:
        try:
            text = unseal(self._keyring.open(wrapped), row.sealed)
            title, label = read_names(row.owner, row.id, text)
            readable = True
        except (DraftDamaged, DraftsKeyWrong) as error:  # one must not hide the others, nor stay for ever
            logger.error("draft %s cannot be read: %s", row.id, error)
            title, label, readable = row.template, UNREADABLE, False
        return DraftSummary(
            id=row.id,
            template=row.template,
            template_title=title,
            label=label,
            status=status_of(row),
            created_at=row.created_at,
            updated_at=row.updated_at,
            expires_on=row.expires_on,
            readable=readable,
        )


def count_keyless(database: Database) -> int:
    """Count the drafts whose key is gone: nobody can read them, and they go on their day."""
    keys = select(StoredDraftKey.owner, StoredDraftKey.draft_id)
    keyless = tuple_(StoredDraft.owner, StoredDraft.id).not_in(keys)
    counted = select(func.count()).select_from(StoredDraft).where(keyless)
    return database.read(lambda session: session.scalar(counted) or 0)


def count_sealed(database: Database) -> int:
    """Count the drafts that a key is needed for."""
    counted = select(func.count()).select_from(StoredDraftKey)
    return database.read(lambda session: session.scalar(counted) or 0)
