"""Read a file that is held in memory in a process of its own, without writing it to a disk.

This module is what that process imports: it knows nothing but the parsers.
"""

from functools import partial
from pathlib import Path, PurePath

from ingest.parse.file import parse_bytes
from ingest.parse.isolated import FileReader
from ingest.parse.parsed import Limits, ParsedFile


def read_held(name: str, data: bytes, limits: Limits) -> ParsedFile:
    """Read a file; the errors are those of `FileReader.read`.

    Args:
        name: of the file, for its extension.
        data: the whole file.
        limits: what it may cost.
    """
    with FileReader(partial(_parse, data)) as reader:
        return reader.read(Path(PurePath(name).name), limits)


def _parse(data: bytes, path: Path, limits: Limits) -> ParsedFile:
    return parse_bytes(data, path.name, limits)
