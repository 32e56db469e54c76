"""Masks and drafts by script: known words are masked, and sections are made of the notes' sentences."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from threading import Event

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from server.draft_schemas import (
    NON_RENSEIGNE,
    Contradiction,
    DiffPart,
    DraftPatch,
    DraftRequest,
    DraftSection,
    DraftSentence,
    DraftSummary,
    DraftView,
    NoteQuote,
    NoteSentence,
    TemplateView,
    Validation,
    ValidationRequest,
)
from server.mask_schemas import MaskedEntity, MaskedText, MaskRequest, MaskSpan, NotesText
from server.schemas import Problem
from tests.browser.notes_scenes import BILAN_TEMPLATE, FREE_TEMPLATE, KNOWN
from tests.browser.scenes import BILAN, MODEL_LABEL, citing
from tests.browser.scripted_queue import queued

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
EXPIRES = date(2026, 12, 22)
INVENTED = "Elle parle couramment 3 langues."
PATIENCE_S = 30.0
STEP_S = 0.02

_END = re.compile(r"(?<=[.!?])\s+")


def add_drafts(app: FastAPI, pause_s: float) -> None:
    """Serve everything of drafts.

    State: `masked`, each request of `/v1/mask`; `drafted`, each of `/v1/drafts`; `drafts`, those that are kept;
    the event `write_on`, which a paused draft waits for; `draft_left`, set when its reader has gone;
    `draft_problem`, which the next draft or change fails with.
    """
    app.state.masked, app.state.drafted = [], []
    app.state.drafts = {}
    app.state.write_on, app.state.draft_left = Event(), Event()
    app.state.draft_problem = None
    app.state.draft_numbers = itertools.count(1)
    _add_masks(app)
    _add_writing(app, pause_s)
    _add_kept(app)


def mask(text: str, spans: list[MaskSpan] | None) -> MaskedText:
    """Mask these places, with the same words elsewhere; or the words that are known."""
    values = KNOWN if spans is None else {text[span.start : span.end]: span.type for span in spans}
    if not values:
        return MaskedText(text=text, entities=[])
    order = sorted(values, key=len, reverse=True)
    numbers: dict[str, str] = {}
    entities = []
    for found in re.finditer("|".join(map(re.escape, order)), text):
        kind = values[found.group()]
        label = "SENSIBLE" if kind in ("SANTE", "HANDICAP", "RELIGION") else kind
        taken = sum(name.startswith(f"[{label}_") for name in numbers.values())
        placeholder = numbers.setdefault(found.group(), f"[{label}_{taken + 1}]")
        entities.append(
            MaskedEntity(start=found.start(), end=found.end(), type=kind, placeholder=placeholder)
        )
    masked = text
    for entity in reversed(entities):
        masked = masked[: entity.start] + entity.placeholder + masked[entity.end :]
    return MaskedText(text=masked, entities=entities)


def _add_masks(app: FastAPI) -> None:
    @app.get("/v1/templates")
    def templates() -> list[TemplateView]:
        return [BILAN_TEMPLATE, FREE_TEMPLATE]

    @app.post("/v1/mask", response_model=None)
    def masked(request: MaskRequest) -> MaskedText | JSONResponse:
        app.state.masked.append(request)
        return failed(app) or mask(request.text, request.mask)

    @app.post("/v1/notes", response_model=None)
    async def notes(request: Request, name: str) -> NotesText | JSONResponse:
        assert name
        content = await request.body()
        if not content.strip():
            return _refused(422, "Ce fichier est vide.")
        return NotesText(text=content.decode(), warnings=["La page 2 était illisible."])


def _add_writing(app: FastAPI, pause_s: float) -> None:
    @app.post("/v1/drafts", response_class=EventSourceResponse)
    async def draft(request: DraftRequest) -> AsyncIterator[ServerSentEvent]:
        app.state.drafted.append(request)
        app.state.draft_left.clear()
        is_whole = False
        try:
            async for moved in queued(app):
                yield moved
            view = _drafted(app, request)
            for section in view.sections:
                await asyncio.sleep(pause_s)
                yield ServerSentEvent(event="section", data=section)
                if "lentement" in request.notes:
                    await _until(app.state.write_on)
                if app.state.draft_problem:
                    yield ServerSentEvent(event="error", data=_problem_of(app))
                    is_whole = True
                    return
            app.state.drafts[view.id] = view
            yield ServerSentEvent(event="done", data=view)
            is_whole = True
        finally:
            if not is_whole:
                app.state.draft_left.set()


def _drafted(app: FastAPI, request: DraftRequest) -> DraftView:
    """Put the first sentences into the first section, the next into the second, and nothing into the third."""
    template = next(one for one in (BILAN_TEMPLATE, FREE_TEMPLATE) if one.id == request.template)
    found = mask(request.notes, request.mask)
    notes = sentences_of(request.notes, found)
    half = (len(notes) + 1) // 2
    sections = []
    for place, section in enumerate(template.sections):
        sentences = [
            noted(note) for note in (notes[:half] if place == 0 else notes[half:] if place == 1 else [])
        ]
        if place == 1:
            sentences.append(DraftSentence(text=INVENTED, verified=False, unsupported=["3"]))
        if section.kind == "advice":
            quote = "La synthèse est conservée trois ans si la personne a donné son accord par écrit."
            sentences = [DraftSentence(text=quote, verified=True, citations=[citing(BILAN, quote)])]
        text = " ".join(sentence.text for sentence in sentences) or NON_RENSEIGNE
        sections.append(
            DraftSection(
                id=section.id,
                title=section.title,
                kind=section.kind,
                holds=section.holds,
                sentences=sentences,
                missing=not sentences,
                machine_text=text,
                text=text,
            )
        )
    return DraftView(
        id=f"d-{next(app.state.draft_numbers)}",
        revision=1,
        template=template.id,
        template_version=template.version,
        template_title=template.title,
        label=request.label,
        status="draft",
        created_at=NOW,
        updated_at=NOW,
        expires_on=EXPIRES,
        consent=request.consent,
        mode="generative",
        model="modele-d-essai",
        model_label=MODEL_LABEL if MODEL_LABEL in request.label else None,
        notes=notes,
        entities=found.entities,
        sections=sections,
        contradictions=[
            Contradiction(sentences=[1, len(notes)], explanation="Aucun diplôme, puis un CAP.")
        ] if len(notes) > 1 else [],
        unanswered=[question for section in template.sections for question in section.questions],
        passages=[BILAN],
        warnings=[],
        timings={},
    )  # fmt: skip


def sentences_of(text: str, found: MaskedText) -> list[NoteSentence]:
    """Cut a text and its masked form alike: no value that is masked holds the end of a sentence."""
    pieces = zip(_END.split(text), _END.split(found.text), strict=True)
    return [
        NoteSentence(number=number, text=original, masked=masked)
        for number, (original, masked) in enumerate(pieces, start=1)
    ]


def noted(note: NoteSentence) -> DraftSentence:
    quote = NoteQuote(sentence=note.number, quote=note.masked, start=0, end=len(note.masked))
    return DraftSentence(text=note.text, verified=True, sources=[quote])


async def _until(event: Event) -> None:
    for _ in range(int(PATIENCE_S / STEP_S)):
        if event.is_set():
            return
        await asyncio.sleep(STEP_S)


def _add_kept(app: FastAPI) -> None:
    drafts: dict[str, DraftView] = app.state.drafts

    @app.get("/v1/drafts")
    def listed() -> list[DraftSummary]:
        names = set(DraftSummary.model_fields)
        return [DraftSummary(**draft.model_dump(include=names)) for draft in reversed(drafts.values())]

    @app.get("/v1/drafts/{draft_id}", response_model=None)
    def one(draft_id: str) -> DraftView | JSONResponse:
        return drafts.get(draft_id) or _refused(404, "Cette synthèse n’existe pas ou plus.")

    @app.patch("/v1/drafts/{draft_id}", response_model=None)
    def edit(draft_id: str, patch: DraftPatch) -> DraftView | JSONResponse:
        if failure := failed(app):
            return failure
        draft = drafts[draft_id]
        if patch.revision not in (None, draft.revision):
            return _refused(409, "Cette synthèse a été modifiée entre-temps.")
        texts = {edit.id: edit.text for edit in patch.sections}
        sections = [_edited(section, texts.get(section.id, section.text)) for section in draft.sections]
        changes = {
            "sections": sections,
            "revision": draft.revision + 1,
            "status": "draft",
            "validation": None,
        }
        drafts[draft_id] = draft.model_copy(update=changes)
        return drafts[draft_id]

    @app.delete("/v1/drafts/{draft_id}", status_code=204)
    def delete(draft_id: str) -> None:
        drafts.pop(draft_id, None)

    @app.post("/v1/drafts/{draft_id}/validate", response_model=None)
    def validate(draft_id: str, request: ValidationRequest) -> DraftView:
        validation = Validation(name=request.name, at=NOW)
        changes = {"status": "validated", "validation": validation}
        drafts[draft_id] = drafts[draft_id].model_copy(update=changes)
        return drafts[draft_id]

    @app.get("/v1/drafts/{draft_id}/export", response_model=None)
    def export(draft_id: str, format: str) -> Response:
        if drafts[draft_id].status != "validated":
            return _refused(409, "Cette synthèse n’est pas validée.")
        texts = "\n".join(section.text for section in drafts[draft_id].sections)
        return Response(f"{format}\n{texts}".encode(), media_type="application/octet-stream")


def _edited(section: DraftSection, text: str) -> DraftSection:
    diff = (
        [DiffPart(op="removed", text=section.machine_text), DiffPart(op="added", text=text)]
        if text != section.machine_text
        else []
    )
    return section.model_copy(update={"text": text, "diff": diff})


def _problem_of(app: FastAPI) -> Problem:
    status, detail = app.state.draft_problem
    app.state.draft_problem = None
    return Problem(title="Impossible", status=status, detail=detail)


def failed(app: FastAPI) -> JSONResponse | None:
    """Fail once, where the test says so."""
    if app.state.draft_problem is None:
        return None
    found = _problem_of(app)
    return JSONResponse(found.model_dump(), found.status, media_type="application/problem+json")


def _refused(status: int, detail: str) -> JSONResponse:
    found = Problem(title="Impossible", status=status, detail=detail)
    return JSONResponse(found.model_dump(), status, media_type="application/problem+json")
