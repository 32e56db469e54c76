"""What is known of sources and documents: the records that the manifest keeps, and that reports and `status` show."""

from dataclasses import dataclass, field

from ingest.documents import Kind


@dataclass(slots=True)
class SourceReport:
    """What one run did with one source; counts are documents, but for `passages`.

    Args:
        renamed: of those that were added, how many had been there under another name.
        withheld: documents that are gone from the source and were kept, because there are too many of them.
    """

    source: str
    added: int = 0
    changed: int = 0
    renamed: int = 0
    unchanged: int = 0
    removed: int = 0
    withheld: int = 0
    passages: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one key of a source.

    Args:
        fingerprint: of the version that is indexed; "" when it must be read again.
        content: digest of that version's content alone.
        passages: how many the index holds of it.
        error: why its last reading failed; None when it did not.
        tried: fingerprint of the version that failed, and of the means that it failed with.
        attempts: how many times in a row that same version failed.
    """

    document_id: str
    fingerprint: str
    content: str
    passages: int
    error: str | None
    tried: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that cannot be read, the reason, and how many runs tried it."""

    key: str
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A passage that has no dense vector yet."""

    chunk_id: str
    hash: str


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source stands in the index.

    Args:
        bytes: of its passages' text, in UTF-8.
        failures: files that cannot be read.
        set_aside: of those, how many are no longer tried.
        undated: documents in force of which nobody knows when they were last looked at.
        last_run: when it was last read to its end (ISO 8601, UTC); None when it never was.
        problem: why its last run did not reach its end.
        tried: when that run began.
    """

    kind: Kind
    groups: tuple[str, ...]
    documents: int
    passages: int
    embedded: int
    bytes: int
    failures: int
    set_aside: int
    undated: int
    last_run: str | None
    problem: str | None
    tried: str
