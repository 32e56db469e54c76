"""Sentences that speak of something else than their quotes, as a small model wrote them (docs/reports)."""

import pytest

from server.schemas import Passage
from server.support import foreign_words
from server.verify import ProposedStatement, Quote, verify
from tests.passages import make_passage

VAE = "Entre neuf et quatorze mois, du premier rendez-vous au jury. Le temps d'écriture est le plus long."


@pytest.mark.parametrize(
    ("text", "quote", "foreign"),
    [
        (
            "Pour répondre à un mail, il faut prévoir entre neuf et quatorze mois.",
            VAE,
            ["répondre", "mail", "prévoir"],
        ),
        (
            "Pour commander des cartes de visite, il faut suivre ces étapes :",
            "Le conseiller remet la carte « Écoute » (format carte de visite, sans logo).",
            ["commander", "suivre", "étapes"],
        ),
    ],
)
def test_an_answer_to_another_question_is_told_by_its_words(
    text: str, quote: str, foreign: list[str]
) -> None:
    assert foreign_words(text, [quote]) == foreign


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (
            "La synthèse est gardée trois ans si la personne est d’accord.",
            ["La synthèse est conservée trois ans si la personne a donné son accord par écrit."],
        ),
        ("Il faut un accord.", ["avec le consentement du bénéficiaire"]),
        (
            "Un premier entretien dure une heure.",
            ["Un premier entretien dure une heure, un suivi 45 minutes."],
        ),
        (
            "Le remboursement du taxi demande l’accord du responsable.",
            ["L’accord préalable du responsable est nécessaire.", "Remboursement des frais", "Taxi"],
        ),
    ],
)
def test_a_paraphrase_is_left_alone(text: str, given: list[str]) -> None:
    assert foreign_words(text, given) == []


def test_such_an_answer_does_not_pass_as_verified() -> None:
    passage: Passage = make_passage(VAE, title="La VAE pas à pas")
    said = ProposedStatement(
        "Pour répondre à un mail, il faut prévoir entre neuf et quatorze mois.", (Quote(1, VAE),)
    )
    statement = verify(said, [passage])
    assert not statement.verified
    assert statement.citations
    assert statement.unsupported == ["répondre", "mail", "prévoir"]
