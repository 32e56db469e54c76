"""France compétences' registers as a source: their tables go in, one document a certification comes out."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from ingest.documents import Document, Validity
from ingest.errors import SourceUnavailable
from ingest.sources.base import FailedItem, Item, LoadedItem
from ingest.sources.certification import Certification
from ingest.sources.config import SourceConfig
from ingest.sources.rncp import read_certifications


class CertificationSource:
    """`Source` over the tables of the RNCP and of the RS.

    All certifications are indexed, with their dates; those that ended or were withdrawn are marked.

    Args:
        config: a source with `certifications` set: a CSV or XLSX file, a ZIP of them, or their folder.
        base: folder that its path starts from.
        today: gives the day on which a certification has ended or not.
    """

    def __init__(self, config: SourceConfig, base: Path, today: Callable[[], date] = date.today) -> None:
        if config.certifications is None:
            raise ValueError("a certification source needs `certifications`")
        self.name = config.name
        self.kind = config.kind
        self.groups = tuple(config.groups)
        self.max_removed_share = config.max_removed_share
        self._config = config
        self._path = base / config.certifications
        self._today = today

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
            raise self._unavailable(error) from error
        return digest.hexdigest()

    def items(self) -> Iterator[Item]:
        """Read the certifications; what cannot be read becomes an item that says why."""
        reasons: list[str] = []
        today = self._today()
        try:
            for certification in read_certifications(self._path, reasons.append):
                yield LoadedItem(certification.number, self._document(certification, today))
        except OSError as error:
            raise self._unavailable(error) from error
        for number, reason in enumerate(reasons, start=1):
            yield FailedItem(f"{self._path.name} ({number})", reason)

    def _unavailable(self, error: OSError) -> SourceUnavailable:
        return SourceUnavailable(f"Les tables « {self._path.name} » ne s’ouvrent pas : {error}")

    def _document(self, certification: Certification, today: date) -> Document:
        validity = certification.validity(today)
        return Document(
            document_id=f"{self.name}:{certification.number}",
            source=self.name,
            kind=self.kind,
            title=f"{certification.title} ({certification.number})",
            blocks=certification.blocks(self.name),
            url=certification.url,
            number=certification.number,
            validity=self._config.validity if validity == Validity() else validity,
            groups=self.groups,
            attributes={
                "certification": certification.title,
                "certification_code": certification.number,
                "level": certification.level,
            },
        )
