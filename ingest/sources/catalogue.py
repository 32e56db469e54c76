"""A training catalogue as a source: one LHEO file or table goes in, one document a session comes out."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ingest.attributes import certification_code
from ingest.documents import Block, Document, Validity
from ingest.errors import SourceUnavailable
from ingest.sources.base import FailedItem, Item, LoadedItem
from ingest.sources.config import SourceConfig
from ingest.sources.lheo import read_lheo
from ingest.sources.rendering import to_markdown
from ingest.sources.table import read_table
from ingest.sources.training import TrainingSession


class CatalogueSource:
    """`Source` over one catalogue file.

    A session is proposed until it ends: after its last day it is indexed still, and no longer in force.

    Args:
        config: a source with `lheo` or `table` set.
        base: folder that its path starts from.
    """

    def __init__(self, config: SourceConfig, base: Path) -> None:
        place = config.lheo or config.table
        if place is None:
            raise ValueError("a catalogue source needs `lheo` or `table`")
        self.name = config.name
        self.kind = config.kind
        self.groups = tuple(config.groups)
        self.max_removed_share = config.max_removed_share
        self._config = config
        self._path = base / place

    def fingerprint(self) -> str | None:
        """Digest the file and what the configuration makes of it."""
        digest = hashlib.sha256(self._config.model_dump_json().encode())
        try:
            with self._path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise SourceUnavailable(f"Le catalogue « {self._path.name} » ne s'ouvre pas : {error}") from error
        return digest.hexdigest()

    def items(self) -> Iterator[Item]:
        """Read the sessions; a row that cannot be read becomes an item that says why."""
        reasons: list[str] = []
        for session in self._sessions(reasons):
            yield LoadedItem(session.session_id, self._document(session))
        for number, reason in enumerate(reasons, start=1):
            yield FailedItem(f"{self._path.name} ({number})", reason)

    def _sessions(self, reasons: list[str]) -> Iterator[TrainingSession]:
        if self._config.lheo is not None:
            return read_lheo(self._path, reasons.append)
        return read_table(self._path, self._config.columns, reasons.append)

    def _document(self, session: TrainingSession) -> Document:
        last_day = session.ends_on or session.starts_on
        code = certification_code(session.certification_code) or session.certification_code
        return Document(
            document_id=f"{self.name}:{session.session_id}",
            source=self.name,
            kind=self.kind,
            title=session.title,
            blocks=(Block("paragraph", to_markdown(session)),),
            url=session.url or None,
            number=code or None,
            validity=Validity(valid_to=last_day) if last_day else self._config.validity,
            groups=self.groups,
            attributes=_attributes(session, code),
        )


def _attributes(session: TrainingSession, code: str) -> dict[str, object]:
    return {
        "place": session.place or None,
        "region": session.region or None,
        "starts_on": session.starts_on.isoformat() if session.starts_on else None,
        "cpf": session.cpf,
        "certification": session.certification or None,
        "certification_code": code or None,
        "level": session.level,
        "provider": session.provider or None,
    }
