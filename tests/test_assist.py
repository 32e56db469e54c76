"""Assistants without a model: word for word, cited, and honest about it."""

from datetime import date
from typing import Any

import pytest

from ingest.documents import Kind
from server.assist import RULES
from server.assistant_schemas import TrainingFilters
from server.drafting.types import DraftParts
from tests.assisting import CV, DOCUMENTS, EXCHANGE, LETTER, LETTER_INPUTS, MAIL, run, section

pytest_plugins = ["tests.office_fixtures", "tests.assisting_fixtures"]


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
