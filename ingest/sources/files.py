"""A folder of documents: its files go in as references, one by one they come out as `Document`s.

A file is parsed only when its reference is new or has changed; see `ingest.parse` for the formats, and
`ingest.sources.metadata` for the sheet that says what the files themselves do not.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ingest.documents import EVERYONE, Document, Kind
from ingest.errors import SourceUnavailable, UnreadableFile, UnreadableMetadata
from ingest.parse import Limits, parse_file
from ingest.sources.metadata import METADATA_FILE, Sheet, composed
from ingest.text import fold

if TYPE_CHECKING:
    from ingest.sources.config import SourceConfig

_log = logging.getLogger(__name__)

_IGNORED = frozenset((METADATA_FILE, "thumbs.db", "desktop.ini"))


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file of a source, before it is read.

    Args:
        key: its path below the source's folder, with `/`, in Unicode's composed form.
        fingerprint: changes when its content, its row of metadata or the settings of its source do.
        path: where it is.
        sheet: the metadata of its folder, as they were when the fingerprint was taken.
        source: the source that reads it.
    """

    key: str
    fingerprint: str
    path: Path
    sheet: Sheet
    source: "FolderSource"

    def load(self) -> Document:
        """Read the file; raises `UnreadableFile`."""
        return self.source.load(self)


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
    """

    name: str
    kind: Kind
    folder: Path
    pattern: str = "**/*"
    groups: tuple[str, ...] = (EVERYONE,)
    url_template: str | None = None
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, config: "SourceConfig", folder: Path) -> "FolderSource":
        """Build the source that the sources file describes."""
        limits = Limits(ocr=config.ocr)
        return cls(
            config.name, config.kind, folder, config.pattern, tuple(config.groups), config.link, limits
        )

    def fingerprint(self) -> None:
        """Give nothing: telling whether a folder changed costs as much as listing its files."""

    def items(self) -> list[FileReference]:
        """List the files as the pipeline asks for them; raises `SourceUnavailable`."""
        return list(self.references())

    def references(self) -> Iterator[FileReference]:
        """List the files to be read, in the order of their keys.

        Raises:
            SourceUnavailable: the folder is missing or cannot be listed.
        """
        sheets: dict[Path, Sheet] = {}
        for key, path in sorted(self._files().items()):
            if path.parent not in sheets:
                sheets[path.parent] = Sheet.of(path.parent)
            sheet = sheets[path.parent]
            yield FileReference(key, self._file_fingerprint(path, sheet), path, sheet, self)

    def load(self, reference: FileReference) -> Document:
        """Read a file.

        Raises:
            UnreadableFile: the file cannot be read.
            UnreadableMetadata: what `metadonnees.csv` says of it cannot.
        """
        try:
            row = reference.sheet.row(reference.path.name)
            validity, groups = row.validity(), row.groups(self.groups, EVERYONE)
            number, titled, dated = row.text("reference"), row.text("titre"), row.day("date")
        except UnreadableFile as error:
            raise UnreadableMetadata(str(error)) from error
        parsed = parse_file(reference.path, self.limits)
        return Document(
            document_id=f"{self.name}:{reference.key}",
            source=self.name,
            kind=self.kind,
            title=_title(titled, parsed.title) or Path(reference.key).stem,
            blocks=parsed.blocks,
            url=self._url(reference.key, number),
            file=reference.path.relative_to(self.folder).as_posix(),
            number=number,
            dated=dated or parsed.dated,
            validity=validity,
            groups=groups,
        )

    def _file_fingerprint(self, path: Path, sheet: Sheet) -> str:
        """Digest a file, what is said of it, and the settings that decide what it becomes.

        A file that cannot be opened keeps a reference, so that it is reported and its passages are not deleted.
        """
        described = sheet.problem or sheet.row(path.name).digest_text
        settings = (self.kind, self.groups, self.url_template, self.limits, self._ocr_state(path))
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
        except OSError:
            digest = hashlib.sha256(b"unreadable")
        digest.update(f"\0{described}\0{settings}".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def _ocr_state(self, path: Path) -> str | None:
        """Why scans cannot be read here: those that failed are tried again once tesseract is installed."""
        if not self.limits.ocr or path.suffix.lower() != ".pdf":
            return None
        from ingest.parse.ocr import missing_ocr

        return missing_ocr()

    def _url(self, key: str, number: str | None) -> str | None:
        if self.url_template is None:
            return None
        return self.url_template.replace("{key}", quote(key)).replace("{number}", quote(number or ""))

    def _files(self) -> dict[str, Path]:
        if not self.folder.is_dir():
            raise SourceUnavailable(f"Le dossier {self.folder} de la source « {self.name} » est introuvable.")
        files: dict[str, Path] = {}
        try:
            _check_folders(self.folder)
            for path in sorted(self.folder.glob(self.pattern)):
                key = composed(path.relative_to(self.folder).as_posix())
                if self._is_wanted(path) and key in files:
                    _log.warning("%s : un autre fichier porte le même nom, celui-ci est laissé de côté", path)
                elif self._is_wanted(path):
                    files[key] = path
        except OSError as error:
            raise SourceUnavailable(
                f"Le dossier {self.folder} ne peut pas être parcouru : {error}"
            ) from error
        return files

    def _is_wanted(self, path: Path) -> bool:
        parts = path.relative_to(self.folder).parts
        hidden = any(part.startswith((".", "~$")) for part in parts)
        if hidden or path.name.lower() in _IGNORED or not path.is_file():
            return False
        return path.resolve().is_relative_to(self.folder.resolve())


def _title(titled: str | None, own: str | None) -> str | None:
    """Choose the sheet's title, but in the file's own typography: its heading is then known to be the title."""
    return own if titled and own and fold(titled) == fold(own) else titled or own


def _check_folders(folder: Path) -> None:
    """Raise `OSError` for a sub-folder that cannot be listed: `glob` passes it over, as if it were empty."""

    def refuse(error: OSError) -> None:
        raise error

    for _ in os.walk(folder, onerror=refuse):
        pass
