"""The audit: one line per act goes in, who did what and when, never with what content; a checked list comes out.

Lines are only ever added: triggers refuse the rest, and each line holds the hash of the one before, so that a line
which was changed or taken out shows. The oldest are deleted after a time, by `Audit.purge` alone.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from ingest.errors import StorageFailed
from server.store.database import Database
from server.store.models import StoredAct, StoredAuditRemoval, storable

logger = logging.getLogger(__name__)

ActName = Literal[
    "question_asked",
    "search",
    "mask",
    "notes_read",
    "draft_begun",
    "draft_created",
    "draft_refused",
    "draft_read",
    "draft_edited",
    "draft_validated",
    "draft_exported",
    "draft_deleted",
    "draft_purged",
    "notes_purged",
    "assistant_begun",
    "assistant_run",
    "conversation_read",
    "conversation_deleted",
    "conversations_deleted",
    "feedback",
    "feedback_read",
    "case_created",
    "case_edited",
    "case_proposed",
    "case_accepted",
    "case_rejected",
    "case_deleted",
    "cases_exported",
    "evaluation_deleted",
    "ingestion_started",
    "source_forgotten",
    "purge",
    "audit_exported",
    "audit_purged",
    "key_created",
    "key_revoked",
    "access_refused",
]
"""What is recorded. `draft_begun` and `assistant_begun` come before a model is sent anything, whatever becomes of
it; `draft_created` and `assistant_run` close them. `draft_purged` and `notes_purged` are what retention took away of
one draft."""

BEGINNING = "0" * 64
"""What the first line of all follows."""

LOCK = 0x46414E4155
"""Number of the advisory lock that PostgreSQL gives to one writer of the audit at a time ("FANAU" in ASCII)."""

READ_AT_ONCE = 2_000
"""Lines that one transaction reads: an export holds no more of them in memory."""

_OURS = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Act:
    """What someone did.

    Args:
        actor: who, as the sign-in knows them.
        object_id: id of the draft, conversation, run or source; see `opaque` where its user chose it.
        template: id of the template or assistant.
        counts: how many of what; names of Fanal's own and numbers, nothing else.
    """

    act: ActName
    actor: str
    object_id: str = ""
    template: str = ""
    model: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptAct:
    """A line of the audit.

    Args:
        intact: it is as it was written, and it follows the line that it followed then.
    """

    number: int
    at: datetime
    act: Act
    hash: str
    intact: bool


def opaque(object_id: str) -> str:
    """Give an id that may be written: one that a client chose may hold a name, and is told by its hash alone."""
    if _OURS.fullmatch(object_id):
        return object_id
    return f"sha256:{hashlib.sha256(object_id.encode('utf-8', 'replace')).hexdigest()[:24]}"


def append(session: Session, act: Act, now: datetime) -> None:
    """Add a line in the transaction of the act itself: neither is kept without the other."""
    _wait_for_others(session)
    number, previous = _last(session)
    row = StoredAct(
        number=number + 1,
        at=now.astimezone(UTC),
        actor=storable(act.actor),
        act=act.act,
        object_id=storable(act.object_id),
        template=storable(act.template),
        model=storable(act.model),
        counts=dict(act.counts),
        previous=previous,
        hash="",
    )
    row.hash = _hash(row)
    session.add(row)
    session.flush()


class Audit:
    """The audit; usable from several threads.

    Args:
        clock: gives the time, with its zone.

    Its methods raise `StorageFailed` when the disk refuses, and `DatabaseUnavailable` when the database does not
    answer.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    def record(self, act: Act) -> None:
        """Add a line; what cannot be recorded must not be done, so do this first."""
        self._database.write(lambda session: append(session, act, self._clock()))

    def note(self, act: Act) -> None:
        """Add a line if it can be: an answer from documents goes on without, and the server's log says so."""
        try:
            self.record(act)
        except StorageFailed as error:
            logger.error("not in the audit (%s, object %s): %s", act.act, act.object_id or "none", error)

    def lines(self, since: date | None = None, until: date | None = None) -> Iterator[KeptAct]:
        """Give the lines in order, each checked against the one before it.

        Args:
            since: first day (UTC), None for the beginning.
            until: last day, included, None for no end.
        """
        number = 0
        while True:
            found = self._database.read(lambda session, last=number: _page(session, last, since, until))  # type: ignore[misc]
            yield from found
            if len(found) < READ_AT_ONCE:
                return
            number = found[-1].number

    def last(self, before: datetime) -> datetime | None:
        """Give when the last line that is not later than `before` was written."""
        latest = select(StoredAct.at).where(StoredAct.at <= before).order_by(StoredAct.at.desc()).limit(1)
        return self._database.read(lambda session: session.scalar(latest))

    def purge(self, before: datetime, actor: str) -> int:
        """Delete the oldest lines, up to the first one that is not older than `before`; gives how many.

        The database lets none go that is younger than 180 days by its own clock: then this raises `StorageFailed`.
        """

        def work(session: Session) -> int:
            _wait_for_others(session)
            upto = _last_before(session, before)
            if upto is None:
                return 0
            held = session.get_one(StoredAct, upto)
            now = self._clock()
            session.add(StoredAuditRemoval(upto=upto, at=now, hash=held.hash))
            session.flush()
            gone = delete(StoredAct).where(StoredAct.number <= upto).returning(StoredAct.number)
            removed = len(session.scalars(gone).all())
            append(session, Act("audit_purged", actor, counts={"lines": removed}), now)
            return removed

        removed = self._database.write(work)
        if removed:
            self._database.scrub()
        return removed


def _wait_for_others(session: Session) -> None:
    """Keep other writers from the same number; SQLite's transaction began by taking the write lock."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


def _last(session: Session) -> tuple[int, str]:
    """Give number and hash of the last line, those of the last one deleted when none is left."""
    row = session.execute(
        select(StoredAct.number, StoredAct.hash).order_by(StoredAct.number.desc()).limit(1)
    ).one_or_none()
    if row is None:
        removal = select(StoredAuditRemoval.upto, StoredAuditRemoval.hash)
        row = session.execute(removal.order_by(StoredAuditRemoval.upto.desc()).limit(1)).one_or_none()
    return (row[0], row[1]) if row else (0, BEGINNING)


def _last_before(session: Session, before: datetime) -> int | None:
    """Give the number of the last line of those that are all older; a clock may have been set back."""
    kept = session.scalar(select(func.min(StoredAct.number)).where(StoredAct.at >= before))
    older = select(func.max(StoredAct.number))
    return session.scalar(older if kept is None else older.where(StoredAct.number < kept))


def _page(session: Session, last: int, since: date | None, until: date | None) -> list[KeptAct]:
    wanted = select(StoredAct).where(StoredAct.number > last)
    if since is not None:
        wanted = wanted.where(StoredAct.at >= _midnight(since))
    if until is not None:
        wanted = wanted.where(StoredAct.at < _midnight(until) + timedelta(days=1))
    rows = session.scalars(wanted.order_by(StoredAct.number).limit(READ_AT_ONCE)).all()
    before = _hashes(session, [row.number - 1 for row in rows])
    return [_kept(row, before.get(row.number - 1)) for row in rows]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _hashes(session: Session, numbers: list[int]) -> dict[int, str]:
    """Give the hashes of these lines, deleted ones that the audit begins after included."""
    if not numbers:
        return {}
    first, last = numbers[0], numbers[-1]
    lines = select(StoredAct.number, StoredAct.hash).where(StoredAct.number.between(first, last))
    removals = select(StoredAuditRemoval.upto, StoredAuditRemoval.hash).where(
        StoredAuditRemoval.upto.between(first, last)
    )
    found = [*session.execute(removals), *session.execute(lines)]
    return {0: BEGINNING} | {row[0]: row[1] for row in found}


def _kept(row: StoredAct, before: str | None) -> KeptAct:
    act = Act(row.act, row.actor, row.object_id, row.template, row.model, row.counts)  # type: ignore[arg-type]
    intact = row.previous == before and row.hash == _hash(row)
    return KeptAct(row.number, row.at, act, row.hash, intact)


def _hash(row: StoredAct) -> str:
    said: list[Any] = [
        row.number,
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.actor,
        row.act,
        row.object_id,
        row.template,
        row.model,
        dict(row.counts),
        row.previous,
    ]
    written = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()
