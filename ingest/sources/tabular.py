"""CSV files and Excel workbooks, as rows of cells: whatever their encoding, their separator and their sheet.

In: a `TableFile`, on disk or in a ZIP archive (read in place: nothing is ever extracted). Out: for each sheet, or
each separator that a CSV file may have, a `RowReader` that gives its rows one at a time.
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
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO
from xml.etree.ElementTree import ParseError

from lxml import etree
from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ingest.sources.readings import known
from ingest.sources.training import CatalogueError

HEADER_ROWS = 50
"""Rows in which the headers are looked for: titles and remarks may stand above them."""

UNPACKED_BYTES = 1_500_000_000
"""Most that a workbook or an archive may unpack to; France compétences' own is about a tenth of it."""

Row = Sequence[object]
RowReader = Callable[[], Iterator[Row]]

_WORKBOOKS = (".xlsx", ".xlsm")
_TABLES = (".csv", ".txt", *_WORKBOOKS)
_SEPARATORS = ";,\t|"
_ENCRYPTED = 0x1
_LONE_RETURN = re.compile(r"(?<=\r)(?!\n)(?!$)")  # the end of a line for old Macintosh tools
_BROKEN_ZIP = (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError)
_BROKEN_WORKBOOK = (*_BROKEN_ZIP, KeyError, etree.XMLSyntaxError, ParseError)


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table, wherever it is.

    Args:
        name: its file name, for messages.
        open: opens its bytes.
    """

    name: str
    open: Callable[[], IO[bytes]]

    @classmethod
    def at(cls, path: Path) -> "TableFile":
        """Name a table on disk."""
        return cls(path.name, lambda: path.open("rb"))


@contextmanager
def table_files(path: Path) -> Iterator[list[TableFile]]:
    """Give the tables at `path`: the file itself, those of a folder, or those of a ZIP archive.

    Raises:
        CatalogueError: a broken archive, or one that unpacks to more than `UNPACKED_BYTES`.
        OSError: nothing there, or nothing that can be opened.
    """
    if path.is_dir():
        yield [
            TableFile.at(file) for file in sorted(path.iterdir()) if _is_table(file.name) and _inside(file)
        ]
    elif path.suffix.lower() != ".zip":
        yield [TableFile.at(path)]
    else:
        with _archive(path) as archive:
            names = sorted(name for name in archive.namelist() if _is_table(name))
            yield [TableFile(PurePosixPath(name).name, partial(archive.open, name)) for name in names]


def _is_table(name: str) -> bool:
    file = PurePosixPath(name)
    return file.suffix.lower() in _TABLES and not file.name.startswith((".", "~$"))


def _inside(file: Path) -> bool:
    return file.is_file() and file.resolve().is_relative_to(file.parent.resolve())


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_archive(path.name, archive)
            yield archive
    except _BROKEN_ZIP as error:
        raise CatalogueError(f"{path.name} : archive illisible") from error


def _check_archive(name: str, archive: zipfile.ZipFile) -> None:
    """Refuse a bomb by the sizes it declares: Python reads no more of a member than that."""
    if sum(member.file_size for member in archive.infolist()) > UNPACKED_BYTES:
        raise CatalogueError(f"{name} : fichier refusé, son contenu décompressé est démesuré")
    if any(member.flag_bits & _ENCRYPTED for member in archive.infolist()):
        raise CatalogueError(f"{name} : fichier refusé, il est protégé par un mot de passe")


@contextmanager
def open_table(file: TableFile) -> Iterator[list[RowReader]]:
    """Give the ways the file can be read: one a sheet, or one a separator.

    Raises:
        CatalogueError: broken, or in no known encoding; when its rows are read, at the latest.
    """
    if not file.name.lower().endswith(_WORKBOOKS):
        yield [partial(_csv_rows, file, separator) for separator in _SEPARATORS]
        return
    book = _workbook(file)
    try:
        yield [partial(sheet.iter_rows, values_only=True) for sheet in book.worksheets]
    except _BROKEN_WORKBOOK as error:
        raise CatalogueError(f"{file.name} : classeur Excel abîmé") from error
    finally:
        book.close()


def _workbook(file: TableFile) -> Workbook:
    with file.open() as stream:
        data = io.BytesIO(stream.read())
    try:
        with zipfile.ZipFile(data) as archive:
            _check_archive(file.name, archive)
        return load_workbook(data, read_only=True, data_only=True)
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
