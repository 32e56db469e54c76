"""`metadonnees.csv`: the sheet that a quality team fills in beside its documents goes in, a row a file comes out.

A spreadsheet exports it (UTF-8 with BOM or Windows-1252, semicolons). A wrong row makes its file unreadable
rather than be ignored: it may be the row that restricts who may read it, or that says it is repealed.
"""

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from pathlib import Path

from ingest.documents import Status, Validity
from ingest.errors import UnreadableFile
from ingest.parse.tidy import decode, tidy

METADATA_FILE = "metadonnees.csv"
_FILE_COLUMN = "fichier"
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

    def status(self) -> Status:
        """Read `statut`; a document without one is in force.

        Raises:
            UnreadableFile: another word than those of `Status`.
        """
        text = self.text("statut")
        if text is None:
            return Status.IN_FORCE
        try:
            return Status(_plain(text).replace(" ", "_"))
        except ValueError as error:
            known = ", ".join(Status)
            raise self.error("statut", f"« {text} » n'est pas un statut connu ({known})") from error

    def validity(self) -> Validity:
        """Read `valable_du`, `valable_jusqu_au` and `statut`.

        Raises:
            UnreadableFile: as for `day` and `status`, or an end before the beginning.
        """
        start, end = self.day("valable_du"), self.day("valable_jusqu_au")
        if start and end and end < start:
            raise self.error(
                "valable_jusqu_au", "la fin de validité précède son début (colonne « valable_du »)"
            )
        return Validity(start, end, self.status())

    def groups(self, allowed: tuple[str, ...], everyone: str) -> tuple[str, ...]:
        """Read `groupes`, which restricts the groups of the source; they stand when the cell is empty.

        Raises:
            UnreadableFile: a group that the source itself does not allow.
        """
        asked = tuple(dict.fromkeys(self.cells.get("groupes", "").replace(",", " ").split()))
        if not asked:
            return allowed
        outside = [group for group in asked if group not in allowed]
        if outside and everyone not in allowed:
            raise self.error("groupes", f"« {outside[0]} » ne fait pas partie des groupes de la source")
        return asked

    def error(self, column: str, reason: str) -> UnreadableFile:
        return UnreadableFile(f"{METADATA_FILE}, ligne {self.line}, colonne « {column} » : {reason}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The metadata of one folder; `problem` when its sheet cannot be read, and then none of its files can."""

    rows: dict[str, MetadataRow]
    problem: str | None = None

    @classmethod
    def of(cls, folder: Path) -> "Sheet":
        """Read the sheet of a folder, empty where it has none."""
        try:
            return cls(read_metadata((folder / METADATA_FILE).read_bytes()))
        except FileNotFoundError:
            return cls({})
        except UnreadableFile as error:
            return cls({}, str(error))
        except OSError:
            return cls({}, f"{METADATA_FILE} ne peut pas être ouvert : vérifiez ses droits")

    def row(self, name: str) -> MetadataRow:
        """Give the row of a file, an empty one where it is not described.

        Raises:
            UnreadableFile: the sheet itself cannot be read.
        """
        if self.problem is not None:
            raise UnreadableFile(self.problem)
        return self.rows.get(composed(name), MetadataRow(0, {}))


def read_metadata(data: bytes) -> dict[str, MetadataRow]:
    """Read the sheet of a folder.

    Returns:
        The rows by file name, in Unicode's composed form.

    Raises:
        UnreadableFile: no `fichier` column, a file named twice, or a broken CSV.
    """
    reader = csv.reader(StringIO(decode(data), newline=""), delimiter=";")
    rows: dict[str, MetadataRow] = {}
    try:
        header = [_plain(name) for name in next(reader, [])]
        if _FILE_COLUMN not in header:
            raise UnreadableFile(
                f"{METADATA_FILE}, ligne 1 : la colonne « {_FILE_COLUMN} » manque ; enregistrez-le en CSV,"
                " avec le point-virgule comme séparateur"
            )
        for cells in reader:
            row = MetadataRow(reader.line_num, dict(zip(header, cells, strict=False)))
            name = composed(row.cells.get(_FILE_COLUMN, "").strip())
            if name in rows:
                raise row.error(_FILE_COLUMN, f"« {name} » est déjà décrit ligne {rows[name].line}")
            if name:
                rows[name] = row
    except csv.Error as error:
        raise UnreadableFile(
            f"{METADATA_FILE}, ligne {reader.line_num} : ligne mal formée ({error})"
        ) from error
    return rows


def composed(name: str) -> str:
    """Write a file name in Unicode's composed form (NFC): macOS writes accents apart from their letters."""
    return unicodedata.normalize("NFC", name)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
