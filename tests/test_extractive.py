"""Answers made of the documents' own sentences."""

import asyncio
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.documents import Kind
from ingest.text import terms
from server.extractive import (
    FRAME_WEIGHT,
    MAX_STATEMENTS,
    ExtractiveGenerator,
    content_weights,
    ranked_extracts,
)
from server.schemas import Passage
from server.sentences import split_sentences
from server.units import SKIPPED
from server.verify import ProposedStatement, verify
from tests.passages import BILAN, bilan_and_frais, make_passage, make_retrieval

DAY = date(2026, 11, 22)


async def answer(question: str, passages: list[Passage], coverage: float = 1.0) -> list[ProposedStatement]:
    retrieval = make_retrieval(question, passages, coverage)
    return [s async for s in ExtractiveGenerator().generate(question, passages, retrieval, DAY)]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "Selon l’art. L. 6323-1, M. Dupont (n° 12) part. Il revient.",
            ["Selon l’art. L. 6323-1, M. Dupont (n° 12) part.", "Il revient."],
        ),
        ("Le permis B. Le candidat attend.", ["Le permis B.", "Le candidat attend."]),
        ("Papiers, clés, etc. Rien d’autre.", ["Papiers, clés, etc.", "Rien d’autre."]),
        ("Le taux est de 3.5 %. 15 jours suffisent.", ["Le taux est de 3.5 %.", "15 jours suffisent."]),
        ("Il dit : « Oui. » Puis il part…", ["Il dit : « Oui. »", "Puis il part…"]),
        ("Voir l’al. 2 et l’art. 5 de la loi.", ["Voir l’al. 2 et l’art. 5 de la loi."]),
        ("Une ligne coupée\npar un retour. Fin.", ["Une ligne coupée\npar un retour.", "Fin."]),
        ("Ils sont réunis.L’existence suffit.", ["Ils sont réunis.", "L’existence suffit."]),
        ("1° Le premier ;\n2° Le second. Et fin.", ["1° Le premier ;", "2° Le second. Et fin."]),
        ("- un point. Deux.\n• un autre", ["- un point. Deux.", "• un autre"]),
        ("| a | b. C |\n|---|---|", ["| a | b. C |", "|---|---|"]),
    ],
)
def test_french_sentences_are_cut_where_a_reader_would(text: str, sentences: list[str]) -> None:
    assert [text[s.start : s.end] for s in split_sentences(text)] == sentences


async def test_the_sentence_that_answers_is_quoted_word_for_word() -> None:
    statements = await answer("Combien d’heures dure un bilan de compétences ?", bilan_and_frais())
    first = statements[0]
    assert first.text in BILAN
    assert "vingt-quatre heures" in first.text
    assert [quote.text for quote in first.quotes] == [first.text]


async def test_every_statement_passes_the_verification() -> None:
    for question in [
        "Quelles sont les phases du bilan ?",
        "Indemnité par kilomètre des frais ?",
        "Frais du bilan",
    ]:
        for statement in await answer(question, bilan_and_frais()):
            assert verify(statement, bilan_and_frais()).verified, statement


async def test_a_list_comes_with_its_introduction() -> None:
    statements = await answer("Quelles sont les phases du bilan ?", bilan_and_frais())
    assert any(
        s.text.startswith("Les phases du bilan") and s.text.endswith("- la phase de conclusions.")
        for s in statements
    )


async def test_a_table_comes_with_its_header() -> None:
    statements = await answer("Quelle indemnité par kilomètre pour un vélo ?", bilan_and_frais())
    (table,) = [s.text for s in statements if "Vélo" in s.text]
    assert table.startswith("| Véhicule | Indemnité par kilomètre |\n|---|---|\n")


async def test_a_long_list_keeps_its_introduction_and_the_items_asked_about() -> None:
    filler = "".join(
        f"- une condition numéro {i} sans rapport avec ce qui est demandé ici ;\n" for i in range(12)
    )
    text = f"Le salarié doit :\n{filler}- avoir vingt-quatre mois d’ancienneté ;\n{filler}"
    statements = await answer("Quelle ancienneté le salarié doit avoir ?", [make_passage(text)])
    assert statements[0].text.startswith("Le salarié doit :")
    assert "- avoir vingt-quatre mois d’ancienneté ;" in statements[0].text
    assert SKIPPED in statements[0].text
    assert verify(statements[0], [make_passage(text)]).verified


async def test_a_row_of_a_long_table_comes_with_its_header() -> None:
    rows = "\n".join(f"| Commune numéro {i} | {i} places en crèche |" for i in range(40))
    passage = make_passage(f"| Commune | Places |\n|---|---|\n{rows}\n| Port-Ellien | 12 places |")
    statements = await answer("Combien de places à Port-Ellien ?", [passage])
    assert statements[0].text.startswith("| Commune | Places |\n|---|---|")
    assert "| Port-Ellien | 12 places |" in statements[0].text
    assert verify(statements[0], [passage]).verified


async def test_the_sentence_under_a_title_that_asks_the_question_answers_in_other_words() -> None:
    under = make_passage(
        "Adressez-vous à la référente, au rez-de-chaussée. Elle vous remet un badge.",
        path=["Livret", "Comment obtenir un parking ?"],
    )
    apart = make_passage("Le parking du siège ferme à 20 heures tous les soirs.", "p2", path=["Livret"])
    statements = await answer("Comment obtenir un parking ?", [apart, under])
    assert any(s.text.startswith("Adressez-vous à la référente") for s in statements)


async def test_a_short_answer_is_read_with_the_sentence_after_it() -> None:
    passage = make_passage("Peut-on refuser un bilan ?\nOui. Le refus du salarié n’est pas une faute.")
    statements = await answer("Peut-on refuser un bilan ?", [passage])
    assert [s.text for s in statements] == ["Oui. Le refus du salarié n’est pas une faute."]


async def test_a_sentence_that_refers_back_brings_the_one_before() -> None:
    passage = make_passage("La durée du bilan varie selon le besoin. Elle est au maximum de 24 heures.")
    statements = await answer("Quelle est la durée du bilan ?", [passage])
    assert statements[0].text == passage.text


async def test_two_sentences_that_say_the_same_are_given_once() -> None:
    passages = [make_passage("Le bilan dure 24 heures au plus.", f"p{i}") for i in range(3)]
    assert len(await answer("Combien dure le bilan ?", passages)) == 1


async def test_an_answer_stays_short_and_in_reading_order() -> None:
    text = " ".join(f"Le bilan de compétences du mois {i} concerne le service {i * i}." for i in range(30))
    statements = await answer("Quel bilan de compétences pour le service ?", [make_passage(text)])
    places = [text.index(s.text) for s in statements]
    assert 1 <= len(statements) <= MAX_STATEMENTS
    assert places == sorted(places)


async def test_an_article_that_the_question_names_is_quoted_from_its_beginning() -> None:
    article = make_passage(
        "Les bilans ont pour objet d’analyser des aptitudes. Ce bilan demande un accord écrit.",
        number="L6313-4",
        kind=Kind.LEGAL,
    )
    other = make_passage("Le refus est prévu à l’article L. 6313-4 du code du travail.", "p2")
    statements = await answer("Que dit l’article L. 6313-4 ?", [article, other])
    assert statements[0].text == "Les bilans ont pour objet d’analyser des aptitudes."


async def test_a_person_s_own_numbers_weigh_nothing_and_the_subject_more_than_the_kind_of_answer() -> None:
    subject, kind, number = terms("bilan délai 48")
    weights = content_weights({subject: 2.0, kind: 2.0, number: 2.0})
    assert weights == {subject: 2.0, kind: 2.0 * FRAME_WEIGHT}


async def test_extracts_are_ranked_best_first() -> None:
    passages = bilan_and_frais()
    ranked = ranked_extracts("Combien dure le bilan ?", passages, {"bilan": 1.0, "dur": 1.0})
    assert "vingt-quatre heures" in ranked[0].text
    assert [extract.score for extract in ranked] == sorted((e.score for e in ranked), reverse=True)


async def test_it_gives_nothing_without_passages() -> None:
    assert await answer("Combien d’heures dure un bilan ?", []) == []


LINES = st.sampled_from(
    [
        "Le bilan dure 24 heures au plus.",
        "Oui.",
        "Non. Elle en fait la demande le 3 juillet 2026, selon l’art. L. 6313-4.",
        "Les frais du bilan sont :",
        "- 1 500 € par bilan ;",
        "1° le transport du bilan (n° 12) ;",
        "| Âge | Taux |",
        "|---|---|",
        "| 16 ans | 27 % du bilan |",
        "Bilan et frais",
        "Le bilan est-il payé ?",
        "« Le bilan » coûte 3,5 % de plus… ou deux cents euros !",
        "Le bilan est un très long parcours, " + "avec des étapes et des frais, " * 12 + "qui finit.",
    ]
)


@given(st.lists(LINES, min_size=1, max_size=20), st.sampled_from(["\n", " "]))
def test_whatever_the_passage_each_statement_is_verified(lines: list[str], between: str) -> None:
    passages = [make_passage(between.join(lines))]
    for statement in asyncio.run(answer("Combien coûtent les frais du bilan ?", passages)):
        assert verify(statement, passages).verified, statement


@pytest.mark.parametrize("marker", ["- ", "- 3. ", "2. ", "– "])
async def test_an_item_quoted_alone_loses_its_marker(marker: str) -> None:
    passage = make_passage(f"{marker}La caisse donne son accord écrit à la personne en arrêt.")
    [statement] = await answer("accord écrit de la caisse", [passage])
    assert statement.text == "La caisse donne son accord écrit à la personne en arrêt."
    assert verify(statement, [passage]).verified
