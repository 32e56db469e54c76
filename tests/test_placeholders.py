"""Placeholders and the way back: whatever a model does to one, it comes back as its own value or not at all."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.mask_schemas import EntityType
from server.placeholders import (
    SPECIAL,
    TYPES,
    free_placeholders,
    is_numeric,
    label_of,
    placeholders_of,
    unmask,
    unmask_exactly,
    without_placeholders,
)

RESTORE = {
    "[PERSONNE_1]": "Ana",
    "[PERSONNE_12]": "Bob",
    "[EMAIL_1]": "a@b.fr",
    "[DATE_NAISSANCE_1]": "3 mai 1979",
    "[ECOLE_1]": "lycée Condorcet",
    "[SENSIBLE_1]": "diabétique",
}


@pytest.mark.parametrize(
    "written",
    [
        "[PERSONNE_1]",
        "PERSONNE_1",
        "personne_1",
        "[Personne_1]",
        "[personne 1]",
        "[PERSONNE 1]",
        "PERSONNE 1",
        "[PERSONNE-1]",
        "[PERSONNES_1]",
        "[ PERSONNE_1 ]",
        r"\[PERSONNE\_1\]",
        "[PERSONNE n° 1]",
        "[PERSONNE_01]",
    ],
)
def test_a_placeholder_is_known_however_a_model_writes_it(written: str) -> None:
    assert unmask(f"Avec {written}, puis {written}.", RESTORE) == "Avec Ana, puis Ana."


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("**[PERSONNE_1]**", "**Ana**"),
        ("(PERSONNE_12)", "(Bob)"),
        ("[PERSONNE_1], [PERSONNE_12]", "Ana, Bob"),
        ("[PERSONNE_1][PERSONNE_1]", "AnaAna"),
        ("[Date de naissance 1]", "3 mai 1979"),
        ("[école_1]", "lycée Condorcet"),
        ("[EMAIL], [ÉCOLE] et [personne]", "[EMAIL], [ÉCOLE] et [personne]"),
        ("[PERSONNE]", "[PERSONNE]"),
        ("[PERSONNE_2] PERSONNE_123 personne 1", "[PERSONNE_2] PERSONNE_123 personne 1"),
        ("une personne, 1 personne, IMPERSONNE_1", "une personne, 1 personne, IMPERSONNE_1"),
        ("", ""),
    ],
)
def test_what_is_meant_is_put_back_and_nothing_else(written: str, read: str) -> None:
    assert unmask(written, RESTORE) == read


def test_a_value_is_never_read_for_placeholders() -> None:
    restore = {"[PERSONNE_1]": r"[PERSONNE_2] \1 \g<0>", "[PERSONNE_2]": "[PERSONNE_1]"}
    assert unmask("[PERSONNE_1] et [PERSONNE_2]", restore) == r"[PERSONNE_2] \1 \g<0> et [PERSONNE_1]"


def test_in_a_text_of_a_person_only_a_whole_placeholder_is_a_value() -> None:
    text = "Signature de la [personne] : __ ; [email] ; PERSONNE 1 ; [Personne_1] ; EMAIL_1 ; [NIR_1] ; [PERSONNE_1]"
    assert unmask_exactly(text, RESTORE) == text.removesuffix("[PERSONNE_1]") + "Ana"


def test_a_special_category_is_not_told_by_its_placeholder() -> None:
    assert {label_of(kind) for kind in SPECIAL} == {"SENSIBLE"}
    assert {
        "SANTE",
        "HANDICAP",
        "RELIGION",
        "OPINION",
        "SYNDICAT",
        "ORIGINE",
        "ORIENTATION",
        "JUDICIAIRE",
    } == SPECIAL


def test_placeholders_that_are_held_are_not_given_again() -> None:
    held = placeholders_of("[PERSONNE_1] et personne_3", r"\[PERSONNE\_2\]")
    assert held == ["[PERSONNE_1]", "[PERSONNE_3]", "[PERSONNE_2]"]
    assert next(free_placeholders(held)["PERSONNE"]) == "[PERSONNE_4]"


def test_a_search_does_not_see_placeholders() -> None:
    assert without_placeholders("Mon adresse [EMAIL_1] et le CPF ?") == "Mon adresse et le CPF ?"


def test_a_name_asserts_no_figure() -> None:
    assert is_numeric("[NIR_1]")
    assert is_numeric("[DATE_NAISSANCE_1]")
    assert not is_numeric("[PERSONNE_1]")
    assert not is_numeric("[SENSIBLE_1]")
    assert not is_numeric("NIR_1")


_INFLECTIONS: list[Callable[[str], str]] = [
    lambda name: name,
    str.lower,
    lambda name: name.strip("[]"),
    lambda name: f"**{name}**",
    lambda name: name.replace("[", r"\[").replace("_", r"\_").replace("]", r"\]"),
    lambda name: re.sub(r"_(\d+)\]", r" \1]", name),
    lambda name: re.sub(r"_(\d+)\]", r"S_\1]", name),
    lambda name: f"{name} {name}",
]
_NAMES = st.tuples(st.sampled_from(TYPES), st.integers(1, 30)).map(
    lambda one: f"[{label_of(one[0])}_{one[1]}]"
)


@given(st.lists(st.tuples(_NAMES, st.sampled_from(_INFLECTIONS)), min_size=1, max_size=8))
def test_every_placeholder_comes_back_in_its_place(said: list[tuple[str, Callable[[str], str]]]) -> None:
    names = list(dict.fromkeys(name for name, _ in said))
    restore = {name: f"<{number}>" for number, name in enumerate(names)}
    text = " ; ".join(inflect(name) for name, inflect in said)
    read = unmask(text, restore)
    assert re.findall(r"<\d+>", read) == [
        restore[name] for name, inflect in said for _ in range(2 if inflect is _INFLECTIONS[-1] else 1)
    ]
    assert not any(label_of(kind) in read.upper() for kind in _kinds(names))


def _kinds(names: list[str]) -> list[EntityType]:
    return [kind for kind in TYPES if any(name.startswith(f"[{label_of(kind)}_") for name in names)]
