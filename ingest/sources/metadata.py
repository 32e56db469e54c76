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

from ingest.documents import EVERYONE, Status, Validity
from ingest.errors import UnreadableFile, UnreadableMetadata
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

    def status(self, default: Status) -> Status:
        """Read `statut`, `default` where it is empty.

        Raises:
            UnreadableFile: another word than those of `Status`.
        """
        text = self.text("statut")
        if text is None:
            return default
        try:
            return Status(_plain(text).replace(" ", "_"))
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
class Description:
    """What is said of a file beside its text."""

    number: str | None
    title: str | None
    dated: date | None
    reviewed: date | None
    validity: Validity
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The metadata of one folder; `problem` when its sheet cannot be read, and then none of its files can."""

    rows: dict[str, MetadataRow]
    problem: str | None = None

    @classmethod
    def of(cls, folder: Path) -> "Sheet":
        """Read the sheet of a folder, empty where it has none; one that is a link is not followed."""
        try:
            found = [path for path in folder.iterdir() if is_sheet(path.name)]
            if len(found) > 1:
                names = " et ".join(f"« {path.name} »" for path in sorted(found))
                return cls({}, f"{names} sont dans le même dossier : gardez-en un")
            if any(path.is_symlink() for path in found):
                return cls({}, f"{METADATA_FILE} est un lien : mettez le fichier lui-même dans le dossier")
            return cls(read_metadata(found[0].read_bytes()) if found else {})
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

    def describe(self, name: str, validity: Validity, groups: tuple[str, ...]) -> Description:
        """Read what is said of a file; `validity` and `groups` are its source's, for what the row leaves empty.

        Raises:
            UnreadableMetadata: the sheet, or a cell of the row, cannot be read.
        """
        try:
            row = self.row(name)
            return Description(
                number=row.text("reference"),
                title=row.text("titre"),
                dated=row.day("date"),
                reviewed=row.day("revu_le"),
                validity=row.validity(validity),
                groups=row.groups(groups, EVERYONE),
            )
        except UnreadableFile as error:
            raise UnreadableMetadata(str(error)) from error


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


def is_sheet(name: str) -> bool:
    """Tell whether a file is the metadata of its folder, with or without capitals and accents."""
    return _plain(name) == METADATA_FILE


def composed(name: str) -> str:
    """Write a file name in Unicode's composed form (NFC): macOS writes accents apart from their letters."""
    return unicodedata.normalize("NFC", name)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.strip().casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
