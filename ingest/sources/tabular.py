"""CSV files and Excel workbooks, as rows of cells: whatever their encoding, their separator and their sheet.

In: a `TableFile`, on disk or in a ZIP archive (read in place: nothing is ever extracted), and what it may cost. Out:
for each sheet, or each separator that a CSV file may have, a `RowReader` that gives its rows one at a time.
"""

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO
from xml.etree.ElementTree import ParseError

from lxml import etree
from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ingest.errors import UnreadableFile
from ingest.parse.archive import open_archive
from ingest.parse.parsed import MEGABYTE, Limits
from ingest.sources.readings import known
from ingest.sources.training import CatalogueError

HEADER_ROWS = 50
"""Rows in which the headers are looked for: titles and remarks may stand above them."""

Row = Sequence[object]
RowReader = Callable[[], Iterator[Row]]

_WORKBOOKS = (".xlsx", ".xlsm")
_TABLES = (".csv", ".txt", *_WORKBOOKS)
_SEPARATORS = ";,\t|"
_LONE_RETURN = re.compile(r"(?<=\r)(?!\n)(?!$)")  # the end of a line for old Macintosh tools
_BROKEN_ZIP = (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError)
_BROKEN_WORKBOOK = (*_BROKEN_ZIP, KeyError, etree.XMLSyntaxError, ParseError)


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table, wherever it is.

    Args:
        name: its file name, for messages.
        modified: when it was written last.
        size: bytes that it takes on disk, 0 for one that is in an archive.
        open: opens its bytes.
    """

    name: str
    modified: datetime
    size: int
    open: Callable[[], IO[bytes]]

    @classmethod
    def at(cls, path: Path) -> "TableFile":
        """Name a table on disk; raises `OSError`."""
        status = path.stat()
        return cls(
            path.name, datetime.fromtimestamp(status.st_mtime), status.st_size, lambda: path.open("rb")
        )

    @classmethod
    def within(cls, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> "TableFile":
        """Name a table in an archive."""
        try:
            modified = datetime(*member.date_time)
        except ValueError:  # some tools write a month 0
            modified = datetime.min
        return cls(PurePosixPath(member.filename).name, modified, 0, partial(archive.open, member))


@contextmanager
def table_files(path: Path, limits: Limits) -> Iterator[list[TableFile]]:
    """Give the tables at `path`: the file itself, those of a folder, or those of a ZIP archive.

    Raises:
        CatalogueError: a broken archive, or one that is larger or unpacks to more than it may.
        OSError: nothing there, or nothing that can be opened.
    """
    if path.is_dir():
        yield [
            TableFile.at(file) for file in sorted(path.iterdir()) if _is_table(file.name) and _inside(file)
        ]
    elif path.suffix.lower() != ".zip":
        yield [TableFile.at(path)]
    else:
        check_size(path.name, path.stat().st_size, limits)
        with _archive(path, limits) as archive:
            members = sorted(archive.infolist(), key=lambda member: member.filename)
            yield [TableFile.within(archive, member) for member in members if _is_table(member.filename)]


def _is_table(name: str) -> bool:
    file = PurePosixPath(name)
    return file.suffix.lower() in _TABLES and not file.name.startswith((".", "~$"))


def _inside(file: Path) -> bool:
    return file.is_file() and file.resolve().is_relative_to(file.parent.resolve())


@contextmanager
def _archive(path: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    try:
        with _checked_archive(path.name, path.read_bytes(), limits) as archive:
            yield archive
    except _BROKEN_ZIP as error:
        raise CatalogueError(f"{path.name} : archive illisible") from error


def _checked_archive(name: str, data: bytes, limits: Limits) -> zipfile.ZipFile:
    """Refuse a bomb by the sizes it declares: Python reads no more of a member than that."""
    try:
        return open_archive(data, limits)
    except UnreadableFile as error:
        raise CatalogueError(f"{name} : {error}") from error


def check_size(name: str, size: int, limits: Limits) -> None:
    """Refuse a file that is larger than it may be; raises `CatalogueError`."""
    if size > limits.max_bytes:
        raise CatalogueError(
            f"{name} : le fichier pèse {size // MEGABYTE} Mo, plus que les {limits.max_bytes // MEGABYTE} Mo permis :"
            " exportez-en moins à la fois, ou augmentez FANAL_FILE_MAX_MB"
        )


@contextmanager
def open_table(file: TableFile, limits: Limits) -> Iterator[list[RowReader]]:
    """Give the ways the file can be read: one a sheet, or one a separator.

    Raises:
        CatalogueError: too large, broken, or in no known encoding; when its rows are read, at the latest.
    """
    check_size(file.name, file.size, limits)
    if not file.name.lower().endswith(_WORKBOOKS):
        yield [partial(_csv_rows, file, separator) for separator in _SEPARATORS]
        return
    book = _workbook(file, limits)
    try:
        for sheet in book.worksheets:
            # What a sheet says of its own size may be anything: rows of that width would be filled in.
            sheet.reset_dimensions()
        yield [partial(sheet.iter_rows, values_only=True) for sheet in book.worksheets]
    except _BROKEN_WORKBOOK as error:
        raise CatalogueError(f"{file.name} : classeur Excel abîmé") from error
    finally:
        book.close()


def _workbook(file: TableFile, limits: Limits) -> Workbook:
    with file.open() as stream:
        data = stream.read()
    try:
        _checked_archive(file.name, data, limits).close()
        return load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (InvalidFileException, *_BROKEN_WORKBOOK) as error:
        raise CatalogueError(f"{file.name} : classeur Excel illisible") from error


def _csv_rows(file: TableFile, separator: str) -> Iterator[Row]:
    with file.open() as stream:
        try:
            yield from csv.reader(_lines(file.name, stream), delimiter=separator)
        except csv.Error as error:
            raise CatalogueError(f"{file.name} : CSV illisible ({error})") from error


def _lines(name: str, stream: IO[bytes]) -> Iterator[str]:
    """Decode line by line: some exports glue rows of Windows-1252 to rows of UTF-8 in one file.

    Accents in the one are almost never valid in the other.
    """
    for number, raw in enumerate(stream):
        if number == 0:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            line = _decoded_as_windows(name, raw)
        yield from _LONE_RETURN.split(line)


def _decoded_as_windows(name: str, raw: bytes) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{name} : encodage inconnu, ni UTF-8 ni Windows-1252") from error


def cell_text(cell: object) -> str:
    """Write a cell as a tidy text; "" for what stands for nothing."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else known(str(cell))


def first_rows(readers: Iterable[RowReader]) -> Iterator[tuple[RowReader, int, list[str]]]:
    """Give the rows among which the headers are, as texts, with their reader and their number (from 1)."""
    for reader in readers:
        for number, row in enumerate(islice(reader(), HEADER_ROWS), start=1):
            yield reader, number, [cell_text(cell) for cell in row]
