"""Suites of cases: the name of one, or a file, goes in; its cases and where they are asked come out.

A suite is `eval/suites/NAME.toml`; `docs/guide-qualite.md` says how an organisation writes its own.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from eval.injections import injection_cases
from eval.masking_corpus import read_corpus
from eval.spread import spread
from ingest.errors import ConfigurationError
from ingest.settings import ROOT, IngestSettings
from ingest.sources.toml_file import read_toml, to_correct
from server.case_schemas import Case, MaskExpectation, Tag
from server.quality.case_files import read_cases

FOLDER = ROOT / "eval" / "suites"
BUILT = "suites"
"""Folder of the cache that holds the suites that a command builds."""

Documents = Literal["own", "sample", "code-du-travail", "hostile"]
"""What is indexed when they are asked: the organisation's own documents, the sample's, the law, the sample's with
hostile ones among them (`eval.sample_index`)."""

Reader = Literal["cases", "masking", "injections"]


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases, and where and when they are asked.

    Args:
        digest: SHA-256 of the cases: two suites with the same one ask the same.
        today: the day that it lives in; None for today.
        thresholds: file of what its figures must reach; None when it sets none.
    """

    name: str
    title: str
    description: str
    cases: list[Case]
    digest: str
    today: date | None
    documents: Documents
    thresholds: Path | None
    seed: int


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _File(_Part):
    """`[[files]]`: a file of cases.

    Args:
        path: from the suite's folder, or from the top of the repository.
        optional: it may not exist yet.
        tags: added to those of its cases.
    """

    path: str
    reader: Reader = "cases"
    optional: bool = False
    tags: list[Tag] = Field(default_factory=list)


class _SuiteFile(_Part):
    """`NAME.toml`.

    Args:
        of: the suite whose cases it takes, in place of files.
        built: a file that a command writes, in the cache: `python -m eval build NAME`.
        select: only the cases with one of these tags.
        spread: how many cases it keeps, spread over all that they differ by.
    """

    title: Annotated[str, StringConstraints(min_length=1)]
    description: Annotated[str, StringConstraints(min_length=1)]
    files: list[_File] = Field(default_factory=list)
    of: str | None = None
    built: str | None = None
    today: date | None = None
    documents: Documents = "own"
    thresholds: str | None = None
    select: list[Tag] = Field(default_factory=list)
    spread: int | None = Field(default=None, ge=1)
    seed: int = 20261122


def suite_names() -> list[str]:
    """Name the suites that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.toml") if not path.stem.endswith(".thresholds"))


def load_suite(name_or_path: str | Path, cache: Path | None = None) -> Suite:
    """Read a suite: one that ships, by its name; a `.toml` file; or a file of cases on the organisation's documents.

    Args:
        cache: folder where built suites lie; that of the settings when None.

    Raises:
        ConfigurationError: there is no such suite, it holds no case or a mistake, or it is not built yet.
    """
    path = Path(name_or_path)
    if str(name_or_path) in suite_names():
        return _load_toml(FOLDER / f"{name_or_path}.toml", cache)
    if path.suffix == ".toml":
        return _load_toml(path, cache)
    if not path.suffix:
        raise ConfigurationError(
            f"Il n’y a pas de suite « {name_or_path} ». Celles de Fanal : {', '.join(suite_names())} ; "
            "ou le chemin d’un fichier de cas (.jsonl, .csv, .xlsx) ou de suite (.toml)."
        )
    cases = read_cases(path)
    return _suite(path, _SuiteFile(title=path.stem, description=f"Les cas de {path.name}."), cases)


def digest_of(cases: Iterable[Case]) -> str:
    """Digest cases, in their order."""
    whole = hashlib.sha256()
    for case in cases:
        whole.update(json.dumps(case.model_dump(mode="json"), ensure_ascii=False, sort_keys=True).encode())
        whole.update(b"\n")
    return whole.hexdigest()


def _load_toml(path: Path, cache: Path | None) -> Suite:
    said = _read_toml(path)
    if said.of is not None:
        cases = load_suite(said.of, cache).cases
    elif said.built is not None:
        cases = _built(said.built, path.stem, cache or IngestSettings().cache_dir)
    else:
        cases = [case for file in said.files for case in _cases_of(file, path.parent)]
    if said.select:
        cases = [case for case in cases if set(said.select) & set(case.tags)]
    if said.spread is not None:
        cases = spread(cases, said.spread, said.seed)
    return _suite(path, said, cases)


def _read_toml(path: Path) -> _SuiteFile:
    called = "Le fichier de suite"
    _, tables = read_toml(path, called)
    try:
        said = _SuiteFile.model_validate(tables)
    except ValidationError as error:
        raise to_correct(path, called, [_fault(fault) for fault in error.errors()]) from error
    if sum(map(bool, (said.files, said.of, said.built))) != 1:
        reason = (
            "elle dit d’où viennent ses cas d’une seule façon : des tables [[files]], « of » ou « built »"
        )
        raise to_correct(path, called, [reason])
    return said


_FAULTS: Mapping[str, str] = {
    "missing": "il manque cette clé",
    "extra_forbidden": "cette clé n’existe pas ici",
    "literal_error": "cette valeur n’est pas de celles que l’on peut écrire ici",
    "string_too_short": "ce texte est vide",
}


def _fault(fault: Mapping[str, object]) -> str:
    place = fault["loc"] if isinstance(fault["loc"], tuple) else ()
    reason = _FAULTS.get(str(fault["type"]), "cette valeur n’a pas la forme attendue")
    return f"« {'.'.join(map(str, place))} » : {reason}"


def _built(name: str, suite: str, cache: Path) -> list[Case]:
    path = cache / BUILT / name
    if not path.exists():
        raise ConfigurationError(
            f"La suite « {suite} » se fabrique d’abord : python -m eval build {suite} "
            f"(elle sera écrite dans « {path} »)."
        )
    return read_cases(path)


def _cases_of(file: _File, folder: Path) -> list[Case]:
    path = next((base / file.path for base in (folder, ROOT) if (base / file.path).exists()), None)
    if path is None and file.optional:
        return []
    if path is None:
        raise ConfigurationError(
            f"Le fichier de cas « {file.path} » n’existe ni dans « {folder} » ni dans « {ROOT} »."
        )
    cases = _READERS[file.reader](path)
    if not file.tags:
        return cases
    return [case.model_copy(update={"tags": list(dict.fromkeys([*case.tags, *file.tags]))}) for case in cases]


def _masking_cases(path: Path) -> list[Case]:
    return [
        Case(
            id=sentence.id,
            kind="mask",
            mask=MaskExpectation(text=sentence.text, spans=list(sentence.gold)),
            tags=[sentence.case],
        )
        for sentence in read_corpus(path)
    ]


_READERS: Mapping[Reader, Callable[[Path], list[Case]]] = {
    "cases": read_cases,
    "masking": _masking_cases,
    "injections": injection_cases,
}


def _suite(path: Path, said: _SuiteFile, cases: Sequence[Case]) -> Suite:
    if not cases:
        raise ConfigurationError(f"La suite « {path.stem} » ne contient aucun cas.")
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise ConfigurationError(
                f"La suite « {path.stem} » a deux cas « {case.id} » : {case.question[:80] or 'le même texte'}"
            )
        seen.add(case.id)
    return Suite(
        name=path.stem,
        title=said.title,
        description=said.description,
        cases=list(cases),
        digest=digest_of(cases),
        today=said.today,
        documents=said.documents,
        thresholds=_thresholds(path, said),
        seed=said.seed,
    )


def _thresholds(path: Path, said: _SuiteFile) -> Path | None:
    """Find the file of thresholds: the one that is named, or `NAME.thresholds.toml` beside the suite."""
    if said.thresholds is not None:
        named = path.parent / said.thresholds
        if not named.exists():
            raise ConfigurationError(f"Le fichier de seuils « {named} » n’existe pas.")
        return named
    beside = path.with_name(f"{path.stem}.thresholds.toml")
    return beside if beside.exists() else None
