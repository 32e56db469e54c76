"""The tables of the store. Every text in them is masked or sealed before it comes here; times are in UTC.

A key of what a person owns always begins with its owner: an id that another person uses too is another row.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


def storable(text: str) -> str:
    """Replace the characters that PostgreSQL (NUL) or UTF-8 (lone surrogates) refuse, one for one: offsets hold."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


class _Text(TypeDecorator[str]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else storable(value)


class _Json(TypeDecorator[Any]):
    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return _storable_json(value)


def _storable_json(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(key): _storable_json(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_json(held) for held in value]
    return value


class _UtcDateTime(TypeDecorator[datetime]):
    """SQLite forgets the time zone of what it is given, PostgreSQL gives its own back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What the tables share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy, never written
        str: _Text(),
        datetime: _UtcDateTime(),
        date: Date(),
        bytes: LargeBinary(),
        dict[str, Any]: _Json(),
        list[str]: _Json(),
    }


class StoredConversation(Base):
    """A conversation; `id` is its owner's own choice."""

    __tablename__ = "conversations"
    __table_args__ = (Index(None, "owner", "updated_at"), Index(None, "updated_at"))

    owner: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class StoredAnswer(Base):
    """A question and its answer.

    Columns:
        position: place in the conversation; an answer that replaces another one takes its place.
        replaced_by: id of the answer that took this one's place; NULL while this one is shown.
        answer: the whole `server.schemas.Answer`, masked, with its passages as they were shown.
        groups: by passage id, who could read the passage when it was shown.
        embedder: what the index was written for when the passages were found.
    """

    __tablename__ = "answers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["owner", "conversation_id"], ["conversations.owner", "conversations.id"], ondelete="CASCADE"
        ),
        Index(None, "owner", "conversation_id", "position"),
        Index(None, "created_at"),
    )

    owner: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str]
    position: Mapped[int]
    created_at: Mapped[datetime]
    question: Mapped[str]
    as_of: Mapped[date]
    mode: Mapped[str]
    abstained: Mapped[bool]
    abstention: Mapped[str | None]
    model: Mapped[str]
    prompt_version: Mapped[str | None]
    embedder: Mapped[str | None]
    replaces: Mapped[str | None]
    replaced_by: Mapped[str | None]
    answer: Mapped[dict[str, Any]]
    groups: Mapped[dict[str, Any]]


class StoredFeedback(Base):
    """What the owner of an answer thinks of it, the last time they said so."""

    __tablename__ = "feedback"
    __table_args__ = (
        ForeignKeyConstraint(["owner", "answer_id"], ["answers.owner", "answers.id"], ondelete="CASCADE"),
        Index(None, "created_at"),
    )

    owner: Mapped[str] = mapped_column(primary_key=True)
    answer_id: Mapped[str] = mapped_column(primary_key=True)
    useful: Mapped[bool]
    reasons: Mapped[list[str]]
    comment: Mapped[str]
    created_at: Mapped[datetime]


class StoredCase(Base):
    """A case of the organisation's own suite; it is nobody's, and outlives the answer that it was made of.

    Columns:
        digest: of what is asked (`server.store.cases.digest_of`): the same is not kept twice.
        readers: the groups that one needs, all of them, to read it.
        answer_id: the answer whose feedback it comes from; that answer may be gone.
        case: the whole `server.case_schemas.Case`, masked.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index(None, "digest", unique=True),
        Index(None, "state", "created_at"),
        Index(None, "answer_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    origin: Mapped[str]
    state: Mapped[str]
    revision: Mapped[int]
    digest: Mapped[str]
    readers: Mapped[list[str]]
    answer_id: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    case: Mapped[dict[str, Any]]


class StoredDraft(Base):
    """A draft or a synthesis; what it says is sealed by its key in `draft_keys`.

    Columns:
        revision: changes with each edit.
        validated_at: when it was validated first; what the law counts from.
        expires_on: the day when it is deleted.
        notes_until: the day when the notes, the machine's text and the map go; NULL before the validation, and since.
        sealed: `server.store.draft_content.DraftContent`.
    """

    __tablename__ = "drafts"
    __table_args__ = (
        Index(None, "owner", "updated_at"),
        Index(None, "expires_on"),
        Index(None, "notes_until"),
    )

    owner: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    template: Mapped[str]
    template_version: Mapped[str]
    status: Mapped[str]
    revision: Mapped[int]
    model: Mapped[str]
    prompt_version: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    validated_at: Mapped[datetime | None]
    expires_on: Mapped[date]
    notes_until: Mapped[date | None]
    sealed: Mapped[bytes]


class StoredDraftKey(Base):
    """The data key of a draft, wrapped by the master key: without this row no copy of the draft can be read."""

    __tablename__ = "draft_keys"
    __table_args__ = (
        ForeignKeyConstraint(["owner", "draft_id"], ["drafts.owner", "drafts.id"], ondelete="CASCADE"),
    )

    owner: Mapped[str] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes]


class StoredAct(Base):
    """A line of the audit: who did what, when, never with what content. Triggers refuse to change or delete it.

    Columns:
        previous: `hash` of the line before.
        hash: of this line and `previous`, SHA-256 in hexadecimal (`server.store.audit`).
    """

    __tablename__ = "audit_lines"
    __table_args__ = (Index(None, "at"),)

    number: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    object_id: Mapped[str]
    template: Mapped[str]
    model: Mapped[str]
    counts: Mapped[dict[str, Any]]
    previous: Mapped[str]
    hash: Mapped[str]


class StoredAuditRemoval(Base):
    """Where the audit begins since its oldest lines were deleted; nothing changes or deletes it either.

    Columns:
        upto: number of the last line deleted: the triggers let no later one go.
        hash: of that line: what the first one left follows.
    """

    __tablename__ = "audit_removals"

    upto: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    hash: Mapped[str]


class StoredApiKey(Base):
    """An API key of a machine; revoked, it stays, so that the audit's lines about it can be read.

    Columns:
        digest: SHA-256 of the key in hexadecimal (`server.sign_in.keys`): the key itself is kept nowhere.
        prefix: its first characters.
        last_used_at: to the minute.
    """

    __tablename__ = "api_keys"
    __table_args__ = (Index(None, "digest", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    name: Mapped[str]
    prefix: Mapped[str]
    scopes: Mapped[list[str]]
    groups: Mapped[list[str]]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
