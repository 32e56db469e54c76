"""French terms and article numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.text import STOP_WORDS, article_numbers, find_articles, fold, terms


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("L. 6323-17-1", ["L6323-17-1"]),
        ("article R.6313-7", ["R6313-7"]),
        ("D 6323 -1", ["D6323-1"]),
        ("selon l'article l6323-17 du code", ["L6323-17"]),
        ("(L.6323–17‑1).", ["L6323-17-1"]),
        ("L.\u00a06323-17-1", ["L6323-17-1"]),
        ("l’article\nL. 6323-1, le L 6323-2 et l’art. R. 6313-4", ["L6323-1", "L6323-2", "R6313-4"]),
        ("L. 6323-1 puis L6323-1", ["L6323-1"]),
        ("LO1112-1 ou L.O. 1112-2", ["LO1112-1", "LO1112-2"]),
        ("R. *136-8-1", ["R*136-8-1"]),
        ("A. 931-1-1", ["A931-1-1"]),
        ("R142-1-A", ["R142-1-A"]),
        ("D161-2-1-1-1-1", ["D161-2-1-1-1-1"]),
        ("article L. 1", ["L1"]),
        ("L. 6323-1 - 12 heures", ["L6323-1"]),
    ],
)
def test_article_numbers_are_read_however_they_are_written(text: str, numbers: list[str]) -> None:
    assert article_numbers(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "une étudiante en L1",
        "il a 150-200 euros",
        "la procédure PR-031 et la note NS-2026-04",
        "le RNCP37948",
        "SAL 6323-1",
        "l'12-5",
        "le D 12",
        "de 2024-2025",
    ],
)
def test_what_is_no_article_is_left_alone(text: str) -> None:
    assert article_numbers(text) == []


def test_a_mention_gives_its_place_in_the_text() -> None:
    text = "Voir l’article L. 6323-17-1 du code."
    (mention,) = find_articles(text)
    assert text[mention.start : mention.end] == "L. 6323-17-1"


@pytest.mark.parametrize(
    "family",
    [
        "formé formée formées former",
        "emploi emplois",
        "congé congés",
        "licencié licencier licenciement",
        "mobiliser mobilisé mobilisation mobilisable",
        "salarié salariée salariés",
        "financer financement financé",
        "an ans",
        "validité validite validités",
    ],
)
def test_the_forms_of_a_word_give_one_term(family: str) -> None:
    assert len({term for word in family.split() for term in terms(word)}) == 1


def test_different_words_keep_different_terms() -> None:
    assert terms("VAE") != terms("va")
    assert terms("formation") != terms("formateur")


def test_terms_drop_elisions_and_stop_words_and_keep_codes_whole() -> None:
    text = "Qu'est-ce que l’Œuvre, d'après PR-031 et l'article L. 6323-17-1, pour 1 500 € ?"
    assert terms(text) == ["oeuvr", "pr031", "l6323-17-1", "1500"]


def test_a_question_without_accents_meets_the_same_terms() -> None:
    accented = "L’élève salarié relève-t-il du régime général des congés payés ?"
    assert terms(fold(accented)) == terms(accented)


def test_stop_words_are_written_as_they_are_looked_up() -> None:
    assert {word for word in STOP_WORDS if fold(word) != word} == set()


@given(st.text(max_size=200))
def test_any_text_gives_terms_without_spaces_or_capitals(text: str) -> None:
    assert all(term and term == term.lower() and not any(map(str.isspace, term)) for term in terms(text))
