"""France compétences' registers (RNCP and RS) as data.gouv.fr serves them: tables go in, certifications come out.

    a CSV or XLSX file, a ZIP of them, or their folder -> rows -> one record a Numero_Fiche -> `Certification`s

A table is known by its columns, whatever its file is called: the main one has an `Intitule`, its companions add
certifiers, ROME codes, blocs de compétences and what replaces what. Case and accents of a header do not count, and
any column or companion may be missing. Of two exports of one table the newer is read (`ingest.sources.exports`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from ingest.attributes import certification_code, certification_codes
from ingest.parse.parsed import Limits
from ingest.parse.tidy import tidy
from ingest.sources.certification import Certification
from ingest.sources.exports import exported_on
from ingest.sources.readings import UnreadableValue, key, read_date
from ingest.sources.records import Remark, Report, say_nothing
from ingest.sources.tabular import Row, RowReader, TableFile, cell_text, first_rows, open_table, table_files
from ingest.sources.training import CatalogueError

NUMBER, TITLE = "numero_fiche", "intitule"

_COMPANIONS: Mapping[str, tuple[str, ...]] = {
    "certifiers": ("nom_certificateur",),
    "rome": ("codes_rome_code", "codes_rome_libelle"),
    "nsf": ("nsf_code", "nsf_intitule"),
    "formacodes": ("formacode_code", "formacode_libelle"),
    "skill_blocks": ("bloc_competences_code", "bloc_competences_libelle"),
    "access": ("si_jury",),
    "partners": ("siret_partenaire", "nom_partenaire"),
    "replaces": ("ancienne_certification",),
    "replaced_by": ("nouvelle_certification",),
}
"""The lists of a certification, and the columns whose cells, put together, make one element of each."""

_TELLING = frozenset((TITLE, *(column for columns in _COMPANIONS.values() for column in columns)))
_MAIN = (
    TITLE, "abrege_libelle", "abrege_intitule", "nomenclature_europe_niveau", "niveau", "actif",
    "date_decision", "date_effet", "date_fin_enregistrement", "type_enregistrement",
)  # fmt: skip
"""What is read of a row of the main table."""

_INACTIVE = frozenset(("inactive", "inactif", "non", "false", "0"))
_DEFAULT_LIMITS = Limits()
_SHOWN_HEADERS = 12


@dataclass(slots=True)
class _Record:
    """What the tables say of one number, as it is read: its row of the main table, and its lists in order."""

    main: dict[str, str] = field(default_factory=dict)
    lists: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, name: str, value: str) -> None:
        self.lists.setdefault(name, {})[value] = None

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(self.lists.get(name, ()))


_Records = dict[str, _Record]


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a file: its reader, the number of the row of its headers, and its columns."""

    file: TableFile
    reader: RowReader
    header: int
    columns: list[str]

    @property
    def is_main(self) -> bool:
        return TITLE in self.columns

    @property
    def shape(self) -> frozenset[str]:
        """The columns that tell what it is: those that only some exports have do not count."""
        return _TELLING.intersection(self.columns)

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Give the rows below the headers, with their numbers, as column -> text."""
        for number, row in enumerate(self.reader(), start=1):
            if number > self.header and any((cells := _cells(self.columns, row)).values()):
                yield number, cells

    def numbers(self) -> set[str]:
        """Give the certifications that it names."""
        codes = (certification_code(cells.get(NUMBER, "")) for _, cells in self.rows())
        return {code for code in codes if code is not None}


@dataclass(slots=True)
class _Register:
    """What was read so far: the records, and the name of the file and the numbers of each table by its shape."""

    report: Report
    records: _Records = field(default_factory=dict)
    read: dict[frozenset[str], list[tuple[str, set[str]]]] = field(default_factory=dict)

    def add(self, table: _Table) -> None:
        """Read a table, unless it is an older export of one that was read: they then name the same certifications.

        RNCP and RS in two tables of the same columns have no number in common, and are both read.
        """
        same = self.read.setdefault(table.shape, [])
        numbers = table.numbers() if same else set()
        for newer, known in same:
            if numbers & known:
                reason = f"« {table.file.name} » laissé de côté : « {newer} » est plus récent et donne la même table"
                self.report(Remark(reason, is_note=True))
                return
        same.append((table.file.name, _read_rows(table, self)))


def read_certifications(
    path: Path, on_error: Report | None = None, limits: Limits = _DEFAULT_LIMITS
) -> Iterator[Certification]:
    """Read the certifications of France compétences' tables.

    Args:
        path: a CSV or XLSX file, a ZIP archive of them (read in place), or a folder that holds them.
        on_error: called for each table or certification that is left out.
        limits: how large each may be, and what an archive may unpack to.

    Raises:
        CatalogueError: no table there has the columns of the main one, or a file cannot be read.
        OSError: nothing there.
    """
    register = _Register(on_error or say_nothing)
    foreign: list[str] = []
    with table_files(path, limits) as files:
        newest_first = sorted(files, key=lambda file: exported_on(file.name, file.modified), reverse=True)
        for file in newest_first:
            if headers := _read_file(file, register, limits):
                foreign.append(f"{file.name} ({headers})")
    if not any(record.main for record in register.records.values()):
        raise CatalogueError(_no_main_table(path, foreign))
    for described in foreign:
        reason = f"table laissée de côté, sans colonne « Numero_Fiche » : {described}"
        register.report(Remark(reason, is_note=True))
    _link_successors(register.records)
    yield from _certifications(register.records, register.report)


def _read_file(file: TableFile, register: _Register, limits: Limits) -> str:
    """Read the tables of a file; give its headers, for a message, when none of them is one of ours."""
    widest: list[str] = []
    is_ours = False
    with open_table(file, limits) as readers:
        for reader in readers:
            for found, number, names in first_rows([reader]):
                columns = [_column(name) for name in names]
                if NUMBER in columns:
                    is_ours = True
                    register.add(_Table(file, found, number, columns))
                    break
                if sum(map(bool, names)) > len(widest):
                    widest = [name for name in names if name]
    return "" if is_ours else _described(widest)


def _described(names: list[str]) -> str:
    shown = ", ".join(f"« {name} »" for name in names[:_SHOWN_HEADERS])
    near = get_close_matches(NUMBER, [_column(name) for name in names], n=1)
    hint = f" ; la plus proche : « {near[0]} »" if near else ""
    return f"en-têtes : {shown}{hint}" if shown else "vide"


def _no_main_table(path: Path, foreign: list[str]) -> str:
    read = f" Fichiers lus : {' ; '.join(foreign)}." if foreign else ""
    return (
        f"{path.name} : aucune table de France compétences. Il faut au moins les colonnes « Numero_Fiche » et "
        f"« Intitule » (fichier « export_fiches_CSV_Standard »).{read}"
    )


def _column(header: str) -> str:
    """Write a header as the tables' own: "Numéro fiche" is "numero_fiche"."""
    return re.sub(r"\W+", "_", key(header)).strip("_")


def _read_rows(table: _Table, register: _Register) -> set[str]:
    """Put the rows of a table in the register's records; gives the numbers that it names."""
    numbers: dict[str, bool] = {}
    for line, cells in table.rows():
        code = certification_code(cells.get(NUMBER, ""))
        if code is None:
            reason = f"ligne {line} : numéro de fiche illisible « {cells.get(NUMBER, '')} »"
            register.report(Remark(reason, is_note=not table.is_main))
            continue
        record = register.records.setdefault(code, _Record())
        if _contradicts(record, cells) and not numbers.get(code):
            reason = f"{code} : deux lignes différentes dans « {table.file.name} », seule la première est lue"
            register.report(Remark(reason, is_note=True))
            numbers[code] = True
        numbers.setdefault(code, False)
        _note(record, cells)
    return set(numbers)


def _contradicts(record: _Record, cells: Mapping[str, str]) -> bool:
    """Tell whether a row of the main table says something else than the one that was read."""
    if not record.main or not cells.get(TITLE):
        return False
    return any(record.main.get(name, "") != cells.get(name, "") for name in _MAIN)


def _cells(columns: list[str], row: Row) -> dict[str, str]:
    return {name: tidy(cell_text(cell)) for name, cell in zip(columns, row, strict=False) if name}


def _note(record: _Record, cells: Mapping[str, str]) -> None:
    if cells.get(TITLE) and not record.main:
        record.main = dict(cells)
    for name, parts in _COMPANIONS.items():
        if value := " ".join(filter(None, (cells.get(part, "") for part in parts))):
            record.add(name, value)


def _link_successors(records: _Records) -> None:
    """Write each replacement on both sides: the tables give it on the one or the other."""
    for number, record in records.items():
        for mine in ("replaces", "replaced_by"):
            cited = [code for cell in record.all(mine) for code in certification_codes(cell)]
            record.lists[mine] = dict.fromkeys(code for code in cited if code and code != number)
    for number, record in records.items():
        for mine, theirs in (("replaces", "replaced_by"), ("replaced_by", "replaces")):
            for other in record.all(mine):
                if other in records:
                    records[other].add(theirs, number)


def _certifications(records: _Records, report: Report) -> Iterator[Certification]:
    for number, record in records.items():
        if not record.main:
            continue  # a companion names it, the main table does not: there is nothing to say of it
        try:
            yield _certification(number, record)
        except UnreadableValue as error:
            report(Remark(f"{number} : {error}", key=number))


def _certification(number: str, record: _Record) -> Certification:
    main = record.main
    level = re.search(r"[1-8]", main.get("nomenclature_europe_niveau") or main.get("niveau", ""))
    active = key(main.get("actif", ""))
    return Certification(
        number=number,
        title=main[TITLE],
        form=main.get("abrege_intitule") or main.get("abrege_libelle", ""),
        level=int(level[0]) if level else None,
        certifiers=record.all("certifiers"),
        rome=record.all("rome"),
        nsf=_without_repeated_code(record.all("nsf")),
        formacodes=_without_repeated_code(record.all("formacodes")),
        skill_blocks=record.all("skill_blocks"),
        access=record.all("access"),
        partners=len(record.all("partners")),
        replaced_by=record.all("replaced_by"),
        replaces=record.all("replaces"),
        registration=main.get("type_enregistrement", ""),
        starts_on=_day(main, "date_effet") or _day(main, "date_decision"),
        ends_on=_day(main, "date_fin_enregistrement"),
        active=active not in _INACTIVE if active else None,
    )


def _without_repeated_code(values: tuple[str, ...]) -> tuple[str, ...]:
    """Undo what the tables write twice: "233 233 : Bâtiment" is "233 Bâtiment"."""
    return tuple(re.sub(r"^(\S+) \1\s*:\s*", r"\1 ", value) for value in values)


def _day(main: Mapping[str, str], column: str) -> date | None:
    text = main.get(column, "")
    return read_date(text) if text else None
