"""France compétences' registers (RNCP and RS) as data.gouv.fr serves them: tables go in, certifications come out.

    a CSV or XLSX file, a ZIP of them, or their folder -> rows -> one record a Numero_Fiche -> `Certification`s

A table is known by its columns, whatever its file is called: the main one has an `Intitule`, its companions add
certifiers, ROME codes, blocs de compétences and what replaces what. Case and accents of a header do not count, and
any column or companion may be missing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from ingest.attributes import certification_code
from ingest.parse.tidy import tidy
from ingest.sources.certification import Certification
from ingest.sources.readings import UnreadableValue, key, read_date
from ingest.sources.tabular import Row, RowReader, TableFile, cell_text, first_rows, open_table, table_files
from ingest.sources.training import CatalogueError, Report, say_nothing

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

_INACTIVE = frozenset(("inactive", "inactif", "non", "false", "0"))
_CODES = re.compile(r"(?:RNCP|RS)\s*\d+", re.IGNORECASE)
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


def read_certifications(path: Path, on_error: Report | None = None) -> Iterator[Certification]:
    """Read the certifications of France compétences' tables.

    Args:
        path: a CSV or XLSX file, a ZIP archive of them (read in place), or a folder that holds them.
        on_error: called with the reason (in French) for each table or certification that is left out.

    Raises:
        CatalogueError: no table there has the columns of the main one, or a file cannot be read.
        OSError: nothing there.
    """
    report = on_error or say_nothing
    records: _Records = {}
    foreign: list[str] = []
    with table_files(path) as files:
        for file in files:
            if headers := _read_file(file, records, report):
                foreign.append(f"{file.name} ({headers})")
    if not any(record.main for record in records.values()):
        raise CatalogueError(_no_main_table(path, foreign))
    for described in foreign:
        report(f"table laissée de côté, sans colonne « Numero_Fiche » : {described}")
    _link_successors(records)
    yield from _certifications(records, report)


def _read_file(file: TableFile, records: _Records, report: Report) -> str:
    """Read the tables of a file; give its headers, for a message, when none of them is one of ours."""
    widest: list[str] = []
    is_ours = False
    with open_table(file) as readers:
        for reader in readers:
            for found, number, names in first_rows([reader]):
                columns = [_column(name) for name in names]
                if NUMBER in columns:
                    is_ours = True
                    _read_rows(found, number, columns, records, report)
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


def _read_rows(reader: RowReader, header: int, columns: list[str], records: _Records, report: Report) -> None:
    for number, row in enumerate(reader(), start=1):
        if number <= header:
            continue
        cells = _cells(columns, row)
        if not any(cells.values()):
            continue
        code = certification_code(cells.get(NUMBER, ""))
        if code is None:
            report(f"ligne {number} : numéro de fiche illisible « {cells.get(NUMBER, '')} »")
        else:
            _note(records.setdefault(code, _Record()), cells)


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
            cited = [certification_code(code) for cell in record.all(mine) for code in _CODES.findall(cell)]
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
            report(f"{number} : {error}")


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
