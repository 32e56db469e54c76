"""The sources file: one TOML that an administrator edits, read into sources that can be run.

    [[source]]
    name = "procedures"          # unique; part of every document's id
    kind = "procedure"           # procedure | legal | training
    folder = "documents"         # relative to the TOML file
    pattern = "**/*"             # which of its files
    groups = ["direction"]       # who may read it; everyone when absent

A training catalogue has `lheo = "offre.xml"`, or `table = "offre.xlsx"` and a `[source.columns]` table;
open data fetched by `python -m ingest fetch` has `dataset = "code-du-travail"`.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from ingest.documents import EVERYONE, Kind
from ingest.errors import ConfigurationError
from ingest.settings import IngestSettings
from ingest.sources.base import Source

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class SourceConfig(BaseModel):
    """One `[[source]]` of the file; exactly one of `folder`, `lheo`, `table` and `dataset` is set."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    kind: Kind
    folder: Path | None = None
    pattern: str = "**/*"
    lheo: Path | None = None
    table: Path | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    dataset: str | None = None
    groups: list[str] = Field(default_factory=lambda: [EVERYONE], min_length=1)
    link: str | None = Field(
        default=None, description="Template of a document's web address: {key}, {number}."
    )
    ocr: bool = True

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = [self.folder, self.lheo, self.table, self.dataset]
        if sum(place is not None for place in places) != 1:
            raise ValueError("il faut exactement un de ces réglages : folder, lheo, table, dataset")
        if self.table is not None and not self.columns:
            raise ValueError(
                "un tableau (table) demande aussi la correspondance des colonnes [source.columns]"
            )
        return self


class SourcesFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid")

    source: list[SourceConfig] = Field(default_factory=list)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [source.name for source in self.source]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"plusieurs sources portent le même nom : {', '.join(twice)}")
        return self


def read_sources(path: Path) -> list[SourceConfig]:
    """Read and check the sources file.

    Raises:
        ConfigurationError: the file is missing, is not TOML, or a setting is wrong; the message names it.
    """
    try:
        return SourcesFile.model_validate(tomllib.loads(path.read_text("utf-8"))).source
    except FileNotFoundError as error:
        raise ConfigurationError(f"Le fichier des sources « {path} » n'existe pas.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"Le fichier des sources « {path} » n'est pas un TOML valide : {error}"
        ) from error
    except ValidationError as error:
        raise ConfigurationError(
            f"Le fichier des sources « {path} » est à corriger :\n{_explain(error)}"
        ) from error


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        place = " › ".join(str(part + 1) if isinstance(part, int) else part for part in problem["loc"])
        lines.append(f"  - {place or 'fichier'} : {problem['msg']}")
    return "\n".join(lines)


def select_sources(settings: IngestSettings, names: Sequence[str] | None) -> list[Source]:
    """Build the named sources of the sources file, or all of them, without reading them.

    An open dataset can be named whether or not the file lists it: it has a configuration of its own.

    Raises:
        ConfigurationError: the file is wrong, or a name is in neither.
    """
    configs = {config.name: config for config in read_sources(settings.sources_file)}
    if names is None:
        chosen = list(configs.values())
    else:
        chosen = [configs.get(name) or _dataset_config(name, configs) for name in names]
    base = settings.sources_file.parent
    return [_build(config, base, settings.cache_dir) for config in chosen]


def _dataset_config(name: str, known: Mapping[str, SourceConfig]) -> SourceConfig:
    from ingest.sources.packages import DATASETS

    if name not in DATASETS:
        listed = ", ".join(sorted({*known, *DATASETS}))
        raise ConfigurationError(f"Aucune source ne s'appelle « {name} ». Sources connues : {listed}.")
    return SourceConfig(name=name, kind=DATASETS[name].kind, dataset=name)


def _build(config: SourceConfig, base: Path, cache: Path) -> Source:
    if config.folder is not None:
        from ingest.sources.files import FolderSource

        return FolderSource.of(config, base / config.folder)
    if config.dataset is not None:
        from ingest.sources.packages import dataset_source

        return dataset_source(config, cache)
    from ingest.sources.catalogue import CatalogueSource

    return CatalogueSource(config, base)
