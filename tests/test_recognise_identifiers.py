"""Numbers, addresses of the network and accounts that point to one person."""

import pytest
from presidio_analyzer import EntityRecognizer

from server.recognisers import identifiers


@pytest.fixture(scope="module")
def recogniser() -> EntityRecognizer:
    (only,) = identifiers.recognisers()
    return only


def _found(recogniser: EntityRecognizer, text: str) -> list[tuple[str, str]]:
    return [
        (result.entity_type, text[result.start : result.end]) for result in recogniser.analyze(text, [], None)
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Écrire à Jean.D-upont+cpf@exemple.co.fr.", "Jean.D-upont+cpf@exemple.co.fr"),
        ("mail : élodie.güven @ exemple.fr", "élodie.güven @ exemple.fr"),
        ("son mail karim arobase exemple point fr", "karim arobase exemple point fr"),
        ("jean point dupont arobase exemple point com svp", "jean point dupont arobase exemple point com"),
        ("karim.b(at)exemple.net ne répond pas", "karim.b(at)exemple.net"),
        ("zoé@café-été.fr", "zoé@café-été.fr"),
        ("mailto:contact@exemple.fr", "contact@exemple.fr"),
    ],
)
def test_e_mail_addresses(recogniser: EntityRecognizer, text: str, value: str) -> None:
    assert ("EMAIL", value) in _found(recogniser, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("au 06 39 98 00 00", "06 39 98 00 00"),
        ("au 06.39.98.00.00 !", "06.39.98.00.00"),
        ("0639980000", "0639980000"),
        ("au +33 (0)6 39 98 00 00", "+33 (0)6 39 98 00 00"),
        ("au 0033639980000", "0033639980000"),
        ("(+33) 6 39 98 00 00", "(+33) 6 39 98 00 00"),
        ("port 0692 12 34 56", "0692 12 34 56"),
        ("tél. 06 39 98 0 000", "06 39 98 0 000"),
        ("06/39/98/00/00 ou rien", "06/39/98/00/00"),
        ("joignable au 639980000", "639980000"),
        ("au Maroc : +212 6 12 34 56 78", "+212 6 12 34 56 78"),
        ("son frère, 0032 470 12 34 56", "0032 470 12 34 56"),
        ("dicté : zéro six trente-neuf quatre-vingt-dix-huit zéro zéro douze", None),
    ],
)
def test_telephones(recogniser: EntityRecognizer, text: str, value: str | None) -> None:
    kinds = dict(_found(recogniser, text))
    assert "TELEPHONE" in kinds
    assert value is None or kinds["TELEPHONE"] == value


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("NIR 2 85 07 75 123 456 42", "NIR", "2 85 07 75 123 456 42"),
        ("NIR 285072A123456", "NIR", "285072A123456"),
        ("clé fausse : 2 85 07 75 123 456 99", "NIR", "2 85 07 75 123 456 99"),
        ("sécu 2 85 05 59 12", "NIR", "2 85 05 59 12"),
        ("(1850759350123 45)", "NIR", "1850759350123 45"),
        ("identifiant France Travail : 1234567A", "IDENTIFIANT_FT", "1234567A"),
        ("demandeuse d’emploi n° 12345678", "IDENTIFIANT_FT", "12345678"),
        ("DE n°2846091X radiée", "IDENTIFIANT_FT", "2846091X"),
        ("1. Untel – 8830217A", "IDENTIFIANT_FT", "8830217A"),
        ("IBAN FR76 3000 6000 0112 3456 7890 189", "IBAN", "FR76 3000 6000 0112 3456 7890 189"),
        ("IBAN DE89 3704 0044 0532 0130 00 pour le virement", "IBAN", "DE89 3704 0044 0532 0130 00"),
        ("RIB 30002 00550 0000157841Z 25", "IBAN", "30002 00550 0000157841Z 25"),
        ("BIC : AGRIFRPP882", "IBAN", "AGRIFRPP882"),
        ("CAF n° 1234567 A", "NUMERO", "1234567 A"),
        ("titre de séjour n° 9912345678 valable", "NUMERO", "9912345678"),
        ("passeport 12AB34567", "NUMERO", "12AB34567"),
        ("dossier MDPH 59-2023-01234", "NUMERO", "59-2023-01234"),
        ("auto-entrepreneur, SIRET 123 456 789 00012", "NUMERO", "123 456 789 00012"),
        ("contrat de location n° LOC-77-20931", "NUMERO", "LOC-77-20931"),
        ("véhicule AB-123-CD en panne", "PLAQUE", "AB-123-CD"),
        ("plaque ab123cd", "PLAQUE", "ab123cd"),
        ("sa voiture (1234 XN 59)", "PLAQUE", "1234 XN 59"),
        ("profil linkedin.com/in/prenom-nom", "COMPTE", "linkedin.com/in/prenom-nom"),
        ("Insta @les_gateaux_de_l", "COMPTE", "@les_gateaux_de_l"),
        ("skype : live:prenom.nom", "COMPTE", "live:prenom.nom"),
        ("son portfolio : www.exemple-photo.fr", "COMPTE", "www.exemple-photo.fr"),
        ("Discord Pseudo#4471", "COMPTE", "Pseudo#4471"),
    ],
)
def test_numbers_and_accounts(recogniser: EntityRecognizer, text: str, kind: str, value: str) -> None:
    assert (kind, value) in _found(recogniser, text)


@pytest.mark.parametrize(
    "text",
    [
        "L'article L. 6323-17-1, en vigueur le 3 juillet 2026, et 24 heures par bilan.",
        "SIRET 123 456 789 00012, poste 2140, RNCP37948",
        "Le CPF est crédité de 500 euros par an, plafonné à 5 000 euros.",
        "AB12 MAIS DANS CETTE PHRASE EN CAPITALES",
        "Inscrite à France Travail depuis le 12/03/2024 à 14h30, rdv le 03.04.2025",
        "permis B depuis 2015, contrat de 24 heures, contrat 35h, client depuis 2019, dossier CPF 2024",
        "Contrat du 03/02/2020 au 30/06/2023, salaire 1 430,22 € net",
        "La loi n° 2018-771 du 5 septembre 2018 et la fiche ROME K1302",
        "Tout est sur www.moncompteformation.gouv.fr et https://www.francetravail.fr/accueil",
        "Devis n° 3 retenu : 2 870 euros pour 210 heures.",
    ],
)
def test_what_is_nobody_s_is_kept(recogniser: EntityRecognizer, text: str) -> None:
    assert _found(recogniser, text) == []


def test_only_the_types_asked_for_are_given(recogniser: EntityRecognizer) -> None:
    results = recogniser.analyze("a@b.fr au 06 39 98 00 00", ["TELEPHONE"], None)
    assert [result.entity_type for result in results] == ["TELEPHONE"]
