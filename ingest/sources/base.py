"""What a source is to the pipeline: a name, and items that are read one at a time."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ingest.documents import Document, Kind
from ingest.errors import UnreadableFile


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
    def load(self) -> Document:
        """Read and parse it; raises `UnreadableFile`."""


class Source(Protocol):
    """Where documents come from.

    Attributes:
        name: as in the sources file.
        kind: what its documents are.
    """

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    def fingerprint(self) -> str | None:
        """Give the fingerprint of the whole source if that is cheaper than listing it, else None."""

    def items(self) -> Iterable[Item]:
        """List all the source holds, with a length where it is known; raises `SourceUnavailable`."""


@dataclass(frozen=True, slots=True)
class LoadedItem:
    """An item whose document was read while its file was."""

    key: str
    document: Document

    @property
    def fingerprint(self) -> str:
        """Digest of all that the document holds."""
        return hashlib.sha256(repr(self.document).encode("utf-8", "surrogatepass")).hexdigest()

    def load(self) -> Document:
        """Give the document."""
        return self.document


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item that could not be read: its reason goes to the report."""

    key: str
    reason: str

    @property
    def fingerprint(self) -> str:
        """Digest of the reason."""
        return hashlib.sha256(self.reason.encode()).hexdigest()

    def load(self) -> Document:
        """Raise `UnreadableFile` with the reason."""
        raise UnreadableFile(self.reason)
