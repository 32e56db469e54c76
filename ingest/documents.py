"""The types that every path shares: documents, their blocks, and the passages cut from them.

A source yields `Document`s (blocks of text with their headings, pages and links); `ingest.chunk` turns
each into `Chunk`s (passages); `ingest.index` stores and finds them. Nothing here reads or writes.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import urlsplit

EVERYONE = "*"
"""The group that every caller belongs to."""

FANAL_NAMESPACE = uuid.UUID("6f0d6a2e-4f1c-5d8e-9a57-0c4b9b1f7a10")


_NUMBERING = re.compile(
    r"^(?:(?:\w+ )?partie|livre|titre|chapitre|section|sous-section|paragraphe|sous-paragraphe)\s+[\w-]*\s*:\s*",
    re.IGNORECASE,
)
_PART = re.compile(r"partie (?:législative|réglementaire).*", re.IGNORECASE)


class Kind(StrEnum):
    """What a passage is."""

    PROCEDURE = "procedure"
    LEGAL = "legal"
    TRAINING = "training"


class Status(StrEnum):
    """Where a text stands, apart from its dates."""

    IN_FORCE = "en_vigueur"
    SUPERSEDED = "remplace"
    REPEALED = "abroge"


class Standing(StrEnum):
    """Where a text stands on a day, as a reader is told."""

    HOLDS = "en vigueur"
    REPEALED = "abrogé"
    SUPERSEDED = "remplacé"
    TO_COME = "pas encore en vigueur"
    ENDED = "plus en vigueur"


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a text holds.

    Args:
        valid_from: first day in force; None when it has no known beginning.
        valid_to: last day in force, included; None when no end is planned.
        status: what the source says of the text, whatever the day.
    """

    valid_from: date | None = None
    valid_to: date | None = None
    status: Status = Status.IN_FORCE

    @property
    def first_day(self) -> int:
        """Give the first day in force as a proleptic ordinal: 0 where it is not known."""
        return self.valid_from.toordinal() if self.valid_from else 0

    @property
    def last_day(self) -> int:
        """Give the last day in force as a proleptic ordinal: 0 for a text that ended nobody knows when."""
        if self.valid_to is not None:
            return self.valid_to.toordinal()
        return date.max.toordinal() if self.status is Status.IN_FORCE else 0

    def holds_on(self, day: date) -> bool:
        """Tell whether the text is in force on `day`."""
        began = self.valid_from is None or self.valid_from <= day
        ended = self.valid_to is not None and self.valid_to < day
        return began and not ended

    def standing(self, day: date) -> Standing:
        """Say where the text stands on `day`; what its source calls superseded or repealed is called so."""
        if self.status is not Status.IN_FORCE:
            return Standing.REPEALED if self.status is Status.REPEALED else Standing.SUPERSEDED
        if self.holds_on(day):
            return Standing.HOLDS
        is_to_come = self.valid_from is not None and self.valid_from > day
        return Standing.TO_COME if is_to_come else Standing.ENDED


BlockKind = Literal["heading", "paragraph", "list_item", "table"]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document in reading order.

    Args:
        kind: a heading opens a section; a table's `text` is Markdown rows, header first.
        text: plain text, whitespace already tidied, never empty.
        level: depth of a heading, 1 for the highest; 0 for anything else.
        page: page (PDF) or slide (PPTX) number, from 1; None where the format has none.
        links: what the block cites: document ids or URLs.
    """

    kind: BlockKind
    text: str
    level: int = 0
    page: int | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A text as its source holds it, before it is cut into passages.

    Args:
        document_id: stable across runs, unique in the index: `SOURCE:KEY`.
        source: the name of the source in the sources file.
        kind: what its passages are.
        title: what a reader calls it.
        blocks: its text in reading order.
        path: titles above the document itself (a code and its parts), outermost first.
        url: where a reader finds the original on the web.
        file: path of the original below the source's folder, for `/v1/documents/{id}/file`.
        number: article or reference number ("L6323-17-1", "PR-031"), as it is cited.
        dated: the day of the document itself, not of its validity.
        reviewed: the day when somebody last confirmed that it still holds; for staleness alone.
        groups: who may read it; `EVERYONE` unless the source says otherwise.
        attributes: fields of a training session that searches filter on.
    """

    document_id: str
    source: str
    kind: Kind
    title: str
    blocks: tuple[Block, ...]
    path: tuple[str, ...] = ()
    url: str | None = None
    file: str | None = None
    number: str | None = None
    dated: date | None = None
    reviewed: date | None = None
    validity: Validity = Validity()
    groups: tuple[str, ...] = (EVERYONE,)
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: the piece of a document that is searched, cited and shown.

    Args:
        chunk_id: UUID that depends only on the document and the passage's place in it.
        path: titles above the passage, outermost first, the document's own title included.
        text: what is shown and cited; offsets of citations point into it.
        page: page on which the passage begins.
    """

    document: Document
    ordinal: int
    path: tuple[str, ...]
    text: str
    page: int | None = None
    links: tuple[str, ...] = ()

    @property
    def chunk_id(self) -> str:
        """The point's id in Qdrant (ids are integers or UUIDs there)."""
        return str(uuid.uuid5(FANAL_NAMESPACE, f"{self.document.document_id}#{self.ordinal}"))

    @property
    def embedded_text(self) -> str:
        """What the dense vector is made from: the headings, then the text."""
        return embedded_text(self.path, self.text)

    @property
    def hash(self) -> str:
        """Digest of what is embedded: two passages with the same one share their vector."""
        return content_hash(self.embedded_text)


def web_host(url: str | None) -> str | None:
    """Give the host of a web address; None for anything that a browser should not be sent to."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return parts.hostname if parts.scheme in ("http", "https") else None


def headings(path: Iterable[str]) -> tuple[str, ...]:
    """Give a title path as it is embedded and indexed: without numbering ("Livre III : …") or repeats."""
    bare = (_NUMBERING.sub("", title) for title in path)
    return tuple(dict.fromkeys(title for title in bare if title and not _PART.fullmatch(title)))


def embedded_text(path: Iterable[str], text: str) -> str:
    """Join what the dense vector is made from."""
    above = " > ".join(headings(path))
    return f"{above}\n{text}" if above else text


def content_hash(text: str) -> str:
    """Give the SHA-256 of `text`, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
