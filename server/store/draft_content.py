"""What is sealed of a draft, and how it changes: contents go in, contents come out; nothing is kept here."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from server.draft_schemas import (
    Consent,
    Contradiction,
    DraftSection,
    NoteSentence,
    SignedTexts,
    TemplateView,
    Validation,
)
from server.drafting.word_diff import diff_words
from server.mask_schemas import MaskedEntity
from server.schemas import Mode, Passage
from server.store.errors import DraftDamaged


class DraftContent(BaseModel):
    """A draft but for what its row says in clear. A later version reads it too: new fields have a default.

    Args:
        template: as it was when the draft was made, its retention included.
        restore: the value behind each placeholder.
        sections: the machine's text and the person's, with the names.
        groups: by passage id, who could read the passage when it was shown.
        rests_on: by section id, the passages that its machine's text cites.
        rewritten: ids of the sections whose text was written anew by a person who could not see what it was, because
            they could no longer read the passages that it rests on.
        signed: what was validated last, while it is being edited: until the edit is validated, it stands.
        notes_gone: the notes, the machine's text and the map were taken away, as the template's retention says.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)  # an error may go to the log

    template: TemplateView
    label: str
    consent: Consent
    mode: Mode
    model_label: str | None = None
    notes: list[NoteSentence]
    entities: list[MaskedEntity]
    restore: dict[str, str]
    sections: list[DraftSection]
    contradictions: list[Contradiction]
    unanswered: list[str]
    unused: list[int] = Field(default_factory=list)
    passages: list[Passage]
    groups: dict[str, tuple[str, ...]]
    warnings: list[str]
    timings: dict[str, float]
    rests_on: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    rewritten: frozenset[str] = frozenset()
    validation: Validation | None = None
    signed: SignedTexts | None = None
    notes_gone: bool = False


class _Owned(BaseModel):
    """Whose draft it is, sealed with it: a row that is given to another opens for nobody."""

    owner: str
    id: str


class _Sealed(_Owned):
    content: DraftContent


class _Head(BaseModel):
    template: TemplateView
    label: str


class _SealedHead(_Owned):
    content: _Head


Read = TypeVar("Read", bound=_Owned)


def written(owner: str, draft_id: str, content: DraftContent) -> str:
    """Write a content for `read_content`."""
    return _Sealed(owner=owner, id=draft_id, content=content).model_dump_json()


def read_content(owner: str, draft_id: str, text: str) -> DraftContent:
    """Read a content.

    Raises:
        DraftDamaged: it is another draft's, or another version of Fanal wrote it and this one cannot read it.
    """
    return _read(_Sealed, owner, draft_id, text).content


def read_names(owner: str, draft_id: str, text: str) -> tuple[str, str]:
    """Read the template's title and the label alone: a list needs no more; raises as `read_content` does."""
    head = _read(_SealedHead, owner, draft_id, text).content
    return head.template.title, head.label


def _read(model: type[Read], owner: str, draft_id: str, text: str) -> Read:
    try:
        sealed = model.model_validate_json(text, extra="ignore")
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise DraftDamaged(
            "La base tient une synthèse qu’une autre version de Fanal a écrite et que celle-ci ne sait pas lire "
            f"({place} : {fault['type']})."
        ) from None  # the error quotes what it could not read
    if (sealed.owner, sealed.id) != (owner, draft_id):
        raise DraftDamaged("Une synthèse gardée n’est pas à sa place : restaurez la sauvegarde de la base.")
    return sealed


def edited(content: DraftContent, texts: Mapping[str, str], unseen: Collection[str]) -> DraftContent:
    """Put a person's texts in their sections (by id); what was validated no longer is, and is kept beside.

    Args:
        unseen: ids of the sections whose text they could not read.
    """
    sections = [
        _with_text(section, texts[section.id], keep_diff=not content.notes_gone)
        if section.id in texts
        else section
        for section in content.sections
    ]
    rewritten = content.rewritten.union(set(unseen).intersection(texts))
    changes = {"sections": sections, "rewritten": rewritten, "validation": None, "signed": _signed(content)}
    return content.model_copy(update=changes)


def _signed(content: DraftContent) -> SignedTexts | None:
    """Give what was validated last."""
    if content.validation is None:
        return content.signed
    texts = {section.id: section.text for section in content.sections}
    return SignedTexts(validation=content.validation, texts=texts)


def _with_text(section: DraftSection, text: str, *, keep_diff: bool) -> DraftSection:
    diff = diff_words(section.machine_text, text) if keep_diff else []
    return section.model_copy(update={"text": text, "diff": diff})


def validated(content: DraftContent, name: str, at: datetime) -> DraftContent:
    """Write who validated it; that takes the place of what was validated before."""
    return content.model_copy(update={"validation": Validation(name=name, at=at), "signed": None})


def without_notes(content: DraftContent) -> DraftContent:
    """Leave the person's texts, the template, the consent and the validation; all else goes."""
    sections = [
        section.model_copy(update={"sentences": [], "machine_text": "", "diff": []})
        for section in content.sections
    ]
    return content.model_copy(
        update={
            "notes": [],
            "entities": [],
            "restore": {},
            "sections": sections,
            "contradictions": [],
            "unanswered": [],
            "unused": [],
            "notes_gone": True,
        }
    )
