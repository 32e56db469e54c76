"""Tables of cases, written: `Case`s go in, the bytes of a CSV or an XLSX that `case_tables` reads come out."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from ingest.errors import ConfigurationError
from server.case_schemas import Case, GoldPassage
from server.quality.case_tables import FORMULA, LISTS, NO_QUOTE, OBJECTS, SHOWN

_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML, and so a workbook, cannot hold."""

_CELL_CHARS = 32_767
"""Longest text of a workbook's cell: what is beyond would be lost without a word."""


def csv_of(cases: Sequence[Case]) -> bytes:
    """Write cases as spreadsheets in French read them: semicolons, UTF-8 with its mark, no cell a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    for row in _table(cases, str):
        writer.writerow([f"'{cell}" if FORMULA.match(cell) else cell for cell in row])
    return text.getvalue().encode("utf-8-sig")


def xlsx_of(cases: Sequence[Case]) -> bytes:
    """Write cases as a workbook; no cell is a formula.

    Raises:
        ConfigurationError: a text is longer than a cell.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Cas"
    for line, row in enumerate(_table(cases, _as_is), start=1):
        for place, value in enumerate(row, start=1):
            if isinstance(value, str) and len(value) > _CELL_CHARS:
                raise ConfigurationError(
                    f"Le cas de la ligne {line} ne tient pas dans une cellule : exportez en JSONL."
                )
            cell = sheet.cell(line, place, value or None)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if isinstance(value, str) and value:
                cell.data_type = "s"  # a text that begins with "=" is no formula
            if line == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _table(cases: Sequence[Case], day: Callable[[date], Any]) -> Iterator[list[Any]]:
    """Give the rows, the headings first; the columns that few cases have are left out where none does."""
    rare = {name for name in ("kind", *OBJECTS) if all(case.kind == "ask" for case in cases)}
    names = [name for name in SHOWN if name not in rare]
    yield [SHOWN[name] for name in names]
    for case in cases:
        cells = _cells(case, day)
        yield [cells[name] for name in names]


def _cells(case: Case, day: Callable[[date], Any]) -> dict[str, Any]:
    lists = {name: "\n".join(map(_one_line, getattr(case, name))) for name in LISTS}
    objects = {name: _json(getattr(case, name)) for name in OBJECTS}
    return {
        "id": case.id,
        "question": _UNSEEN.sub("", case.question),
        "as_of": day(case.as_of) if case.as_of else "",
        "document": "\n".join(_one_line(passage.document) for passage in case.gold),
        "quote": "\n".join(_quote(passage) for passage in case.gold),
        "abstention": case.abstention or ("oui" if case.must_abstain else ""),
        "kind": case.kind,
        **lists,
        **objects,
    }


def _quote(passage: GoldPassage) -> str:
    return _one_line(passage.quote) if passage.quote else NO_QUOTE


def _one_line(item: str) -> str:
    return re.sub(r"\s*[\r\n]+\s*", " ", _UNSEEN.sub("", item))


def _json(part: Any) -> str:
    return part.model_dump_json(exclude_defaults=True) if part is not None else ""


def _as_is(day: date) -> date:
    return day
