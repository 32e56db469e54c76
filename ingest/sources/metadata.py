"""`metadonnees.csv`: the sheet that a quality team fills in beside its documents goes in, its rows come out.

A spreadsheet exports it (UTF-8 with BOM or Windows-1252, semicolons). What is wrong in it is an error rather than
ignored: a column of an unknown name may be the one that says who may read a file. `ingest.sources.description`
tells which file has which row.
"""

import csv
import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO

from ingest.documents import Status, Validity
from ingest.errors import UnreadableFile
from ingest.parse.tidy import decode, tidy

METADATA_FILE = "metadonnees.csv"
FREE_PREFIX = "x_"
"""What the name of a column begins with that is the quality team's own: Fanal takes nothing from it."""

FILE_COLUMN = "fichier"
_COLUMNS = (FILE_COLUMN, "reference", "titre", "date", "valable_du", "valable_jusqu_au", "statut", "groupes",
            "revu_le")  # fmt: skip
_UNUSED_COLUMNS = ("remplace", "remplace_par", "auteur", "version", "commentaire")
_DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y")


@dataclass(frozen=True, slots=True)
class MetadataRow:
    """One line of the sheet, as it is written."""

    line: int
    cells: Mapping[str, str]

    @property
    def digest_text(self) -> str:
        """What a change of the row changes."""
        return "\n".join(f"{name}={value}" for name, value in sorted(self.cells.items()))

    def text(self, column: str) -> str | None:
        """Read a cell; None when it is empty or its column is missing."""
        return tidy(self.cells.get(column, "")) or None

    def day(self, column: str) -> date | None:
        """Read a date, as ISO or as a French spreadsheet rewrites it.

        Raises:
            UnreadableFile: neither `AAAA-MM-JJ` nor `JJ/MM/AAAA`.
        """
        text = self.text(column)
        if text is None:
            return None
        for pattern in _DATE_FORMATS:
            try:
                return datetime.strptime(text, pattern).date()
            except ValueError:
                continue
        raise self.error(column, f"la date « {text} » n'est pas de la forme AAAA-MM-JJ ou JJ/MM/AAAA")

    def status(self, default: Status) -> Status:
        """Read `statut`, `default` where it is empty.

        Raises:
            UnreadableFile: another word than those of `Status`.
        """
        text = self.text("statut")
        if text is None:
            return default
        try:
            return Status(plain(text).replace(" ", "_"))
        except ValueError as error:
            known = ", ".join(Status)
            raise self.error("statut", f"« {text} » n'est pas un statut connu ({known})") from error

    def validity(self, default: Validity) -> Validity:
        """Read `valable_du`, `valable_jusqu_au` and `statut`; an empty cell stands for the source's `default`.

        Raises:
            UnreadableFile: as for `day` and `status`, or an end before the beginning.
        """
        start = self.day("valable_du") or default.valid_from
        end = self.day("valable_jusqu_au") or default.valid_to
        if start and end and end < start:
            raise self.error(
                "valable_jusqu_au",
                f"la fin de validité ({end:%d/%m/%Y}) précède son début ({start:%d/%m/%Y}), pour une cellule"
                " vide ceux de la source",
            )
        return Validity(start, end, self.status(default.status))

    def groups(self, allowed: tuple[str, ...], everyone: str) -> tuple[str, ...]:
        """Read `groupes`, which restricts the groups of the source; they stand when the cell is empty.

        Raises:
            UnreadableFile: a group that the source itself does not allow, or a cell that names none.
        """
        asked = self._groups()
        if not asked and self.text("groupes"):
            raise self.error("groupes", f"« {self.text('groupes')} » ne nomme aucun groupe")
        if not asked:
            return allowed
        outside = [group for group in asked if group not in allowed]
        if outside and everyone not in allowed:
            raise self.error("groupes", f"« {outside[0]} » ne fait pas partie des groupes de la source")
        return asked

    def restricts(self, allowed: tuple[str, ...]) -> bool:
        """Tell whether somebody whom the source allows is kept away by `groupes`."""
        return bool(self.text("groupes")) and not set(allowed) <= set(self._groups())

    def _groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.cells.get("groupes", "").replace(",", " ").split()))

    @property
    def name(self) -> str:
        """The file that it describes, in Unicode's composed form; "" for a row that names none."""
        return composed(self.cells.get(FILE_COLUMN, "").strip())

    def error(self, column: str, reason: str) -> UnreadableFile:
        return UnreadableFile(f"{METADATA_FILE}, ligne {self.line}, colonne « {column} » : {reason}")


def read_metadata(data: bytes) -> dict[str, MetadataRow]:
    """Read the sheet of a folder.

    Returns:
        The rows by the file name that they give, in Unicode's composed form.

    Raises:
        UnreadableFile: no `fichier` column, a column that is unknown or there twice, a cell without a column, a
            row without a file name, a file named twice, or a broken CSV.
    """
    reader = csv.reader(StringIO(decode(data), newline=""), delimiter=";")
    rows: dict[str, MetadataRow] = {}
    try:
        columns = _columns(next(reader, []))
        for cells in reader:
            row = MetadataRow(reader.line_num, _cells(columns, cells, reader.line_num))
            if row.name in rows:
                raise row.error(FILE_COLUMN, f"« {row.name} » est déjà décrit ligne {rows[row.name].line}")
            if row.name:
                rows[row.name] = row
            elif any(map(tidy, cells)):
                raise row.error(FILE_COLUMN, "il manque le nom du fichier que cette ligne décrit")
    except csv.Error as error:
        raise UnreadableFile(
            f"{METADATA_FILE}, ligne {reader.line_num} : ligne mal formée ({error})"
        ) from error
    return rows


def _columns(header: Sequence[str]) -> list[str]:
    """Give the name of each column, "" for one without; raises `UnreadableFile` for one that is not known."""
    names = [re.sub(r"[\s'’_-]+", "_", plain(tidy(name))) for name in header]
    if FILE_COLUMN not in names:
        raise UnreadableFile(
            f"{METADATA_FILE}, ligne 1 : la colonne « {FILE_COLUMN} » manque ; enregistrez-le en CSV,"
            " avec le point-virgule comme séparateur"
        )
    known = (*_COLUMNS, *_UNUSED_COLUMNS)
    for index, name in enumerate(names):
        if name and name in names[:index]:
            raise UnreadableFile(f"{METADATA_FILE}, ligne 1 : la colonne « {name} » y est deux fois")
        if name and name not in known and not name.startswith(FREE_PREFIX):
            raise UnreadableFile(
                f"{METADATA_FILE}, ligne 1 : la colonne « {tidy(header[index])} » n’est pas connue :"
                f" {_advice(name, known)}"
            )
    return names


def _advice(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    if near == ["groupes"]:  # a restriction is not to be set aside
        return "écrivez « groupes »"
    meant = f"écrivez « {near[0]} »" if near else f"colonnes connues : {', '.join(_COLUMNS)}"
    return f"{meant} ; si elle est à vous, « {FREE_PREFIX}{name} »"


def _cells(columns: Sequence[str], cells: Sequence[str], line: int) -> dict[str, str]:
    """Give the cells of a row by column; raises `UnreadableFile` for one that no column names."""
    names = [*columns, *[""] * (len(cells) - len(columns))]
    for name, cell in zip(names, cells, strict=False):
        if not name and tidy(cell):
            raise UnreadableFile(
                f"{METADATA_FILE}, ligne {line} : « {tidy(cell)} » est dans une colonne sans nom ; donnez-lui un"
                " nom ligne 1, ou videz la cellule"
            )
    return {name: cell for name, cell in zip(names, cells, strict=False) if name}


def is_sheet(name: str) -> bool:
    """Tell whether a file is the metadata of its folder, with or without capitals and accents."""
    return plain(name) == METADATA_FILE


def composed(name: str) -> str:
    """Write a file name in Unicode's composed form (NFC): macOS writes accents apart from their letters."""
    return unicodedata.normalize("NFC", name)


def plain(text: str) -> str:
    """Write a text without capitals and accents."""
    letters = unicodedata.normalize("NFD", text.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
