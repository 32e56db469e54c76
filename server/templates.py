"""Templates of syntheses: folders of TOML files go in, the templates that they describe come out.

Fanal's own are in `server/template_files`; an organisation adds its own, or replaces one by its id
(docs/templates.md, in French, says how they are written). What is wrong in one is said with its line.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from ingest.settings import ROOT
from ingest.sources.rules import Fault
from server.draft_schemas import LegalReference, Retention, TemplateView
from server.written_files import (
    SECTIONS,
    FileKind,
    Form,
    Identity,
    Line,
    Paragraphs,
    Sections,
    Shelf,
    read_folder,
    same_ids,
)

SHIPPED = ROOT / "server" / "template_files"

BILAN_LIMIT_DAYS = 3 * 365
"""Longest that anything of a skills assessment may be kept: three years (R6313-7 du code du travail)."""

BILAN_ARTICLE = "R6313-7"
BILAN_ID = "bilan-de-competences"
"""Fanal's own template of a skills assessment: who replaces it is held to the same limit, whatever it cites."""

_CITED = re.compile(r"\bR\W{0,3}6313\W{0,3}7(?!\d)", re.IGNORECASE)
"""The article however it is written: "R. 6313-7", "article R6313‑7 du code du travail"."""

Days = Annotated[int, Field(ge=0, le=36_500)]
_DAYS = "un nombre entier de jours, sans guillemets, de 0 à 36500"
_TEXT = "un texte entre guillemets, qui ne soit pas vide"


class _Head(Form):
    """`[modele]`."""

    id: Identity = Field(
        description="des minuscules sans accent, des chiffres et des tirets, 64 caractères au plus : « bilan-2 »"
    )
    version: Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,40}$")] = Field(
        description="un texte entre guillemets, sans espace, 40 caractères au plus : « 2026-11 »"
    )
    title: Line = Field(alias="titre", description=f"{_TEXT}, 200 caractères au plus")
    summary: Paragraphs = Field(alias="resume", description=_TEXT)
    source: Paragraphs = Field(description="qui a écrit ce modèle et d’après quoi, entre guillemets")
    recipients: Annotated[list[Line], Field(min_length=1, max_length=20)] = Field(
        alias="destinataires", description='une liste de textes entre guillemets : ["la personne"]'
    )
    consent: Paragraphs = Field(
        alias="consentement", description="ce qui est dit à la personne avant, entre guillemets triples"
    )


class _Basis(Form):
    """`[[fondement]]`."""

    number: Line = Field(alias="numero", description='un numéro entre guillemets : "L6313-4"')
    title: Line = Field(alias="titre", description=f"{_TEXT} : ce que dit ce texte, en quelques mots")
    url: Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=400)] | None = Field(
        default=None, alias="lien", description="une adresse entre guillemets, qui commence par https://"
    )


class _Retention(Form):
    """`[conservation]`: see `Retention`."""

    draft_days: Days = Field(alias="brouillon_jours", description=_DAYS)
    notes_days: Days = Field(alias="notes_jours", description=_DAYS)
    synthesis_days: Days = Field(alias="synthese_jours", description=_DAYS)
    agreed_days: Days | None = Field(default=None, alias="synthese_jours_avec_accord", description=_DAYS)
    basis: Paragraphs = Field(
        alias="regle", description="la règle dont viennent ces durées, entre guillemets"
    )


class TemplateForm(Form):
    """A file of a template."""

    head: _Head = Field(alias="modele", description="une table [modele]")
    legal_basis: Annotated[list[_Basis], Field(max_length=30)] = Field(
        default=[], alias="fondement", description="des tables [[fondement]], avec deux crochets, 30 au plus"
    )
    retention: _Retention = Field(alias="conservation", description="une table [conservation]")
    sections: Sections = Field(alias="section", description=SECTIONS)

    def faults(self) -> Iterator[Fault]:
        """See `Form`; what the law sets is held here too."""
        yield from same_ids("section", [section.id for section in self.sections])
        if all(section.kind == "conseils" for section in self.sections):
            yield Fault(("section", 0), 'au moins une section tient aux notes : type = "notes"')
        kept = self.retention
        if kept.agreed_days is not None and kept.agreed_days < kept.synthesis_days:
            yield Fault(
                ("conservation", "synthese_jours_avec_accord"),
                "l’accord de la personne allonge la durée : ce nombre ne peut pas être plus petit que synthese_jours",
            )
        cited = [self.retention.basis, *(f"{basis.number} {basis.title}" for basis in self.legal_basis)]
        if self.head.id == BILAN_ID or any(_CITED.search(text) for text in cited):
            yield from self._past_the_limit()

    def _past_the_limit(self) -> Iterator[Fault]:
        for key, field in type(self.retention).model_fields.items():
            days = getattr(self.retention, key)
            if isinstance(days, int) and days > BILAN_LIMIT_DAYS:
                yield Fault(
                    ("conservation", field.alias or key),
                    f"l’article {BILAN_ARTICLE} ne permet pas de garder plus de trois ans : "
                    f"{BILAN_LIMIT_DAYS} jours au plus",
                )

    def template(self) -> TemplateView:
        """Give it as the wire has it."""
        return TemplateView(
            id=self.head.id,
            version=self.head.version,
            title=self.head.title,
            summary=self.head.summary,
            source=self.head.source,
            legal_basis=[LegalReference(**basis.model_dump()) for basis in self.legal_basis],
            sections=[section.section() for section in self.sections],
            recipients=self.head.recipients,
            retention=Retention(**self.retention.model_dump()),
            consent=self.head.consent,
        )


KIND = FileKind("Le modèle de synthèse", "FANAL_TEMPLATES_DIR", "modele", TemplateForm)


class Templates(Shelf[TemplateView]):
    """The templates that drafts are made with."""


def load_templates(folders: Sequence[Path] = (SHIPPED,)) -> Templates:
    """Read the templates of all folders; one of a later folder takes the place of an earlier one of the same id.

    Raises:
        ConfigurationError: a folder is missing or a file is wrong; the message gives the lines, in French.
    """
    files = [file for folder in folders for file in read_folder(folder, KIND)]
    return Templates({file.id: file.content.template() for file in files})
