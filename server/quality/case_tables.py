"""Tables of cases, read: the bytes of a CSV or an XLSX go in, a record for each row comes out.

A row is a case, its columns have French or English headings, and a list has one line for each item inside its cell.
Gold passages are lines that pair up ("documents" and "citations"), or numbered columns ("document 1", "citation 1").
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, get_args

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ingest.errors import UnreadableFile
from ingest.parse.archive import open_archive
from ingest.parse.parsed import Limits
from ingest.sources.readings import UnreadableValue, read_date
from ingest.text import fold
from server.quality.case_records import Misread, Record
from server.schemas import AbstentionKind

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "identifiant", "identifier"),
    "question": ("question",),
    "history": ("historique", "questions precedentes", "history"),
    "as_of": ("date", "jour", "as of"),
    "groups": ("groupes", "groupe", "groups", "group"),
    "facts": ("faits", "fait", "faits attendus", "facts", "fact", "expected facts"),
    "document": ("documents", "document"),
    "quote": ("citations", "citation", "quotes", "quote"),
    "forbidden": ("interdits", "interdit", "mots interdits", "forbidden"),
    "abstention": ("abstention", "must abstain", "doit s abstenir", "sans reponse"),
    "tags": ("etiquettes", "etiquette", "tags", "tag"),
    "kind": ("type", "kind"),
    "draft": ("synthese", "draft"),
    "mask": ("masquage", "mask"),
}
"""What a column may be called, case, accents and "(s)" aside; the first is what Fanal writes."""

LISTS = ("history", "groups", "facts", "forbidden", "tags")
OBJECTS = ("draft", "mask")
"""Written as JSON in their cell: they have parts of their own."""

SHOWN: Mapping[str, str] = {
    "id": "id",
    "question": "question",
    "history": "historique",
    "as_of": "date",
    "groups": "groupes",
    "facts": "faits",
    "document": "documents",
    "quote": "citations",
    "forbidden": "interdits",
    "abstention": "abstention",
    "tags": "étiquettes",
    "kind": "type",
    "draft": "synthèse",
    "mask": "masquage",
}
"""The headings that Fanal writes."""

NO_QUOTE = "—"
"""Stands for the quote of a gold passage that has none, so that lines still pair up."""

_ABSTENTIONS: Mapping[str, AbstentionKind] = {
    **{kind: kind for kind in get_args(AbstentionKind)},
    "hors sujet": "out_of_scope",
    "conversation": "smalltalk",
}
_YES = frozenset({"oui", "yes", "true", "vrai", "x", "1"})
_NO = frozenset({"", "non", "no", "false", "faux", "0"})

_NUMBERED = re.compile(r"(?P<name>.+?)(?: n)? ?(?P<number>\d+)")
FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""A cell that a spreadsheet would run, whatever apostrophes stand before."""

_SEPARATORS = (";", ",", "\t")
_LIMITS = Limits()


@dataclass(slots=True)
class _Column:
    """What a column gives: a field, and for gold passages which of the numbered pairs."""

    field: str
    heading: str
    number: int = 0


@dataclass(slots=True)
class _Row:
    """The cells of a row by field; gold cells by their number too."""

    cells: dict[str, str] = field(default_factory=dict)
    documents: dict[int, str] = field(default_factory=dict)
    quotes: dict[int, str] = field(default_factory=dict)


def decoded(data: bytes) -> str:
    """Decode a text file: UTF-8, with or without its mark, or what French spreadsheets write (Windows-1252).

    Raises:
        Misread: it is neither.
    """
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Misread("encodage inconnu, ni UTF-8 ni Windows-1252")


def csv_records(data: bytes) -> Iterator[Record]:
    """Read a CSV whose separator is the one that gives the most known headings; raises `Misread`."""
    text = decoded(data)
    separator = max(_SEPARATORS, key=lambda one: _known_headings(text, one))
    yield from _records(_csv_rows(text, separator))


def _known_headings(text: str, separator: str) -> int:
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:
        return 0
    return sum(_column_of(heading) is not None for heading in header)


def _csv_rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    line = 1
    try:
        for row in reader:
            yield line, [_bare(cell) for cell in row]
            line = reader.line_num + 1
    except csv.Error as error:
        raise Misread(f"CSV illisible ({error})", line) from error


def _bare(cell: str) -> str:
    """Take off the apostrophe that keeps a spreadsheet from running a cell."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def xlsx_records(data: bytes) -> Iterator[Record]:
    """Read the first sheet of a workbook; raises `Misread`."""
    try:
        open_archive(data, _LIMITS).close()  # refuses what unpacks to more than a table ever does
        book = load_workbook(io.BytesIO(data), read_only=True)
    except (InvalidFileException, UnreadableFile, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise Misread("ce n’est pas un classeur Excel lisible (.xlsx)") from error
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a sheet says of its own size may be anything
        yield from _records(
            (number, [_cell_text(cell, number) for cell in row])
            for number, row in enumerate(sheet.iter_rows(), start=1)
        )
    finally:
        book.close()


def _cell_text(cell: Any, line: int) -> str:
    """Write a cell as its text.

    Raises:
        Misread: it holds a formula or an error, whose text is not what is seen.
    """
    value = cell.value
    if cell.data_type in ("f", "e"):
        what = "une formule" if cell.data_type == "f" else "une erreur"
        raise Misread(f"la cellule {cell.coordinate} contient {what} : collez sa valeur à la place", line)
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value)


def _records(rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[Record]:
    columns: list[_Column | None] | None = None
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _columns(cells, line)
            continue
        try:
            yield line, _record(_sorted_cells(cells, columns))
        except ValueError as error:
            raise Misread(str(error), line) from error


def _columns(header: Sequence[str], line: int) -> list[_Column | None]:
    """Say what each column gives.

    Raises:
        Misread: a heading is not known, or two columns give the same.
    """
    columns = [_column_of(heading) if heading.strip() else None for heading in header]
    unknown = [
        f"« {h.strip()} »" for h, column in zip(header, columns, strict=True) if h.strip() and column is None
    ]
    if unknown:
        known = ", ".join(SHOWN.values())
        raise Misread(f"colonne inconnue : {', '.join(unknown)} ; celles que l’on connaît : {known}", line)
    seen: set[tuple[str, int]] = set()
    for column in filter(None, columns):
        if (column.field, column.number) in seen:
            raise Misread(f"deux colonnes disent la même chose : « {column.heading} »", line)
        seen.add((column.field, column.number))
    return columns


def _column_of(heading: str) -> _Column | None:
    named = re.sub(r"[\W_]+", " ", re.sub(r"\(\w\)", lambda plural: plural[0][1], fold(heading))).strip()
    numbered = _NUMBERED.fullmatch(named)
    for name, headings in HEADINGS.items():
        if named in headings:
            return _Column(name, heading.strip())
        if numbered and name in ("document", "quote") and numbered["name"] in headings:
            return _Column(name, heading.strip(), int(numbered["number"]))
    return None


def _sorted_cells(cells: Sequence[str], columns: Sequence[_Column | None]) -> _Row:
    row = _Row()
    for place, cell in enumerate(cells):
        column = columns[place] if place < len(columns) else None
        if not cell.strip():
            continue
        if column is None:
            raise ValueError(
                "une cellule n’est sous aucun titre de colonne : "
                "un texte qui contient le séparateur se met entre guillemets"
            )
        if column.field == "document":
            row.documents[column.number] = cell
        elif column.field == "quote":
            row.quotes[column.number] = cell
        else:
            row.cells[column.field] = cell
    return row


def _record(row: _Row) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, cell in row.cells.items():
        if name in LISTS:
            record[name] = _lines(cell)
        elif name in OBJECTS:
            record[name] = _object(name, cell)
        elif name == "as_of":
            record[name] = _day(cell)
        elif name == "abstention":
            record |= _abstention(cell)
        else:
            record[name] = cell.strip() if name in ("id", "kind") else cell
    if gold := list(_gold(row)):
        record["gold"] = gold
    return record


def _lines(cell: str) -> list[str]:
    return [line.strip() for line in cell.split("\n") if line.strip()]


def _object(name: str, cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"la colonne « {SHOWN[name]} » contient un objet JSON, comme Fanal l’écrit"
        ) from error


def _day(cell: str) -> date:
    try:
        return read_date(cell.strip())
    except UnreadableValue as error:
        raise ValueError(f"{error} : écrivez-la 2026-11-22 ou 22/11/2026") from error


def _abstention(cell: str) -> dict[str, Any]:
    said = " ".join(fold(cell).split())
    if said in _YES:
        return {"must_abstain": True}
    if said in _NO:
        return {}
    if said not in _ABSTENTIONS:
        raise ValueError(f"« abstention » dit oui, non ou : {', '.join(_ABSTENTIONS)}")
    return {"must_abstain": True, "abstention": _ABSTENTIONS[said]}


def _gold(row: _Row) -> Iterator[dict[str, str]]:
    """Pair documents with quotes, column by column; one document stands for all the quotes beside it."""
    for number in sorted(row.documents.keys() | row.quotes.keys()):
        documents, quotes = _lines(row.documents.get(number, "")), _lines(row.quotes.get(number, ""))
        if not documents:
            raise ValueError("il manque le document d’une citation")
        if len(documents) == 1:
            documents *= max(1, len(quotes))
        if quotes and len(quotes) != len(documents):
            raise ValueError(
                f"{len(documents)} documents et {len(quotes)} citations : il faut une ligne de chaque par passage "
                f"(« {NO_QUOTE} » pour un passage sans citation)"
            )
        for place, document in enumerate(documents):
            quote = quotes[place] if quotes else NO_QUOTE
            yield {"document": document} if quote == NO_QUOTE else {"document": document, "quote": quote}
