"""What is said of a file beside its text: the sheets of a source's folders go in, a description a file comes out.

What is wrong makes files unreadable rather than be ignored: a row may be what restricts who reads its file, and a
restricting row without a file is what a file that was renamed or moved leaves behind.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from ingest.documents import EVERYONE, Validity
from ingest.errors import UnreadableFile, UnreadableMetadata
from ingest.sources.metadata import (
    FILE_COLUMN,
    METADATA_FILE,
    MetadataRow,
    composed,
    is_sheet,
    plain,
    read_metadata,
)

_SPREADSHEETS = (".xlsx", ".xls", ".ods", ".txt", ".tsv")


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
    """The metadata of one folder.

    Args:
        rows: by the name of each file that has one, as the folder writes it, in Unicode's composed form.
        problem: why the sheet cannot be read; then none of the folder's files can.
        orphans: the rows that name no file of the folder.
        claims: why a file without a row is not read all the same, by `same_name`: a row of another folder means it.
        closed: why no file without a row is, where a row of another folder means this one.
    """

    rows: Mapping[str, MetadataRow]
    problem: str | None = None
    orphans: tuple[MetadataRow, ...] = ()
    claims: Mapping[str, str] = field(default_factory=dict)
    closed: str | None = None

    @classmethod
    def of(cls, folder: Path) -> "Sheet":
        """Read the sheet of a folder, empty where it has none; one that is a link is not followed."""
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if entry.is_file() or entry.is_symlink())
            found = [name for name in names if is_sheet(name)]
            if problem := _sheet_problem(folder, names, found):
                return cls({}, problem)
            return cls._matched(read_metadata((folder / found[0]).read_bytes()), names) if found else cls({})
        except UnreadableFile as error:
            return cls({}, str(error))
        except OSError:
            return cls({}, f"{METADATA_FILE} ne peut pas être ouvert : vérifiez ses droits")

    @classmethod
    def _matched(cls, written: Mapping[str, MetadataRow], names: Iterable[str]) -> "Sheet":
        """Give each file its row: the one of its very name, else the one that only differs by capitals."""
        present = {composed(name) for name in names}
        loose: dict[str, MetadataRow] = {}
        for name, row in written.items():
            if name not in present and (other := loose.setdefault(same_name(name), row)) is not row:
                raise row.error(FILE_COLUMN, f"« {name} » est déjà décrit ligne {other.line}")
        found = {name: written.get(name) or loose.get(same_name(name)) for name in present}
        rows = {name: row for name, row in found.items() if row is not None}
        used = {row.line for row in rows.values()}
        orphans = tuple(row for row in written.values() if row.line not in used)
        reserved = (row for row in orphans if row.text("groupes"))  # another row with a path hides nothing
        return cls(rows, next(filter(None, map(_path_problem, reserved)), None), orphans)

    def row(self, name: str, groups: tuple[str, ...]) -> MetadataRow:
        """Give the row of a file, an empty one where it is not described; `groups` are its source's.

        Raises:
            UnreadableFile: the sheet itself cannot be read, or a row without a file may be this one's.
        """
        if self.problem is not None:
            raise UnreadableFile(self.problem)
        if (row := self.rows.get(composed(name))) is not None:
            return row
        if lost := next((row for row in self.orphans if row.restricts(groups)), None):
            raise UnreadableFile(orphan_problem(lost, groups))
        if claim := self.claims.get(same_name(name), self.closed):
            raise UnreadableFile(claim)
        return MetadataRow(0, {})

    def said(self, name: str, groups: tuple[str, ...]) -> str:
        """Give all that the sheet makes of a file, as text: when it changes, the file is to be read again."""
        try:
            return self.row(name, groups).digest_text
        except UnreadableFile as error:
            return str(error)

    def describe(self, name: str, validity: Validity, groups: tuple[str, ...]) -> Description:
        """Read what is said of a file; `validity` and `groups` are its source's, for what the row leaves empty.

        Raises:
            UnreadableMetadata: the sheet, or a cell of the row, cannot be read.
        """
        try:
            row = self.row(name, groups)
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


def read_sheets(root: Path, folders: Iterable[Path], groups: tuple[str, ...]) -> dict[Path, Sheet]:
    """Read the sheets of the folders of a source.

    A file that was moved leaves its row in the sheet of its former folder, and a row may be written in a folder
    above: where such a row restricts, no file that it can mean is read before it is where it belongs.

    Args:
        root: the source's folder, which the messages leave out.
        folders: those of its files, and those that hold a sheet.
        groups: who may read the source.
    """
    sheets = {folder: Sheet.of(folder) for folder in sorted(folders)}
    claims: dict[str, str] = {}
    closed: dict[Path, str] = {}
    for folder, sheet in sheets.items():
        place = (folder.relative_to(root) / METADATA_FILE).as_posix()
        for row in sheet.orphans:
            if row.restricts(groups):
                reason = (
                    f"dans {place}, la ligne {row.line} réserve « {row.name} », peut-être ce fichier-ci : mettez-la"
                    f" dans le {METADATA_FILE} du dossier où est le fichier, ou retirez-la s’il n’existe plus"
                )
                claims[same_name(_bare(row.name))] = reason
                closed |= dict.fromkeys(_meant(folder, row.name, sheets), reason)
    return {
        folder: replace(sheet, claims=claims, closed=closed.get(folder)) for folder, sheet in sheets.items()
    }


def _meant(folder: Path, written: str, folders: Iterable[Path]) -> Iterator[Path]:
    """Give the folders that a name in the sheet of `folder` leads to, as the path of a file or as a folder."""
    target = same_name(os.path.normpath(folder / written.replace("\\", "/")))
    for other in folders:
        place = same_name(os.path.normpath(other))
        if other != folder and (place == os.path.dirname(target) or f"{place}/".startswith(f"{target}/")):
            yield other


def orphan_problem(row: MetadataRow, groups: tuple[str, ...]) -> str:
    """Say that a row names no file of its folder, and what follows if it restricts a source of these `groups`."""
    said = f"{METADATA_FILE}, ligne {row.line} : aucun fichier ne s’appelle « {row.name} » dans ce dossier"
    if not row.restricts(groups):
        return said
    return (
        f"{said}, et cette ligne le réserve à « {row.text('groupes')} » : écrivez-y le nouveau nom du fichier, ou"
        " retirez-la s’il n’existe plus. D’ici là, personne ne lit les fichiers du dossier qui n’ont pas de ligne à"
        " eux, car l’un d’eux peut être celui-là"
    )


def _path_problem(row: MetadataRow) -> str | None:
    """Say where a row belongs that gives a path for a name."""
    name = _bare(row.name)
    if name == row.name:
        return None
    folder = row.name[: len(row.name) - len(name)].rstrip("/\\")
    reason = (
        f"« {row.name} » est un chemin : mettez la ligne dans le {METADATA_FILE} du dossier « {folder} », avec le"
        f" nom seul, « {name} »"
    )
    whole = f"« {row.name} » est un dossier : une ligne décrit un seul fichier, par son nom"
    return str(row.error(FILE_COLUMN, reason if name else whole))


def _sheet_problem(folder: Path, names: Sequence[str], found: Sequence[str]) -> str | None:
    """Say why the sheet of a folder is none, `found` being the files that bear its name."""
    if len(found) > 1:
        listed = " et ".join(f"« {name} »" for name in found)
        return f"{listed} sont dans le même dossier : gardez-en un"
    if found and (folder / found[0]).is_symlink():
        return f"{METADATA_FILE} est un lien : mettez le fichier lui-même dans le dossier"
    stem = Path(METADATA_FILE).stem
    unsaved = [name for name in names if plain(name) in {f"{stem}{suffix}" for suffix in _SPREADSHEETS}]
    if unsaved and not found:
        return f"« {unsaved[0]} » ne se lit pas : enregistrez-le aussi en CSV, sous le nom {METADATA_FILE}"
    return None


def _bare(name: str) -> str:
    """Give the last part of a path, of Windows or not."""
    return re.split(r"[/\\]", name)[-1]


def same_name(name: str) -> str:
    """Give what two names share that only differ by their capitals, or by how accents are written."""
    return composed(composed(name).casefold())
