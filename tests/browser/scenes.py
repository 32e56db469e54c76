"""What the scripted server answers with: invented passages, statements, and a scene for each kind of answer.

Offsets of the citations are computed here from the quotes, as the real server does, so a scene cannot drift away
from its text.
"""

from datetime import date
from pathlib import Path

from ingest.documents import Kind, Status
from server.schemas import (
    AbstentionKind,
    Answer,
    Citation,
    Conflict,
    Mode,
    Passage,
    Problem,
    SourceSummary,
    Statement,
)

SAMPLE_PDF = next((Path(__file__).parents[2] / "sample" / "documents" / "procedures").glob("PR-008 *.pdf"))
"""The PDF behind the passage `CPF`, pages of which the scripted server draws as the real one does."""

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
        "document_id": "procedures:bilan/PR-032.docx",
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


CPF = Passage(
    id="6a1f0c1e-0000-5000-8000-000000000006",
    document_id="procedures:PR-008.pdf",
    kind=Kind.PROCEDURE,
    source="procedures",
    title="Mobiliser le compte personnel de formation",
    path=["Mobiliser le compte personnel de formation", "1. Rôle du conseiller"],
    text=(
        "Le conseiller informe et accompagne la personne qui veut utiliser son compte personnel de formation (CPF).\n"
        "Il ne se connecte jamais à sa place et ne connaît ni son mot de passe ni son numéro de sécurité sociale.\n"
        "Seul le titulaire valide une inscription : le compte ne peut être mobilisé qu’avec son accord exprès."
    ),
    score=0.8,
    page=1,
    number="PR-008",
    status=Status.IN_FORCE,
    valid_from=date(2026, 3, 23),
)
BASIS = ARTICLE.model_copy(update={"legal_basis_of": [BILAN.id]})
NEWER = BILAN.model_copy(
    update={
        "id": "6a1f0c1e-0000-5000-8000-000000000007",
        "document_id": "procedures:PR-029.md",
        "title": "PR-029 Délais de réponse",
        "path": ["PR-029 Délais de réponse"],
        "number": "PR-029",
        "page": None,
        "text": "Toute réclamation reçoit une réponse sous cinq jours ouvrés.",
        "valid_from": date(2026, 2, 1),
    }
)
OLDER = NEWER.model_copy(
    update={
        "id": "6a1f0c1e-0000-5000-8000-000000000008",
        "document_id": "procedures:guide.md",
        "title": "GU-02 Guide de l’accueil",
        "path": ["GU-02 Guide de l’accueil"],
        "number": "GU-02",
        "text": "Une réclamation reçoit une réponse sous quinze jours ouvrés.",
        "valid_from": date(2023, 2, 1),
    }
)


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

CONNECTED = quoting(CPF, "Il ne se connecte jamais à sa place et ne connaît ni son mot de passe")
REPAIRED = KEPT.model_copy(update={"repaired": True})
FIGURE = KEPT.model_copy(
    update={
        "text": "La synthèse est conservée pendant trente-six mois et 12 jours.",
        "verified": False,
        "unsupported": ["12 jours"],
    }
)
PROMPT_REPLY = quoting(NEWER, "Toute réclamation reçoit une réponse sous cinq jours ouvrés.")

MODEL_LABEL = "brouillon, petit modèle"
"""What is told of a small model; a draft with it in its name comes from one."""

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
    abstention: AbstentionKind | None = None,
    message: str | None = None,
    conflicts: list[Conflict] | None = None,
    standalone_question: str | None = None,
    model_label: str | None = None,
) -> Answer:
    """Give a whole answer around its statements; the server fills in whose it is."""
    return Answer(
        id="a-1",
        conversation_id="c-1",
        question="?",
        standalone_question=standalone_question,
        as_of=date(2026, 11, 22),
        mode=mode,
        abstained=not statements,
        abstention=abstention,
        message=message,
        statements=statements,
        passages=passages,
        conflicts=conflicts or [],
        warnings=warnings or [],
        model="extractif" if mode == "extractive" else "mistral-small-3.2",
        model_label=model_label,
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
    "petit modèle": answer([KEPT, DESTROYED], [BILAN, ARTICLE], mode="generative", model_label=MODEL_LABEL),
    "autrefois": answer([FORMER], [OLD_NOTE, BILAN]),
    "piège": answer([TRAPPED], [HOSTILE]),
    "étape": answer([quoting(LONG, "Étape 78 : ranger la pièce numéro 78 du dossier à sa place.")], [LONG]),
    "lune": answer(
        [],
        [OLD_NOTE, ARTICLE],
        abstention="unanswerable",
        message="Les documents ne répondent pas à cette question.",
    ),
    "crêpes": answer(
        [],
        [OLD_NOTE],
        abstention="out_of_scope",
        message="Cette question ne relève pas des documents de l’organisation.",
    ),
    "Bonjour": answer(
        [], [], abstention="smalltalk", message="Bonjour. Posez votre question sur les procédures."
    ),
    "et pour": answer(
        [KEPT], [BILAN, ARTICLE], standalone_question="Combien de temps garde-t-on la synthèse pour un CDD ?"
    ),
    "CPF": answer([CONNECTED], [CPF, ARTICLE]),
    "légale": answer([KEPT], [BILAN, BASIS, OLD_NOTE]),
    "chiffre": answer([FIGURE, REPAIRED], [BILAN], mode="generative"),
    "réclamation": answer(
        [PROMPT_REPLY],
        [NEWER, OLDER],
        conflicts=[
            Conflict(
                newer=NEWER.id,
                older=OLDER.id,
                explanation="Le délai de réponse à une réclamation est de cinq jours, puis de quinze.",
            )
        ],
    ),
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
