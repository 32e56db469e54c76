"""Questions: what somebody's is masked, what the index is searched for stays word for word."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.masking import shipped_masker

MASKER = shipped_masker()
SAMPLE = Path(__file__).parent.parent / "sample"

OF_SOMEBODY = {"elle habite Aubeterre": "Aubeterre", "j'ai mal au genou": "mal au genou"}
"""What the sample's questions say of somebody, by what surrounds it: it is masked."""


@pytest.mark.parametrize(
    "question",
    [
        "Quelles aides pour un travailleur handicapé (RQTH) ?",
        "Un salarié en arrêt maladie peut-il suivre une formation ?",
        "Quel est l’âge de départ pour quelqu’un né en 1964 ?",
        "Le contrat d’apprentissage est-il ouvert à 29 ans ?",
        "Un délégué syndical a-t-il droit à un entretien professionnel ?",
        "Je suis conseillère : quelles aides pour une personne enceinte ?",
        "Il est possible de suivre une VAE pendant un arrêt maladie ?",
    ],
)
def test_a_question_about_nobody_stays_as_it_is(question: str) -> None:
    assert MASKER.mask(question, about="question").text == question


@pytest.mark.parametrize(
    ("question", "masked"),
    [
        ("Fatima Benali a une RQTH, quelles aides ?", "[PERSONNE_1] a une [SENSIBLE_1], quelles aides ?"),
        ("Ma bénéficiaire est enceinte, que faire ?", "Ma bénéficiaire est [SENSIBLE_1], que faire ?"),
        ("Elle est diabétique : quelle formation ?", "Elle est [SENSIBLE_1] : quelle formation ?"),
        ("Je suis diabétique, quelle formation ?", "Je suis [SENSIBLE_1], quelle formation ?"),
        ("Mon client travaille chez Bonduelle.", "Mon client travaille chez [EMPLOYEUR_1]."),
    ],
)
def test_a_question_about_somebody_is_masked(question: str, masked: str) -> None:
    found = MASKER.mask(question, about="question")
    assert found.text == masked
    assert found.special is ("SENSIBLE" in masked)


def test_a_follow_up_on_somebody_is_about_them() -> None:
    question = "Quelles aides avec une RQTH ?"
    assert (
        MASKER.mask(question, "Vu [PERSONNE_1].", about="question").text
        == "Quelles aides avec une [SENSIBLE_1] ?"
    )


def _sample_questions() -> Iterator[str]:
    for name in ("questions", "questions_abstention", "followups"):
        for line in (SAMPLE / f"{name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            yield from (row[field] for field in ("question", "followup") if field in row)


@pytest.mark.slow
def test_no_question_of_the_sample_is_changed_but_for_what_it_says_of_somebody() -> None:
    questions = list(dict.fromkeys(_sample_questions()))
    assert len(questions) > 500
    for question in questions:
        found = MASKER.mask(question, about="question")
        told = [question[entity.start : entity.end] for entity in found.entities]
        assert told == [said for around, said in OF_SOMEBODY.items() if around in question], question
