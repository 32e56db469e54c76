"""Assistants at work, with a scripted model and without one: masked, cited, verified, and honest about which it was."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI

from ingest.chunk import chunk_document
from ingest.documents import Document, Kind
from ingest.errors import StorageFailed
from ingest.index import Index
from server.assist import FAILED, RULES, assist
from server.assist_input import GivenInputs
from server.assistants import Assistants, load_assistants
from server.draft_errors import DraftRequestWrong
from server.draft_schemas import (
    AssistantAnswer,
    AssistantRequest,
    DraftSection,
    MaskSpan,
    TrainingFilters,
)
from server.draft_types import DraftParts
from server.generate import OpenAIGenerator
from server.retrieve import HybridRetriever
from tests.drafting import DAY, Always, answer, said
from tests.masking import shipped_masker
from tests.scripted_model import ScriptedModel, statement
from tests.support import BACKENDS, WordEmbedder, make_document

pytest_plugins = ["tests.office_fixtures"]

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


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    embedder = WordEmbedder()
    with BACKENDS["edge"](tmp_path_factory.mktemp("index"), embedder.dimension) as index:
        chunks = [chunk for document in DOCUMENTS for chunk in chunk_document(document, 1_800)]
        vectors = {chunk.hash: embedder.passages([chunk.embedded_text])[0] for chunk in chunks}
        index.upsert(chunks, vectors, embedder.name)
        yield index


@pytest.fixture
def plain(filled: Index) -> DraftParts:
    """Parts without a model."""
    retriever = HybridRetriever(filled, WordEmbedder(), dense_share=lambda: 1.0, today=lambda: DAY)
    return DraftParts(retriever=retriever, abstainer=Always())


@pytest.fixture
async def modelled(plain: DraftParts, model: ScriptedModel, model_client: AsyncOpenAI) -> DraftParts:
    """The same with a scripted model."""
    return replace(plain, writer=OpenAIGenerator(model_client, model.name))


async def run(
    parts: DraftParts, name: str, inputs: dict[str, str], known: Assistants = ASSISTANTS, **request: Any
) -> AssistantAnswer:
    assistant = known.get(name)
    assert assistant is not None
    groups = request.pop("groups", frozenset())
    asked = AssistantRequest(inputs=inputs, **request)
    made = await assist(assistant, asked, parts, shipped_masker(), groups=groups, today=DAY)
    _check(made)
    return made


def _check(made: AssistantAnswer) -> None:
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


# ---------------------------------------------------------------- without a model

CV = f"""\
Contact : {MAIL}
2019-2024 : vendeuse en boulangerie, CDI
Maîtrise du tableur et de la gestion de caisse
BEP vente obtenu en 2014"""


async def test_a_cv_is_sorted_word_for_word(plain: DraftParts) -> None:
    made = await run(plain, "analyser-un-cv", {"cv": CV, "metier": "soudeur"})
    assert (made.mode, made.model, made.prompt_version) == ("extractive", RULES, None)
    assert section(made, "parcours").text == "2019-2024 : vendeuse en boulangerie, CDI"
    assert section(made, "formations").text == "BEP vente obtenu en 2014"
    assert "tableur" in section(made, "competences").text
    assert "demande un modèle" in section(made, "a-eclaircir").text
    assert section(made, "reperes").sentences[0].citations
    assert made.warnings[0].startswith("Sans modèle de rédaction : les phrases fournies sont classées")


LONG_CV = """\
2015-2017 préparateur de commandes, Intermarché
2018 vendeur
Zumba et macramé

Conducteur de ligne
Depuis mars 2020

COMPÉTENCES
Excel"""


async def test_no_line_of_a_cv_is_lost(plain: DraftParts) -> None:
    made = await run(plain, "analyser-un-cv", {"cv": LONG_CV})
    shown = "\n".join(one.text for one in made.sections)
    for line in LONG_CV.split("\n"):
        assert line == "COMPÉTENCES" or line in shown, line
    assert section(made, "autres").title == "Autres lignes du CV"
    assert all(one.verified and one.sources for one in section(made, "autres").sentences)


async def test_what_is_left_is_shown_only_when_something_is(plain: DraftParts) -> None:
    made = await run(plain, "analyser-un-cv", {"cv": "2018-2020 : emploi de vendeuse"})
    assert "autres" not in [one.id for one in made.sections]


async def test_skills_are_compared_and_training_is_looked_for(plain: DraftParts) -> None:
    inputs = {
        "profil": "Je sais lire un plan.",
        "attendus": "Lecture de plan\nSoudure TIG",
        "metier": "soudeur",
    }
    made = await run(plain, "competences-manquantes", inputs)
    assert section(made, "acquises").text == "Lecture de plan"
    assert section(made, "manquantes").text == "Soudure TIG"
    assert {one.kind for one in made.passages} == {Kind.TRAINING}


async def test_training_is_suggested_with_reasons(plain: DraftParts) -> None:
    made = await run(plain, "proposer-des-formations", {"projet": "Le métier de soudeur à Tours"})
    found = section(made, "formations")
    assert found.sentences[0].text == (
        "Formation soudeur Tours, Tours, du 1er mars 2027 au 4 juin 2027 (mots de la demande : soudeur, Tours)."
    )
    assert [citation.quote for citation in found.sentences[0].citations][
        -1
    ] == "Dates : du 1er mars 2027 au 4 juin 2027"
    assert len(found.sentences) == 2
    assert all(one.verified and one.citations for one in found.sentences)


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({"region": "ile de france"}, "Paris"),
        ({"cpf": True}, "Tours"),
        ({"level": 4}, "Paris"),
        ({"starts_after": date(2027, 2, 1)}, "Tours"),
    ],
)
async def test_training_is_filtered(plain: DraftParts, filters: dict[str, Any], kept: str) -> None:
    made = await run(
        plain, "proposer-des-formations", {"projet": "soudeur"}, filters=TrainingFilters(**filters)
    )
    assert [one.title for one in made.passages] == [f"Formation soudeur {kept}"]


async def test_what_is_near_in_meaning_only_says_so(plain: DraftParts) -> None:
    made = await run(plain, "proposer-des-formations", {"projet": "astronaute"})
    assert 0 < len(section(made, "formations").sentences) <= 3
    assert all("proche par le sens, à vérifier" in one.text for one in section(made, "formations").sentences)


async def test_the_words_of_any_demand_do_not_choose(plain: DraftParts) -> None:
    made = await run(plain, "proposer-des-formations", {"projet": "devenir soudeur"})
    assert "(mots de la demande : soudeur)" in section(made, "formations").sentences[0].text


async def test_a_course_with_two_sessions_is_suggested_once(plain: DraftParts) -> None:
    made = await run(plain, "proposer-des-formations", {"projet": "soudeur"})
    assert sorted(one.title for one in made.passages) == [
        "Formation soudeur Paris",
        "Formation soudeur Tours",
    ]


async def test_a_session_to_come_is_suggested_and_one_that_has_begun_says_so(plain: DraftParts) -> None:
    basket = await run(plain, "proposer-des-formations", {"projet": "vannerie"})
    clay = await run(plain, "proposer-des-formations", {"projet": "céramique"})
    assert "du 1er mai 2027 au 4 juin 2027 (mots" in section(basket, "formations").sentences[0].text
    assert "déjà commencée" not in section(basket, "formations").text
    assert "du 1er octobre 2026 au 4 mars 2027, déjà commencée (" in section(clay, "formations").text


async def test_tracks_start_from_what_the_person_can_do(plain: DraftParts) -> None:
    inputs = {"competences": "Je maîtrise la soudure.", "limites": "Je refuse les horaires de nuit."}
    made = await run(plain, "pistes-de-parcours", inputs)
    assert section(made, "appuis").text == "Je maîtrise la soudure."
    assert section(made, "limites").text == "Je refuse les horaires de nuit."
    assert "soudure" in section(made, "pistes").text


LETTER_INPUTS = {
    "genre": "Courriel",
    "destinataire": "Service des inscriptions",
    "objet": "Mon inscription",
    "elements": f"Je confirme ma venue.\nMon adresse : {MAIL}",
    "signature": "Une candidate",
}


async def test_a_letter_is_the_file_s_frame_filled_in_as_typed(plain: DraftParts) -> None:
    made = await run(plain, "lettre-ou-courriel", LETTER_INPUTS)
    assert [one.id for one in made.sections] == ["en-tete", "appel", "corps", "politesse-courriel"]
    assert "Objet : Mon inscription" in section(made, "en-tete").text
    assert f"Je confirme ma venue.\nMon adresse : {MAIL}" in section(made, "corps").text
    assert section(made, "politesse-courriel").text.endswith("Une candidate")
    assert "la trame de l’assistant" in made.warnings[0]
    assert not section(made, "corps").missing


async def test_a_field_that_was_left_out_leaves_nothing(plain: DraftParts) -> None:
    inputs = {key: text for key, text in LETTER_INPUTS.items() if key != "signature"} | {"genre": "Lettre"}
    made = await run(plain, "lettre-ou-courriel", inputs)
    assert section(made, "politesse-lettre").text.endswith("salutations distinguées.")


async def test_an_interview_is_prepared_from_the_bank(plain: DraftParts) -> None:
    made = await run(plain, "preparer-un-entretien", {"notes": "Elle a le permis B.\nFormation en vente."})
    deepen = section(made, "approfondir")
    assert {"Comment vous déplacez-vous, et jusqu’où pouvez-vous aller ?"} < {
        one.text for one in deepen.sentences
    }
    assert all(one.sources for one in deepen.sentences)
    assert "- Qu’attendez-vous de notre rendez-vous" in section(made, "a-poser").text
    assert "déplacez" not in section(made, "a-poser").text


EXCHANGE = "Question : Pouvez-vous vous présenter ?\nRéponse : J’ai 3 ans de vente."


async def test_a_job_interview_goes_through_the_bank_then_counts(plain: DraftParts) -> None:
    inputs = {"poste": "Vendeuse en boulangerie", "suite": "Question suivante"}
    first = await run(plain, "simuler-un-entretien-d-embauche", inputs)
    second = await run(plain, "simuler-un-entretien-d-embauche", {**inputs, "echanges": EXCHANGE})
    assert [one.id for one in first.sections] == ["question"]
    assert section(first, "question").text == "Pouvez-vous vous présenter en deux minutes ?"
    assert section(second, "question").text == "Qu’est-ce qui vous attire dans ce poste ?"
    asked = "\n".join("Question : ?\nRéponse : Oui." for _ in range(9))
    over = await run(plain, "simuler-un-entretien-d-embauche", {**inputs, "echanges": asked})
    assert "Toutes les questions ont été posées" in section(over, "question").text
    ended = await run(
        plain, "simuler-un-entretien-d-embauche", {**inputs, "suite": "Bilan", "echanges": EXCHANGE}
    )
    assert section(ended, "reponses").text == "Réponse 1 : 5 mots, avec un chiffre ou une date."


LETTER = f"""\
Nous vous informons que votre contestation de la décision de rejet du 3 octobre 2026 est reçue.
Vous devez nous répondre à {MAIL} avant le 15 décembre 2026.
Un trop-perçu de 432,50 € vous est réclamé."""


async def test_a_letter_says_who_writes_and_how_to_appeal_in_its_own_words(plain: DraftParts) -> None:
    letter = (
        "France Travail\nMonsieur Ahmed BENALI, identifiant 1234567A\n\nVotre demande est refusée.\n"
        "Vous avez deux mois pour contester cette décision.\nLe directeur"
    )
    made = await run(plain, "expliquer-un-courrier", {"courrier": letter})
    assert section(made, "expediteur").text == "France Travail\nLe directeur"
    assert section(made, "recours").text == "Vous avez deux mois pour contester cette décision."
    assert section(made, "recours").sentences[0].sources
    assert "BENALI" in "\n".join(one.text for one in made.sections)


REJECTION = "Votre dossier fait l’objet d’une décision de rejet, que vous contestez auprès du médiateur."


async def test_a_letter_s_dates_amounts_and_demands_are_as_written(plain: DraftParts) -> None:
    made = await run(plain, "expliquer-un-courrier", {"courrier": LETTER})
    lines = LETTER.split("\n")
    assert section(made, "dates").text == "\n".join(lines[:2])
    assert section(made, "montants").text == lines[2]
    assert section(made, "demandes").text == lines[1]
    assert MAIL in section(made, "dates").text


async def test_blanks_and_labels_of_a_letter_stay_as_they_are_written(plain: DraftParts) -> None:
    letter = f"À retourner avant le 3 mars 2027 à [ADRESSE] ou [EMAIL].\nNotre adresse : {MAIL}."
    made = await run(plain, "expliquer-un-courrier", {"courrier": letter})
    assert section(made, "dates").text == letter.split("\n")[0]


async def test_what_one_input_writes_like_a_placeholder_is_no_value_of_another(plain: DraftParts) -> None:
    inputs = {
        "profil": f"Écrire à {MAIL}. Elle sait souder.",
        "attendus": "Le dossier de EMAIL_1 et [email 2] demande une soudure fine.",
        "metier": "soudeuse",
    }
    made = await run(plain, "competences-manquantes", inputs)
    assert [one.placeholder for one in made.entities["profil"]] == ["[EMAIL_3]"]


async def test_rights_cite_the_index(plain: DraftParts) -> None:
    made = await run(plain, "expliquer-un-courrier", {"courrier": REJECTION})
    [right] = section(made, "droits").sentences
    assert right.text.startswith("Contester une décision (mots de la demande : décision, rejet")
    assert right.citations[0].quote in DOCUMENTS[2].blocks[0].text


async def test_what_speaks_of_something_else_is_not_cited_as_a_right(plain: DraftParts) -> None:
    letter = "La taxe foncière du garage est de 340 euros, payables par chèque ou par prélèvement."
    made = await run(plain, "expliquer-un-courrier", {"courrier": letter})
    assert section(made, "droits").missing
    assert made.passages == []
    assert section(made, "montants").text == letter


async def test_a_quiz_is_made_of_the_document_s_sentences(plain: DraftParts) -> None:
    text = "Le bilan de compétences dure au plus vingt-quatre heures, réparties sur plusieurs semaines."
    made = await run(plain, "quiz", {"document": text})
    assert section(made, "questions").text.endswith("Réponse : vingt-quatre heures")


async def test_nobody_is_shown_another_group_s_text(plain: DraftParts) -> None:
    asked = {"courrier": REJECTION}
    others = await run(plain, "expliquer-un-courrier", asked)
    theirs = await run(plain, "expliquer-un-courrier", asked, groups=frozenset({"direction"}))
    assert "Zirconium" not in others.model_dump_json()
    assert "Zirconium" in theirs.model_dump_json()


# ---------------------------------------------------------------- with a model


async def test_a_model_reads_masked_text_and_its_sentences_are_checked(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    model.says(
        answer(
            said("parcours", "Elle a été vendeuse en boulangerie.", 2, "vendeuse en boulangerie, CDI"),
            said("competences", "Elle parle couramment le japonais.", 3, "Maîtrise du tableur"),
            said("a-eclaircir", "Qu’avez-vous fait après 2014 ?", 4, "BEP vente obtenu en 2014"),
        )
    )
    model.says(json.dumps({"sentences": []}))
    model.says(advised("Le programme prépare à la soudure TIG.", "Le programme prépare à la soudure TIG"))
    made = await run(modelled, "analyser-un-cv", {"cv": CV, "metier": "soudeur"})
    assert made.mode == "generative"
    assert made.model == model.name
    assert section(made, "parcours").sentences[0].verified
    assert not section(made, "competences").sentences[0].verified
    assert section(made, "a-eclaircir").sentences[0].verified
    assert section(made, "formations").missing
    assert section(made, "reperes").sentences[0].citations
    sent = json.dumps(model.requests, ensure_ascii=False)
    assert MAIL not in sent
    assert "[EMAIL_1]" in sent
    assert "sans juger la personne" in sent
    assert [one.placeholder for one in made.entities["cv"]] == ["[EMAIL_1]"]


async def test_the_names_are_back_for_the_person_who_typed_them(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    model.says(answer(said("corps", "Mon adresse est [EMAIL_1].", 4, "Mon adresse : [EMAIL_1]")))
    made = await run(modelled, "lettre-ou-courriel", LETTER_INPUTS)
    assert section(made, "corps").text == f"Mon adresse est {MAIL}."
    assert section(made, "corps").sentences[0].sources[0].quote == "Mon adresse : [EMAIL_1]"
    assert section(made, "appel").text == "Madame, Monsieur,"
    assert "Genre : Courriel." in model.prompts[0]


async def test_dates_of_a_letter_are_as_written_with_a_model_too(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    model.says(answer(said("explication", "Votre contestation est reçue.", 1, "votre contestation")))
    model.says(json.dumps({"abstain": True, "statements": []}))
    made = await run(modelled, "expliquer-un-courrier", {"courrier": LETTER})
    assert made.mode == "generative"
    assert section(made, "dates").text == "\n".join(LETTER.split("\n")[:2])
    assert (
        "dates"
        not in json.loads(json.dumps(model.requests[0]))["response_format"]["json_schema"]["schema"][
            "properties"
        ]["sentences"]["items"]["properties"]["section"]["enum"]
    )


async def test_the_next_question_is_one_and_comes_from_what_was_said(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    model.says(
        answer(
            said("question", "Quel client vous a le plus appris, et pourquoi ?", 3, "J’ai 3 ans de vente"),
            said("question", "Et en 2012 ?", 3, "J’ai 3 ans de vente"),
        )
    )
    inputs = {"poste": "Vendeuse", "echanges": EXCHANGE, "suite": "Question suivante"}
    made = await run(modelled, "simuler-un-entretien-d-embauche", inputs)
    [question] = section(made, "question").sentences
    assert question.verified
    assert section(made, "question").text == "Quel client vous a le plus appris, et pourquoi ?"


async def test_a_quiz_has_its_answers_though_the_model_left_them_out(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    text = "Le bilan de compétences dure au plus vingt-quatre heures."
    model.says(
        answer(said("questions", "Combien de temps dure un bilan ?", 1, "dure au plus vingt-quatre heures"))
    )
    made = await run(modelled, "quiz", {"document": text})
    assert section(made, "questions").text == (
        "Combien de temps dure un bilan ?\nRéponse : dure au plus vingt-quatre heures"
    )
    assert made.warnings == []


async def test_sentences_in_doubt_are_counted_as_they_are_shown(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    model.says(answer(said("corps", "Je viendrai avec trois amis japonais.", 3, "Je confirme ma venue.")))
    model.says(json.dumps({"sentences": []}))
    made = await run(modelled, "lettre-ou-courriel", LETTER_INPUTS)
    assert made.warnings == [
        "Phrases qui n’ont pas pu être vérifiées mot pour mot : 1. Elles sont signalées ; contrôlez-les."
    ]


async def test_a_figure_that_nobody_gave_is_no_question(modelled: DraftParts, model: ScriptedModel) -> None:
    model.says(answer(said("question", "Qu’avez-vous fait en 2012 ?", 3, "J’ai 3 ans de vente")))
    model.says(json.dumps({"sentences": []}))
    inputs = {"poste": "Vendeuse", "echanges": EXCHANGE, "suite": "Question suivante"}
    made = await run(modelled, "simuler-un-entretien-d-embauche", inputs)
    [question] = section(made, "question").sentences
    assert not question.verified


async def test_a_model_that_fails_leaves_what_is_done_without_it(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    model.says(status=500)
    made = await run(
        modelled, "quiz", {"document": "Le bilan dure au plus vingt-quatre heures en tout et pour tout."}
    )
    assert made.mode == "extractive"
    assert made.model == RULES
    assert made.warnings[0] == FAILED
    assert "Réponse : vingt-quatre heures" in section(made, "questions").text


@pytest.mark.parametrize("assistant", ASSISTANTS.all(), ids=lambda one: one.id)
async def test_no_request_of_any_assistant_holds_what_is_masked(
    modelled: DraftParts, model: ScriptedModel, assistant: Any
) -> None:
    typed = f"Écrire à {MAIL} ou au 06 39 98 11 22 pour le projet de soudeur."
    inputs = {one.id: one.choices[0] if one.choices else typed for one in assistant.inputs}
    for _ in range(6):
        model.says("{}")
    made = await run(modelled, assistant.id, inputs)
    assert model.requests
    sent = json.dumps(model.requests, ensure_ascii=False)
    assert MAIL not in sent
    assert "98 11 22" not in sent
    assert made.sections


# ---------------------------------------------------------------- what is refused


async def test_what_a_person_masks_is_masked_and_nothing_else(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    document = f"La société Brume forme des soudeurs depuis longtemps, dit {MAIL}."
    start = document.index("Brume")
    model.says("{}")
    mask = {"document": [MaskSpan(start=start, end=start + 5, type="EMPLOYEUR")]}
    made = await run(modelled, "quiz", {"document": document}, mask=mask)
    assert [one.type for one in made.entities["document"]] == ["EMPLOYEUR"]
    assert "Brume" not in model.prompts[0]
    assert MAIL in model.prompts[0]


@pytest.mark.parametrize(
    ("name", "inputs", "request_fields", "message"),
    [
        ("quiz", {}, {}, "Il manque « Document »."),
        ("quiz", {"document": "  \n"}, {}, "Il manque « Document »."),
        ("quiz", {"document": "x", "autre": "y"}, {}, "n’a pas d’entrée « autre » ; les siennes : document"),
        (
            "lettre-ou-courriel",
            {**LETTER_INPUTS, "genre": "Tract"},
            {},
            "« Genre » se choisit parmi : Lettre ; Cou",
        ),
        ("lettre-ou-courriel", {**LETTER_INPUTS, "objet": "a\nb"}, {}, "« Objet » tient en une ligne"),
        ("lettre-ou-courriel", {**LETTER_INPUTS, "objet": "a" * 301}, {}, "« Objet » tient en une ligne"),
        ("quiz", {"document": "x"}, {"filters": TrainingFilters(cpf=True)}, "ne filtre pas les formations"),
        ("quiz", {"document": "x"}, {"mask": {"cv": []}}, "n’a pas d’entrée « cv »"),
        (
            "quiz",
            {"document": "x"},
            {"mask": {"document": [MaskSpan(start=0, end=2, type="SANTE")]}},
            "Un masque sort du texte de « Document »",
        ),
    ],
)
async def test_a_wrong_request_is_refused_in_french(
    plain: DraftParts, name: str, inputs: dict[str, str], request_fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(DraftRequestWrong, match=re.escape(message)):
        await run(plain, name, inputs, **request_fields)


# ---------------------------------------------------------------- over HTTP


def test_the_endpoints_list_run_and_refuse(office: Any) -> None:
    listed = office.client.get("/v1/assistants").json()
    assert [one["id"] for one in listed][:2] == ["analyser-un-cv", "competences-manquantes"]
    ran = office.client.post("/v1/assistants/quiz", json={"inputs": {"document": "Rien de long."}})
    assert ran.status_code == 200
    assert ran.headers["cache-control"] == "private, no-store"
    assert AssistantAnswer.model_validate(ran.json()).assistant == "quiz"
    missing = office.client.post("/v1/assistants/quiz", json={"inputs": {}})
    assert missing.status_code == 422
    assert missing.json()["detail"] == "Il manque « Document »."
    assert office.client.post("/v1/assistants/inconnu", json={"inputs": {}}).status_code == 404


async def test_what_comes_before_comes_before_a_model_is_asked(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    assistant = ASSISTANTS.get("quiz")
    assert assistant is not None
    asked = AssistantRequest(inputs={"document": f"Écrire à {MAIL} pour tout le reste."})

    def refuse(given: GivenInputs) -> None:
        assert [len(one.entities) for one in given.masked.values()] == [1]
        raise StorageFailed("Le journal ne s’écrit pas.")

    with pytest.raises(StorageFailed):
        await assist(
            assistant, asked, modelled, shipped_masker(), groups=frozenset(), today=DAY, before=refuse
        )
    assert model.prompts == []


async def test_a_person_has_one_placeholder_whoever_decided_the_masks(plain: DraftParts) -> None:
    letter = "Nadia Benali souhaite un rendez-vous. Vu avec Paul Durand."
    span = MaskSpan(start=0, end=len("Nadia Benali"), type="PERSONNE")
    first, second = "competences", "envies"
    inputs = {first: "Paul Durand et Nadia Benali sont reçus demain.", second: letter}
    masks = {
        first: [MaskSpan(start=0, end=11, type="PERSONNE"), MaskSpan(start=15, end=27, type="PERSONNE")],
        second: [span],
    }
    made = await run(plain, "pistes-de-parcours", inputs, mask=masks)
    by_word: dict[str, set[str]] = {}
    for name, entities in made.entities.items():
        for one in entities:
            by_word.setdefault(inputs[name][one.start : one.end], set()).add(one.placeholder)
    assert by_word["Nadia Benali"] == {"[PERSONNE_2]"}
    assert "Une donnée reconnue n’a pas été masquée" in " ".join(made.warnings)


async def test_a_mask_that_cuts_a_word_of_an_input_is_refused(plain: DraftParts) -> None:
    mask = {"document": [MaskSpan(start=0, end=3, type="PERSONNE")]}
    with pytest.raises(DraftRequestWrong, match="coupe un mot"):
        await run(plain, "quiz", {"document": "Nadia Benali est reçue."}, mask=mask)


def test_a_run_leaves_two_lines_of_audit_and_nothing_else(office: Any) -> None:
    before = list(office.parts.audit.lines())
    office.client.post("/v1/assistants/quiz", json={"inputs": {"document": "Un secret de Zorglub à garder."}})
    begun, run = list(office.parts.audit.lines())[len(before) :]
    assert (begun.act.act, begun.act.template, begun.act.model) == ("assistant_begun", "quiz", RULES)
    assert (run.act.act, run.act.template, run.act.model) == ("assistant_run", "quiz", RULES)
    assert begun.act.object_id == run.act.object_id != ""
    assert begun.act.counts["masks"] == run.act.counts["masks"]
    assert "Zorglub" not in str([begun, run])
    folder: Path = office.parts.settings.data_dir
    assert not [path for path in folder.rglob("*") if path.is_file() and b"Zorglub" in path.read_bytes()]
