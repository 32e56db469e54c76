"""A statement is verified only when its quotes are in the passages and its figures in its quotes."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.figures import find_figures
from server.schemas import Passage
from server.verify import ProposedStatement, Quote, find_quote, normalise, verify
from tests.passages import BILAN, bilan_and_frais, make_passage


def found(quote: str, text: str) -> str | None:
    place = find_quote(quote, text)
    return None if place is None else text[place[0] : place[1]]


def verified(text: str, *quotes: tuple[int, str], passages: list[Passage] | None = None) -> bool:
    proposed = ProposedStatement(text, tuple(Quote(number, quote) for number, quote in quotes))
    return verify(proposed, bilan_and_frais() if passages is None else passages).verified


@pytest.mark.parametrize(
    ("quote", "as_written"),
    [
        ("Il dit « oui » sans délai – toujours", "Il dit « oui » sans délai – toujours"),
        ('Il dit "oui" sans délai - toujours', "Il dit « oui » sans délai – toujours"),
        ("Il\ndit  « oui »\tsans\u00a0délai", "Il dit « oui » sans délai"),
        ("« délai – toujours l’accord »", "délai – toujours l’accord"),
        ("toujours l'accord écrit.", "toujours l’accord écrit"),
        ("…toujours l’accord écrit...", "toujours l’accord écrit"),
        ("l’accord écrit, d’employeurs efficaces", "l’accord écrit, d’em\u00adployeurs eﬃcaces"),
        ("e\u0301crit, d’employeurs efficaces", "écrit, d’em\u00adployeurs eﬃcaces"),
    ],
)
def test_a_quote_is_found_whatever_its_typography(quote: str, as_written: str) -> None:
    text = "Il dit « oui » sans délai – toujours l’accord écrit, d’em\u00adployeurs eﬃcaces !"
    assert found(quote, text) == as_written


@pytest.mark.parametrize(
    "quote",
    [
        "il ne peut être réalisé qu’avec",  # another case
        "Il ne peut pas être réalisé qu’avec",  # a word more
        "Il ne peut réalisé qu’avec le consentement",  # a word less
        "Le bilan de compétences dure au plus vingt quatre heures",  # a dash less
        "Il ne peut […] qu’avec le consentement",  # cut in the middle
        "sentement du bénéficiaire",  # begins inside a word
        "consentement du bénéf",  # ends inside a word
        "",
        "   ",
        "...",
        "« »",
        "du bénéficiaire",  # two words
        "Il ne a",  # eleven characters at most
    ],
)
def test_a_quote_that_is_not_there_word_for_word_is_refused(quote: str) -> None:
    assert find_quote(quote, BILAN) is None


def test_a_quote_cannot_turn_impossible_into_possible() -> None:
    assert find_quote("possible de refuser la demande", "Il est impossible de refuser la demande.") is None


def test_a_note_mark_is_not_a_digit() -> None:
    assert find_quote("une aide de 5001 euros", "une aide de 500¹ euros") is None


def test_the_full_stop_of_the_passage_belongs_to_the_quote() -> None:
    assert found("avec le consentement écrit.", "Oui, avec le consentement écrit. Non.") == (
        "avec le consentement écrit."
    )


WORD = st.text(st.characters(categories=["L", "Nd"]), min_size=4, max_size=9)
BETWEEN = st.sampled_from([" ", "\n", "\u00a0", ", ", " – ", "’", " « ", " » ", "\u202f: ", "-"])
SPACES = st.sampled_from([" ", "  ", "\n", "\u00a0", "\u202f", "\t\n "])
OTHER_MARKS = str.maketrans({"’": "'", "–": "\u2011", "-": "−", "«": "“", "»": '"'})


@given(st.lists(st.tuples(WORD, BETWEEN), min_size=5, max_size=20), st.data())
def test_any_slice_is_found_after_respacing_and_other_marks(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    text = "".join(word + between for word, between in pairs)
    starts = [sum(len(word) + len(between) for word, between in pairs[:i]) for i in range(len(pairs))]
    first = data.draw(st.integers(0, len(pairs) - 3))
    last = data.draw(st.integers(first + 2, len(pairs) - 1))
    wanted = text[starts[first] : starts[last] + len(pairs[last][0])]
    quote = re.sub(r"\s+", lambda _match: data.draw(SPACES), wanted).translate(OTHER_MARKS)
    place = find_quote(quote, text)
    assert place is not None
    assert normalise(text[slice(*place)]) == normalise(wanted)


@given(st.text(max_size=80), st.text(max_size=300))
def test_what_is_found_is_always_a_slice_that_reads_the_same(quote: str, text: str) -> None:
    place = find_quote(quote, text + quote)
    if place is not None:
        assert normalise((text + quote)[slice(*place)]) in normalise(quote)


def test_a_statement_whose_quote_is_in_its_passage_is_verified() -> None:
    statement = verify(
        ProposedStatement(
            "Le bilan demande le consentement de la personne.",
            (Quote(1, "qu'avec le consentement du bénéficiaire"),),
        ),
        bilan_and_frais(),
    )
    (citation,) = statement.citations
    assert statement.verified
    assert citation.passage_id == "bilan"
    assert citation.quote == BILAN[citation.start : citation.end] == "qu’avec le consentement du bénéficiaire"


def test_a_statement_without_a_quote_is_not_verified() -> None:
    assert not verified("Le bilan demande l’accord de la personne.")


def test_a_quote_of_another_passage_is_given_back_to_it() -> None:
    quote = Quote(99, "Il ne peut être réalisé qu’avec le consentement")
    statement = verify(ProposedStatement("Il faut un accord.", (quote,)), bilan_and_frais())
    assert statement.verified
    assert [citation.passage_id for citation in statement.citations] == ["bilan"]


def test_a_nearly_right_quote_leaves_only_the_others() -> None:
    statement = verify(
        ProposedStatement(
            "Il faut un accord.",
            (
                Quote(1, "qu’avec le consentement du bénéficiaire"),
                Quote(1, "avec le consentement écrit du bénéficiaire"),
            ),
        ),
        bilan_and_frais(),
    )
    assert not statement.verified
    assert [citation.quote for citation in statement.citations] == ["qu’avec le consentement du bénéficiaire"]


HOURS = (1, "dure au plus vingt-quatre heures, réparties sur 6 à 10 semaines")
KEPT = (1, "est conservé 3 ans (art. R. 6313-7), jusqu’au 31 décembre 2029")
LIMIT = (2, "remboursés dans la limite de 1 500 € par an")


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Il dure 24 heures au plus.", HOURS),
        ("Il dure vingt-quatre heures au plus.", HOURS),
        ("Il se fait en 10 semaines au plus.", HOURS),
        ("Il est gardé trois ans.", KEPT),
        ("Il est gardé jusqu’au 31/12/2029.", KEPT),
        ("Il est gardé jusqu’en décembre 2029.", KEPT),
        ("Il est gardé jusqu’en 2029.", KEPT),
        ("L’article R6313-7 le dit.", KEPT),
        ("La limite est de 1500 euros.", LIMIT),
        ("Selon la PR-031, il y a une limite.", LIMIT),
        ("Il y a une limite, [EMAIL_1].", LIMIT),
    ],
)
def test_figures_that_the_quotes_give_are_supported(text: str, quote: tuple[int, str]) -> None:
    assert verified(text, quote)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Il dure 25 heures au plus.", HOURS),
        ("Il dure vingt-cinq heures au plus.", HOURS),
        ("Il dure 24 jours au plus.", HOURS),
        ("Il est gardé quatre ans.", KEPT),
        ("Il est gardé trois mois.", KEPT),
        ("Il est gardé jusqu’au 30 décembre 2029.", KEPT),
        ("Il est gardé jusqu’au 31 décembre 2028.", KEPT),
        ("Il est gardé jusqu’en janvier 2029.", KEPT),
        ("L’article R6313-8 le dit.", KEPT),
        ("La limite est de 1 600 €.", LIMIT),
        ("La limite est de 1 500 %.", LIMIT),
        ("La limite est de 1 500 € pour 2 véhicules.", LIMIT),
        ("Selon la PR-032, il y a une limite.", LIMIT),
    ],
)
def test_a_figure_that_no_quote_gives_is_not_verified(text: str, quote: tuple[int, str]) -> None:
    assert not verified(text, quote)


@pytest.mark.parametrize(
    ("statement", "quote"),
    [
        ("L’aide est de 500 €.", "500 € par an et par personne"),
        ("Le taux est de 10.", "Le taux applicable est de 10"),
        ("C’est l’article L. 6323-1.", "en application de l’article L. 6323"),
    ],
)
def test_a_figure_cut_by_its_quote_is_not_the_passage_s(statement: str, quote: str) -> None:
    text = (
        "L’aide est de 1 500 € par an et par personne. Le taux applicable est de 10,5 % "
        "en application de l’article L. 6323-17."
    )
    passage = make_passage(text)
    assert find_quote(quote, text) is not None
    assert not verified(statement, (1, quote), passages=[passage])


def test_an_article_number_may_come_from_the_cited_passage_s_title() -> None:
    passage = make_passage(
        "Le bilan est fait avec le consentement.", number="L6313-4", title="Article L6313-4"
    )
    assert verified("Selon l’article L. 6313-4, il faut un accord.", (1, passage.text), passages=[passage])
    assert not verified(
        "Selon l’article L. 6313-5, il faut un accord.", (1, passage.text), passages=[passage]
    )


def read(statement: str, source: str) -> bool:
    """Tell whether `statement` is verified by the whole of `source`."""
    return verified(statement, (1, source), passages=[make_passage(source)])


TABLE = "| Ancienneté | Durée (mois) | Prime |\n|---|---|---|\n| 3 | 6 | 500 |"


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("La réponse arrive dans un délai d’un mois.", "La réponse arrive dans un délai de deux mois."),
        ("Il dure une semaine.", "Il dure trois semaines en tout."),
        ("Il dure un ou deux ans.", "Il dure deux ou trois ans."),
        ("Il dure un an.", "Il dure un an et demi au plus."),
        ("La moitié des frais est prise en charge.", "Un quart des frais est pris en charge."),
        ("Les deux tiers sont payés.", "Les trois quarts sont payés d’avance."),
        ("Le délai est de 3 mois.", "Les étapes :\n3. Le bénéficiaire signe le document."),
        ("Il faut 3 signatures.", "Les étapes :\n3. Le bénéficiaire signe le document."),
        ("Le taux est de 50 %.", "Le taux relève de l’article 50 du règlement."),
        ("Il concerne 50 personnes.", "Il relève des articles 49 et 50 du règlement."),
        ("Il faut 7 jours.", "Voir la procédure n° 7 du service."),
        ("Le groupe a 12 participants.", "Le groupe se réunit le 12 mars 2026."),
        ("Le groupe a 12 participants.", "Le groupe se réunit du 12 au 15 mars 2026."),
        ("Le groupe a 12 participants.", "Le groupe se réunit pendant 12 mois."),
        ("Le groupe a 2026 membres.", "Le groupe se réunit le 12 mars 2026."),
        ("Il dure 2 ans.", "Il commence en 2e année de licence."),
        ("Le prix est de 5 €.", "Le prix est de 5.000 € par an."),
        ("Le prix est de 5 €.", "Le prix du bilan est de 5.000"),
        ("Le taux évolue de 5 %.", "Le taux évolue de -5 % par an."),
        ("Le taux évolue de −5 %.", "Le taux évolue de 5 % par an."),
        ("Le budget est de 2 millions d’euros.", "Le budget est de 2 millions de dollars."),
        ("Le budget est de 2 €.", "Le budget est de 2 millions d’euros."),
        ("La prime est de 6 €.", TABLE),
        ("Né le [DATE_NAISSANCE_1], il a droit au bilan.", "Chacun a droit au bilan de compétences."),
        ("Au [TELEPHONE_1], on répond.", "On répond au [TELEPHONE_1] tous les jours."),
        ("Jusqu’au 3 ſeptembre 2026.", "Jusqu’au 3 octobre 2026 au plus tard."),
    ],
)
def test_a_number_of_another_kind_supports_nothing(statement: str, source: str) -> None:
    assert not read(statement, source)


@pytest.mark.parametrize(
    ("statement", "source"),
    [
        ("Le délai est d’un mois.", "Le délai est d’un (1) mois au plus."),
        ("Le délai est de 1 mois.", "Le délai est d’un mois au plus."),
        ("Le délai est de 3 mois.", "Le délai est de trois (3) mois au plus."),
        ("Un bénéficiaire peut y recourir.", "Tout bénéficiaire peut y recourir."),
        ("La moitié est payée.", "La moitié des frais est payée."),
        ("Il dure au moins 6 semaines.", "Il dure de 6 à 10 semaines au plus."),
        ("Il dure de 6 à 10 semaines.", "Il dure de 6 semaines à 10 semaines."),
        ("Il dure 6 mois.", TABLE),
        ("La prime est de 500 €.", TABLE),
        ("Le prix est de 5 000 €.", "Le prix est de 5.000 € par an."),
        ("Le prix est de 5.000.000 €.", "Le prix est de 5 millions d’euros."),
        ("Le prix est de 1 500 000 euros.", "Le prix est de 1,5 M€ par an."),
        ("Le taux est de 0,5 %.", "Le taux est de 0.500 % par an."),
        ("Le taux évolue de -5 %.", "Le taux évolue de −5 % par an."),
        ("Il dure 6-10 semaines.", "Il dure de 6 à 10 semaines."),
        ("L’article 50 le dit.", "Selon l’art. 50 du règlement."),
        ("Le règlement le dit en 2026.", "Le règlement du 12 mars 2026 le dit."),
        ("Jusqu’au 3 septembre 2026.", "Jusqu’au 3 ſeptembre 2026 au plus tard."),
    ],
)
def test_a_number_of_the_same_kind_supports_it_in_another_writing(statement: str, source: str) -> None:
    assert read(statement, source)


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        "Les étapes :\n1. Le bénéficiaire signe.\n2) Il part le 1er mars.\n3° Au bout d’un an et demi.",
        "## 2.1 Durée\nSelon les articles 3, 4 et 5, n° 2016-1088, en 2e année, du 12 au 15 mars 2026, -5 %.",
        "Entre 2 et 3 millions d’euros, un tiers des trois quarts, une demi-journée, 3, 6 ou 12 mois, 24h.",
    ],
)
def test_a_text_supports_itself(text: str) -> None:
    assert read(text, text)


MONTHS = st.sampled_from("janvier fevrier mars avril juin juillet août septembre octobre décembre".split())


@given(MONTHS, st.sampled_from([("s", "ſ"), ("i", "ı"), ("i", "İ"), ("e", "É"), ("u", "Û")]))
def test_no_letter_of_another_alphabet_breaks_a_month(month: str, swap: tuple[str, str]) -> None:
    find_figures(f"le 3 {month.replace(*swap)} 2026, {'seize'.replace(*swap)} jours")


@pytest.mark.parametrize("piece", ["12 et ", "3, ", "un à ", "article 1, ", "9", "| 3 |\n"])
def test_a_long_text_is_read_in_no_time(piece: str) -> None:
    began = time.perf_counter()
    find_figures(piece * 2_000 + "ou 2 mois")
    assert time.perf_counter() - began < 2
