"""The wire types of templates, drafts and the audit: what the page and other programs use.

A text goes two ways here: as its author typed it (`text`, `notes`), and masked (`masked`), which is all that a
model, the index or a log ever gets.
"""

import unicodedata
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StringConstraints

from server.mask_schemas import MAX_NOTES_CHARS, MaskedEntity, MaskSpan, Notes
from server.schemas import Citation, Day, Identifier, Mode, Passage, Wire

NON_RENSEIGNE = "non renseigné"
"""What a section says when the notes say nothing for it."""


def _legible_name(name: str) -> str:
    """Refuse a name that nobody could read: who signs is told by it."""
    if not any(map(str.isalpha, name)) or any(unicodedata.category(one) in _UNSEEN for one in name):
        raise ValueError("un nom s’écrit en lettres, sans caractère invisible")
    return name


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of characters that are not seen, turn a text around, or stand for nothing."""

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=120), AfterValidator(_legible_name)
]
SectionText = Annotated[str, StringConstraints(max_length=MAX_NOTES_CHARS)]


class LegalReference(Wire):
    """A text that a template rests on."""

    number: str
    title: str
    url: str | None = None


class Retention(Wire):
    """How long what a template makes is kept, in days.

    Args:
        draft_days: after its last change, a draft that nobody validated.
        notes_days: after the validation, the notes, the machine's text and the way back from the masks.
        synthesis_days: after the validation, the synthesis itself.
        agreed_days: the same when the person agreed in writing that it be kept; None when that changes nothing.
        basis: the rule behind these figures, in French.
    """

    draft_days: int = Field(ge=0, le=36_500)
    notes_days: int = Field(ge=0, le=36_500)
    synthesis_days: int = Field(ge=0, le=36_500)
    agreed_days: int | None = Field(default=None, ge=0, le=36_500)
    basis: str


SectionKind = Literal["notes", "advice"]
"""What a section rests on: what the person said, or passages of the index."""


class TemplateSection(Wire):
    """A section of a template.

    Args:
        holds: what it must hold, in French, for the writer and the model alike.
        questions: what the notes should answer.
        hints: words that sort a sentence of the notes into it when there is no model.
    """

    id: Identifier
    title: str
    kind: SectionKind = "notes"
    holds: str
    questions: list[str] = Field(default_factory=list)
    hints: list[str] = Field(default_factory=list)


class TemplateView(Wire):
    """One line of `GET /v1/templates`.

    Args:
        source: who wrote it and after what; no article in force lists what a `document de synthèse` holds.
        recipients: who receives the synthesis.
        consent: what the person is told and agrees to before a draft is begun, in French.
    """

    id: Identifier
    version: str
    title: str
    summary: str
    source: str
    legal_basis: list[LegalReference]
    sections: list[TemplateSection]
    recipients: list[str]
    retention: Retention
    consent: str


class Consent(Wire):
    """What the person agreed to (article L6313-4 du code du travail).

    Args:
        given: to the interview's synthesis being drafted.
        keep: in writing, to its being kept for as long as the template says.
        on: when they were asked; today by default.
    """

    given: StrictBool
    keep: StrictBool = False
    on: Day | None = None


def _consent(value: object) -> object:
    return {"given": value} if isinstance(value, bool) else value


class DraftRequest(Wire):
    """Body of `POST /v1/drafts`; with `Accept: text/event-stream`, events `section`, `done` and `error`.

    Args:
        consent: an object, or true and false for short.
        mask: what is masked, as a person decided on the text of `notes`: these places and nothing else, with all
            other places where the same words stand. None: what `POST /v1/mask` finds.
        label: how its author finds it again; it is sealed like the notes.
    """

    template: Identifier
    notes: Notes
    consent: Annotated[Consent, BeforeValidator(_consent)]
    mask: list[MaskSpan] | None = Field(default=None, max_length=5_000)
    label: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""


class NoteSentence(Wire):
    """A sentence of the notes; `number` counts from 1."""

    number: int
    text: str
    masked: str


class NoteQuote(Wire):
    """Words of a sentence of the notes: `masked[start:end] == quote`."""

    sentence: int
    quote: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class DraftSentence(Wire):
    """A sentence of a draft, with what it rests on: the notes (`sources`) or the index (`citations`).

    Args:
        verified: every quote was found where it is said to be, and carries the sentence.
        unsupported: figures and words that its quotes do not hold.
    """

    text: str
    verified: bool
    sources: list[NoteQuote] = Field(default_factory=list)
    citations: list[Citation] = Field(default_factory=list)
    unsupported: list[str] = Field(default_factory=list)


class DiffPart(Wire):
    """A piece of the machine's text, of the person's, or of both."""

    op: Literal["same", "added", "removed"]
    text: str


class DraftSection(Wire):
    """A section of a draft.

    Args:
        missing: neither the notes nor the index say anything for it.
        machine_text: as it was drafted; `non renseigné` when it is missing.
        text: as the person left it.
        diff: from the former to the latter, word by word.
    """

    id: str
    title: str
    kind: SectionKind
    holds: str
    sentences: list[DraftSentence]
    missing: bool
    machine_text: str
    text: str
    diff: list[DiffPart] = Field(default_factory=list)


class Contradiction(Wire):
    """Sentences of the notes that say two things; `sentences` are their numbers."""

    sentences: list[int]
    explanation: str


class Validation(Wire):
    """Who validated a draft, and when."""

    name: str
    at: datetime


class SignedTexts(Wire):
    """What was validated last of a draft that is edited since: the person's texts, by id of the section."""

    validation: Validation
    texts: dict[str, str]


DraftStatus = Literal["draft", "validated"]


class DraftView(Wire):
    """A draft, with the names back: it is given to its author only.

    Args:
        revision: changes with each edit; an edit of another revision is refused.
        expires_on: the day when it is deleted.
        model_label: what is to be told of the model that wrote it (FANAL_MODEL_LABEL); None without one.
        notes: empty once the template's retention has taken them away.
        unanswered: questions of the template that the notes do not answer.
        unused: sentences of the notes that no section rests on, by number.
        signed: what was validated last, when that was edited since.
    """

    id: str
    revision: int
    template: str
    template_version: str
    template_title: str
    label: str
    status: DraftStatus
    created_at: datetime
    updated_at: datetime
    expires_on: date
    consent: Consent
    mode: Mode
    model: str
    model_label: str | None = None
    prompt_version: str | None = None
    notes: list[NoteSentence]
    entities: list[MaskedEntity]
    sections: list[DraftSection]
    contradictions: list[Contradiction]
    unanswered: list[str]
    unused: list[int] = Field(default_factory=list)
    passages: list[Passage]
    warnings: list[str]
    timings: dict[str, float]
    validation: Validation | None = None
    signed: SignedTexts | None = None


class DraftSummary(Wire):
    """One line of `GET /v1/drafts`: the caller's own, the last changed first.

    Args:
        readable: False for one that is damaged or sealed by another key: it can be deleted, nothing else.
    """

    id: str
    template: str
    template_title: str
    label: str
    status: DraftStatus
    created_at: datetime
    updated_at: datetime
    expires_on: date
    readable: bool = True


class SectionEdit(Wire):
    """The person's text of a section, with the names in it."""

    id: Identifier
    text: SectionText


class DraftPatch(Wire):
    """Body of `PATCH /v1/drafts/{id}`; editing a validated draft takes its validation back.

    Args:
        revision: the one that was edited; None overwrites whatever is there.
    """

    sections: list[SectionEdit] = Field(min_length=1, max_length=100)
    revision: int | None = None


class ValidationRequest(Wire):
    """Body of `POST /v1/drafts/{id}/validate`: "J’ai relu et je valide", by whom.

    Args:
        revision: the one that was read, which a program should always give, as the page does: None validates whatever
            is there, an edit that its signatory never saw included.
    """

    name: Name
    revision: int | None = None


ExportFormat = Literal["docx", "odt", "pdf"]


class PurgeReport(Wire):
    """Answer of `POST /v1/purges`: what had had its time, and is gone.

    Args:
        drafts: never validated.
        syntheses: validated once at least.
        notes: syntheses that stay without their notes, machine's text and way back from the masks.
        audit_lines: lines of the audit older than its own retention.
        evaluations: runs of evaluation, with their reports.
    """

    at: datetime
    drafts: int
    syntheses: int
    notes: int
    conversations: int = 0
    audit_lines: int = 0
    evaluations: int = 0
