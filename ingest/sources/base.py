"""What a source is to the pipeline: a name, and items that are read one at a time."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ingest.documents import Document, Kind, Validity
from ingest.errors import UnreadableFile

Described = tuple[tuple[str, ...], Validity]
"""Who may read a document, and from when to when it holds."""


class Item(Protocol):
    """One document of a source, perhaps not yet read.

    Attributes:
        key: names it within its source, the same from run to run.
        fingerprint: changes when its content or its metadata does.
    """

    @property
    def key(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def attempt(self) -> str:
        """Digest of what a new try of a failed file depends on besides its fingerprint: limits, programs."""

    @property
    def content(self) -> str:
        """Digest of the content alone, "" when unknown: a new key with the content of one that went is a rename."""

    def described(self) -> Described | None:
        """Say what is known of it before it is read; None when only reading tells."""

    def load(self, patient: bool = True) -> Document:
        """Read and parse it; raises `UnreadableFile`, and `LoadLater` unless `patient`, when it takes minutes."""


class Source(Protocol):
    """Where documents come from.

    Attributes:
        name: as in the sources file.
        kind: what its documents are.
        groups: who may read them at most; a document of its own can be restricted further.
        max_removed_share: share of its documents, in [0, 1], that a run may remove unasked; None for the setting.
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def max_removed_share(self) -> float | None: ...
    def fingerprint(self) -> str | None:
        """Give the fingerprint of the whole source if that is cheaper than listing it, else None."""

    def items(self) -> Iterable[Item]:
        """List all the source holds, with a length where it is known; raises `SourceUnavailable`."""


@dataclass(frozen=True, slots=True)
class _Record:
    """What all records of a file that is read at once answer alike."""

    key: str

    @property
    def attempt(self) -> str:
        """Give nothing: it is found again, at no cost, at each reading of its file."""
        return ""

    @property
    def content(self) -> str:
        """Give nothing: a record keeps its own id wherever it stands."""
        return ""

    def described(self) -> Described | None:
        """Give nothing: all that will be known of it is known."""


@dataclass(frozen=True, slots=True)
class LoadedItem(_Record):
    """An item whose document was read while its file was."""

    document: Document

    @property
    def fingerprint(self) -> str:
        """Digest of all that the document holds."""
        return hashlib.sha256(repr(self.document).encode("utf-8", "surrogatepass")).hexdigest()

    def load(self, patient: bool = True) -> Document:  # noqa: ARG002 - it is read already
        """Give the document."""
        return self.document


@dataclass(frozen=True, slots=True)
class FailedItem(_Record):
    """A record that could not be read, or that was read with a doubt: its reason goes to the report.

    Args:
        key: the record's own, where it is known: what is indexed under it then stays.
        is_note: what is gone from the source can be told all the same, and removed: nothing was left out, or the key
            is the record's own.
    """

    reason: str
    is_note: bool = False

    @property
    def fingerprint(self) -> str:
        """Digest of the reason."""
        return hashlib.sha256(self.reason.encode()).hexdigest()

    def load(self, patient: bool = True) -> Document:  # noqa: ARG002 - waiting changes nothing
        """Raise `UnreadableFile` with the reason."""
        raise UnreadableFile(self.reason)
