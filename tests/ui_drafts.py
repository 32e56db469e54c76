"""A draft as the page has it, and a server that keeps it: what tests of the page « Synthèse » share."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from server.draft_schemas import (
    Consent,
    DraftSection,
    DraftSentence,
    DraftView,
    NoteQuote,
    NoteSentence,
    SectionEdit,
    Validation,
    ValidationRequest,
)
from server.schemas import Problem
from ui.calls import ApiError, ClientError
from ui.draft_client import DraftClient

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
NOTE = NoteSentence(number=3, text="Martine aime <b>coudre</b>.", masked="[PERSONNE_1] aime <b>coudre</b>.")
SAID = DraftSentence(
    text="Martine aime coudre.",
    verified=True,
    sources=[NoteQuote(sentence=3, quote="aime", start=13, end=17)],
)


def section(identifier: str = "a", text: str = "Texte", **changes: object) -> DraftSection:
    base = {
        "id": identifier,
        "title": f"Titre {identifier}",
        "kind": "notes",
        "holds": "Quoi.",
        "sentences": [],
        "missing": False,
        "machine_text": "Texte",
        "text": text,
    }
    return DraftSection.model_validate({**base, **changes})


def view(*sections: DraftSection, revision: int = 1, **changes: object) -> DraftView:
    base = {
        "id": "d-1",
        "revision": revision,
        "template": "bilan",
        "template_version": "3",
        "template_title": "Bilan",
        "label": "",
        "status": "draft",
        "created_at": NOW,
        "updated_at": NOW,
        "expires_on": date(2026, 12, 22),
        "consent": Consent(given=True),
        "mode": "extractive",
        "model": "extractif",
        "notes": [NOTE],
        "entities": [],
        "sections": sections or (section("a"), section("b")),
        "contradictions": [],
        "unanswered": [],
        "passages": [],
        "warnings": [],
        "timings": {},
    }
    return DraftView.model_validate({**base, **changes})


@dataclass
class Server(DraftClient):
    """Keeps one draft as the server does."""

    kept: DraftView
    failure: ClientError | None = None
    edits: list[dict[str, str]] = field(default_factory=list)

    def edit_draft(self, draft_id: str, edits: object, revision: int | None) -> DraftView:
        assert draft_id == self.kept.id
        if self.failure:
            raise self.failure
        if revision != self.kept.revision:
            raise ApiError(Problem(title="x", status=409, detail="modifiée entre-temps"))
        changed: list[SectionEdit] = list(edits)  # type: ignore[call-overload]
        texts = {edit.id: edit.text for edit in changed}
        self.edits.append(texts)
        sections = [
            one.model_copy(update={"text": texts.get(one.id, one.text)}) for one in self.kept.sections
        ]
        changes = {
            "sections": sections,
            "revision": self.kept.revision + 1,
            "status": "draft",
            "validation": None,
        }
        self.kept = self.kept.model_copy(update=changes)
        return self.kept

    def open_draft(self, draft_id: str) -> DraftView:
        assert draft_id == self.kept.id
        return self.kept

    def export_draft(self, draft_id: str, kind: str) -> bytes:
        assert draft_id == self.kept.id
        assert self.kept.status == "validated"
        return f"{kind}: {self.kept.sections[0].text}".encode()

    def validate_draft(self, draft_id: str, name: str, revision: int | None) -> DraftView:
        ValidationRequest(name=name, revision=revision)
        assert draft_id == self.kept.id
        if revision != self.kept.revision:
            raise ApiError(Problem(title="x", status=409, detail="modifiée entre-temps"))
        changes = {"status": "validated", "validation": Validation(name=name, at=NOW)}
        self.kept = self.kept.model_copy(update=changes)
        return self.kept
