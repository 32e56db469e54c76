"""What the tests of assistants share: documents, an assistant's run, and its sections."""

import json
from dataclasses import replace
from typing import Any

from ingest.documents import Document, Kind
from server.assist import carry_out, prepare
from server.assistant_schemas import AssistantAnswer, AssistantRequest
from server.assisting.assistants import Assistants, load_assistants
from server.draft_schemas import DraftSection
from server.drafting.types import DraftParts
from tests.drafting import DAY
from tests.masking import shipped_masker
from tests.scripted_model import statement
from tests.support import make_document

ASSISTANTS = load_assistants()
MAIL = "quelqu.un@exemple.fr"


def training(key: str, text: str, **attributes: Any) -> Document:
    document = make_document(key, text, source="offre", kind=Kind.TRAINING, title=f"Formation {key}")
    return replace(document, attributes=attributes)


DOCUMENTS = [
    training(
        "soudeur Tours",
        "Intitulé : Titre professionnel soudeur\nLieu : Tours\nDates : du 1er mars 2027 au 4 juin 2027\n"
        "Le programme prépare à la soudure TIG.",
        region="Centre-Val de Loire",
        cpf=True,
        level=3,
        starts_on="2027-03-01",
    ),
    training(
        "soudeur Paris",
        "Intitulé : Initiation à la soudure. Le programme prépare au métier de soudeur.",
        region="Île-de-France",
        cpf=False,
        level=4,
        starts_on="2027-01-12",
    ),
    make_document(
        "contestation",
        "La personne qui conteste une décision de rejet écrit au médiateur dans un délai de deux mois.",
        title="Contester une décision",
    ),
    make_document(
        "reserve", "La contestation d’une décision de rejet est suivie par Zirconium.", groups=("direction",)
    ),
]

DOCUMENTS.append(replace(DOCUMENTS[0], document_id="offre:autre-session"))
for key, dates in (
    ("passee", "du 1er octobre 2026 au 4 mars 2027"),
    ("a-venir", "du 1er mai 2027 au 4 juin 2027"),
):
    text = f"Intitulé : Vannerie\nLieu : Tours\nDates : {dates}\nLe programme : tresser l’osier."
    DOCUMENTS.append(replace(training(f"vannerie {key}", text), title="Vannerie"))
ceramics = (
    "Intitulé : Céramique\nLieu : Tours\nDates : du 1er octobre 2026 au 4 mars 2027\nLe programme : l’argile."
)
DOCUMENTS.append(training("céramique", ceramics))


async def run(
    parts: DraftParts, name: str, inputs: dict[str, str], known: Assistants = ASSISTANTS, **request: Any
) -> AssistantAnswer:
    assistant = known.get(name)
    assert assistant is not None
    groups = request.pop("groups", frozenset())
    asked = AssistantRequest(inputs=inputs, **request)
    work = await prepare(assistant, asked, parts, shipped_masker(), groups=groups, today=DAY)
    made = await carry_out(work)
    check_quotes(made)
    return made


def check_quotes(made: AssistantAnswer) -> None:
    """Every quote is where it is said to be."""
    notes = {sentence.number: sentence.masked for sentence in made.inputs}
    passages = {passage.id: passage.text for passage in made.passages}
    for sentence in (one for section in made.sections for one in section.sentences):
        for source in sentence.sources:
            assert notes[source.sentence][source.start : source.end] == source.quote
        for citation in sentence.citations:
            assert passages[citation.passage_id][citation.start : citation.end] == citation.quote


def section(made: AssistantAnswer, name: str) -> DraftSection:
    return next(one for one in made.sections if one.id == name)


def advised(text: str, quote: str, passage: int = 1) -> str:
    return json.dumps({"abstain": False, "statements": [statement(text, passage, quote)]}, ensure_ascii=False)


CV = f"""\
Contact : {MAIL}
2019-2024 : vendeuse en boulangerie, CDI
Maîtrise du tableur et de la gestion de caisse
BEP vente obtenu en 2014"""

LETTER_INPUTS = {
    "genre": "Courriel",
    "destinataire": "Service des inscriptions",
    "objet": "Mon inscription",
    "elements": f"Je confirme ma venue.\nMon adresse : {MAIL}",
    "signature": "Une candidate",
}

LETTER = f"""\
Nous vous informons que votre contestation de la décision de rejet du 3 octobre 2026 est reçue.
Vous devez nous répondre à {MAIL} avant le 15 décembre 2026.
Un trop-perçu de 432,50 € vous est réclamé."""

EXCHANGE = "Question : Pouvez-vous vous présenter ?\nRéponse : J’ai 3 ans de vente."
