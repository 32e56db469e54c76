"""A folder of documents: its files go in as references, one by one they come out as `Document`s.

A file is parsed only when its reference is new or has changed; see `ingest.parse` for the formats, and
`ingest.sources.metadata` for the sheet that says what the files themselves do not.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ingest.documents import EVERYONE, Document, Kind, Validity
from ingest.errors import SourceUnavailable, UnreadableFile
from ingest.parse import Limits, parse_file
from ingest.parse.parsed import ReadFile
from ingest.sources.base import Described
from ingest.sources.description import Description, Sheet, read_sheets
from ingest.sources.means import means, reads_scans
from ingest.sources.metadata import composed, is_sheet
from ingest.text import fold

if TYPE_CHECKING:
    from ingest.sources.config import SourceConfig

_IGNORED = frozenset(("thumbs.db", "desktop.ini"))
_SCANNABLE = (".pdf", ".eml")
"""Files in which there may be scans: whether they are read depends on the OCR."""

LINK_OUT = "c’est un lien vers un autre dossier, il n’est pas suivi"
SAME_NAME = "un autre fichier porte le même nom à l’écran"


@dataclass(frozen=True)
class FileReference:
    """A file of a source, before it is read; its bytes are digested once, when they are asked for.

    Args:
        key: its path below the source's folder, with `/`, in Unicode's composed form.
        path: where it is.
        sheet: the metadata of its folder, as they were when the files were listed.
        source: the source that reads it.
    """

    key: str
    path: Path
    sheet: Sheet
    source: "FolderSource"

    @cached_property
    def content(self) -> str:
        """Digest of its bytes, "" when it cannot be opened."""
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    @cached_property
    def fingerprint(self) -> str:
        """Digest of its bytes, of what is said of it, and of the settings that decide what it becomes.

        A file that cannot be opened has one too, so that it is reported and its passages are not deleted.
        """
        described = self.sheet.said(self.path.name, self.source.groups)
        settings = self.source.outcome_settings(self.path)
        written = f"{self.content}\0{described}\0{settings}"
        return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def attempt(self) -> str:
        """Digest of what one file may cost, and of the programs that help to read some."""
        return means(self.source.limits)

    def described(self) -> Described | None:
        """Say who may read the file and when it holds; None when its sheet cannot be read."""
        try:
            said = self.source.describe(self)
        except UnreadableFile:
            return None
        return said.groups, said.validity

    def load(self, patient: bool = True) -> Document:
        """Read the file; raises `UnreadableFile`, and `LoadLater` unless `patient`."""
        return self.source.load(self, patient)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds: the files to be read by key, those that are left out with the reason, and the folders
    that hold a sheet."""

    files: dict[str, Path] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    sheet_folders: set[Path] = field(default_factory=set)


@dataclass(frozen=True)
class FolderSource:
    """The documents of one folder.

    Args:
        name: name of the source; document ids begin with it.
        kind: what its passages are.
        folder: where the files are.
        pattern: which files, as a glob below the folder.
        groups: who may read them; a row of metadata can only restrict it.
        url_template: address of a file on the web, with `{key}` and `{number}` standing for its own.
        limits: what one file may cost.
        validity: what holds for a file whose metadata says nothing.
        max_removed_share: share of the files, in [0, 1], that a run may remove unasked; None for the setting.
        only: name of the one file of the folder that is read, None for all that match the pattern.
        reader: reads a file within limits; raises as `parse_file` does.
    """

    name: str
    kind: Kind
    folder: Path
    pattern: str = "**/*"
    groups: tuple[str, ...] = (EVERYONE,)
    url_template: str | None = None
    limits: Limits = field(default_factory=Limits)
    validity: Validity = field(default_factory=Validity)
    max_removed_share: float | None = None
    only: str | None = None
    reader: ReadFile = parse_file

    @classmethod
    def of(cls, config: "SourceConfig", base: Path, limits: Limits, reader: ReadFile) -> "FolderSource":
        """Build the source that the sources file describes by `folder` or `file`, starting from `base`."""
        place = base / (config.folder or config.file or "")
        return cls(
            config.name,
            config.kind,
            folder=place if config.file is None else place.parent,
            pattern=config.pattern,
            groups=tuple(config.groups),
            url_template=config.link,
            limits=limits,
            validity=config.validity,
            max_removed_share=config.max_removed_share,
            only=None if config.file is None else place.name,
            reader=reader,
        )

    def fingerprint(self) -> None:
        """Give nothing: telling whether a folder changed costs as much as listing its files."""

    def items(self) -> list[FileReference]:
        """List the files to be read, in the order of their keys.

        Raises:
            SourceUnavailable: the folder, or the one file, is missing or cannot be listed.
        """
        listing = self.listing()
        sheets = self.sheets(listing)
        return [
            FileReference(key, path, sheets[path.parent], self) for key, path in sorted(listing.files.items())
        ]

    def sheets(self, listing: Listing) -> dict[Path, Sheet]:
        """Read the sheets of the folders of a listing, those without any file to be read included."""
        folders = listing.sheet_folders | {path.parent for path in listing.files.values()}
        return read_sheets(self.folder, folders, self.groups)

    def load(self, reference: FileReference, patient: bool = True) -> Document:
        """Read a file.

        Raises:
            UnreadableFile: the file cannot be read.
            UnreadableMetadata: what `metadonnees.csv` says of it cannot.
            LoadLater: reading it takes minutes, and the caller is not `patient`.
        """
        said = self.describe(reference)
        if _leaves(reference.path, self.folder.resolve()):  # it was replaced since it was listed
            raise UnreadableFile(LINK_OUT)
        parsed = self.reader(reference.path, replace(self.limits, patient=patient))
        return Document(
            document_id=f"{self.name}:{reference.key}",
            source=self.name,
            kind=self.kind,
            title=_title(said.title, parsed.title) or Path(reference.key).stem,
            blocks=parsed.blocks,
            url=self.url(reference.key, said.number),
            file=_writable(reference.path.relative_to(self.folder).as_posix()),
            number=said.number,
            dated=said.dated or parsed.dated,
            reviewed=said.reviewed,
            validity=said.validity,
            groups=said.groups,
        )

    def describe(self, reference: FileReference) -> Description:
        """Read what `metadonnees.csv` says of a file; raises `UnreadableMetadata`."""
        return reference.sheet.describe(reference.path.name, self.validity, self.groups)

    def outcome_settings(self, path: Path) -> tuple[object, ...]:
        """Give the settings that decide what a file becomes; not those of cost, which only decide whether."""
        ocr = reads_scans(self.limits) if path.suffix.lower() in _SCANNABLE else None
        return (self.kind, self.groups, self.url_template, self.validity, ocr)

    def url(self, key: str, number: str | None) -> str | None:
        """Give the address of a file on the web, where the source has a template for it."""
        if self.url_template is None:
            return None
        return self.url_template.replace("{key}", quote(key)).replace("{number}", quote(number or ""))

    def listing(self) -> Listing:
        """List the files that the source brings and those that it leaves out.

        Hidden and temporary files are in neither. Raises as `items` does.
        """
        if not self.folder.is_dir():
            raise SourceUnavailable(f"Le dossier {self.folder} de la source « {self.name} » est introuvable.")
        listing = Listing()
        try:
            root = self.folder.resolve()
            if self.only is None:
                listing.sheet_folders.update(_sheet_folders(self.folder))
            for path in self._named():
                key = _writable(composed(path.relative_to(self.folder).as_posix()))
                if _leaves(path, root):
                    listing.left_out[key] = LINK_OUT
                elif path.is_file() and key in listing.files:
                    listing.left_out[str(path)] = SAME_NAME
                elif path.is_file():
                    listing.files[key] = path
        except OSError as error:
            raise SourceUnavailable(
                f"Le dossier {self.folder} ne peut pas être parcouru : {error}"
            ) from error
        if self.only is not None and not listing.files:
            reason = LINK_OUT if listing.left_out else "il est introuvable"
            place = self.folder / self.only
            raise SourceUnavailable(
                f"Le fichier {place} de la source « {self.name} » ne se lit pas : {reason}."
            )
        return listing

    def _named(self) -> Iterator[Path]:
        """Give what the source names, folders and links included; raises `OSError`."""
        if self.only is not None:
            yield self.folder / self.only
            return
        for path in sorted(self.folder.glob(self.pattern)):
            hidden = any(part.startswith((".", "~$")) for part in path.relative_to(self.folder).parts)
            if not (hidden or path.name.lower() in _IGNORED or is_sheet(path.name)):
                yield path


def _leaves(path: Path, root: Path) -> bool:
    """Tell whether a link leads out of the folder, `root` being its real place (loops of links lead nowhere)."""
    return not Path(os.path.realpath(path)).is_relative_to(root)


def _writable(name: str) -> str:
    """Replace what is no Unicode in a name (a Windows accent on an old share): SQLite and JSON refuse it."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _title(titled: str | None, own: str | None) -> str | None:
    """Choose the sheet's title, but in the file's own typography: its heading is then known to be the title."""
    return own if titled and own and fold(titled) == fold(own) else titled or own


def _sheet_folders(folder: Path) -> Iterator[Path]:
    """Give the folders that hold a sheet, hidden ones apart.

    Raises `OSError` for a sub-folder that cannot be listed: `glob` passes it over, as if it were empty.
    """

    def refuse(error: OSError) -> None:
        raise error

    for place, _, names in os.walk(folder, onerror=refuse):
        below = Path(place).relative_to(folder)
        if any(map(is_sheet, names)) and not any(part.startswith(".") for part in below.parts):
            yield folder / below
