"""Files of cases: JSONL, CSV or XLSX go in, checked `Case`s come out; and back.

A mistake is said with its file and its line. Tables are read by `case_tables`, one record by `case_records`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from ingest.errors import ConfigurationError
from server.case_schemas import Case, CaseFormat
from server.quality.case_records import Misread, Record, case_of
from server.quality.case_sheets import csv_of, xlsx_of
from server.quality.case_tables import csv_records, decoded, xlsx_records

MAX_CASES = 50_000
"""Cases that one file may hold: a run of more takes hours, and a mistake made the file."""

MAX_BYTES = 100_000_000
_MB = 1_000_000


def read_cases(path: Path) -> list[Case]:
    """Read a file of cases; its ending says its format.

    Raises:
        ConfigurationError: it cannot be read or holds a mistake; the message gives the line, in French.
    """
    written_as = _ENDINGS.get(path.suffix.lower())
    if written_as is None:
        raise ConfigurationError(
            f"« {path} » : un fichier de cas finit par {', '.join(_ENDINGS)}, selon son format"
        )
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ConfigurationError(
                f"« {path} » pèse {size // _MB} Mo, plus que les {MAX_BYTES // _MB} permis"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"« {path} » ne peut pas être lu : {error.strerror or error}") from error
    return parse_cases(data, written_as, str(path))


def parse_cases(data: bytes, written_as: CaseFormat, name: str) -> list[Case]:
    """Read the bytes of a file of cases.

    Args:
        name: what the file is called in messages.

    Raises:
        ConfigurationError: see `read_cases`.
    """
    try:
        return list(_cases(_READERS[written_as](data)))
    except Misread as error:
        place = f", ligne {error.line}" if error.line else ""
        raise ConfigurationError(f"« {name} »{place} : {error}") from error


def write_cases(cases: Sequence[Case], written_as: CaseFormat) -> bytes:
    """Write cases so that `read_cases` gives them back, each with its facts.

    A table has one line for each item of a list: a line break inside an item becomes a space there.

    Raises:
        ConfigurationError: a case does not fit in a workbook's cell.
    """
    writers: Mapping[CaseFormat, Callable[[Sequence[Case]], bytes]] = {
        "jsonl": _jsonl_of, "csv": csv_of, "xlsx": xlsx_of
    }  # fmt: skip
    return writers[written_as](cases)


def _cases(records: Iterator[Record]) -> Iterator[Case]:
    read = list(islice(records, MAX_CASES + 1))
    if len(read) > MAX_CASES:
        raise Misread(f"un fichier tient au plus {MAX_CASES} cas : découpez-le", read[-1][0])
    lines: dict[str, int] = {}
    for line, record in read:
        try:
            case = case_of(record)
        except ValueError as error:
            raise Misread(str(error), line) from error
        if case.id in lines:
            raise Misread(_taken(case, lines[case.id], is_given=bool(record.get("id"))), line)
        lines[case.id] = line
        yield case


def _taken(case: Case, line: int, *, is_given: bool) -> str:
    if is_given:
        return f"l’identifiant « {case.id} » est déjà celui de la ligne {line}"
    return f"la même question est déjà posée à la ligne {line} : retirez l’une, ou donnez un « id » à chacune"


def _jsonl_records(data: bytes) -> Iterator[Record]:
    # Not `splitlines`: a text may hold the line separators of Unicode.
    for number, line in enumerate(decoded(data).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Misread("ce n’est pas un objet JSON sur une ligne", number) from error
        if not isinstance(record, dict):
            raise Misread('un cas est un objet JSON : {"question": "…"}', number)
        yield number, record


def _jsonl_of(cases: Sequence[Case]) -> bytes:
    rows = (case.model_dump(mode="json", exclude_defaults=True) for case in cases)
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()


_READERS: Mapping[CaseFormat, Callable[[bytes], Iterator[Record]]] = {
    "jsonl": _jsonl_records,
    "csv": csv_records,
    "xlsx": xlsx_records,
}
_ENDINGS: Mapping[str, CaseFormat] = {".jsonl": "jsonl", ".csv": "csv", ".xlsx": "xlsx"}
