"""A server that speaks the wire contract and answers by script: the question chooses the scene of `scenes`."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from threading import Event
from typing import Annotated

from fastapi import Depends, FastAPI, Query
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from server.pdf_page import render_page
from server.schemas import (
    Answer,
    AskRequest,
    ConversationSummary,
    ConversationView,
    DocumentView,
    FeedbackRequest,
    FeedbackView,
    IngestionRequest,
    IngestionView,
    PassagesEvent,
    Problem,
    RemovedConversations,
    SearchRequest,
    SearchResponse,
    SourceReport,
    SourceSummary,
    TurnView,
)
from tests.browser.scenes import (
    ARTICLE,
    BILAN,
    CPF,
    FAILING,
    LONG,
    NEWER,
    OLD_NOTE,
    OVERLOADED,
    PAUSED,
    SAMPLE_PDF,
    SCENES,
    SOURCES,
)
from tests.browser.scripted_assistants import add_assistants
from tests.browser.scripted_drafts import add_drafts
from tests.browser.scripted_queue import add_queue, queued, refuse

PAUSE_S = 0.15
PATIENCE_S = 30.0
STEP_S = 0.02

BUSY = Problem(
    title="Déjà en cours",
    status=409,
    detail="Une ingestion est déjà en cours (processus 812) : suivez-la avec `python -m ingest status`.",
    retry=True,
)

RUN_ID = "run-1"


def run_view(asked: IngestionRequest, is_read: bool) -> IngestionView:
    """Give where the scripted run stands: half-way, then over; "qualite" has lost half of its documents."""
    if not is_read:
        return IngestionView(
            id=RUN_ID,
            state="running",
            stage="lecture",
            done=24,
            total=68,
            reports=[],
            embedded=0,
            to_embed=752,
        )
    accepted = asked.accept_removals
    procedures = SourceReport(
        source="procedures",
        added=3,
        renamed=1,
        changed=2,
        unchanged=43,
        passages=640,
        failures=["Plan.docx : le fichier est vide"],
    )
    qualite = SourceReport(
        source="qualite",
        removed=12 if accepted else 0,
        withheld=0 if accepted else 12,
        passages=140,
        failures=[] if accepted else ["12 documents sur 20 ont disparu de la source « qualite »"],
    )
    reports = [report for report in (procedures, qualite) if report.source in (asked.sources or SOURCE_NAMES)]
    return IngestionView(
        id=RUN_ID,
        state="running",
        stage="vecteurs",
        done=640,
        total=752,
        reports=reports,
        embedded=640,
        to_embed=112,
    )


SOURCE_NAMES = [source.name for source in SOURCES]


def scripted_api(pause_s: float = PAUSE_S) -> FastAPI:
    """Build the server; each resource says what it keeps of what it was asked, in the app's state.

    Args:
        pause_s: seconds before each statement, so that a test can see an answer come in.
    """
    app = FastAPI()
    add_queue(app)
    _add_sources(app)
    _add_documents(app)
    _add_questions(app, pause_s)
    _add_conversations(app)
    add_drafts(app, pause_s)
    add_assistants(app)
    return app


def _add_sources(app: FastAPI) -> None:
    """Give the sources, and run over them.

    State: `ingestions`, each run that was asked for; the event `is_read`, which ends its reading; `busy`, whether
    another one is under way.
    """
    app.state.ingestions = []
    app.state.is_read = Event()
    app.state.busy = False

    @app.get("/health/ready")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.get("/v1/sources")
    def sources() -> list[SourceSummary]:
        return SOURCES

    @app.post("/v1/ingestions", status_code=202, response_model=None)
    def start(request: IngestionRequest) -> IngestionView | JSONResponse:
        if app.state.busy:
            return JSONResponse(BUSY.model_dump(), BUSY.status, media_type="application/problem+json")
        app.state.ingestions.append(request)
        return run_view(request, is_read=False)

    @app.get("/v1/ingestions/{run_id}")
    def run(run_id: str) -> IngestionView:
        seen = run_view(app.state.ingestions[-1], app.state.is_read.is_set())
        return seen.model_copy(update={"id": run_id})


def _add_documents(app: FastAPI) -> None:
    """Find passages, and give their documents and pages."""

    @app.post("/v1/search")
    def search(request: SearchRequest) -> SearchResponse:
        return SearchResponse(passages=[BILAN, ARTICLE, OLD_NOTE][: request.k])

    @app.get("/v1/documents/{document_id:path}/pages/{number}")
    def page(document_id: str, number: int, quote: Annotated[list[str] | None, Query()] = None) -> Response:
        assert document_id == CPF.document_id
        image = render_page(SAMPLE_PDF, number, quote or [])
        headers = {"X-Fanal-Pages": str(image.pages), "X-Fanal-Highlighted": str(image.marked)}
        if image.top is not None:
            headers |= {"X-Fanal-Top": str(image.top), "X-Fanal-Left": str(image.left)}
        return Response(image.png, media_type="image/png", headers=headers)

    @app.get("/v1/documents/{document_id:path}", response_model=None)
    def document(document_id: str) -> DocumentView | JSONResponse:
        passages = [p for p in (BILAN, LONG, ARTICLE, CPF, NEWER) if p.document_id == document_id]
        if not passages:
            return _problem(404, "Ce document n’existe pas ou plus.")
        names = {"source", "kind", "title", "number", "status", "valid_from"}
        shared = passages[0].model_dump(include=names)
        file = document_id.partition(":")[2]
        return DocumentView(id=document_id, passages=passages, file=file, **shared)


def _add_questions(app: FastAPI, pause_s: float) -> None:
    """Answer questions.

    State: `asked`, each request; the event `go_on`, which a paused answer waits for; `left`, set when a reader has
    gone before the end.
    """
    app.state.asked = []
    app.state.go_on = Event()
    app.state.left = Event()

    @app.post("/v1/ask", response_class=EventSourceResponse, dependencies=[Depends(refuse)])
    async def ask(request: AskRequest) -> AsyncIterator[ServerSentEvent]:
        app.state.asked.append(request)
        app.state.left.clear()
        is_whole = False
        try:
            async for event in _script(app, request, pause_s):
                yield event
            is_whole = True
        finally:
            if not is_whole:
                app.state.left.set()


async def _script(app: FastAPI, request: AskRequest, pause_s: float) -> AsyncIterator[ServerSentEvent]:
    question = request.question
    scene = next((scene for word, scene in SCENES.items() if word in question), SCENES["synthèse"])
    found = PassagesEvent(
        passages=scene.passages, standalone_question=scene.standalone_question, model_label=scene.model_label
    )
    yield ServerSentEvent(event="passages", data=found)
    async for moved in queued(app):
        yield moved
    await asyncio.sleep(pause_s)
    for statement in scene.statements:
        await asyncio.sleep(pause_s)
        yield ServerSentEvent(event="statement", data=statement)
        if PAUSED in question:
            await _until(app.state.go_on)
        if FAILING in question:
            yield ServerSentEvent(event="error", data=OVERLOADED)
            return
    yield ServerSentEvent(event="done", data=_stored(app, request, scene))


async def _until(event: Event) -> None:
    """Wait for an event of a test's thread, and stay open to being cancelled."""
    for _ in range(int(PATIENCE_S / STEP_S)):
        if event.is_set():
            return
        await asyncio.sleep(STEP_S)


def _stored(app: FastAPI, request: AskRequest, scene: Answer) -> Answer:
    """Keep an answer in its conversation, in the place of the one that it replaces."""
    number = next(app.state.numbers)
    conversation_id = request.conversation_id or f"c-{number}"
    answer = scene.model_copy(
        update={
            "id": f"a-{number}",
            "conversation_id": conversation_id,
            "question": request.question,
            "as_of": request.as_of or date.today(),
        }
    )
    turns = app.state.turns.setdefault(conversation_id, [])
    app.state.turns[conversation_id] = [turn for turn in turns if turn.id != request.replaces] + [answer]
    return answer


def _add_conversations(app: FastAPI) -> None:
    """Keep the answers, and what is said of them.

    State: `turns`, the answers of each conversation; `deleted`, the ids of those that were deleted; `rated`, each
    feedback; `is_refusing`, whether feedback fails.
    """
    turns: dict[str, list[Answer]] = {}
    rated: dict[str, FeedbackView] = {}
    app.state.turns, app.state.rated, app.state.is_refusing = turns, rated, False
    app.state.deleted = []
    app.state.numbers = itertools.count(1)
    now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

    @app.get("/v1/conversations")
    def conversations() -> list[ConversationSummary]:
        return [
            ConversationSummary(
                id=id_, title=answers[0].question, created_at=now, updated_at=now, turns=len(answers)
            )
            for id_, answers in reversed(turns.items())
        ]

    @app.get("/v1/conversations/{conversation_id}", response_model=None)
    def conversation(conversation_id: str) -> ConversationView | JSONResponse:
        if conversation_id not in turns:
            return _problem(404, "Cette conversation n’existe pas ou plus.")
        views = [TurnView(answer=answer, feedback=rated.get(answer.id)) for answer in turns[conversation_id]]
        title = views[0].answer.question
        return ConversationView(id=conversation_id, title=title, created_at=now, updated_at=now, turns=views)

    @app.delete("/v1/conversations/{conversation_id}", status_code=204)
    def delete(conversation_id: str) -> None:
        app.state.deleted.append(conversation_id)
        turns.pop(conversation_id, None)

    @app.delete("/v1/conversations")
    def delete_all() -> RemovedConversations:
        removed = len(turns)
        turns.clear()
        return RemovedConversations(removed=removed)

    @app.post("/v1/feedback", status_code=201, response_model=None)
    def feedback(request: FeedbackRequest) -> FeedbackView | JSONResponse:
        if app.state.is_refusing:
            return _problem(507, "Le disque du serveur est plein.")
        rated[request.answer_id] = FeedbackView(**request.model_dump(), created_at=now)
        return rated[request.answer_id]


def _problem(status: int, detail: str) -> JSONResponse:
    found = Problem(title="Impossible", status=status, detail=detail)
    return JSONResponse(found.model_dump(), status, media_type="application/problem+json")
