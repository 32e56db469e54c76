"""Assistants with a scripted model: masked, checked, and refused where a request is wrong."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from server.assist import FAILED, RULES, prepare
from server.assistant_schemas import AssistantAnswer, AssistantRequest, TrainingFilters
from server.drafting.errors import DraftRequestWrong
from server.drafting.types import DraftParts
from server.mask_schemas import MaskSpan
from tests.assisting import ASSISTANTS, CV, EXCHANGE, LETTER, LETTER_INPUTS, MAIL, advised, run, section
from tests.drafting import DAY, answer, said
from tests.masking import shipped_masker
from tests.scripted_model import ScriptedModel

pytest_plugins = ["tests.office_fixtures", "tests.assisting_fixtures"]


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


async def test_masks_are_known_before_a_model_is_asked(modelled: DraftParts, model: ScriptedModel) -> None:
    assistant = ASSISTANTS.get("quiz")
    assert assistant is not None
    asked = AssistantRequest(inputs={"document": f"Écrire à {MAIL} pour tout le reste."})

    work = await prepare(assistant, asked, modelled, shipped_masker(), groups=frozenset(), today=DAY)
    assert [len(one.entities) for one in work.given.masked.values()] == [1]
    assert work.to_write
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
