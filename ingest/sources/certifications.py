"""France compétences' registers as a source: their tables go in, one document a certification comes out."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from ingest.documents import Document
from ingest.errors import SourceUnavailable
from ingest.parse.parsed import Limits
from ingest.sources.base import Item, LoadedItem
from ingest.sources.certification import Certification
from ingest.sources.config import SourceConfig
from ingest.sources.records import Records, failed_items, gathered, read_apart
from ingest.sources.rncp import read_certifications
from ingest.sources.validity import merged

_DEFAULT_LIMITS = Limits()


class CertificationSource:
    """`Source` over the tables of the RNCP and of the RS.

    All certifications are indexed, with their dates; those that ended or were withdrawn are marked.

    Args:
        config: a source with `certifications` set: a CSV or XLSX file, a ZIP of them, or their folder.
        base: folder that its path starts from.
        today: gives the day on which a certification has ended or not.
        limits: what reading them may cost.
        apart: read them in another process, which alone holds the limits of time and memory.
    """

    def __init__(
        self,
        config: SourceConfig,
        base: Path,
        today: Callable[[], date] = date.today,
        limits: Limits = _DEFAULT_LIMITS,
        *,
        apart: bool = False,
    ) -> None:
        if config.certifications is None:
            raise ValueError("a certification source needs `certifications`")
        self.name = config.name
        self.kind = config.kind
        self.groups = tuple(config.groups)
        self.max_removed_share = config.max_removed_share
        self._config = config
        self._path = base / config.certifications
        self._today = today
        self._limits = limits
        self._apart = apart

    def fingerprint(self) -> str | None:
        """Digest the tables, what the configuration makes of them, and the day: certifications end with it."""
        digest = hashlib.sha256(f"{self._config.model_dump_json()}\n{self._today()}".encode())
        try:
            for file in [self._path] if self._path.is_file() else sorted(self._path.iterdir()):
                digest.update(file.name.encode("utf-8", "surrogateescape"))
                if file.is_file():
                    with file.open("rb") as stream:
                        digest.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise SourceUnavailable(f"Les tables « {self._path.name} » ne s’ouvrent pas : {error}") from error
        return digest.hexdigest()

    def items(self) -> Iterator[Item]:
        """Read the certifications; what cannot be read becomes an item that says why."""
        today = self._today()
        if self._apart:
            records = read_apart(read_register, self._path, self._limits)
        else:
            records = read_register(self._path, self._limits)
        for certification in records.found:
            yield LoadedItem(certification.number, self._document(certification, today))
        yield from failed_items(self._path.name, records.remarks, (found.number for found in records.found))

    def _document(self, certification: Certification, today: date) -> Document:
        return Document(
            document_id=f"{self.name}:{certification.number}",
            source=self.name,
            kind=self.kind,
            title=f"{certification.title} ({certification.number})",
            blocks=certification.blocks(self.name),
            url=certification.url,
            number=certification.number,
            validity=merged(certification.validity(today), self._config.validity),
            groups=self.groups,
            attributes={
                "certification": certification.title,
                "certification_code": certification.number,
                "level": certification.level,
            },
        )


def read_register(path: Path, limits: Limits) -> Records[Certification]:
    """Read all the certifications of France compétences' tables.

    Raises:
        CatalogueError: no main table there, or a file that cannot be read.
        SourceUnavailable: nothing there.
    """
    return gathered(path, lambda report: read_certifications(path, report, limits))
