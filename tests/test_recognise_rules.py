"""What the recognisers of patterns are made of: the plain and the spelt form of a text, rules, lists of words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from presidio_analyzer import EntityRecognizer

from server.recognisers import addresses, dates, identifiers, sensitive
from server.recognisers.first_letters import by_first_letter, first_letters
from server.recognisers.folding import plain, spelt
from server.recognisers.rules import REACH, Rule, RuleRecogniser
from server.recognisers.sensitive_words import read_word_lists

MODULES = (identifiers, dates, addresses, sensitive)


@pytest.fixture(scope="module")
def recognisers() -> list[EntityRecognizer]:
    return [recogniser for module in MODULES for recogniser in module.recognisers()]


@given(st.text(max_size=60))
def test_the_plain_and_the_spelt_form_point_back_into_the_text(text: str) -> None:
    for form in (plain(text), spelt(plain(text))):
        assert len(form.offsets) == len(form.text) + 1
        assert list(form.offsets) == sorted(form.offsets)
        assert form.span(0, len(form.text)) == (form.offsets[0], len(text))


@pytest.mark.parametrize(
    ("text", "folded", "written"),
    [
        ("Œdème", "Oedeme", "oedeme"),
        ("e\u0301te\u0301", "ete", "ete"),
        ("déppréssion", "deppression", "depresion"),
        ("handycap", "handycap", "handicap"),
        ("l’an 2000", "l'an 2000", "l'an 2000"),
    ],
)
def test_plain_and_spelt(text: str, folded: str, written: str) -> None:
    assert plain(text).text == folded
    assert spelt(plain(text)).text == written


def test_a_place_in_the_spelt_form_is_the_whole_word_in_the_text() -> None:
    text = "sa déppréssion"
    form = spelt(plain(text))
    start, end = form.span(form.text.index("dep"), len(form.text))
    assert text[start:end] == "déppréssion"


def test_a_rule_whose_group_is_no_entity_type_is_refused() -> None:
    with pytest.raises(ValueError, match="entity types"):
        RuleRecogniser("essai", [Rule(re.compile("(?P<TELEFONE>06)"))])
    with pytest.raises(ValueError, match="entity types"):
        RuleRecogniser("essai", [Rule(re.compile("06"))])


def test_the_first_rule_has_a_place_and_the_next_has_the_rest_of_it() -> None:
    first = Rule(re.compile("(?P<AGE>42 ans)"))
    second = Rule(re.compile("(?P<ADRESSE>Lille, 42 ans)"))
    text = "Lille, 42 ans"
    alone = RuleRecogniser("essai", [first, second]).analyze(text, [])
    assert [text[result.start : result.end] for result in alone] == ["42 ans"]
    shared = RuleRecogniser("essai", [first, Rule(second.pattern, rest=True)]).analyze(text, [])
    assert [text[result.start : result.end] for result in shared] == ["Lille", "42 ans"]


def test_a_rule_tried_near_a_word_finds_what_it_would_find_everywhere() -> None:
    text = ("x" * REACH + " 42 ans ") * 3 + "y" * 3 * REACH + "42 ans"
    pattern = re.compile(r"(?P<AGE>\d\d ans)")
    everywhere = RuleRecogniser("essai", [Rule(pattern)]).analyze(text, [])
    near = RuleRecogniser("essai", [Rule(pattern, near=re.compile("ans"))]).analyze(text, [])
    assert [(result.start, result.end) for result in near] == [
        (result.start, result.end) for result in everywhere
    ]


@pytest.mark.parametrize(
    ("pattern", "letters"),
    [
        ("abc", {"a"}),
        ("(?:en |un )?arret", {"e", "u", "a"}),
        ("(?:a|b)?(?:c|d)", {"a", "b", "c", "d"}),
        (r"\d{1,2} mois", set("0123456789")),
        ("(?!x)(?:s{0,2})t", {"s", "t"}),
        (r"\w+", None),
        ("a?", None),
        ("[ab]c", None),
    ],
)
def test_first_letters(pattern: str, letters: set[str] | None) -> None:
    assert first_letters(pattern) == letters


@given(st.text(alphabet="abcdeu ", max_size=12))
def test_a_choice_by_first_letter_finds_what_the_plain_choice_finds(text: str) -> None:
    choices = ["(?:en |un )?abc", "b(?:a|e)d", "(?:a|b)?(?:cd|de)", r"\w{2}u"]
    plainly, dispatched = re.compile("|".join(choices)), re.compile(by_first_letter(choices))
    for at in range(len(text)):
        assert bool(plainly.match(text, at)) == bool(dispatched.match(text, at))


@pytest.mark.parametrize("name", ["sante", "handicap", "convictions", "origine", "orientation", "judiciaire"])
def test_every_list_compiles_and_none_finds_the_empty_string(name: str) -> None:
    for words in read_word_lists(name):
        for pattern in (words.personal, words.topical, words.capitals):
            assert pattern is None or not any(match.group() == "" for match in pattern.finditer("a b, c. d"))


_HOSTILE = [
    "a", "1 ", "A ", "née à A ", "12 rue A ", "a@", "a.", "06 ", "FR76 ", "condamné pour a ", "de la ", "bat A, ",
    "59000 A", "habite à ", "chez A ", "- ", "12 ans ", "mille neuf cent ", "suivi par un ", "opérée du ",
    "vit chez a ",
    "n° A1 ", "a.fr/", "mme a ", "\n", "1/2/", "é",
]  # fmt: skip


@pytest.mark.parametrize("seed", _HOSTILE)
def test_a_hostile_text_ends(recognisers: list[EntityRecognizer], seed: str) -> None:
    text = seed * (6_000 // len(seed))
    for recogniser in recognisers:
        for result in recogniser.analyze(text, []):
            assert 0 <= result.start < result.end <= len(text)


_PIECES = st.sampled_from(
    [
        "née",
        " à ",
        "Lille",
        " le 3 mai 1990",
        ", 42 ans",
        "06 39 98 00 00",
        "é",
        "\n",
        "12 rue A",
        " œ",
        "handicapée",
        "(",
    ]
)


@given(st.lists(_PIECES | st.text(max_size=4), max_size=12))
def test_what_is_found_lies_in_the_text_and_is_found_again(
    recognisers: list[EntityRecognizer], pieces: list[str]
) -> None:
    text = "".join(pieces)
    for recogniser in recognisers:
        results = [(result.entity_type, result.start, result.end) for result in recogniser.analyze(text, [])]
        assert all(0 <= start < end <= len(text) for _, start, end in results)
        again = [(result.entity_type, result.start, result.end) for result in recogniser.analyze(text, [])]
        assert results == again
