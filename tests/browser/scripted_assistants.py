"""Assistants by script: a place in the queue for the model, then a section made of the first sentences given."""

from collections.abc import AsyncIterator
from threading import Event

from fastapi import FastAPI
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel

from server.assistant_schemas import AssistantAnswer, AssistantRequest, AssistantView
from server.draft_schemas import DraftSection, DraftSentence
from tests.browser.notes_scenes import CV, INTERVIEW, TRAINING
from tests.browser.scenes import BILAN, MODEL_LABEL, citing
from tests.browser.scripted_drafts import failed, mask, noted, sentences_of
from tests.browser.scripted_queue import queued


def add_assistants(app: FastAPI) -> None:
    """Serve the assistants.

    State: `assisted`, each request of an assistant; `assistant_left`, set when its reader has gone before the end.
    """
    app.state.assisted = []
    app.state.assistant_left = Event()

    @app.get("/v1/assistants")
    def assistants() -> list[AssistantView]:
        return [CV, TRAINING, INTERVIEW]

    @app.post("/v1/assistants/{assistant_id}", response_model=None)
    def assist(assistant_id: str, request: AssistantRequest) -> Response:
        app.state.assisted.append((assistant_id, request))
        app.state.assistant_left.clear()
        return failed(app) or EventSourceResponse(_events(app, assistant_id, request))


async def _events(app: FastAPI, assistant_id: str, request: AssistantRequest) -> AsyncIterator[bytes]:
    is_whole = False
    try:
        async for moved in queued(app):
            yield _sent("queue", moved.data)
        yield _sent("done", _answer(assistant_id, request))
        is_whole = True
    finally:
        if not is_whole:
            app.state.assistant_left.set()


def _sent(name: str, data: BaseModel) -> bytes:
    return format_sse_event(event=name, data_str=data.model_dump_json())


def _answer(assistant_id: str, request: AssistantRequest) -> AssistantAnswer:
    view = next(one for one in (CV, TRAINING, INTERVIEW) if one.id == assistant_id)
    spans = request.mask or {}
    masked = {id_: mask(text, spans.get(id_)) for id_, text in request.inputs.items()}
    notes = [
        note.model_copy(update={"number": number})
        for number, note in enumerate(
            (note for id_, one in masked.items() for note in sentences_of(request.inputs[id_], one)),
            start=1,
        )
    ]
    [section] = view.sections
    sentences = [noted(note) for note in notes[:2]]
    if section.kind == "advice":
        quote = "La synthèse est conservée trois ans si la personne a donné son accord par écrit."
        sentences = [DraftSentence(text=quote, verified=True, citations=[citing(BILAN, quote)])]
    if view.id == "entretien":
        sentences = [DraftSentence(text="Pourquoi ce poste ?", verified=False)]
    text = " ".join(sentence.text for sentence in sentences)
    made = DraftSection(
        id=section.id, title=section.title, kind=section.kind, holds=section.holds, sentences=sentences,
        missing=not sentences, machine_text=text, text=text,
    )  # fmt: skip
    return AssistantAnswer(
        assistant=view.id,
        version=view.version,
        mode="generative",
        model="modele-d-essai",
        model_label=MODEL_LABEL,
        inputs=notes,
        entities={id_: one.entities for id_, one in masked.items()},
        sections=[made],
        passages=[BILAN],
        warnings=[],
        timings={},
    )
