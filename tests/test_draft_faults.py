"""Drafts by a model that fails, or cannot hold the notes: what it wrote is kept, the rest is sorted."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace

import pytest
from openai import AsyncOpenAI

from server.draft import draft
from server.drafting.generate import fitting_windows
from server.drafting.types import SORTED
from server.drafting.unused import unused_warning
from server.generate import OpenAIGenerator
from server.llm import Limits
from tests.drafting import (
    DROITS,
    GOOD,
    PARCOURS,
    PROJET,
    SHORT,
    answer,
    drafted,
    first_event,
    numbered,
    parts,
    said,
    source,
    texts,
)
from tests.scripted_model import ScriptedModel, statement

LONG = "\n".join(f"Elle a tenu le poste numéro {n} pendant {n} mois dans la vente." for n in range(1, 301))
THIRTY_PAGES = "\n".join(
    f"En {1990 + n % 30} elle a tenu le poste numéro {n} pendant {n} semaines." for n in range(1, 1_501)
)


@pytest.fixture
def writer(model: ScriptedModel, model_client: AsyncOpenAI) -> OpenAIGenerator:
    return OpenAIGenerator(model_client, model.name)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "Voici la synthèse demandée.",
        "[]",
        '{"resume": "Elle est vendeuse."}',
        '{"sentences": "aucune"}',
        '{"sentences": [{"texte": 1}]}',
        answer(
            said(
                "parcours",
                "The person has been working in the shop since 2019 and she likes it.",
                1,
                "vendeuse en CDI",
            )
        ),
    ],
)
async def test_an_unusable_answer_leaves_the_notes_sorted(
    model: ScriptedModel, writer: OpenAIGenerator, broken: str
) -> None:
    model.says(broken or " ")
    made = await drafted(source(), parts(writer=writer))
    assert (made.mode, made.model, made.prompt_version) == ("extractive", SORTED, None)
    assert "Souhaite devenir secrétaire médicale, peut-être à Brisecombe." in texts(made.sections[1])
    assert any("classées, telles quelles" in warning for warning in made.warnings)


@pytest.mark.parametrize(
    "around", ["```json\n{}\n```", "<think>Voyons {{ cela</think>\n{}", "Voici : {} Bonne journée."]
)
async def test_what_some_models_put_around_their_answer_is_passed_over(
    model: ScriptedModel, writer: OpenAIGenerator, around: str
) -> None:
    model.says(around.replace("{}", GOOD).replace("{{", "{"))
    made = await drafted(source(), parts(writer=writer))
    assert len(made.sections[0].sentences) == 2


async def test_an_endless_answer_gives_what_it_had_finished(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    again = json.dumps(said("parcours", "Elle est vendeuse en CDI.", 1, "vendeuse en CDI"))
    model.says(
        '{"sentences": [', ", ".join([again] * 40), ', {"section": "projet", "text": "Elle', finish="length"
    )
    made = await drafted(source(), parts(writer=writer))
    assert texts(made.sections[0]) == ["Elle est vendeuse en CDI."]
    assert made.sections[1].missing
    assert any("s’est interrompue sur les phrases 1 à 5" in warning for warning in made.warnings)


async def test_an_answer_cut_inside_a_sentence_does_not_give_its_half(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    whole = json.dumps(said("parcours", "Elle est vendeuse.", 1, "vendeuse en CDI"))
    model.says(
        f'{{"sentences": [{whole}, ',
        '{"section": "projet", "text": "Elle souhaite", "sources": [',
        breaks_off=True,
    )
    made = await drafted(source(), parts(writer=writer))
    assert made.sections[1].missing
    assert any("s’est interrompue" in warning for warning in made.warnings)


async def test_a_model_that_is_down_leaves_everything_sorted_and_is_asked_once(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    sections = [PARCOURS.model_copy(update={"id": f"p{n}", "title": f"Partie {n}"}) for n in range(6)]
    made = await drafted(source(sections=[*sections, PROJET]), parts(writer=writer, parallel=1))
    assert len(model.requests) == 1
    assert made.mode == "extractive"
    assert made.warnings[0].startswith(
        "Le modèle de rédaction n’a pas répondu : les phrases des notes sont classées"
    )


async def test_a_model_that_goes_down_midway_keeps_what_it_wrote(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    others = [PARCOURS.model_copy(update={"id": f"p{n}", "title": f"Partie {n}"}) for n in range(3)]
    model.says(answer(said("parcours", "Elle est vendeuse en CDI.", 1, "vendeuse en CDI")))
    made = await drafted(source(sections=[PARCOURS, *others, PROJET]), parts(writer=writer))
    assert texts(made.sections[0]) == ["Elle est vendeuse en CDI."]
    assert "Souhaite devenir secrétaire médicale, peut-être à Brisecombe." in texts(made.sections[4])
    assert made.mode == "generative"
    assert any(
        "n’a pas répondu avant la fin : la partie « Le projet » est remplie" in one for one in made.warnings
    )


async def test_long_notes_are_read_by_windows_and_put_together_in_order(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    of = source(LONG, [PARCOURS])
    windows = fitting_windows(of.sentences, 9_000)
    assert 2 <= len(windows) <= 4
    for window in windows:
        n = window[0].number
        common = said("parcours", "Elle a tenu un poste dans la vente.", n, "dans la vente")
        own = said("parcours", f"Elle a tenu le poste numéro {n}.", n, f"tenu le poste numéro {n}")
        model.says(answer(common, own))
    small = replace(writer, context=8_192)
    made = await drafted(of, parts(writer=small, parallel=1))
    shown = [
        one
        for request in model.prompts
        for one in request.split("\n")
        if one.startswith(("1. Elle", "300. Elle"))
    ]
    assert len(shown) == 2
    numbers = [sentence.sources[0].sentence for sentence in made.sections[0].sentences]
    assert numbers == sorted(numbers)
    assert texts(made.sections[0]).count("Elle a tenu un poste dans la vente.") == 1
    characters = [sum(len(m["content"]) for m in request["messages"]) for request in model.requests]
    room = [(8_192 - request["max_tokens"]) * 3.0 for request in model.requests]
    assert all(count <= most for count, most in zip(characters, room, strict=True))


async def test_a_window_that_fails_is_said_and_the_others_are_kept(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    model.says(answer(said("parcours", "Elle a tenu le poste numéro 1.", 1, "tenu le poste numéro 1")))
    model.says("rien d’utile")
    for _ in range(6):
        model.says(answer())
    made = await drafted(source(LONG, [PARCOURS]), parts(writer=replace(writer, context=8_192), parallel=1))
    (warning,) = [one for one in made.warnings if "reprises telles quelles" in one]
    first = int(warning.split("les phrases ")[1].split()[0])
    assert texts(made.sections[0])[0] == "Elle a tenu le poste numéro 1."
    assert f"Elle a tenu le poste numéro {first} pendant {first} mois dans la vente." in texts(
        made.sections[0]
    )
    assert "s’est interrompue" not in " ".join(made.warnings)


async def test_notes_that_do_not_fit_after_all_are_asked_for_by_halves(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    model.says(status=400, refusal="This model's maximum context length is 2048 tokens")
    model.says(answer(said("parcours", "Elle est vendeuse en CDI.", 1, "vendeuse en CDI")))
    model.says(
        answer(
            said(
                "projet",
                "Elle souhaite devenir secrétaire médicale.",
                4,
                "Souhaite devenir secrétaire médicale",
            )
        )
    )
    made = await drafted(source(), parts(writer=writer))
    assert [len(section.sentences) for section in made.sections] == [1, 1]
    assert "2. BEP" in model.prompts[1]
    assert "2. BEP" not in model.prompts[2]


async def test_a_model_that_refuses_whatever_the_length_is_not_asked_for_ever(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    for _ in range(60):
        model.says(status=400, refusal="maximum context length exceeded")
    made = await drafted(source(LONG, [PARCOURS]), parts(writer=writer))
    assert made.mode == "extractive"
    assert len(model.requests) < 40


async def test_advice_of_a_model_that_fails_is_cited_from_the_documents(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    model.says(GOOD)
    model.says("non")
    notes = f"{SHORT}\nSouhaite un bilan de compétences, avec son consentement, avant de changer de métier."
    made = await drafted(source(notes, [PARCOURS, PROJET, DROITS]), parts(writer=writer))
    assert [one.passage_id for said in made.sections[-1].sentences for one in said.citations] == ["bilan"]
    assert any("avec des extraits des documents" in warning for warning in made.warnings)


async def test_a_client_that_leaves_stops_the_model(model: ScriptedModel, writer: OpenAIGenerator) -> None:
    model.dropped.clear()
    model.says(*GOOD, pause_s=0.05)
    async with aclosing(draft(source(), parts(writer=writer))) as events:
        waiting = asyncio.ensure_future(first_event(events))
        await asyncio.sleep(0.3)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert await asyncio.to_thread(model.dropped.wait, 5)


async def test_a_model_that_never_ends_is_left_in_time(model: ScriptedModel, writer: OpenAIGenerator) -> None:
    model.says(*["x"] * 200, pause_s=0.02)
    hasty = replace(writer, limits=Limits(total_s=0.1))
    made = await drafted(source(), parts(writer=hasty))
    assert made.mode == "extractive"


async def test_thirty_pages_fit_in_a_short_context(model: ScriptedModel, writer: OpenAIGenerator) -> None:
    of = source(THIRTY_PAGES, [PARCOURS, PROJET])
    assert len(THIRTY_PAGES) > 85_000
    for _ in range(30):
        model.says(answer(said("parcours", "Elle a tenu le poste numéro 7.", 7, "le poste numéro 7")))
    made = await drafted(of, parts(writer=replace(writer, context=8_192), parallel=1))
    assert made.warnings == [unused_warning(made.unused)]
    assert len(made.unused) == 1_499
    assert texts(made.sections[0]) == ["Elle a tenu le poste numéro 7."]
    shown = [line.split(".")[0] for prompt in model.prompts for line in prompt.split("\n") if ". En " in line]
    assert shown == [str(n) for n in range(1, 1_501)]
    for request in model.requests:
        assert sum(len(one["content"]) for one in request["messages"]) <= (8_192 - request["max_tokens"]) * 3


async def test_a_model_that_breaks_off_again_and_again_is_left(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    begun = (
        '{"sentences": [' + json.dumps(said("parcours", "Elle est vendeuse.", 1, "vendeuse en CDI")) + ", "
    )
    for _ in range(9):
        model.says(begun, breaks_off=True)
    sections = [PARCOURS.model_copy(update={"id": "parcours" if n < 9 else f"p{n}"}) for n in (0, 10, 11, 12)]
    many = [*sections, *(PARCOURS.model_copy(update={"id": f"q{n}"}) for n in range(12))]
    made = await drafted(source(sections=many), parts(writer=writer, parallel=1))
    assert len(model.requests) == 2
    assert texts(made.sections[0]) == ["Elle est vendeuse."]


async def test_advice_that_breaks_off_keeps_what_it_had_and_says_so(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    model.says(GOOD)
    advice = statement("Le bilan dure au plus vingt-quatre heures.", 1, "dure au plus vingt-quatre heures")
    model.says('{"abstain": false, "statements": [' + json.dumps(advice) + ', {"text": "Il', finish="length")
    made = await drafted(source(sections=[PARCOURS, PROJET, DROITS]), parts(writer=writer))
    assert texts(made.sections[-1]) == ["Le bilan dure au plus vingt-quatre heures."]
    assert made.warnings == [
        unused_warning([2, 5]),
        "La rédaction de « Droits et financements » s’est interrompue : il peut y manquer quelque chose.",
    ]


def test_windows_hold_every_sentence_once_in_order() -> None:
    sentences = numbered(LONG)
    for room in (50, 1_000, 7_777, 10**6):
        windows = fitting_windows(sentences, room)
        assert [one for window in windows for one in window] == sentences
        assert all(windows)
    assert fitting_windows([], 1_000) == []
