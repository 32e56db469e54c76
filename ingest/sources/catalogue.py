"""A training catalogue as a source: one LHEO file or table goes in, one document a session comes out."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from ingest.attributes import certification_codes
from ingest.documents import Block, Document, Validity
from ingest.errors import SourceUnavailable
from ingest.parse.parsed import Limits
from ingest.sources.base import Item, LoadedItem
from ingest.sources.config import SourceConfig
from ingest.sources.lheo import read_lheo
from ingest.sources.records import Records, failed_items, gathered, read_apart
from ingest.sources.rendering import to_markdown
from ingest.sources.table import read_table
from ingest.sources.training import TrainingSession
from ingest.sources.validity import merged

_DEFAULT_LIMITS = Limits()


class CatalogueSource:
    """`Source` over one catalogue file.

    A session is proposed until it ends: after its last day it is indexed still, and no longer in force.

    Args:
        config: a source with `lheo` or `table` set.
        base: folder that its path starts from.
        limits: what reading it may cost.
        apart: read it in another process, which alone holds the limits of time and memory.
    """

    def __init__(
        self, config: SourceConfig, base: Path, limits: Limits = _DEFAULT_LIMITS, *, apart: bool = False
    ) -> None:
        place = config.lheo or config.table
        if place is None:
            raise ValueError("a catalogue source needs `lheo` or `table`")
        self.name = config.name
        self.kind = config.kind
        self.groups = tuple(config.groups)
        self.max_removed_share = config.max_removed_share
        self._config = config
        self._path = base / place
        self._limits = limits
        self._apart = apart

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
        read = partial(read_sessions, columns=self._config.columns if self._config.lheo is None else None)
        records = (
            read_apart(read, self._path, self._limits) if self._apart else read(self._path, self._limits)
        )
        for session in records.found:
            yield LoadedItem(session.session_id, self._document(session))
        yield from failed_items(
            self._path.name, records.remarks, (session.session_id for session in records.found)
        )

    def _document(self, session: TrainingSession) -> Document:
        codes = certification_codes(session.certification_code) or (session.certification_code,)
        return Document(
            document_id=f"{self.name}:{session.session_id}",
            source=self.name,
            kind=self.kind,
            title=session.title,
            blocks=(Block("paragraph", to_markdown(session)),),
            url=session.url or None,
            number=codes[0] or None,
            validity=merged(Validity(valid_to=session.ends_on or session.starts_on), self._config.validity),
            groups=self.groups,
            attributes=_attributes(session, ", ".join(codes)),
        )


def read_sessions(path: Path, limits: Limits, columns: Mapping[str, str] | None) -> Records[TrainingSession]:
    """Read all the sessions of a catalogue.

    Args:
        path: an LHEO file, or a table.
        limits: how large it may be.
        columns: for a table, field of `TrainingSession` -> header; None for an LHEO file.

    Raises:
        CatalogueError: it cannot be read as a whole.
        SourceUnavailable: it does not open.
    """
    if columns is not None:
        return gathered(path, lambda report: read_table(path, columns, report, limits))
    return gathered(path, lambda report: read_lheo(path, report, limits))


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
