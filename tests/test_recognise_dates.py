"""Birth dates, birth places and ages, apart from durations and thresholds."""

import pytest
from presidio_analyzer import EntityRecognizer

from server.recognisers import dates


@pytest.fixture(scope="module")
def recogniser() -> EntityRecognizer:
    (only,) = dates.recognisers()
    return only


def _found(recogniser: EntityRecognizer, text: str) -> list[tuple[str, str]]:
    return [
        (result.entity_type, text[result.start : result.end]) for result in recogniser.analyze(text, [], None)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "née à Hanoï le 3 juillet 1991, mariée",
            {"LIEU_NAISSANCE": "Hanoï", "DATE_NAISSANCE": "3 juillet 1991"},
        ),
        ("né(e) le 05-11-70", {"DATE_NAISSANCE": "05-11-70"}),
        ("nee a Lyon le 3 juillet 1991", {"LIEU_NAISSANCE": "Lyon", "DATE_NAISSANCE": "3 juillet 1991"}),
        ("ne(e) le 05-11-70", {"DATE_NAISSANCE": "05-11-70"}),
        ("Il est ne le 5 novembre 1970", {"DATE_NAISSANCE": "5 novembre 1970"}),
        ("Ne : 05/11/1970", {"DATE_NAISSANCE": "05/11/1970"}),
        ("ne\u0301 à Lyon le 05/11/1970", {"LIEU_NAISSANCE": "Lyon", "DATE_NAISSANCE": "05/11/1970"}),
        ("Date de naissance : 1970-11-05", {"DATE_NAISSANCE": "1970-11-05"}),
        ("né·e le 3 mai 1990", {"DATE_NAISSANCE": "3 mai 1990"}),
        ("Née\nle 3 juillet\n1991", {"DATE_NAISSANCE": "3 juillet\n1991"}),
        ("né le 3 juillet mille neuf cent quatre-vingt-onze", None),
        ("née en mars 1985", {"DATE_NAISSANCE": "mars 1985"}),
        ("né en 85 à Douai", {"DATE_NAISSANCE": "85", "LIEU_NAISSANCE": "Douai"}),
        ("DDN : 8/3/95", {"DATE_NAISSANCE": "8/3/95"}),
        ("nés les 4 et 5 mai 2012", {"DATE_NAISSANCE": "4 et 5 mai 2012"}),
        ("le 1er juin 1959, il fêtera sa naissance", {"DATE_NAISSANCE": "1er juin 1959"}),
        ("NEE LE 12 AOUT 1977 A TIZI OUZOU EN ALGERIE", {"LIEU_NAISSANCE": "TIZI OUZOU EN ALGERIE"}),
        ("née le 03/07/91 à Hô Chi Minh-Ville (Vietnam)", {"LIEU_NAISSANCE": "Hô Chi Minh-Ville (Vietnam)"}),
        ("nee a roubaix, mariee 2 enf", {"LIEU_NAISSANCE": "roubaix"}),
        ("Lieu de naissance : Saint-Denis (93)", {"LIEU_NAISSANCE": "Saint-Denis (93)"}),
        ("Née en Algérie, arrivée en France le 3 mars 2010", {"LIEU_NAISSANCE": "Algérie"}),
        ("natif de Craiova, en France depuis huit ans", {"LIEU_NAISSANCE": "Craiova"}),
        ("M. Durand (12/03/1985)", {"DATE_NAISSANCE": "12/03/1985"}),
        ("enfants : Lina (12/09/2014)", {"DATE_NAISSANCE": "12/09/2014"}),
    ],
)
def test_births(recogniser: EntityRecognizer, text: str, found: dict[str, str] | None) -> None:
    results = dict(_found(recogniser, text))
    if found is None:
        assert results["DATE_NAISSANCE"].endswith("quatre-vingt-onze")
    else:
        assert found.items() <= results.items()


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("Mme Leroy, 42 ans, mariée", ["42 ans"]),
        ("âgée de trente-deux ans", ["trente-deux ans"]),
        ("jeune homme de 19 ans", ["19 ans"]),
        ("bientôt 50 ans", ["50 ans"]),
        ("depuis ses 17 ans", ["17 ans"]),
        ("vient d'avoir 30 ans", ["30 ans"]),
        ("il a 45 ans et cherche", ["45 ans"]),
        ("2 fils de 8 et 12 ans", ["8", "12 ans"]),
        ("fille (3 ans)", ["3 ans"]),
        ("bébé de 8 mois", ["8 mois"]),
        ("la quarantaine", ["quarantaine"]),
        ("Âge : 38", ["38"]),
        ("F 34 a., 2 enf.", ["34 a"]),
        ("lui 63 ans, elle 59, commerce à céder", ["63 ans", "59"]),
    ],
)
def test_ages(recogniser: EntityRecognizer, text: str, ages: list[str]) -> None:
    assert sorted(value for kind, value in _found(recogniser, text) if kind == "AGE") == sorted(ages)


@pytest.mark.parametrize(
    "text",
    [
        "3 ans d'expérience, 42 ans d'ancienneté, depuis 10 ans, pendant 5 ans, il y a 20 ans",
        "contrat de 2 ans, formation de 8 mois, emprunt sur 20 ans",
        "moins de 26 ans, à partir de 55 ans, être âgé de 18 ans, de 16 à 25 ans, les 18-25 ans, dès 16 ans",
        "a travaillé 15 ans chez un artisan, caissière 15 ans en grande surface",
        "une quarantaine de candidatures envoyées",
        "retraite à 64 ans, jusqu'à 29 ans révolus",
        "Qu'est-ce qui ne change pas pour le CPF à partir du 1er janvier 2026 ?",
        "Le droit ne vaut plus à compter du 03/07/2026.",
        "Contrat du 03/02/2020 au 30/06/2023, puis intérim jusqu'au 15 décembre 2024.",
        "Le dispositif, né en 2019, court jusqu'au 3 mars 2027.",
        "ouvert de 8 h 30 à 16 h",
        "RDV (12/03/2024), naissance de son projet",
    ],
)
def test_durations_thresholds_and_other_dates_are_kept(recogniser: EntityRecognizer, text: str) -> None:
    assert _found(recogniser, text) == []
