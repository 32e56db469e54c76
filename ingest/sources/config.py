"""The sources file: one TOML that an administrator edits, read into sources that can be run.

    [[source]]
    name = "procedures"          # unique; part of every document's id
    kind = "procedure"           # procedure | legal | training
    folder = "documents"         # relative to the TOML file; or one of the other places
    groups = ["direction"]       # who may read it; everyone when absent

`sample/sources.toml` explains every key. What is wrong in the file is said by `ingest.sources.mistakes`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ingest.documents import EVERYONE, Kind, Status, Validity
from ingest.errors import ConfigurationError, SourcesFileWrong
from ingest.parse import Limits, parse_file
from ingest.parse.parsed import MEGABYTE, ReadFile
from ingest.settings import IngestSettings
from ingest.sources.base import Source
from ingest.sources.mistakes import written_mistakes
from ingest.sources.rules import source_faults
from ingest.sources.toml_file import parsed

Schedule = Literal["hourly", "daily", "weekly", "monthly", "manual"]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


def _written_day(value: object) -> object:
    """Take a day only as it is written: a bare number would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise PydanticCustomError("date_type", "a day is written AAAA-MM-JJ")
    return value


Day = Annotated[date, BeforeValidator(_written_day)]


class SourceConfig(BaseModel):
    """One `[[source]]` of the file; exactly one of `ingest.sources.rules.PLACES` is set."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    title: str | None = Field(default=None, min_length=1, description="What a person calls the source.")
    kind: Kind
    folder: Path | None = None
    pattern: str = Field(default="**/*", description="Which files of `folder`, as a glob below it.")
    file: Path | None = Field(default=None, description="One file of any format that can be read.")
    pages: list[str] | None = Field(default=None, description="Addresses of web pages.")
    hosts: list[str] = Field(
        default_factory=list, description="Hosts that `pages` may reach, redirects included."
    )
    lheo: Path | None = None
    table: Path | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    certifications: Path | None = None
    dataset: str | None = None
    groups: list[Annotated[str, StringConstraints(min_length=1)]] = Field(
        default_factory=lambda: [EVERYONE], min_length=1
    )
    link: str | None = Field(
        default=None, description="Template of a document's web address: {key}, {number}."
    )
    ocr: bool = True
    valid_from: Day | None = Field(
        default=None, description="First day in force, where a document says nothing."
    )
    valid_to: Day | None = Field(
        default=None, description="Last day in force, where a document says nothing."
    )
    status: Status = Field(default=Status.IN_FORCE, description="Status, where a document says nothing.")
    schedule: Schedule = "daily"
    max_removed_share: float | None = Field(
        default=None, ge=0, le=1, strict=True, description="Share that a run may remove unasked."
    )
    review_months: int | None = Field(
        default=None, ge=1, strict=True, description="Months after which an unreviewed document is stale."
    )

    @property
    def validity(self) -> Validity:
        """What holds for a document that says nothing of its own."""
        return Validity(self.valid_from, self.valid_to, self.status)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        given = {key: value for key in self.model_fields_set if (value := getattr(self, key)) is not None}
        if faults := list(source_faults(given)):
            raise ValueError(" ; ".join(fault.reason for fault in faults))
        return self


class SourcesFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    source: list[SourceConfig] = Field(default_factory=list)


def read_sources(path: Path) -> list[SourceConfig]:
    """Read and check the sources file.

    Raises:
        SourcesFileWrong: the file is missing, is not TOML, or is wrong somewhere; the message gives the line of
            each mistake and what to write instead.
    """
    text = _read(path)
    data = parsed(text, partial(_to_correct, path))
    listed, refused = _validated(data)
    if mistakes := written_mistakes(text, data, refused):
        raise _to_correct(path, mistakes)
    return listed


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _to_correct(path, [f"ligne {line} : enregistrez ce fichier en UTF-8"]) from error
    except FileNotFoundError as error:
        raise SourcesFileWrong(f"Le fichier des sources « {path} » n’existe pas.") from error
    except OSError as error:
        raise SourcesFileWrong(f"Le fichier des sources « {path} » ne s’ouvre pas : {error}") from error


def _validated(data: Mapping[str, Any]) -> tuple[list[SourceConfig], ValidationError | None]:
    try:
        return SourcesFile.model_validate(data).source, None
    except ValidationError as error:
        return [], error


def _to_correct(path: Path, mistakes: Sequence[str]) -> SourcesFileWrong:
    lines = "\n".join(f"  - {mistake}" for mistake in mistakes)
    return SourcesFileWrong(f"Le fichier des sources « {path} » est à corriger :\n{lines}")


def select_sources(
    settings: IngestSettings, names: Sequence[str] | None, reader: ReadFile = parse_file
) -> list[Source]:
    """Build the named sources of the sources file, or all of them, without reading them.

    An open dataset can be named whether or not the file lists it: it has a configuration of its own.

    Args:
        settings: where the file is, and what one document may cost.
        names: the sources wanted, None for all.
        reader: reads the files of folders and pages.

    Raises:
        SourcesFileWrong: the file is missing or wrong.
        ConfigurationError: a name is neither in it nor one of the open datasets.
    """
    configs = {config.name: config for config in read_sources(settings.sources_file)}
    if names is None:
        chosen = list(configs.values())
    else:
        chosen = [configs.get(name) or _dataset_config(name, configs) for name in names]
    return [build_source(config, settings, reader) for config in chosen]


def _dataset_config(name: str, known: Mapping[str, SourceConfig]) -> SourceConfig:
    from ingest.sources.packages import DATASETS

    if name not in DATASETS:
        listed = ", ".join(sorted({*known, *DATASETS}))
        raise ConfigurationError(f"Aucune source ne s’appelle « {name} ». Sources connues : {listed}.")
    return SourceConfig(name=name, kind=DATASETS[name].kind, dataset=name)


def build_source(config: SourceConfig, settings: IngestSettings, reader: ReadFile = parse_file) -> Source:
    """Build one source, without reading it.

    `folder`, `file` and `pages` have their documents read by `reader`; a catalogue or a register is read by a process
    of its own.
    """
    base = settings.sources_file.parent
    if config.folder is not None or config.file is not None:
        from ingest.sources.files import FolderSource

        return FolderSource.of(config, base, limits_of(config, settings), reader)
    if config.pages is not None:
        from ingest.sources.web import PagesSource

        return PagesSource.of(config, settings.cache_dir, limits_of(config, settings), reader)
    if config.dataset is not None:
        from ingest.sources.packages import dataset_source

        return dataset_source(config, settings.cache_dir)
    if config.certifications is not None:
        from ingest.sources.certifications import CertificationSource

        return CertificationSource(config, base, limits=limits_of(config, settings), apart=True)
    from ingest.sources.catalogue import CatalogueSource

    return CatalogueSource(config, base, limits_of(config, settings), apart=True)


def limits_of(config: SourceConfig, settings: IngestSettings) -> Limits:
    """Give what reading one document of a source may cost."""
    return Limits(
        max_bytes=settings.file_max_mb * MEGABYTE,
        max_pages=settings.file_max_pages,
        max_seconds=settings.file_seconds,
        max_ocr_seconds=settings.file_ocr_seconds,
        max_memory_bytes=settings.file_memory_mb * MEGABYTE,
        ocr=config.ocr,
    )
