"""Drafted sentences against the notes: quotes, figures, placeholders, words, negations and doubts."""

import pytest

from server.draft_schemas import DraftSentence, NoteQuote
from server.drafting.answer import NotedSource, read_draft, read_repairs
from server.drafting.merge import merged
from server.drafting.shifts import LOST_DOUBT, LOST_NEGATION
from server.drafting.verify import QuotedNotes, verify_sentence
from server.errors import ModelMisbehaved
from server.prompts import draft as prompt
from tests.drafting import answer, numbered, said

NOTES = (
    "[PERSONNE_1] est vendeuse en CDI à mi-temps depuis septembre 2019.\n"
    "Salaire 1 120 € net.\n"
    "Permis B.\n"
    "N’a pas de voiture, vient en bus.\n"
    "Envisage une formation de secrétaire médicale, peut-être en mars 2027.\n"
    "Son conjoint [PERSONNE_2] travaille de nuit.\n"
    "Il pourra reprendre la formation à confirmer avec l’employeur"
)


def check(text: str, *sources: tuple[int, str], notes: str = NOTES) -> DraftSentence | None:
    quoted = QuotedNotes(numbered(notes))
    return verify_sentence(text, [NotedSource(sentence=n, quote=quote) for n, quote in sources], quoted)


def unsupported(text: str, *sources: tuple[int, str], notes: str = NOTES) -> list[str]:
    sentence = check(text, *sources, notes=notes)
    assert sentence is not None
    assert sentence.verified == (not sentence.unsupported)
    return sentence.unsupported


@pytest.mark.parametrize(
    ("text", "number", "quote"),
    [
        ("[PERSONNE_1] est vendeuse en CDI à mi-temps.", 1, "est vendeuse en CDI à mi-temps"),
        ("Elle est vendeuse depuis septembre 2019.", 1, "vendeuse en CDI à mi-temps depuis septembre 2019"),
        ("Son salaire est de 1120 euros net.", 2, "Salaire 1 120 € net"),
        ("Elle a le permis B.", 3, "permis b"),
        ("Elle a le permis B.", 3, "Permis B."),
        ("Elle n’a pas de voiture.", 4, "n’a pas de voiture"),
        ("Elle vient en bus.", 4, "N'a pas de voiture, vient en bus"),
        ("Peut-être une formation de secrétaire médicale en mars 2027.", 5, NOTES.split("\n")[4]),
        ("Elle envisage une formation de secrétaire médicale.", 5, "une formation de secrétaire médicale"),
    ],
)
def test_what_the_notes_say_is_verified(text: str, number: int, quote: str) -> None:
    sentence = check(text, (number, quote))
    if number == 3 and quote == "permis b":  # case counts in a quote; the sentence is pointed to all the same
        assert sentence is not None
        assert [(one.sentence, one.quote) for one in sentence.sources] == [(3, "Permis B.")]
        return
    assert sentence is not None
    assert (sentence.verified, sentence.unsupported) == (True, [])
    assert sentence.sources[0].sentence == number


@pytest.mark.parametrize(
    ("text", "number", "quote", "wrong"),
    [
        ("Son salaire est de 1 500 € net.", 2, "Salaire 1 120 € net", ["1 500 €"]),
        (
            "Elle est vendeuse en CDI depuis 2017.",
            1,
            "vendeuse en CDI à mi-temps depuis septembre 2019",
            ["2017"],
        ),
        ("[PERSONNE_2] est vendeuse en CDI.", 1, "est vendeuse en CDI à mi-temps", ["[PERSONNE_2]"]),
        ("[PERSONNE_7] est vendeuse en CDI.", 1, "est vendeuse en CDI à mi-temps", ["[PERSONNE_7]"]),
        ("Elle a une voiture.", 4, "pas de voiture, vient en bus", [LOST_NEGATION]),
        ("Elle ne touche pas ce salaire.", 2, "Salaire 1 120 € net", ["ne"]),
        ("Elle vient en bus.", 2, "Salaire 1 120 € net", ["vient", "bus"]),
        ("Elle fera une formation en mars 2027.", 5, "peut-être en mars 2027", [LOST_DOUBT]),
    ],
)
def test_what_they_do_not_say_is_named(text: str, number: int, quote: str, wrong: list[str]) -> None:
    assert unsupported(text, (number, quote)) == wrong


def test_a_sentence_about_something_else_names_its_foreign_words() -> None:
    foreign = unsupported(
        "Elle dirige un cabinet comptable international.", (1, "est vendeuse en CDI à mi-temps")
    )
    assert {"cabinet", "comptable"} <= set(foreign)


def test_a_figure_is_read_as_it_shows() -> None:
    sentence = check("Elle a 1\u200b500 € de salaire net.", (2, "Salaire 1 120 € net"))
    assert sentence is not None
    assert sentence.text == "Elle a 1500 € de salaire net."
    assert sentence.unsupported == ["1500 €"]


def test_an_address_that_the_notes_do_not_give_is_named() -> None:
    assert "www.exemple.fr" in unsupported(
        "Vendeuse en CDI, www.exemple.fr", (1, "vendeuse en CDI à mi-temps")
    )


def test_a_figure_must_be_in_the_quote_and_is_read_whole() -> None:
    assert unsupported("Salaire de 120 € net.", (2, "120 € net")) == ["120 €"]


def test_the_only_person_of_the_notes_may_be_named_anywhere() -> None:
    notes = "[PERSONNE_1] est là.\nSouhaite devenir secrétaire médicale."
    text = "[PERSONNE_1] souhaite devenir secrétaire médicale."
    assert unsupported(text, (2, "Souhaite devenir secrétaire médicale"), notes=notes) == []


@pytest.mark.parametrize("sources", [(), ((9, "rien de tout cela"),), ((0, ""),)])
def test_a_sentence_without_a_sentence_of_the_notes_is_nothing(sources: tuple[tuple[int, str], ...]) -> None:
    assert check("Elle est vendeuse.", *sources) is None


def test_a_sentence_that_recites_known_instructions_is_nothing() -> None:
    text = "Tu aides des conseillers d’un organisme d’orientation professionnelle et tu réponds"
    assert check(text, (1, "est vendeuse en CDI à mi-temps")) is None


def test_the_same_words_quoted_twice_are_one_source() -> None:
    sentence = check("Elle a le permis B.", (3, "Permis B."), (3, "Permis B"))
    assert sentence is not None
    assert len(sentence.sources) == 1


def test_a_quote_is_not_found_in_another_sentence_when_it_is_too_short_to_prove_anything() -> None:
    sentence = check("Elle vient en bus.", (1, "en bus"))
    assert sentence is not None
    assert (sentence.verified, sentence.sources[0].sentence) == (False, 1)


def drafted(text: str, *sentences: int, verified: bool = True) -> DraftSentence:
    quotes = [NoteQuote(sentence=n, quote="x", start=0, end=1) for n in sentences]
    return DraftSentence(text=text, verified=verified, sources=quotes)


def test_near_duplicates_are_one_sentence_and_others_are_not() -> None:
    one = drafted("Elle souhaite devenir secrétaire médicale.", 1)
    kept = merged(
        [
            one,
            drafted("Souhaite devenir secrétaire médicale", 8),
            drafted("Elle ne souhaite pas devenir secrétaire médicale.", 9),
            drafted("Elle a 3 ans d’expérience en vente.", 2),
            drafted("Elle a 10 ans d’expérience en vente.", 3),
            drafted("[PERSONNE_1] est là pour la vente.", 4),
            drafted("[PERSONNE_2] est là pour la vente.", 5),
        ]
    )
    assert len(kept) == 6
    assert [source.sentence for source in kept[0].sources] == [1, 8]


def test_a_verified_sentence_takes_the_place_of_a_doubtful_one() -> None:
    doubtful, sure = (
        drafted("Elle est vendeuse en CDI.", 1, verified=False),
        drafted("Elle est vendeuse en CDI", 4),
    )
    assert merged([doubtful, sure]) == [sure]
    assert merged([sure, doubtful]) == [sure]


def test_a_whole_answer_is_read_and_a_broken_one_as_far_as_it_goes() -> None:
    text = answer(
        said("a", "Un.", 1, "un"), said("b", "Deux.", 2, "deux"), answered=[{"question": 1, "sentences": [1]}]
    )
    whole = read_draft("m", text, ended=True)
    assert ([one.text for one in whole.sentences], whole.whole) == (["Un.", "Deux."], True)
    assert whole.answered[0].sentences == [1]
    for cut in range(len(text)):
        try:
            part = read_draft("m", text[:cut], ended=False)
        except ModelMisbehaved:
            continue
        assert [one.text for one in part.sentences] == ["Un.", "Deux."][: len(part.sentences)]
        assert not part.whole


def test_what_cannot_be_read_in_an_answer_is_said() -> None:
    sound = said("a", "Elle est là.", 1, "là")
    assert not read_draft("m", answer(sound, {"section": "a", "text": ""}), ended=True).whole
    assert read_repairs("rien") == []
    assert (
        read_repairs(answer({**sound, "number": 0, "drop": True}, {**sound, "number": 1, "text": " "})) == []
    )


def test_the_prompts_hold_their_rules() -> None:
    assert prompt.PROMPT_VERSION == "synthese-1"
    for system in (prompt.SYSTEM, prompt.ADVICE_SYSTEM, prompt.REPAIR_SYSTEM):
        assert "des données" in system
        assert "\n\n\n" not in system
