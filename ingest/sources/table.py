"""A catalogue of an organisation's own: a table and a mapping of its columns go in, `TrainingSession`s come out.

The headers are looked for in the first rows of every sheet (or with every separator): titles and remarks may
stand above them. A message about a wrong mapping names what the file has, and the nearest to what was meant.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TypeVar

from openpyxl.utils.datetime import from_excel

from ingest.attributes import certification_codes
from ingest.parse.parsed import Limits
from ingest.sources.readings import (
    UnreadableValue,
    has_none,
    key,
    read_date,
    read_hours,
    read_level,
    read_mode,
    read_postal_code,
    read_price,
    read_region,
    read_yes_no,
)
from ingest.sources.records import Remark, Report, say_nothing
from ingest.sources.tabular import RowReader, TableFile, cell_text, first_rows, open_table
from ingest.sources.training import (
    FRENCH_COLUMNS,
    CatalogueError,
    MissingColumnError,
    TrainingSession,
    check_session,
    known_id,
    session_id,
    without_duplicates,
)

FIELDS = tuple(field.name for field in fields(TrainingSession))
"""What a mapping can give a column for."""

T = TypeVar("T")

SHOWN_HEADERS = 40
"""Headers of a file that a message lists: a wider table would fill the screen."""


_DEFAULT_LIMITS = Limits()
_Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Header:
    """The row that holds the headers, and where each mapped field stands in it."""

    reader: RowReader
    number: int
    names: list[str]
    positions: dict[str, int]


def read_table(
    path: Path, columns: Mapping[str, str], on_error: Report | None = None, limits: Limits = _DEFAULT_LIMITS
) -> Iterator[TrainingSession]:
    """Read the sessions of a table, one a row, below the row that holds the mapped headers.

    Args:
        path: an XLSX file (any sheet) or a CSV file (UTF-8 or Windows-1252, any usual separator).
        columns: field of `TrainingSession` -> header in the file; case, accents and spaces do not count.
        on_error: called for each row or value that is left out.
        limits: how large it may be, and what a workbook may unpack to.

    Raises:
        MissingColumnError: a mapped header is not in the file.
        CatalogueError: not a table, or a mapping that names an unknown field or no title.
    """
    report = on_error or say_nothing
    _check_mapping(columns)
    with open_table(TableFile.at(path), limits) as readers:
        yield from without_duplicates(_table_sessions(path, readers, columns, report), report)


def _table_sessions(
    path: Path, readers: Sequence[RowReader], columns: Mapping[str, str], report: Report
) -> Iterator[TrainingSession]:
    header = _locate_header(path, readers, columns)
    register = _register(columns.get("certification_code", ""))
    for number, row in enumerate(header.reader(), start=1):
        if number <= header.number or not any(cell_text(cell) for cell in row):
            continue
        cells = {field: row[index] for field, index in header.positions.items() if index < len(row)}
        try:
            yield _table_session(cells, register, partial(_note, report, number))
        except UnreadableValue as error:
            report(Remark(f"ligne {number} : {error}", known_id(partial(_id, cells))))


def _note(report: Report, number: int, reason: str) -> None:
    report(Remark(f"ligne {number} : {reason}", is_note=True))


def _check_mapping(columns: Mapping[str, str]) -> None:
    unknown = [field for field in columns if field not in FIELDS]
    if unknown:
        named = ", ".join(f"« {field} »{_meant(field)}" for field in unknown)
        raise CatalogueError(
            f"champ inconnu dans la correspondance des colonnes : {named}. Champs connus : {', '.join(FIELDS)}."
        )
    if "title" not in columns:
        raise CatalogueError(
            "la correspondance des colonnes doit donner celle de l'intitulé : ajoutez une ligne comme "
            f'title = "{FRENCH_COLUMNS["title"]}" sous [source.columns]'
        )


def _meant(field: str) -> str:
    """Guess the field that was meant, by its own name or by its usual French header."""
    names = {key(field.replace("_", " ")): field for field in FIELDS}
    names |= {key(header): field for field, header in FRENCH_COLUMNS.items()}
    near = get_close_matches(key(field.replace("_", " ")), names, n=1)
    return f" (vouliez-vous dire « {names[near[0]]} » ?)" if near else ""


def _locate_header(path: Path, readers: Sequence[RowReader], columns: Mapping[str, str]) -> _Header:
    """Find the sheet or separator, and the row, where most mapped headers stand; all of them must."""
    best: _Header | None = None
    for reader, number, names in first_rows(readers):
        keys = [key(name) for name in names]
        positions = {field: keys.index(key(name)) for field, name in columns.items() if key(name) in keys}
        found = _Header(reader, number, names, positions)
        if best is None or _likelihood(found) > _likelihood(best):
            best = found
    if best is None:
        raise CatalogueError(f"{path.name} : le tableau est vide")
    if missing := [name for field, name in columns.items() if field not in best.positions]:
        raise MissingColumnError(_missing(path, missing, best.names))
    return best


def _likelihood(header: _Header) -> tuple[int, int]:
    """Rank rows by the mapped headers they hold, then, where none does, by how many cells are filled."""
    return len(header.positions), sum(map(bool, header.names))


def _missing(path: Path, missing: Sequence[str], names: Sequence[str]) -> str:
    plural = "colonnes absentes" if len(missing) > 1 else "colonne absente"
    headers = [name for name in names if name]
    by_key = {key(name): name for name in headers}
    wanted = []
    for name in missing:
        near = get_close_matches(key(name), by_key, n=1)
        wanted.append(f"« {name} »" + (f" (la plus proche : « {by_key[near[0]]} »)" if near else ""))
    shown = ", ".join(f"« {name} »" for name in headers[:SHOWN_HEADERS])
    more = f" et {len(headers) - SHOWN_HEADERS} autres" if len(headers) > SHOWN_HEADERS else ""
    return f"{path.name} : {plural} : {', '.join(wanted)}. En-têtes du fichier : {shown}{more}."


def _id(cells: Mapping[str, object]) -> str:
    """Name a session; raises `UnreadableValue` when what names it cannot be read."""
    number, title, provider, place = (
        cell_text(cells.get(field)) for field in ("session_id", "title", "provider", "place")
    )
    starts_on = None if number else _cell_date(cells.get("starts_on"))
    return session_id(provider, number, title, starts_on, place)


def _table_session(cells: Mapping[str, object], register: str, note: _Note) -> TrainingSession:
    text = {field: cell_text(cell) for field, cell in cells.items()}
    title = text.get("title", "")
    starts_on = _cell_date(cells.get("starts_on"))
    ends_on = _cell_date(cells.get("ends_on"))
    check_session(title, starts_on, ends_on)
    level = text.get("level", "")
    return TrainingSession(
        session_id=_id(cells),
        title=title,
        objectives=text.get("objectives", ""),
        programme=text.get("programme", ""),
        prerequisites=text.get("prerequisites", ""),
        audience=text.get("audience", ""),
        certification=text.get("certification", ""),
        certification_code=_written_code(text.get("certification_code", ""), register),
        level=_noted(read_level, "" if has_none(level) else level, "niveau", note),
        provider=text.get("provider", ""),
        place=text.get("place", ""),
        postal_code=read_postal_code(text.get("postal_code", "")),
        region=read_region(text.get("region", "")),
        starts_on=starts_on,
        ends_on=ends_on,
        duration_hours=_noted(read_hours, text.get("duration_hours", ""), "durée", note),
        price_euros=_noted(read_price, text.get("price_euros", ""), "prix", note),
        mode=read_mode(text.get("mode", "")),
        cpf=_noted(read_yes_no, text.get("cpf", ""), "CPF", note),
        contact=text.get("contact", ""),
        url=text.get("url", ""),
    )


def _register(header: str) -> str:
    """Tell which register the bare numbers of a column are of."""
    words = re.findall(r"\w+", key(header))
    return "RS" if "rs" in words and "rncp" not in words else "RNCP"


def _written_code(text: str, register: str) -> str:
    """Write bare numbers as codes; a text that says more is shown as it is."""
    return (", ".join(certification_codes(text, register)) if text[:1].isdigit() else "") or text


def _cell_date(cell: object) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = cell_text(cell)
    if text.isascii() and text.isdigit() and len(text) == 5:
        # A date whose cell has lost its date format: Excel keeps the number of days since 1900.
        serial = from_excel(int(text))
        return serial.date() if isinstance(serial, datetime) else None
    return read_date(text) if text else None


def _noted(read: Callable[[str], T | None], text: str, what: str, note: _Note) -> T | None:
    value = read(text)
    if value is None and text:
        note(f"{what} illisible : « {text} »")
    return value
