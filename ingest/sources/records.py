"""A file of many records (a catalogue, a register), read by a process that can be stopped.

In: a function that reads a file within limits. Out: the records that it finds, and what is to be said of the file:
which records were left out, which were read with a doubt.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar, cast

from ingest.errors import SourceUnavailable
from ingest.parse.isolated import FileReader
from ingest.parse.parsed import Limits, ReadFile
from ingest.sources.base import FailedItem

TIMES_A_FILE = 10
"""Times `Limits.max_seconds` that a file of records may take: it stands for thousands of documents."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said of a file's records, in French.

    Args:
        reason: what was left out or is in doubt, and where.
        key: of the record that was left out, where it can be told.
        is_note: no record was left out.
    """

    reason: str
    key: str | None = None
    is_note: bool = False


Report = Callable[[Remark], None]


def say_nothing(remark: Remark) -> None:
    """Stand for the caller who does not ask for the remarks."""


@dataclass(frozen=True, slots=True)
class Records(Generic[T]):
    """What a file holds, and what is to be said of it."""

    found: tuple[T, ...]
    remarks: tuple[Remark, ...]


def gathered(path: Path, read: Callable[[Report], Iterable[T]]) -> Records[T]:
    """Read a file to its end; raises as `read` does, and `SourceUnavailable` where the file does not open."""
    remarks: list[Remark] = []
    try:
        return Records(tuple(read(remarks.append)), tuple(remarks))
    except OSError as error:
        raise SourceUnavailable(f"« {path.name} » ne s’ouvre pas : {error}") from error


@contextmanager
def apart(read: Callable[[Path, Limits], T]) -> Iterator[Callable[[Path, Limits], T]]:
    """Give `read` as it is done by another process, which its limits bound in time and memory.

    The other process starts at the first file. What `read` gives and raises (`FanalError`s alone) is pickled.

    Args:
        read: a function of a module, since the process imports it by name; `functools.partial` of one will do.
    """
    with FileReader(cast("ReadFile", read)) as reader:
        yield cast("Callable[[Path, Limits], T]", reader.read)


def read_apart(read: Callable[[Path, Limits], T], path: Path, limits: Limits) -> T:
    """Read one file of records in another process.

    Raises:
        FanalError: as `read` does.
        UnreadableFile: the file takes more time or memory than it may, or ends the process.
    """
    longer = replace(limits, max_seconds=limits.max_seconds * TIMES_A_FILE)
    with apart(read) as reader:
        return reader(path, longer)


def failed_items(file: str, remarks: Iterable[Remark], found: Iterable[str]) -> Iterator[FailedItem]:
    """Give the remarks on a file as items.

    Args:
        file: its name, of which the key of a remark on no known record is made.
        found: keys of the records that were read: one that another row gives is not lost.
    """
    placed = set(found)
    for number, remark in enumerate(remarks, start=1):
        if remark.key is None or remark.key in placed:
            is_note = remark.is_note or remark.key is not None
            yield FailedItem(f"{file} ({number})", remark.reason, is_note=is_note)
        else:
            placed.add(remark.key)
            yield FailedItem(remark.key, remark.reason, is_note=True)
