"""Postal addresses, whole, and the towns where people live."""

import pytest
from presidio_analyzer import EntityRecognizer

from server.recognisers import addresses


@pytest.fixture(scope="module")
def recogniser() -> EntityRecognizer:
    (only,) = addresses.recognisers()
    return only


def _found(recogniser: EntityRecognizer, text: str) -> list[str]:
    return [text[result.start : result.end] for result in recogniser.analyze(text, [], None)]


@pytest.mark.parametrize(
    ("before", "address", "after"),
    [
        (
            "",
            "12 bis rue des Lilas, bât. C, appt 14, résidence Les Tilleuls, 59000 Lille CEDEX 2",
            ". Elle cherche",
        ),
        ("habite ", "12 rue des lilas roubaix", ", 2 enf"),
        ("habite ", "12 rue des lilas", " avec ses enfants"),
        ("", "27 rue jean jaures a roubaix", ""),
        ("demeurant ", "5 place du 8 Mai 1945, 93200 Saint-Denis", "."),
        ("au ", "3 impasse des Acacias à Leers", " depuis mai"),
        ("", "rue Victor-Hugo à Roubaix", " en septembre"),
        ("", "BP 40217, 59029 LILLE CEDEX", " ; autre"),
        ("", "lieu-dit Kerguen, 29390 Scaër", " — pas de bus"),
        ("", "Hameau de Piazzile, 20231 Venaco", ""),
        ("", "chez M. Durand, 3e étage, 4 allée des Pins, 97400 Saint-Denis", ""),
        ("Adresse :\n", "33 rue Kléber\nEsc. B – 4e étage\n67000 Strasbourg", ""),
        ("ADR : ", "112 BD DE LA LIBERTE 59000 LILLE", " / TEL : 06"),
        ("", "12, avenue du Général-de-Gaulle - Bât. A2 - 75014 PARIS", ""),
        ("domiciliée ", "allée Georges-Brassens, entrée 4, porte 12, 95200 Sarcelles", ""),
        ("logé au ", "foyer Adoma, 120 rue d'Arras, chambre 317, 59000 Lille", ""),
        ("habite à ", "Tourcoing", " et travaille à Lille"),
        ("vit a ", "roubaix", ", seul"),
        ("Habite ", "Béthune", ", mobile sur tout le Pas-de-Calais"),
        ("vit avec son mari et ses enfants à ", "Béthune", ""),
        ("réside à ", "Saint-Denis de la Réunion", ""),
        ("dort chez un ami, M. Barry, à ", "Mons-en-Barœul", "."),
    ],
)
def test_an_address_is_found_whole(
    recogniser: EntityRecognizer, before: str, address: str, after: str
) -> None:
    assert _found(recogniser, f"{before}{address}{after}") == [address]


@pytest.mark.parametrize(
    "text",
    [
        "C'est en bas de la rue, à la rue depuis 3 mois",
        "5 cours de français, 3 places de stage, 2 chemins possibles, cours d'anglais, zone industrielle",
        "vit à la campagne, vit à l'hôtel, habite en France, habite à 10 km",
        "hébergée en foyer, logement à trouver, changement d'adresse à signaler",
        "Formation à Dunkerque, poste sur Lille, mobile sur tout le Nord, stage à Arras",
        "10000 Euros de budget, 35 heures par semaine",
        "L'adresse mail ne marche plus ; place au débat",
        "Hébergement chez un ami, Moussa, en attendant",
    ],
)
def test_general_speech_holds_no_address(recogniser: EntityRecognizer, text: str) -> None:
    assert _found(recogniser, text) == []


def test_a_line_of_a_sheet_is_taken_to_its_end_or_to_the_telephone(recogniser: EntityRecognizer) -> None:
    text = "Adresse : chez Mme Lopez, La Bastide, route de Foix, 09000 Foix - tél 0561020304"
    covered = "".join(_found(recogniser, text))
    assert "Lopez" in covered
    assert "09000 Foix" in covered
    assert "0561020304" not in covered
