"""Figures: what a sentence asserts is in its source, in whatever writing, or the sentence is not verified."""

import time

import pytest

from server.figures import find_figures
from server.schemas import Statement
from server.verify import ProposedStatement, Quote, find_quote, verify
from tests.passages import make_passage


def given(text: str, source: str) -> bool:
    """Tell whether `source` gives every figure of `text`."""
    sources = find_figures(source)
    return all(any(figure.supported_by(source) for source in sources) for figure in find_figures(text))


def checked(text: str, source: str) -> Statement:
    """Check `text` against the whole of `source`."""
    return verify(ProposedStatement(text, (Quote(1, source),)), [make_passage(source)])


@pytest.mark.parametrize(
    "text",
    [
        "Le délai est de **10** jours.",
        "Le délai est de *10* jours.",
        "Le délai est de 10  jours.",
        "Le délai est de 10\u00a0 jours.",
        "Le délai est de 10\n\njours.",
        "C’est un délai de 10-jours.",
        "C’est un délai de 10 (jours).",
        "C’est un délai en jours : 10.",
        "Le montant est de €10.",
        "Le délai est de 10/15 jours.",
        "Le délai est de 10 (dix) jours.",
        "Le salarié touche 10 par jour.",
        "Le groupe compte **10** places.",
        "Il faut 10, 12 et 15 jours.",
    ],
)
def test_a_unit_that_is_not_right_behind_its_number_is_read(text: str) -> None:
    assert not given(text, "Le délai est fixé à 10 mois et à 15 jours, ou à 12 jours.")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Le délai est de **10** jours.", "Le délai est fixé à 10 jours."),
        ("Le délai est de 10  jours.", "Le délai est fixé à 10 jours."),
        ("C’est un délai de 10 (jours).", "Le délai est fixé à 10 jours."),
        ("Le montant est de €10.", "Le montant est fixé à 10 €."),
        ("Le délai est de 10/15 jours.", "Le délai est de 10 à 15 jours."),
        ("Le délai est de 10 jours.", "Le délai est de 10 (dix) jours."),
        ("Le montant est de 30.", "Le montant est fixé à 30 € au plus."),
        ("Il faut 3, 6 et 12 mois.", "Il faut 3 mois, 6 mois et enfin 12 mois."),
        ("En 2026, 2 ou 3 mois suffisent.", "En 2026, il suffit de 2 mois ou de 3 mois."),
    ],
)
def test_the_same_unit_further_away_is_the_same_figure(text: str, source: str) -> None:
    assert given(text, source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Elle commence au troisième mois.", "Elle commence au deuxième mois."),
        ("Le second alinéa s’applique.", "Le premier alinéa s’applique à la demande."),
        ("Le vingt et unième jour.", "Le vingt-deuxième jour suivant la demande."),
        ("Le premier mars 2026.", "Le 15 mars 2026 commence la période."),
        ("Le quinze mars 2026.", "Le 16 mars 2026 commence la période."),
        ("L’entretien a lieu une fois par an.", "L’entretien a lieu deux fois par an."),
        ("L’entretien est renouvelable une fois.", "L’entretien est renouvelable deux fois."),
        ("L’entretien a lieu une fois au moins.", "L’entretien a lieu deux fois au moins."),
        ("Il relance une fois ou deux.", "Il relance trois fois la personne."),
        ("Il y a zéro jour de carence.", "Il y a trois jours de carence."),
        ("Il faut une quinzaine de jours.", "Il faut dix jours à compter de la demande."),
        ("Il faut une quinzaine de jours.", "Il faut une quinzaine de mois au plus."),
        ("Il faut 15 jours.", "Il faut une quinzaine de jours au plus."),
        ("Une douzaine de personnes.", "Le groupe compte au plus vingt personnes."),
        ("Une trentaine de jours.", "Il faut quarante jours de travail."),
        ("Le double du salaire est versé.", "Le salaire est versé intégralement."),
    ],
)
def test_a_rank_or_a_count_in_letters_is_a_figure(text: str, source: str) -> None:
    assert not given(text, source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Au 10e jour.", "Au dixième jour suivant la demande."),
        ("Au dixième jour.", "Au 10e jour suivant la demande."),
        ("Le 2e entretien.", "Le second entretien est plus court."),
        ("Au 1er étage.", "L’accueil se trouve au premier étage."),
        ("En première année.", "La prime est versée en 1re année."),
        ("Le vingt et unième jour.", "Le 21e jour suivant la demande."),
        ("Le quinze mars.", "Le 15 mars 2026 commence la période."),
        ("Le premier mars 2026.", "La période commence le 1er mars 2026."),
        ("Il a lieu 1 fois par an.", "Il a lieu une fois par an au plus."),
        ("Il faut une quinzaine de jours.", "Il faut quinze jours au plus."),
        ("Dans un premier temps, il signe.", "Il signe d’abord le document."),
        ("Une fois le dossier reçu, il signe.", "Il signe quand le dossier est reçu."),
        ("Une fois en poste, il signe.", "Il signe à son arrivée au poste."),
        ("Une fois inscrit, il signe.", "Il signe après son inscription."),
    ],
)
def test_a_rank_or_a_count_in_letters_is_the_same_in_digits(text: str, source: str) -> None:
    assert given(text, source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("L’aide est de 500 € par semaine.", "L’aide est de 500 € par an au maximum."),
        ("L’aide est de 500 €/mois.", "L’aide est de 500 € par personne et par an."),
        ("L’aide est de 500 € par mois.", "L’aide est de 500 € bruts par an."),
        ("Il faut 2 entretiens par an.", "Il faut 2 entretiens par mois au moins."),
        ("De 10 à 15 € par jour.", "De 10 à 15 € par repas au maximum."),
        ("L’article L. 6323-17 bis s’applique.", "L’article L. 6323-17 s’applique à tous."),
        ("L’article L. 6323-17 A.", "L’article L. 6323-17 s’applique à tous."),
        ("L’article L. 6323-17.", "L’article L. 6323-17 bis s’applique à tous."),
        ("L’article 39 ter.", "L’article 39 bis du code s’applique à tous."),
    ],
)
def test_another_rate_or_another_inserted_article_is_not_verified(text: str, source: str) -> None:
    assert not given(text, source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("L’aide est de 500 €.", "L’aide est de 500 € par an au maximum."),
        ("L’aide est de 500 € par an.", "L’aide annuelle est de 500 € au maximum."),
        ("L’aide est de 500 €/mois.", "L’aide est de 500 € par personne et par mois."),
        ("L’article L6323-17 BIS.", "L’article L. 6323-17 bis s’applique à tous."),
        ("Les articles L. 6323-17 et D. 6323-5.", "Vu les articles L. 6323-17 D. 6323-5 du code."),
    ],
)
def test_the_same_rate_or_inserted_article_is_verified(text: str, source: str) -> None:
    assert given(text, source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Il ouvre à 9 heures.", "L’accueil ouvre à 9 h 00 tous les jours."),
        ("Il ouvre à 9 h.", "L’accueil ouvre à 9h00 tous les jours."),
        ("Il ouvre à 9h00.", "L’accueil ouvre à 9 heures tous les jours."),
        ("Il ouvre à 9 h 30.", "L’accueil ouvre à 9 heures 30 tous les jours."),
        ("Le plafond est de 30 €.", "Le plafond est de 30 EUR par repas."),
        ("Il faut 15 jours.", "Un délai de 15 j est fixé par la note."),
        ("Il commence le 01/07.", "Il commence le 1er juillet 2026 au matin."),
    ],
)
def test_a_common_short_form_is_the_same_figure(text: str, source: str) -> None:
    assert given(text, source)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Il ouvre à 9 h.", "L’accueil ouvre à 9h30 tous les jours."),
        ("Il commence le 01/07.", "Il commence le 7 janvier 2026 au matin."),
        ("Il faut 9 heures 30 jours avant.", "Il ouvre à 9h30 tous les jours."),
    ],
)
def test_another_short_form_is_not(text: str, source: str) -> None:
    assert not given(text, source)


@pytest.mark.parametrize(
    ("quote", "text", "as_written"),
    [
        ("la main d'œuvre est requise", "Oui, la main d’oeuvre est requise.", "la main d’oeuvre est requise"),
        ("la main d'oeuvre est requise", "Oui, la main d’œuvre est requise.", "la main d’œuvre est requise"),
        ("un délai de dix jours ;", "C’est un délai de dix jours.", "un délai de dix jours"),
        ("un délai de dix jours,", "C’est un délai de dix jours.", "un délai de dix jours"),
    ],
)
def test_a_ligature_or_a_last_comma_does_not_hide_a_quote(quote: str, text: str, as_written: str) -> None:
    place = find_quote(quote, text)
    assert place is not None
    assert text[slice(*place)] == as_written


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("Le délai est de de\u200bux mois.", "deux mois"),
        ("Le délai est de de\u00adux mois.", "deux mois"),
        ("Une absence de ½ journée.", "½"),
        ("Une absence de 1½ jour.", "1½"),
        ("Soit ⅔ du salaire.", "⅔"),
        ("Le délai est de ② mois.", "②"),
        ("Le titre Ⅳ s’applique.", "Ⅳ"),
        ("Le troisie\u0300me mois.", "troisième"),
    ],
)
def test_a_number_that_is_hidden_or_of_one_sign_is_a_figure(text: str, figure: str) -> None:
    source = "Une absence de 1 jour, de trois mois, au titre III, s’applique au salarié."
    assert figure in checked(text, source).unsupported
    assert checked(text, text + " C’est la règle de tous.").verified


def test_what_shows_nothing_is_not_in_the_statement_shown() -> None:
    assert checked("Le délai est de de\u200bux mois.", "Le délai est de trois mois.").text == (
        "Le délai est de deux mois."
    )


def test_a_hidden_character_in_the_source_moves_no_figure() -> None:
    source = "Le dél\u00adai est de vingt-\u00adquatre mois au plus."
    assert checked("Le délai est de 24 mois.", source).verified
    assert "4 mois" in checked("Le délai est de 4 mois.", source).unsupported


def test_a_small_digit_on_a_letter_counts_nothing() -> None:
    assert given("Il faut 30 m² de bureau.", "Il faut 30 m2 de bureau.")


@pytest.mark.parametrize("piece", ["deux ", "vingt et ", "une fois ", "½ ", "10 ", "le 1/2 ", "500 € par "])
def test_a_long_text_of_the_new_forms_is_read_in_no_time(piece: str) -> None:
    began = time.perf_counter()
    find_figures(piece * 2_000 + "ou 2 mois")
    assert time.perf_counter() - began < 2
