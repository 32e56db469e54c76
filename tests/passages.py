"""Passages to answer from: written for the tests, in the manner of the documents that Fanal reads."""

from collections.abc import Sequence
from typing import Any

from ingest.documents import Kind, Status
from ingest.text import terms
from server.retrieval import Retrieval
from server.schemas import Passage

BILAN = (
    "Le bilan de compétences dure au plus vingt-quatre heures, réparties sur 6 à 10 semaines. "
    "Il ne peut être réalisé qu’avec le consentement du bénéficiaire.\n"
    "Les phases du bilan sont les suivantes :\n"
    "- la phase préliminaire ;\n"
    "- la phase d’investigation ;\n"
    "- la phase de conclusions.\n"
    "Le document de synthèse est conservé 3 ans (art. R. 6313-7), jusqu’au 31 décembre 2029 au plus tard."
)
FRAIS = (
    "Les frais de déplacement sont remboursés dans la limite de 1 500 € par an.\n"
    "| Véhicule | Indemnité par kilomètre |\n"
    "|---|---|\n"
    "| Voiture de 4 CV | 0,45 € |\n"
    "| Vélo | 0,25 € |"
)


def make_passage(text: str, key: str = "p1", **fields: Any) -> Passage:
    values: dict[str, Any] = {
        "id": key,
        "document_id": f"essai:{key}",
        "kind": Kind.PROCEDURE,
        "source": "essai",
        "title": "Procédure",
        "path": [fields.get("title", "Procédure")],
        "score": 1.0,
        "status": Status.IN_FORCE,
        **fields,
    }
    return Passage(text=text, **values)


def bilan_and_frais() -> list[Passage]:
    return [
        make_passage(BILAN, "bilan", title="PR-012 Déroulement d’un bilan de compétences", number="PR-012"),
        make_passage(FRAIS, "frais", title="PR-031 Frais de déplacement", number="PR-031"),
    ]


def make_retrieval(question: str, passages: Sequence[Passage], coverage: float = 1.0) -> Retrieval:
    return Retrieval(list(passages), coverage, dict.fromkeys(terms(question), 1.0))
