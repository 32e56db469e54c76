"""Drafts to keep: a template, notes with personal data, and sections that rest on them."""

from collections.abc import Mapping, Sequence
from typing import Any

from server.draft_schemas import (
    Consent,
    DraftSection,
    DraftSentence,
    NoteQuote,
    NoteSentence,
    Retention,
    TemplateSection,
    TemplateView,
)
from server.mask_schemas import MaskedEntity
from server.schemas import Citation, Passage
from server.store.draft_content import DraftContent
from server.store.draft_rows import KeptDraft
from server.store.drafts import Drafts

PERSON = "Maïwenn Kerbrat"
PHONE = "06 39 98 11 22"
NOTES = f"{PERSON} souhaite devenir soudeuse. Son numéro est le {PHONE}."
MASKED = "[PERSONNE_1] souhaite devenir soudeuse. Son numéro est le [TELEPHONE_1]."
LABEL = "Dossier de la soudeuse"
SECRETS = (PERSON, "Kerbrat", PHONE, "soudeuse", LABEL)
"""What must never be read in a file, a dump or a log."""


def make_template(
    template_id: str = "bilan",
    *,
    draft_days: int = 30,
    notes_days: int = 0,
    synthesis_days: int = 60,
    agreed_days: int | None = 1_095,
) -> TemplateView:
    """Make a template of two sections, one of which is advice."""
    return TemplateView(
        id=template_id,
        version="1",
        title="Bilan de compétences",
        summary="Pour les essais.",
        source="Écrit pour les essais.",
        legal_basis=[],
        sections=[
            TemplateSection(id="projet", title="Le projet", holds="Le projet de la personne."),
            TemplateSection(id="conseils", title="Repères", kind="advice", holds="Les règles utiles."),
        ],
        recipients=["la personne"],
        retention=Retention(
            draft_days=draft_days,
            notes_days=notes_days,
            synthesis_days=synthesis_days,
            agreed_days=agreed_days,
            basis="Pour les essais.",
        ),
        consent="Êtes-vous d’accord ?",
    )


_PROJECT = f"{PERSON} souhaite devenir soudeuse."
_MASKED_PROJECT = MASKED.split(". ")[0] + "."


def make_content(
    passages: Sequence[Passage] = (), groups: Mapping[str, tuple[str, ...]] | None = None, **fields: Any
) -> DraftContent:
    """Make what is sealed of a draft; its advice quotes the first ten characters of each passage."""
    values: dict[str, Any] = {
        "template": make_template(),
        "label": LABEL,
        "consent": Consent(given=True),
        "mode": "extractive",
        "notes": [
            NoteSentence(number=1, text=_PROJECT, masked=_MASKED_PROJECT),
            NoteSentence(number=2, text=NOTES.split(". ")[1], masked=MASKED.split(". ")[1]),
        ],
        "entities": [MaskedEntity(start=0, end=len(PERSON), type="PERSONNE", placeholder="[PERSONNE_1]")],
        "restore": {"[PERSONNE_1]": PERSON, "[TELEPHONE_1]": PHONE},
        "sections": [_project_section(), _advice_section(passages)],
        "contradictions": [],
        "unanswered": [],
        "passages": list(passages),
        "groups": dict(groups or {}),
        "warnings": [],
        "timings": {"total": 12.5},
        "rests_on": {"conseils": tuple(passage.id for passage in passages)},
        **fields,
    }
    return DraftContent(**values)


def _project_section() -> DraftSection:
    quote = NoteQuote(sentence=1, quote=_MASKED_PROJECT, start=0, end=len(_MASKED_PROJECT))
    return DraftSection(
        id="projet",
        title="Le projet",
        kind="notes",
        holds="Le projet de la personne.",
        sentences=[DraftSentence(text=_PROJECT, verified=True, sources=[quote])],
        missing=False,
        machine_text=_PROJECT,
        text=_PROJECT,
    )


def _advice_section(passages: Sequence[Passage]) -> DraftSection:
    advice = "\n".join(passage.text for passage in passages) or "non renseigné"
    return DraftSection(
        id="conseils",
        title="Repères",
        kind="advice",
        holds="Les règles utiles.",
        sentences=[
            DraftSentence(
                text=passage.text,
                verified=True,
                citations=[Citation(passage_id=passage.id, quote=passage.text[:10], start=0, end=10)],
            )
            for passage in passages
        ],
        missing=not passages,
        machine_text=advice,
        text=advice,
    )


def keep_draft(drafts: Drafts, owner: str = "alice", **fields: Any) -> KeptDraft:
    """Keep a draft; gives it."""
    return drafts.create(
        owner, make_content(**fields), model="phrases-des-notes", prompt_version=None, counts={"masks": 2}
    )
