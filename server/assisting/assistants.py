"""Assistants: folders of TOML files go in, the tasks that they describe come out.

Fanal's own are in `server/assistant_files`; an organisation adds its own, or replaces one by its id
(docs/assistants.md, in French, says how they are written). What is wrong in one is said with its line.
`server.assist` carries them out.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints

from ingest.documents import Kind
from ingest.settings import ROOT
from ingest.sources.rules import Fault
from server.assistant_schemas import AssistantInput, AssistantView, InputKind, WithoutModel
from server.written_files import (
    SECTIONS,
    FileKind,
    Form,
    Identity,
    Line,
    Paragraphs,
    SectionForm,
    Shelf,
    read_folder,
    same_ids,
)

SHIPPED = ROOT / "server" / "assistant_files"

Rule = Literal["dates", "montants", "obligations", "recours"]
Without = Literal[
    "rangement",
    "recherche",
    "acquis",
    "partiels",
    "manques",
    "expediteur",
    "banque",
    "approfondir",
    "tour",
    "retour",
    "quiz",
    "rien",
]
"""What stands for a model in one section; docs/assistants.md says what each does."""

FIELD = re.compile(r"\{([a-z0-9-]+)\}")
"""An input's place in a frame."""

_INPUT_KINDS: Mapping[str, InputKind] = {
    "ligne": "line",
    "texte": "text",
    "fichier": "file",
    "choix": "choice",
    "dialogue": "dialogue",
}
_NATURES = {"procedures": Kind.PROCEDURE, "droit": Kind.LEGAL, "formations": Kind.TRAINING}
_TEXT = "un texte entre guillemets, qui ne soit pas vide"
_TEXTS = 'une liste de textes entre guillemets : ["un texte", "un autre"]'
_ID = "des minuscules sans accent, des chiffres et des tirets, 64 caractères au plus : « lire-un-cv »"


class _Head(Form):
    """`[assistant]`."""

    id: Identity = Field(description=_ID)
    version: Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,40}$")] = Field(
        description="un texte entre guillemets, sans espace, 40 caractères au plus : « 2026-11 »"
    )
    title: Line = Field(alias="titre", description=f"{_TEXT}, 200 caractères au plus")
    summary: Paragraphs = Field(alias="resume", description=_TEXT)
    instruction: Paragraphs = Field(
        alias="consigne", description="ce qui est demandé au modèle, entre guillemets triples"
    )


class InputForm(Form):
    """`[[entree]]`: see `AssistantInput`."""

    id: Identity = Field(description=_ID)
    label: Line = Field(alias="libelle", description=_TEXT)
    help: Line = Field(default="", alias="aide", description=_TEXT, validate_default=False)
    kind: Literal["ligne", "texte", "fichier", "choix", "dialogue"] = Field(
        default="texte", alias="type", description='"ligne", "texte", "fichier", "choix" ou "dialogue"'
    )
    required: bool = Field(default=True, alias="obligatoire", description="true ou false, sans guillemets")
    choices: Annotated[list[Line], Field(max_length=20)] = Field(
        default=[], alias="choix", description=f"{_TEXTS}, 20 au plus"
    )

    def input(self) -> AssistantInput:
        """Give it as the wire has it."""
        return AssistantInput(
            id=self.id,
            label=self.label,
            help=self.help,
            kind=_INPUT_KINDS[self.kind],
            required=self.required,
            choices=self.choices,
        )


class AssistantSectionForm(SectionForm):
    """`[[section]]` of an assistant: what a template's has, and where its text comes from.

    Args:
        rule: verbatim sentences of the inputs, whatever writes the rest.
        text: a frame of the file itself, whose `{input}` are filled in, whatever writes the rest.
        frame: the same, without a model only.
        without: what stands for a model; by default "rangement" or, for advice, "recherche".
        only_if: the section is there when these choices are made, by id of the input.
        at_most: sentences that it may have.
        takes: without a model, the section is all that these inputs say, as it is.
        asks: its sentences are questions: they assert nothing, and need only come from where they say.
        rest: the sentences of the texts that no other section holds, whatever writes these; it is there when some are.
    """

    rule: Rule | None = Field(
        default=None, alias="regle", description='"dates", "montants", "obligations" ou "recours"'
    )
    text: Paragraphs | None = Field(default=None, alias="texte", description=_TEXT)
    frame: Paragraphs | None = Field(default=None, alias="trame", description=_TEXT)
    without: Without | None = Field(
        default=None, alias="sans_modele", description=f"une de ces valeurs : {', '.join(get_args(Without))}"
    )
    only_if: dict[str, Line] = Field(
        default={}, alias="si", description='un choix par entrée : { suite = "Terminer" }'
    )
    at_most: Annotated[int, Field(ge=1, le=50)] | None = Field(
        default=None, alias="phrases_max", description="un nombre entier de 1 à 50, sans guillemets"
    )
    takes: Annotated[list[Line], Field(max_length=10)] = Field(
        default=[], alias="reprend", description=f"des id d’entrées, {_TEXTS}"
    )
    asks: bool = Field(default=False, alias="interroge", description="true ou false, sans guillemets")
    rest: bool = Field(default=False, alias="reste", description="true ou false, sans guillemets")

    @property
    def fallback(self) -> Without:
        """What stands for a model."""
        return self.without or ("recherche" if self.kind == "conseils" else "rangement")


class _Search(Form):
    """`[recherche]`: which passages of the index advice may rest on."""

    kinds: Annotated[list[Literal["procedures", "droit", "formations"]], Field(min_length=1)] = Field(
        alias="natures", description='une liste parmi "procedures", "droit" et "formations"'
    )
    query: Annotated[list[Line], Field(min_length=1, max_length=10)] = Field(
        alias="demande", description=f"les entrées qui disent quoi chercher, {_TEXTS}"
    )
    filters: bool = Field(default=False, alias="filtres", description="true ou false, sans guillemets")
    count: Annotated[int, Field(ge=1, le=20)] = Field(
        default=8, alias="nombre", description="un nombre entier de 1 à 20, sans guillemets"
    )


class BankQuestion(Form):
    """`[[question]]`: a question of the file's own bank; `hints` tell that the notes speak of it already."""

    text: Line = Field(alias="texte", description=_TEXT)
    hints: Annotated[list[Line], Field(max_length=40)] = Field(
        default=[], alias="mots", description=f"{_TEXTS}, 40 au plus"
    )


class AssistantForm(Form):
    """A file of an assistant."""

    head: _Head = Field(alias="assistant", description="une table [assistant]")
    search: _Search | None = Field(default=None, alias="recherche", description="une table [recherche]")
    inputs: Annotated[list[InputForm], Field(min_length=1, max_length=10)] = Field(
        alias="entree", description="une ou plusieurs tables [[entree]], avec deux crochets, 10 au plus"
    )
    sections: Annotated[list[AssistantSectionForm], Field(min_length=1, max_length=30)] = Field(
        alias="section", description=SECTIONS
    )
    bank: Annotated[list[BankQuestion], Field(max_length=100)] = Field(
        default=[], alias="question", description="des tables [[question]], avec deux crochets, 100 au plus"
    )

    @property
    def id(self) -> str:
        """Its identifier."""
        return self.head.id

    def faults(self) -> Iterator[Fault]:
        """See `Form`: what names an input, and what needs another table."""
        yield from same_ids("entree", [one.id for one in self.inputs])
        yield from same_ids("section", [one.id for one in self.sections])
        labels = [one.label for one in self.inputs]
        for index, one in enumerate(self.inputs):
            if one.label in labels[:index]:
                yield Fault(
                    ("entree", index, "libelle"), f"« {one.label} » est déjà le libellé d’une autre entrée"
                )
            if (one.kind == "choix") != bool(one.choices):
                reason = 'une entrée de type "choix" a une liste choix = ["un", "autre"], et elle seule'
                yield Fault(("entree", index, "choix"), reason)
        for index, section in enumerate(self.sections):
            yield from (
                Fault(("section", index, key), reason) for key, reason in self._section_faults(section)
            )
        known = {one.id for one in self.inputs}
        for index, name in enumerate(self.search.query if self.search else ()):
            if name not in known:
                yield Fault(("recherche", "demande", index), f"« {name} » n’est l’id d’aucune [[entree]]")

    def _section_faults(self, section: AssistantSectionForm) -> Iterator[tuple[str, str]]:
        choices = {one.id: one.choices for one in self.inputs}
        for key, frame in (("texte", section.text), ("trame", section.frame)):
            for name in FIELD.findall(frame or ""):
                if name not in choices:
                    yield key, f"« {{{name}}} » n’est l’id d’aucune [[entree]]"
        for name, value in section.only_if.items():
            if value not in choices.get(name, ()):
                yield "si", f"« {value} » n’est pas un des choix de l’entrée « {name} »"
        for name in section.takes:
            if name not in choices:
                yield "reprend", f"« {name} » n’est l’id d’aucune [[entree]]"
        if section.kind == "conseils" and self.search is None:
            yield "type", "une section de conseils demande une table [recherche], qui dit où chercher"
        if section.fallback in ("banque", "approfondir", "tour") and not self.bank:
            yield "sans_modele", f"« {section.fallback} » demande des tables [[question]]"
        if section.fallback in ("acquis", "partiels", "manques") and len(self.inputs) < 2:
            yield "sans_modele", f"« {section.fallback} » compare deux entrées : la première et la deuxième"
        if section.fallback in ("tour", "retour") and all(one.kind != "dialogue" for one in self.inputs):
            yield "sans_modele", f'« {section.fallback} » demande une entrée de type "dialogue"'

    def view(self) -> AssistantView:
        """Give it as the wire has it."""
        return AssistantView(
            id=self.head.id,
            version=self.head.version,
            title=self.head.title,
            summary=self.head.summary,
            inputs=[one.input() for one in self.inputs],
            sections=[one.section() for one in self.sections],
            filters=self.search is not None and self.search.filters,
            without_model=self.without_model,
        )

    @property
    def without_model(self) -> WithoutModel:
        """What it does without a model, in a word."""
        ways = {one.fallback for one in self.sections if not (one.text or one.rule or one.frame)}
        if any(one.frame for one in self.sections) or ways & {"banque", "approfondir", "tour"}:
            return "fill"
        if ways & {"rangement", "acquis", "partiels", "manques", "expediteur", "quiz"} or any(
            one.rule for one in self.sections
        ):
            return "sort"
        return "search" if "recherche" in ways else "none"

    @property
    def kinds(self) -> list[Kind]:
        """What kinds of documents its advice rests on."""
        return [_NATURES[one] for one in self.search.kinds] if self.search else []


KIND = FileKind("L’assistant", "FANAL_ASSISTANTS_DIR", "assistant", AssistantForm)


class Assistants(Shelf[AssistantForm]):
    """The tasks that an advisor may choose from."""


def load_assistants(own: Path | None = None) -> Assistants:
    """Read Fanal's assistants, then the organisation's: one of the same id takes the place of Fanal's.

    Args:
        own: the organisation's folder.

    Raises:
        ConfigurationError: the folder is missing or a file is wrong; the message gives the lines, in French.
    """
    folders = [SHIPPED, own] if own else [SHIPPED]
    files = [file for folder in folders for file in read_folder(folder, KIND)]
    return Assistants({file.id: file.content for file in files})
