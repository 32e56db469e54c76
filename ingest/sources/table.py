"""A catalogue of an organisation's own: a table and a mapping of its columns go in, `TrainingSession`s come out.

The headers are looked for in the first rows of every sheet (or with every separator): titles and remarks may
stand above them. A message about a wrong mapping names what the file has, and the nearest to what was meant.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from openpyxl.utils.datetime import from_excel

from ingest.sources.readings import (
    UnreadableValue,
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
from ingest.sources.tabular import RowReader, TableFile, cell_text, first_rows, open_table
from ingest.sources.training import (
    FRENCH_COLUMNS,
    CatalogueError,
    MissingColumnError,
    Report,
    TrainingSession,
    check_session,
    say_nothing,
    session_id,
    without_duplicates,
)

FIELDS = tuple(field.name for field in fields(TrainingSession))
"""What a mapping can give a column for."""

SHOWN_HEADERS = 40
"""Headers of a file that a message lists: a wider table would fill the screen."""


@dataclass(frozen=True, slots=True)
class _Header:
    """The row that holds the headers, and where each mapped field stands in it."""

    reader: RowReader
    number: int
    names: list[str]
    positions: dict[str, int]


def read_table(
    path: Path, columns: Mapping[str, str], on_error: Report | None = None
) -> Iterator[TrainingSession]:
    """Read the sessions of a table, one a row, below the row that holds the mapped headers.

    Args:
        path: an XLSX file (any sheet) or a CSV file (UTF-8 or Windows-1252, any usual separator).
        columns: field of `TrainingSession` -> header in the file; case, accents and spaces do not count.
        on_error: called with the reason (in French) for each row or value that is left out.

    Raises:
        MissingColumnError: a mapped header is not in the file.
        CatalogueError: not a table, or a mapping that names an unknown field or no title.
    """
    report = on_error or say_nothing
    _check_mapping(columns)
    with open_table(TableFile.at(path)) as readers:
        yield from without_duplicates(_table_sessions(path, readers, columns, report), report)


def _table_sessions(
    path: Path, readers: Sequence[RowReader], columns: Mapping[str, str], report: Report
) -> Iterator[TrainingSession]:
    header = _locate_header(path, readers, columns)
    for number, row in enumerate(header.reader(), start=1):
        if number <= header.number or not any(cell_text(cell) for cell in row):
            continue
        cells = {field: row[index] for field, index in header.positions.items() if index < len(row)}
        try:
            yield _table_session(cells, partial(_report_row, report, number))
        except UnreadableValue as error:
            _report_row(report, number, str(error))


def _report_row(report: Report, number: int, reason: str) -> None:
    report(f"ligne {number} : {reason}")


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


def _table_session(cells: Mapping[str, object], report: Report) -> TrainingSession:
    text = {field: cell_text(cell) for field, cell in cells.items()}
    title, provider, place = (text.get(field, "") for field in ("title", "provider", "place"))
    starts_on = _cell_date(cells.get("starts_on"))
    ends_on = _cell_date(cells.get("ends_on"))
    check_session(title, starts_on, ends_on)
    return TrainingSession(
        session_id=session_id(provider, text.get("session_id", ""), title, starts_on, place),
        title=title,
        objectives=text.get("objectives", ""),
        programme=text.get("programme", ""),
        prerequisites=text.get("prerequisites", ""),
        audience=text.get("audience", ""),
        certification=text.get("certification", ""),
        certification_code=text.get("certification_code", ""),
        level=read_level(text.get("level", "")),
        provider=provider,
        place=place,
        postal_code=read_postal_code(text.get("postal_code", "")),
        region=read_region(text.get("region", "")),
        starts_on=starts_on,
        ends_on=ends_on,
        duration_hours=_reported(read_hours, text.get("duration_hours", ""), "durée", report),
        price_euros=_reported(read_price, text.get("price_euros", ""), "prix", report),
        mode=read_mode(text.get("mode", "")),
        cpf=read_yes_no(text.get("cpf", "")),
        contact=text.get("contact", ""),
        url=text.get("url", ""),
    )


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


def _reported(read: Callable[[str], float | None], text: str, what: str, report: Report) -> float | None:
    value = read(text)
    if value is None and text:
        report(f"{what} illisible : « {text} »")
    return value
