"""The wire types of masking: what is masked in a text, where, and what a person decided of it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from server.schemas import Wire

EntityType = Literal[
    "PERSONNE",
    "DATE_NAISSANCE",
    "AGE",
    "LIEU_NAISSANCE",
    "TELEPHONE",
    "EMAIL",
    "ADRESSE",
    "NIR",
    "IDENTIFIANT_FT",
    "NUMERO",
    "IBAN",
    "PLAQUE",
    "COMPTE",
    "EMPLOYEUR",
    "ECOLE",
    "SANTE",
    "HANDICAP",
    "RELIGION",
    "OPINION",
    "SYNDICAT",
    "ORIGINE",
    "ORIENTATION",
    "JUDICIAIRE",
]
"""What is masked. From SANTE on: special categories (article 9 RGPD) and judicial data (article 10), whose
placeholder, `[SENSIBLE_1]`, does not say which; NUMERO is any other official number; COMPTE a social account."""

MAX_NOTES_CHARS = 200_000
"""Longest notes, in characters: some sixty pages."""

Notes = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NOTES_CHARS, pattern=r"\S")]


class MaskSpan(Wire):
    """What is to be masked: `text[start:end]`."""

    start: int = Field(ge=0)
    end: int = Field(ge=1)
    type: EntityType

    @model_validator(mode="after")
    def _not_empty(self) -> "MaskSpan":
        if self.end <= self.start:
            raise ValueError("un masque commence avant de finir")
        return self


class MaskRequest(Wire):
    """Body of `POST /v1/mask`.

    Args:
        mask: as in `DraftRequest`: what a person decided, so that they see what the model would read; None for
            what the recognisers find.
    """

    text: Notes
    mask: list[MaskSpan] | None = Field(default=None, max_length=5_000)


class MaskedEntity(MaskSpan):
    """What was masked at `text[start:end]` of the text before masking."""

    placeholder: str


class MaskedText(Wire):
    """Answer of `POST /v1/mask`: the masked text, and what was masked in the order of the text."""

    text: str
    entities: list[MaskedEntity]


class NotesText(Wire):
    """Answer of `POST /v1/notes`: the text of a file, which is not kept."""

    text: str
    warnings: list[str] = Field(default_factory=list)
