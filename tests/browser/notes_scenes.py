"""Invented notes, templates and assistants that the scripted server works with, and what it masks in them."""

from server.assistant_schemas import AssistantInput, AssistantView
from server.draft_schemas import LegalReference, Retention, TemplateSection, TemplateView
from server.mask_schemas import EntityType

KNOWN: dict[str, EntityType] = {
    "Martine Lefèvre": "PERSONNE",
    "06 12 34 56 78": "TELEPHONE",
    "martine.lefevre@exemple.fr": "EMAIL",
    "diabète": "SANTE",
    "Boulangerie Clairval": "EMPLOYEUR",
}
"""What the scripted server masks by itself, wherever it stands."""

NOTES = (
    "Martine Lefèvre, 42 ans, a travaillé douze ans à la Boulangerie Clairval.\n"
    "On la joint au 06 12 34 56 78 ou à martine.lefevre@exemple.fr.\n\n"
    "Elle veut devenir conseillère en insertion. Son diabète l’empêche de porter des charges.\n"
    "Elle a parlé de son amie Josiane Pradel, formatrice à Tullins. "
    "Josiane Pradel lui a conseillé une VAE. Elle dit n’avoir aucun diplôme, puis parle de son CAP."
)

BILAN_TEMPLATE = TemplateView(
    id="bilan",
    version="3",
    title="Bilan de compétences",
    summary="Le document de synthèse remis à la personne à la fin de son bilan.",
    source="Rédigé pour l’organisme d’exemple",
    legal_basis=[
        LegalReference(
            number="L6313-4",
            title="Code du travail, résultats du bilan",
            url="https://www.legifrance.gouv.fr/codes/id/L6313-4",
        ),
        LegalReference(number="R6313-7", title="Code du travail, destruction des documents"),
    ],
    sections=[
        TemplateSection(id="parcours", title="Parcours", holds="Les emplois et leur durée."),
        TemplateSection(
            id="projet", title="Projet", holds="Ce que la personne veut faire.", questions=["Quand ?"]
        ),
        TemplateSection(id="mobilite", title="Mobilité", holds="Jusqu’où la personne se déplace."),
        TemplateSection(id="conseils", title="Conseils", kind="advice", holds="Les droits à mobiliser."),
    ],
    recipients=["la personne, et elle seule"],
    retention=Retention(
        draft_days=30,
        notes_days=0,
        synthesis_days=0,
        agreed_days=1096,
        basis="Article R6313-7 : trois ans avec l’accord écrit, destruction sinon.",
    ),
    consent="Vos réponses servent à écrire la synthèse de ce bilan. Elle vous est remise, et à personne d’autre.",
)
FREE_TEMPLATE = TemplateView(
    id="libre",
    version="1",
    title="Synthèse libre",
    summary="Un résumé en une rubrique, pour ce que les autres modèles ne prévoient pas.",
    source="Rédigé pour l’organisme d’exemple",
    legal_basis=[],
    sections=[TemplateSection(id="resume", title="Résumé", holds="L’essentiel.")],
    recipients=["la personne", "le conseiller"],
    retention=Retention(draft_days=30, notes_days=90, synthesis_days=365, basis="Décision de l’organisme."),
    consent="Vos réponses servent à résumer cet entretien.",
)

CV = AssistantView(
    id="cv",
    version="1",
    title="Analyser un CV",
    summary="Ce que le CV montre, et ce qu’il ne dit pas.",
    inputs=[
        AssistantInput(id="cv", label="Le CV", help="Collez-le, ou donnez le fichier.", kind="file"),
        AssistantInput(id="metier", label="Métier visé", kind="line", required=False),
        AssistantInput(id="ton", label="Ton", kind="choice", choices=["simple", "technique"]),
    ],
    sections=[TemplateSection(id="forces", title="Ce que le CV montre", holds="Les compétences.")],
    without_model="sort",
)
TRAINING = AssistantView(
    id="formations",
    version="1",
    title="Suggérer des formations",
    summary="Des sessions du catalogue, avec la raison de chacune.",
    inputs=[AssistantInput(id="projet", label="Le projet", kind="text")],
    sections=[
        TemplateSection(id="sessions", title="Formations proposées", kind="advice", holds="Des sessions.")
    ],
    filters=True,
    without_model="search",
)
INTERVIEW = AssistantView(
    id="entretien",
    version="1",
    title="Simuler un entretien d’embauche",
    summary="Le recruteur pose ses questions une à une.",
    inputs=[
        AssistantInput(id="poste", label="Le poste", kind="line"),
        AssistantInput(id="dialogue", label="L’entretien", kind="dialogue"),
    ],
    sections=[TemplateSection(id="question", title="Le recruteur", holds="Une question.")],
    without_model="none",
)
