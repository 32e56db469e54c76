"""Masking: what is replaced, the same thing by the same placeholder, and how it comes back."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.mask import load_masker, unmask
from server.mask_schemas import MaskSpan
from server.settings import ServerSettings
from tests.masking import shipped_masker

MASKER = shipped_masker()
mask, mask_beginning = MASKER.mask, MASKER.mask_beginning


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Écrire à Jean.D-upont+cpf@exemple.co.fr.", "Écrire à [EMAIL_1]."),
        ("au 06 12 34 56 78", "au [TELEPHONE_1]"),
        ("au 06.12.34.56.78 !", "au [TELEPHONE_1] !"),
        ("au +33 (0)6 12 34 56 78", "au [TELEPHONE_1]"),
        ("au 0033612345678", "au [TELEPHONE_1]"),
        ("NIR 2 85 07 75 123 456 42", "NIR [NIR_1]"),
        ("NIR 285072A123456", "NIR [NIR_1]"),
        ("IBAN FR76 3000 6000 0112 3456 7890 189", "IBAN [IBAN_1]"),
        ("IBAN DE89 3704 0044 0532 0130 00 pour le virement", "IBAN [IBAN_1] pour le virement"),
        ("identifiant France Travail : 1234567A", "identifiant France Travail : [IDENTIFIANT_FT_1]"),
        ("demandeuse d’emploi n° 12345678", "demandeuse d’emploi n° [IDENTIFIANT_FT_1]"),
        ("née à Hanoï le 3 juillet 1991, mariée", "née à [LIEU_NAISSANCE_1] le [DATE_NAISSANCE_1], mariée"),
        ("né(e) le 05-11-70", "né(e) le [DATE_NAISSANCE_1]"),
        ("nee a Lyon le 3 juillet 1991", "nee a [LIEU_NAISSANCE_1] le [DATE_NAISSANCE_1]"),
        ("ne(e) le 05-11-70", "ne(e) le [DATE_NAISSANCE_1]"),
        ("Il est ne le 5 novembre 1970", "Il est ne le [DATE_NAISSANCE_1]"),
        ("Ne : 05/11/1970", "Ne : [DATE_NAISSANCE_1]"),
        ("ne à Lyon le 05/11/1970", "ne à [LIEU_NAISSANCE_1] le [DATE_NAISSANCE_1]"),
        ("ne\u0301 à Lyon le 05/11/1970", "ne\u0301 à [LIEU_NAISSANCE_1] le [DATE_NAISSANCE_1]"),
        ("Date de naissance : 1970-11-05", "Date de naissance : [DATE_NAISSANCE_1]"),
    ],
)
def test_personal_data_is_replaced(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "L'article L. 6323-17-1, en vigueur le 3 juillet 2026, et 24 heures par bilan.",
        "SIRET 123 456 789 00012, poste 2140, RNCP37948",
        "Le CPF est crédité de 500 euros par an, plafonné à 5 000 euros.",
        "Qu'est-ce qui ne change pas pour le CPF à partir du 1er janvier 2026 ?",
        "Le droit ne vaut plus à compter du 03/07/2026.",
        "AB12 MAIS DANS CETTE PHRASE EN CAPITALES",
    ],
)
def test_what_is_nobody_s_is_kept(text: str) -> None:
    assert mask(text).text == text


def test_a_social_security_number_with_a_wrong_key_is_masked_too() -> None:
    assert mask("2 85 07 75 123 456 99").text == "[NIR_1]"


def test_the_same_value_gets_the_same_placeholder_however_it_is_written() -> None:
    masked = mask("06 12 34 56 78, encore 0612345678, puis 07 00 00 00 01")
    assert masked.text == "[TELEPHONE_1], encore [TELEPHONE_1], puis [TELEPHONE_2]"


def test_entities_point_into_the_text_before_masking() -> None:
    text = "De a@b.fr au 06 12 34 56 78"
    found = [(text[entity.start : entity.end], entity.type) for entity in mask(text).entities]
    assert found == [("a@b.fr", "EMAIL"), ("06 12 34 56 78", "TELEPHONE")]


def test_a_placeholder_that_the_person_typed_is_not_taken_for_one_of_ours() -> None:
    masked = mask("Que veut dire [EMAIL_1] ? Écrivez-moi à a@b.fr.")
    assert masked.text == "Que veut dire [EMAIL_1] ? Écrivez-moi à [EMAIL_2]."
    assert unmask(masked.text, masked.restore) == "Que veut dire [EMAIL_1] ? Écrivez-moi à a@b.fr."


def test_a_placeholder_invented_by_a_model_stays_as_it_is() -> None:
    assert unmask("Joindre [NIR_7].", mask("a@b.fr").restore) == "Joindre [NIR_7]."


def test_values_of_texts_before_get_their_placeholders_again() -> None:
    known = mask("M. Paul Durand, 06 12 34 56 78").restore
    masked = mask("Rappeler Durand au +33 6 12 34 56 78, pas Claire Petit.", known=known)
    assert masked.text == "Rappeler [PERSONNE_1] au [TELEPHONE_1], pas [PERSONNE_2]."


def test_a_name_that_a_later_text_gives_in_full_is_the_same_person() -> None:
    known = mask("Vu Mme Benali.").restore
    masked = mask("Fatima Benali rappellera.", known=known)
    assert (masked.text, masked.restore["[PERSONNE_1]"]) == ("[PERSONNE_1] rappellera.", "Fatima Benali")


def test_an_employer_named_once_is_masked_everywhere() -> None:
    masked = mask("Il a travaillé chez Bridgestone. BRIDGESTONE a fermé.")
    assert masked.text == "Il a travaillé chez [EMPLOYEUR_1]. [EMPLOYEUR_1] a fermé."


def test_ages_are_masked_by_a_setting() -> None:
    text = "Corinne, 42 ans, cherche un emploi."
    shown = load_masker(ServerSettings(_env_file=None, mask_ages=False))
    assert mask(text).text == "[PERSONNE_1], [AGE_1], cherche un emploi."
    assert shown.mask(text).text == "[PERSONNE_1], 42 ans, cherche un emploi."


def test_what_a_person_decided_is_masked_and_nothing_else() -> None:
    text = "Rose habite rue des Roses. Rose et ROSE aiment la rose. Paul Durand aussi."
    decided = [MaskSpan(start=0, end=4, type="PERSONNE"), MaskSpan(start=12, end=25, type="ADRESSE")]
    masked = MASKER.mask_spans(text, decided)
    assert (
        masked.text
        == "[PERSONNE_1] habite [ADRESSE_1]. [PERSONNE_1] et ROSE aiment la rose. Paul Durand aussi."
    )


def test_words_that_a_person_decided_on_are_masked_in_any_case_unless_they_are_common() -> None:
    masked = MASKER.mask_spans(
        "Yıldız, YILDIZ, yildiz.", [MaskSpan(start=0, end=6, type="PERSONNE")], "[PERSONNE_1]"
    )
    assert masked.text == "[PERSONNE_2], [PERSONNE_2], [PERSONNE_2]."


def test_a_person_who_is_known_keeps_their_placeholder_where_masks_were_decided() -> None:
    spans = [MaskSpan(start=0, end=4, type="PERSONNE"), MaskSpan(start=8, end=12, type="PERSONNE")]
    masked = MASKER.mask_spans("Rose et Paul", spans, known={"[PERSONNE_1]": "Paul", "[EMAIL_1]": "x@y.fr"})
    assert masked.text == "[PERSONNE_2] et [PERSONNE_1]"


def test_decided_places_past_the_end_or_over_one_another_are_passed_over() -> None:
    spans = [MaskSpan(start=0, end=4, type="PERSONNE"), MaskSpan(start=2, end=9, type="EMPLOYEUR")]
    masked = MASKER.mask_spans("Paul Durand", [*spans, MaskSpan(start=50, end=60, type="AGE")])
    assert masked.text == "[PERSONNE_1] Durand"


def _lines_run(work: Callable[[], object]) -> int:
    """Count the lines of Python that some work runs: its cost, whatever the machine."""
    count = 0

    def line(_: FrameType, event: str, __: object) -> Any:
        nonlocal count
        count += event == "line"
        return line

    former = sys.gettrace()
    sys.settrace(line)
    try:
        work()
    finally:
        sys.settrace(former)
    return count


def test_masking_more_values_costs_no_more_for_each() -> None:
    def cost(values: int) -> int:
        text = " ".join(f"p{number}@b.fr" for number in range(values))
        beside = " ".join(f"[EMAIL_{number}]" for number in range(1, values + 1))
        return _lines_run(lambda: mask(text, beside))

    assert cost(400) < 5 * cost(100)


def test_placeholders_beside_are_not_given_again_and_holes_are_filled() -> None:
    masked = mask("a@b.fr c@d.fr [EMAIL_2]", beside="[EMAIL_1][EMAIL_99999] [NIR_3]")
    assert masked.text == "[EMAIL_3] [EMAIL_4] [EMAIL_2]"


@pytest.mark.parametrize("shift", range(-2, 16))
def test_what_the_end_of_a_beginning_cuts_is_masked_whole(shift: int) -> None:
    before, number = "Mon numéro de portable : ", "06 12 34 56 78"
    masked = mask_beginning(f"{before}{number} et la suite", len(before) + shift)
    assert not set(masked.text[len(before) :]) & set("0123456789") - {"1"}
    assert ("[TELEPHONE_1]" in masked.text) is (shift > 0)
    assert unmask(masked.text, masked.restore) in f"{before}{number} et la suite"


def test_the_beginning_of_a_text_without_personal_data_is_cut_where_it_is_said() -> None:
    assert mask_beginning("é" * 50, 10).text == "é" * 10
    assert mask_beginning("court", 10).text == "court"
    assert mask_beginning(f"{'x' * 100}@{'long.' * 400}fr", 90).text == f"{'x' * 36}[EMAIL_1]"


_PIECES = st.sampled_from(["a@b.fr", "0612345678", " et ", "né le 03/07/1991", "\n", "[NIR_1]", "é", "12"])


@settings(max_examples=40, deadline=None)  # each example is read by spaCy
@given(st.lists(_PIECES | st.text(max_size=6), max_size=12))
def test_unmasking_gives_the_text_back(pieces: list[str]) -> None:
    text = " ".join(pieces)
    masked = mask(text)
    if len({entity.placeholder for entity in masked.entities}) == len(masked.entities):
        assert unmask(masked.text, masked.restore) == text
