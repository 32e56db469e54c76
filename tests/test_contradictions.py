"""Contradictions of notes: what two sentences say of the same thing, and what only looks like one."""

import pytest

from server.draft_schemas import Contradiction
from server.drafting import contradictions as compared
from server.drafting.contradictions import MOST, contradictions
from server.notes import NumberedSentence
from tests.drafting import notes_of, numbered


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Titulaire du permis B depuis 2008.", "N’a pas le permis."),
        ("pas de permis -> vient en bus", "Elle a bien le permis B"),
        ("Permis : B", "sans permis"),
        ("Permis B : oui", "pas encore de permis"),
        ("Véhiculée.", "n’a pas de voiture"),
        ("3 ans d’expérience en vente", "10 ans d’expérience dans la vente"),
        ("Il a trois ans d’expérience.", "12 ans d’exp"),
        ("Disponible à partir du 1er mars", "dispo le 15 avril"),
        ("Disponible immédiatement", "Peut commencer à partir du 3 février"),
        ("dispo seulement le lundi", "disponible uniquement le samedi"),
        ("Prochain rdv le 8 décembre", "prochain rendez-vous le jeudi 10/12 à 9h"),
        ("Souhaite déménager.", "Ne souhaite pas déménager"),
        ("Il veut un CDI", "ne veut pas de CDI"),
        ("Accepte de travailler la nuit", "refuse de travailler la nuit"),
        ("Souhaite un temps plein", "cherche un mi-temps"),
        ("Est actuellement en CDI", "est en CDD chez [EMPLOYEUR_1]"),
        ("Contrat : CDI", "est au chômage"),
        ("A validé le bloc 2", "n’a pas validé le bloc 2"),
        ("Connaît Excel", "Ne connaît pas Excel"),
        ("Habite à Lyon", "vit à Bordeaux"),
        ("habite au [ADRESSE_1]", "habite au [ADRESSE_2]"),
        ("Mère de deux enfants", "sans enfant"),
        ("Célibataire", "en couple"),
        ("CPF : 1 200 €", "a 800 euros sur son CPF"),
        ("Salaire actuel de 1 500 € net", "gagne 1 800 € net"),
        ("BEP vente obtenu en 2005", "BEP vente obtenu en 2007"),
        ("Mobilité : 30 km", "accepte de se déplacer jusqu’à 50 kilomètres"),
    ],
)  # fmt: skip
def test_two_things_said_of_one_are_found(one: str, other: str) -> None:
    (found,) = contradictions(numbered(f"{one}\nAutre chose de dit.\n{other}"))
    assert found.sentences == [1, 3]
    assert f"« {one} » (phrase 1)" in found.explanation
    assert f"« {other} » (phrase 3)" in found.explanation


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Son mari a le permis.", "Elle n’a pas le permis"),
        ("Sa fille habite à Lyon", "Habite à Bordeaux"),
        ("Avait le permis", "pas de permis"),
        ("n’a pas le permis", "souhaite passer le permis B"),
        ("Prépare le permis B", "pas de permis"),
        ("Permis C", "pas de permis B"),
        ("a le permis B", "n’a pas le permis C"),
        ("Titulaire du permis poids lourd", "n’a pas de permis moto"),
        ("Si elle n’a pas le permis, elle prendra le bus", "A le permis B"),
        ("3 ans d’expérience en vente", "10 ans d’expérience en restauration"),
        ("3 ans d’expérience, dont 1 an d’expérience en crèche", "3 ans d’expérience"),
        ("Souhaite un CDI", "ne souhaite pas travailler la nuit"),
        ("a travaillé en CDD", "est en CDI"),
        ("Stage de 2 semaines en vente", "Stage de 3 semaines en vente"),
        ("Salaire 1 500 € net", "souhaite un salaire de 2 000 € net"),
        ("Salaire 1 500 € net", "salaire 1 950 € brut"),
        ("CPF : 1 200 €", "la formation coûte 2 000 € (CPF)"),
        ("Elle a 3 enfants", "S’occupe de 5 enfants à la crèche"),
        ("Peut-être disponible le 1er mars", "Disponible le 3 avril"),
        ("Ne souhaite pas quitter son CDI avant une formation", "souhaite quitter son CDI à terme"),
        ("Souhaite un temps plein à terme", "souhaite un temps partiel pendant la formation"),
        ("N’a pas travaillé en 2019", "A travaillé en 2020"),
        ("[PERSONNE_1] ne veut pas déménager", "[PERSONNE_2] veut déménager"),
        ("Pas seulement la vente", "la vente"),
        ("Ne travaille plus le samedi", "travaille le samedi"),
        ("A-t-elle le permis ?", "pas de permis"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_contradiction_is_left_out(one: str, other: str) -> None:
    assert contradictions(numbered(f"{one}\n{other}")) == []


def test_the_sample_notes_have_those_that_were_put_in() -> None:
    (cep,) = contradictions(numbered(notes_of("cep-niveau-2")))
    assert cep.explanation.startswith("Permis B : les notes disent « pas de permis")
    (bilan,) = contradictions(numbered(notes_of("bilan")))
    assert "50 kilomètres" in bilan.explanation
    assert "30 kilomètres" in bilan.explanation
    assert contradictions(numbered(notes_of("vae"))) == []


def test_a_thing_said_twice_the_same_way_is_listed_once() -> None:
    notes = "pas de permis\nA le permis B.\nn’a pas le permis\nTitulaire du permis B"
    assert [found.sentences for found in contradictions(numbered(notes))] == [[1, 2]]


def test_what_a_model_proposes_is_kept_where_the_sentences_share_a_word() -> None:
    notes = numbered("Elle préfère la vente au comptoir.\nLa vente la fatigue beaucoup.\nIl pleut.")
    assert [found.sentences for found in contradictions(notes, [[1, 2], [1, 3]])] == [[1, 2]]
    assert contradictions(notes, [[1, 2]])[0].explanation.startswith("Les notes disent")


def test_a_long_sentence_is_shown_in_short_and_the_list_ends() -> None:
    long = f"Elle a le permis B {'et une longue histoire ' * 20}"
    (found,) = contradictions(numbered(f"{long}\npas de permis"))
    assert len(found.explanation) < 400
    assert "[…]" in found.explanation
    many = "\n".join(f"Souhaite la chose{i}x.\nNe souhaite pas la chose{i}x." for i in range(40))
    assert len(contradictions(numbered(many))) == MOST


@pytest.mark.parametrize(
    "line",
    [
        "CPF : {n} €",
        "Elle souhaite quitter la région.\nElle ne souhaite pas quitter la région.",
        "Elle a vu la région {n}.\nElle n’a pas vu la région de {n} jours.",
    ],
)
def test_long_notes_that_repeat_themselves_are_compared_a_bounded_number_of_times(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real, real_opposed = compared.contradiction, compared._opposed

    def counted(about: str, one: NumberedSentence, other: NumberedSentence) -> Contradiction:
        made.append(1)
        return real(about, one, other)

    compared_claims: list[int] = []

    def counted_opposed(*claims: compared._Claim) -> bool:
        compared_claims.append(1)
        return real_opposed(*claims)

    monkeypatch.setattr(compared, "contradiction", counted)
    monkeypatch.setattr(compared, "_opposed", counted_opposed)
    notes = numbered("\n".join(line.format(n=n + 1) for n in range(300)))
    assert len(contradictions(notes)) == len(made) <= MOST
    assert len(compared_claims) <= compared.NEAR * 300


def test_a_contradiction_is_found_among_many_sentences_that_share_a_common_word() -> None:
    many = "\n".join(f"Elle souhaite la chose{n}x de la région." for n in range(200))
    notes = (
        f"{many}\nSouhaite rester dans la région des lacs.\nNe souhaite pas rester dans la région des lacs."
    )
    assert [found.sentences for found in contradictions(numbered(notes))] == [[201, 202]]
