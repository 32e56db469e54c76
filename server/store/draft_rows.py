"""A row of the drafts and what is sealed in it: rows and contents go in, the one is written from the other.

Nothing here chooses whose draft it is or when it goes: `server.store.drafts` and `server.store.draft_purge` do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from server.draft_schemas import DraftStatus
from server.store.audit import Act, ActName, append
from server.store.draft_content import DraftContent, read_content, written
from server.store.keeping import expires_on, notes_until
from server.store.models import StoredDraft
from server.store.sealing import seal, unseal


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft as it was kept.

    Args:
        revision: changes with each edit.
        validated_at: when it was validated first; it may have been edited since.
    """

    id: str
    revision: int
    status: DraftStatus
    created_at: datetime
    updated_at: datetime
    validated_at: datetime | None
    expires_on: date
    model: str
    prompt_version: str | None
    content: DraftContent


def kept_draft(row: StoredDraft, content: DraftContent) -> KeptDraft:
    """Give a row with what was sealed in it."""
    return KeptDraft(
        id=row.id,
        revision=row.revision,
        status=status_of(row),
        created_at=row.created_at,
        updated_at=row.updated_at,
        validated_at=row.validated_at,
        expires_on=row.expires_on,
        model=row.model,
        prompt_version=row.prompt_version,
        content=content,
    )


def status_of(row: StoredDraft) -> DraftStatus:
    """Give where a draft stands."""
    return "validated" if row.status == "validated" else "draft"


def content_of(row: StoredDraft, key: Fernet) -> DraftContent:
    """Open what is sealed; raises `DraftDamaged` when it is damaged or of another version."""
    return read_content(row.owner, row.id, unseal(key, row.sealed))


def seal_into(row: StoredDraft, content: DraftContent, key: Fernet) -> None:
    """Seal a content in its row."""
    row.sealed = seal(key, written(row.owner, row.id, content))


def write_change(row: StoredDraft, content: DraftContent, key: Fernet, now: datetime) -> None:
    """Seal what was changed at that time, and count the days that it is kept anew."""
    row.updated_at = now
    seal_into(row, content, key)
    retention = content.template.retention
    created, changed = row.created_at.astimezone(UTC).date(), now.astimezone(UTC).date()
    validated_on = row.validated_at.astimezone(UTC).date() if row.validated_at else None
    row.expires_on = expires_on(retention, content.consent, created, changed, validated_on)
    if validated_on and not content.notes_gone:
        row.notes_until = notes_until(retention, validated_on)


def record_act(
    session: Session,
    act: ActName,
    row: StoredDraft,
    now: datetime,
    actor: str | None = None,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Write in the audit what is done with a draft, in the same transaction; by its owner unless an actor is given."""
    append(session, Act(act, actor or row.owner, row.id, row.template, row.model, counts or {}), now)
