"""Who is who: one person under all the forms of a name, two under one surname, and whether it is she or he."""

import pytest

from tests.masking import shipped_masker

MASKER = shipped_masker()


@pytest.mark.parametrize(
    ("text", "masked", "restore"),
    [
        (
            "Mme Yıldız est venue. Ayşe Yıldız écrit : A. YILDIZ. Ayşe signe.",
            "Mme [PERSONNE_1] est venue. [PERSONNE_1] écrit : [PERSONNE_1]. [PERSONNE_1] signe.",
            {"[PERSONNE_1]": "Ayşe Yıldız"},
        ),
        (
            "Paul Durand et sa femme Claire Durand. M. Durand parle, Mme Durand écoute.",
            "[PERSONNE_1] et sa femme [PERSONNE_2]. M. [PERSONNE_1] parle, Mme [PERSONNE_2] écoute.",
            {"[PERSONNE_1]": "Paul Durand", "[PERSONNE_2]": "Claire Durand"},
        ),
        (
            "DURAND Paul, puis Paul Durand.",
            "[PERSONNE_1], puis [PERSONNE_1].",
            {"[PERSONNE_1]": "DURAND Paul"},
        ),
        (
            "Jean-Pierre Morel et Jean Morel sont frères.",
            "[PERSONNE_1] et [PERSONNE_2] sont frères.",
            {"[PERSONNE_1]": "Jean-Pierre Morel", "[PERSONNE_2]": "Jean Morel"},
        ),
        (
            "Mme Marie Lefebvre-Duhamel ; Mme Lefebvre.",
            "Mme [PERSONNE_1] ; Mme [PERSONNE_1].",
            {"[PERSONNE_1]": "Marie Lefebvre-Duhamel"},
        ),
    ],
)
def test_who_is_who(text: str, masked: str, restore: dict[str, str]) -> None:
    found = MASKER.mask(text)
    assert found.text == masked
    assert dict(found.restore) == restore


def test_a_surname_that_fits_two_persons_is_neither() -> None:
    found = MASKER.mask("Paul Durand et Claire Durand. Le dossier Durand est clos.")
    assert found.text == "[PERSONNE_1] et [PERSONNE_2]. Le dossier [PERSONNE_3] est clos."


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("Mme Dominique Okafor cherche un stage.", "f"),
        ("M. Okafor cherche un stage.", "m"),
        ("Fatima Benali cherche un stage.", "f"),
        ("Dominique Okafor, née en 1980, cherche.", "f"),
        ("Dominique Okafor cherche un stage. Il est motivé.", "m"),
        ("sa sœur Camille garde les petits", "f"),
        ("Camille Okafor cherche un stage.", None),
    ],
)
def test_the_gender_that_the_text_tells_is_kept(text: str, gender: str | None) -> None:
    assert MASKER.mask(text).genders == {"[PERSONNE_1]": gender}
