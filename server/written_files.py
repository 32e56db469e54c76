"""TOML files that an organisation writes: a folder and the shape of a file go in, what the files say comes out.

What is wrong in a file is said in French with its line, all of it at once. `server.templates` and
`server.assisting.assistants` read theirs this way.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ingest.errors import ConfigurationError
from ingest.sources.rules import Fault
from ingest.sources.toml_file import read_toml, to_correct
from ingest.sources.toml_lines import Path as Place
from ingest.sources.toml_lines import key_lines
from server.draft_schemas import TemplateSection


def flowed(text: str) -> str:
    """Join the lines of a paragraph; empty lines part paragraphs, and "- " begins an element of a list."""
    return "\n".join(
        re.sub(r"\s*\n(?!- )\s*", " ", paragraph) for paragraph in re.split(r"\n\s*\n\s*", text.strip())
    )


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Paragraphs = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000), AfterValidator(flowed)
]
Identity = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=64)]

_IDENTITY = "des minuscules sans accent, des chiffres et des tirets, 64 caractères au plus : « projet-vae »"
_TEXTS = 'une liste de textes entre guillemets : ["un texte", "un autre"]'


class Form(BaseModel):
    """A table of a file, keys in French; the description of a field is what its key takes, as it is said."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def faults(self) -> Iterator[Fault]:
        """Find what is wrong between the keys, whatever each of them alone is worth."""
        return iter(())


class SectionForm(Form):
    """`[[section]]`: see `TemplateSection`."""

    id: Identity = Field(description=_IDENTITY)
    title: Line = Field(alias="titre", description='un texte entre guillemets : "Le projet"')
    kind: Literal["notes", "conseils"] = Field(
        default="notes",
        alias="type",
        description='"notes" (ce que la personne a dit) ou "conseils" (l’index)',
    )
    holds: Paragraphs = Field(
        alias="contenu",
        description="ce que la section doit contenir, entre guillemets, en une ou deux phrases",
    )
    questions: list[Line] = Field(default=[], max_length=12, description=f"{_TEXTS}, douze au plus")
    hints: list[Line] = Field(default=[], alias="mots", max_length=80, description=f"{_TEXTS}, 80 au plus")

    def section(self) -> TemplateSection:
        """Give it as the wire has it."""
        return TemplateSection(
            id=self.id,
            title=self.title,
            kind="advice" if self.kind == "conseils" else "notes",
            holds=self.holds,
            questions=self.questions,
            hints=self.hints,
        )


Sections = Annotated[list[SectionForm], Field(min_length=1, max_length=30)]
SECTIONS = "une ou plusieurs tables [[section]], avec deux crochets de chaque côté, 30 au plus"


def same_ids(key: str, ids: list[str]) -> Iterator[Fault]:
    """Find the elements of a list of tables whose id an earlier one has."""
    for index, one in enumerate(ids):
        if one in ids[:index]:
            yield Fault((key, index, "id"), f"« {one} » est déjà l’identifiant d’une autre table [[{key}]]")


M = TypeVar("M", bound=Form)


@dataclass(frozen=True, slots=True)
class FileKind(Generic[M]):
    """A kind of file.

    Args:
        name: as an administrator is told of it, "Le modèle de synthèse".
        setting: the variable that says where the organisation's own are.
        head: the table that holds the file's `id`.
        form: what a file holds.
    """

    name: str
    setting: str
    head: str
    form: type[M]


@dataclass(frozen=True, slots=True)
class WrittenFile(Generic[M]):
    """A file as it was read."""

    path: Path
    id: str
    content: M


One = TypeVar("One")


class Shelf(Generic[One]):
    """What was read, by id.

    Args:
        files: by id, in the order of their files, Fanal's own first.
    """

    def __init__(self, files: Mapping[str, One]) -> None:
        self._by_id = dict(files)

    def all(self) -> list[One]:
        """Give them in the order of their files, Fanal's own first."""
        return list(self._by_id.values())

    def get(self, identity: str) -> One | None:
        """Give the one of that id, None when there is none."""
        return self._by_id.get(identity)


def read_folder(folder: Path, kind: FileKind[M]) -> list[WrittenFile[M]]:
    """Read the TOML files of a folder, in the order of their names; its subfolders are not looked into.

    Raises:
        ConfigurationError: the folder is missing, or a file cannot be read or is wrong; a message in French with
            the file and its lines.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"Le dossier « {folder} » ({kind.setting}) n’existe pas.")
    files: dict[str, WrittenFile[M]] = {}
    for path in sorted(folder.glob("*.toml")):
        file = _read_file(path, kind)
        if file.id in files:
            line = key_lines(read_toml(path, kind.name)[0])[kind.head, "id"]
            other = files[file.id].path.name
            fault = f"ligne {line} : « {file.id} » est aussi l’identifiant de « {other} », du même dossier"
            raise to_correct(path, kind.name, [fault])
        files[file.id] = file
    return list(files.values())


def _read_file(path: Path, kind: FileKind[M]) -> WrittenFile[M]:
    text, data = read_toml(path, kind.name)
    try:
        content = kind.form.model_validate(data)
    except ValidationError as error:
        faults = [_schema_fault(kind.form, problem) for problem in error.errors(include_url=False)]
        raise to_correct(path, kind.name, _with_lines(text, faults)) from error
    if faults := list(content.faults()):
        raise to_correct(path, kind.name, _with_lines(text, faults))
    return WrittenFile(path, str(data[kind.head]["id"]), content)


def _with_lines(text: str, faults: list[Fault]) -> list[str]:
    lines = key_lines(text)
    found: dict[Place, tuple[int, str]] = {}
    for fault in faults:
        upwards = (fault.path[:length] for length in range(len(fault.path), 0, -1))
        line = next((lines[place] for place in upwards if place in lines), 1)
        found.setdefault(fault.path, (line, fault.reason))
    return [f"ligne {line} : {reason}" for line, reason in sorted(found.values(), key=lambda one: one[0])]


def _schema_fault(form: type[Form], problem: Mapping[str, Any]) -> Fault:
    path: Place = problem["loc"]
    names = [str(step) for step in path if isinstance(step, str)]
    while (
        known := _fields(form, names[:-1])
    ) is None:  # within a value that is no table of ours: it is the value's
        names.pop()
    key = names[-1]
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key.casefold(), known, 1)
        advice = f"écrivez « {near[0]} »" if near else f"clés connues : {', '.join(known)}"
        return Fault(path, f"« {key} » n’existe pas ici : {advice}")
    expected = known.get(key, "une table entre crochets")
    if problem["type"] == "missing":
        return Fault(path, f"il manque « {key} » ; attendu : {expected}")
    value = problem["input"]
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    shown = shown if len(shown) <= 60 else f"{shown[:59]}…"
    return Fault(path, f"« {key} » ne peut pas valoir « {shown} » ; attendu : {expected}")


def _fields(form: type[Form], names: list[str]) -> dict[str, str] | None:
    """Give the keys of the table that `names` lead to, each with what it takes; None when that is no table of ours."""
    for name in names:
        fields = (one for key, one in form.model_fields.items() if name == (one.alias or key))
        inner = (kind for one in fields for kind in _types(one.annotation))
        found = next((kind for kind in inner if isinstance(kind, type) and issubclass(kind, Form)), None)
        if found is None:
            return None
        form = found
    return {field.alias or key: field.description or "" for key, field in form.model_fields.items()}


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _types(inner)
