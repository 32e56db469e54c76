"""A server that speaks the wire contract and answers by script: the question chooses the scene.

The passages are invented. Offsets of the citations are computed here from the quotes, as the real
server does, so a scene cannot drift away from its text.
"""

import time
from collections.abc import Iterator
from datetime import date
from threading import Event

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from ingest.documents import Kind, Status
from server.schemas import (
    Answer,
    AskRequest,
    Citation,
    DocumentView,
    IngestionRequest,
    IngestionView,
    Mode,
    Passage,
    Problem,
    SearchRequest,
    SearchResponse,
    SourceReport,
    SourceSummary,
    Statement,
)

PAUSE_S = 0.15
PATIENCE_S = 30.0

BILAN = Passage(
    id="6a1f0c1e-0000-5000-8000-000000000001",
    document_id="procedures:bilan/PR-031.docx",
    kind=Kind.PROCEDURE,
    source="procedures",
    title="PR-031 Clôture d’un bilan de compétences",
    path=["PR-031 Clôture d’un bilan de compétences", "Après le bilan", "Conservation et destruction"],
    text=(
        "À la fin du bilan, la conseillère remet le document de synthèse à la personne en main propre.\n"
        "Les notes d’entretien et les tests sont détruits dès la clôture du bilan.\n"
        "- La synthèse est conservée trois ans si la personne a donné son accord par écrit.\n"
        "- Sans accord écrit, elle est détruite avec le reste du dossier.\n\n"
        "| Pièce | Durée | Responsable |\n"
        "|---|---|---|\n"
        "| Notes d’entretien | aucune | conseillère |\n"
        "| Synthèse, avec accord écrit | trois ans | Pôle Bilans |\n"
        "| Accord de la personne | trois ans | Pôle Bilans |\n"
    ),
    score=0.91,
    page=4,
    number="PR-031",
    status=Status.IN_FORCE,
    valid_from=date(2026, 3, 1),
)
ARTICLE = Passage(
    id="6a1f0c1e-0000-5000-8000-000000000002",
    document_id="code-travail:LEGIARTI000037374006",
    kind=Kind.LEGAL,
    source="code-travail",
    title="Article R6313-7",
    path=[
        "Code du travail",
        "Partie réglementaire",
        "Sixième partie : La formation professionnelle",
        "Bilan de compétences",
    ],
    text=(
        "L’organisme prestataire de bilans de compétences procède à la destruction des documents élaborés "
        "pour la réalisation du bilan de compétences dès le terme de l’action.\n"
        "Ces dispositions ne s’appliquent pas pendant trois ans au document de synthèse dans le cas mentionné "
        "au troisième alinéa de l’article L. 6313-4."
    ),
    score=0.88,
    url="https://www.legifrance.gouv.fr/codes/article_lc/LEGIARTI000037374006",
    number="R6313-7",
    status=Status.IN_FORCE,
    valid_from=date(2019, 1, 1),
)
OLD_NOTE = Passage(
    id="6a1f0c1e-0000-5000-8000-000000000003",
    document_id="procedures:notes/NS-2019-04.pdf",
    kind=Kind.PROCEDURE,
    source="procedures",
    title="NS-2019-04 Archivage des bilans",
    path=["NS-2019-04 Archivage des bilans"],
    text="Les synthèses de bilan sont conservées cinq ans aux archives de Brisecombe.",
    score=0.52,
    page=1,
    number="NS-2019-04",
    status=Status.SUPERSEDED,
    valid_from=date(2019, 4, 1),
    valid_to=date(2026, 2, 28),
)
HOSTILE = Passage(
    id="6a1f0c1e-0000-5000-8000-000000000004",
    document_id="procedures:atelier <b>.html",
    kind=Kind.TRAINING,
    source="catalogue",
    title="Atelier <script>document.title = 'piège'</script>",
    path=["Catalogue", "<img src=x onerror=\"document.title='piège'\">"],
    text=(
        "Avant <script>document.title = 'piège'</script> après.\n"
        "<img src=x onerror=\"document.title='piège'\"> [lien](javascript:alert(1)) **gras** & $x$"
    ),
    score=0.4,
    url="javascript:document.title='piège'",
    status=Status.IN_FORCE,
)
LONG = BILAN.model_copy(
    update={
        "id": "6a1f0c1e-0000-5000-8000-000000000005",
        "text": "\n".join(
            f"Étape {n} : ranger la pièce numéro {n} du dossier à sa place." for n in range(1, 81)
        ),
    }
)


def citing(passage: Passage, quote: str) -> Citation:
    """Cite `quote`, which must stand in the passage."""
    start = passage.text.index(quote)
    return Citation(passage_id=passage.id, quote=quote, start=start, end=start + len(quote))


def quoting(passage: Passage, quote: str) -> Statement:
    """State a passage's own words."""
    return Statement(text=quote, verified=True, citations=[citing(passage, quote)])


KEPT = quoting(BILAN, "La synthèse est conservée trois ans si la personne a donné son accord par écrit.")
DESTROYED = Statement(
    text="Tous les autres documents élaborés pour le bilan sont détruits dès qu’il se termine.",
    verified=True,
    citations=[
        citing(
            ARTICLE,
            "procède à la destruction des documents élaborés pour la réalisation du bilan de compétences",
        ),
        citing(BILAN, "Les notes d’entretien et les tests sont détruits dès la clôture du bilan."),
    ],
)
UNVERIFIED = Statement(
    text="La personne peut demander une copie pendant dix ans.", verified=False, citations=[]
)
FORMER = quoting(OLD_NOTE, "Les synthèses de bilan sont conservées cinq ans aux archives de Brisecombe.")
TRAPPED = quoting(HOSTILE, "<script>document.title = 'piège'</script>")

OVERLOADED = Problem(
    title="Le modèle ne répond plus",
    status=503,
    detail="Le modèle de langage ne répond plus. Réessayez dans quelques minutes.",
    retry=True,
)


def answer(
    statements: list[Statement],
    passages: list[Passage],
    mode: Mode = "extractive",
    warnings: list[str] | None = None,
) -> Answer:
    """Give a whole answer around its statements."""
    return Answer(
        id="a-1",
        conversation_id="c-1",
        mode=mode,
        abstained=not statements,
        statements=statements,
        passages=passages,
        warnings=warnings or [],
        model="extractif" if mode == "extractive" else "mistral-small-3.2",
        timings={"total": 0.4},
    )


SCENES: dict[str, Answer] = {
    "synthèse": answer([KEPT, DESTROYED], [BILAN, ARTICLE, OLD_NOTE]),
    "rédigée": answer(
        [KEPT, DESTROYED, UNVERIFIED],
        [BILAN, ARTICLE, OLD_NOTE],
        mode="generative",
        warnings=[
            "La note NS-2019-04 a été remplacée par la procédure PR-031 : elle n’a pas servi à répondre."
        ],
    ),
    "autrefois": answer([FORMER], [OLD_NOTE, BILAN]),
    "piège": answer([TRAPPED], [HOSTILE]),
    "étape": answer([quoting(LONG, "Étape 78 : ranger la pièce numéro 78 du dossier à sa place.")], [LONG]),
    "lune": answer([], [OLD_NOTE, ARTICLE]),
}
"""An answer for each word that a question may hold."""

PAUSED = "lentement"
"""A question with this word waits, after its first statement, until the state's `go_on` is set."""

FAILING = "panne"
"""A question with this word gets one statement, then the event `error`."""

SOURCES = [
    SourceSummary(
        name="code-travail",
        kind=Kind.LEGAL,
        documents=11545,
        passages=18230,
        embedded=7412,
        failures=0,
        bytes=21_400_000,
        last_run="2026-11-22T03:05:00+00:00",
    ),
    SourceSummary(
        name="procedures",
        kind=Kind.PROCEDURE,
        documents=48,
        passages=612,
        embedded=612,
        failures=3,
        set_aside=2,
        stale=1,
        bytes=412_000,
        last_run="2026-11-21T05:30:00+00:00",
    ),
    SourceSummary(
        name="qualite",
        kind=Kind.PROCEDURE,
        documents=20,
        passages=140,
        embedded=140,
        failures=0,
        bytes=96_000,
        problem="Le dossier /partages/qualite de la source « qualite » est introuvable.",
        last_run="2026-11-18T05:30:00+00:00",
    ),
    SourceSummary(name="catalogue", kind=Kind.TRAINING, documents=0, passages=0, embedded=0, failures=0),
]

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
    """Build the server.

    Its state holds `asked`, each request of `/v1/ask`, and the event `go_on`; `ingestions`, each run that was
    asked for, the event `is_read`, which ends its reading, and `busy`, whether another one is under way.

    Args:
        pause_s: seconds before each statement, so that a test can see an answer come in.
    """
    app = FastAPI()
    app.state.asked = []
    app.state.go_on = Event()
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
        return run_view(app.state.ingestions[-1], app.state.is_read.is_set()).model_copy(
            update={"id": run_id}
        )

    @app.post("/v1/search")
    def search(request: SearchRequest) -> SearchResponse:
        return SearchResponse(passages=[BILAN, ARTICLE, OLD_NOTE][: request.k])

    @app.get("/v1/documents/{document_id:path}", response_model=None)
    def document(document_id: str) -> DocumentView | JSONResponse:
        if document_id != BILAN.document_id:
            problem = Problem(
                title="Document inconnu", status=404, detail="Ce document n’existe pas ou plus."
            )
            return JSONResponse(problem.model_dump(), 404, media_type="application/problem+json")
        shared = BILAN.model_dump(include={"source", "kind", "title", "number", "status", "valid_from"})
        return DocumentView(id=document_id, passages=[BILAN], **shared)

    @app.post("/v1/ask", response_class=EventSourceResponse)
    def ask(request: AskRequest) -> Iterator[ServerSentEvent]:
        app.state.asked.append(request)
        yield from _script(request.question, pause_s, app.state.go_on)

    return app


def _script(question: str, pause_s: float, go_on: Event) -> Iterator[ServerSentEvent]:
    scene = next((scene for word, scene in SCENES.items() if word in question), SCENES["synthèse"])
    yield ServerSentEvent(event="passages", data=SearchResponse(passages=scene.passages))
    time.sleep(pause_s)
    for statement in scene.statements:
        time.sleep(pause_s)
        yield ServerSentEvent(event="statement", data=statement)
        if PAUSED in question:
            go_on.wait(PATIENCE_S)
        if FAILING in question:
            yield ServerSentEvent(event="error", data=OVERLOADED)
            return
    yield ServerSentEvent(event="done", data=scene)
