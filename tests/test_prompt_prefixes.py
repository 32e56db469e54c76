"""What is constant comes first in every request to a model: a server that keeps prefixes reads it once (vLLM).

The share of a prompt that two requests have in common is what such a server need not read again.
"""

from collections.abc import Sequence
from datetime import date
from itertools import takewhile

import pytest

from server.conversation import Turn
from server.drafting.types import DraftParts
from server.followup import ModelRewriter
from server.generate import OpenAIGenerator
from server.prompts import answer, draft, followup, repair
from server.verify import ProposedStatement, Quote
from tests.assisting import CV, LETTER_INPUTS, run
from tests.drafting import DAY, GOOD, PARCOURS, PROJET, drafted, notes_of, parts, source
from tests.passages import BILAN, FRAIS, make_passage, make_retrieval
from tests.scripted_model import ScriptedModel

pytest_plugins = ["tests.office_fixtures", "tests.assisting_fixtures"]

NOTES = notes_of("bilan")


def written(request: dict[str, Sequence[dict[str, str]]]) -> str:
    """Write the messages of a request in the order in which a server reads them."""
    return "".join(f"<{one['role']}>{one['content']}" for one in request["messages"])


def common(first: str, second: str) -> str:
    """Give what two prompts begin with alike."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return "".join(one for one, _ in alike)


def share_of(first: str, second: str) -> float:
    return len(common(first, second)) / len(second)


@pytest.fixture
def writer(model: ScriptedModel, model_client: object) -> OpenAIGenerator:
    return OpenAIGenerator(model_client, model.name)  # type: ignore[arg-type]


async def test_questions_have_all_the_instructions_in_common(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    asked = [("Combien dure un bilan ?", BILAN, DAY), ("Et le vélo ?", FRAIS, date(2020, 1, 2))]
    for question, text, day in asked:
        model.states(("Réponse.", 1, text[:40]))
        passages = [make_passage(text)]
        retrieval = make_retrieval(question, passages)
        [_] = [one async for one in writer.generate(question, passages, retrieval, day)]
    first, second = map(written, model.requests)
    assert common(first, second).startswith(f"<system>{answer.SYSTEM}<user>Passages (")
    assert answer.SYSTEM.rstrip().endswith("]}.")  # the form of the answer is among the instructions
    # Ten passages of 1,800 characters at most follow in production: 2,600 characters of 15,000 are read once.
    assert share_of(first, second) > 0.7


async def test_repairs_have_all_the_instructions_in_common(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    for text in (BILAN, FRAIS):
        model.repairs("Réponse.", 1, text[:40])
        proposed = ProposedStatement(text[:60], (Quote(1, text[:40]),))
        await writer.repair("Combien ?", proposed, [make_passage(text)], DAY)
    first, second = map(written, model.requests)
    assert common(first, second).startswith(f"<system>{repair.SYSTEM}<user>")


async def test_follow_ups_have_all_the_instructions_in_common(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    rewriter = ModelRewriter(writer.client, model.name)
    for before, question in (("Quel préavis en CDI ?", "Et en CDD ?"), ("Qui a droit au CEP ?", "Et où ?")):
        model.says('{"standalone": "Quel préavis en CDD ?"}')
        await rewriter.standalone(question, [Turn(before, "Un mois.")])
    first, second = map(written, model.requests)
    assert common(first, second).startswith(f"<system>{followup.SYSTEM}<user>")


async def test_the_requests_of_one_draft_have_the_instructions_and_the_notes_in_common(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    """Two groups of sections: the second is asked the same notes, which are most of what is read."""
    named = [PARCOURS, PROJET, *(PROJET.model_copy(update={"id": f"partie-{n}"}) for n in range(4))]
    for _ in range(9):
        model.says(GOOD)
    await drafted(source(NOTES, named), parts(writer=writer))
    groups = [one for one in map(written, model.requests) if one.startswith(f"<system>{draft.SYSTEM}<user>")]
    assert len(groups) >= 2
    alike = common(*groups[:2])
    assert "fin des notes" in alike
    assert "Document : Synthèse d’un entretien" in alike
    assert share_of(*groups[:2]) > 0.85


async def test_two_drafts_have_all_the_instructions_in_common(
    model: ScriptedModel, writer: OpenAIGenerator
) -> None:
    for text in (NOTES, "[PERSONNE_1] souhaite devenir soudeuse."):
        for _ in range(3):
            model.says(GOOD)
        await drafted(source(text), parts(writer=writer))
        model.scripts.clear()
    drafts = [one for one in map(written, model.requests) if one.startswith(f"<system>{draft.SYSTEM}<user>")]
    assert common(drafts[0], drafts[-1]).startswith(f"<system>{draft.SYSTEM}<user>Notes (")


async def test_two_assistants_have_the_instructions_of_drafts_in_common(
    modelled: DraftParts, model: ScriptedModel
) -> None:
    for name, inputs in (
        ("analyser-un-cv", {"cv": CV, "metier": "soudeur"}),
        (
            "lettre-ou-courriel",
            LETTER_INPUTS,
        ),
    ):
        for _ in range(4):
            model.says(GOOD)
        await run(modelled, name, inputs)
        model.scripts.clear()
    sent = [one for one in map(written, model.requests) if one.startswith(f"<system>{draft.SYSTEM}<user>")]
    advised = [one for one in map(written, model.requests) if f"<system>{draft.ADVICE_SYSTEM}<user>" in one]
    assert len(sent) >= 2
    assert common(sent[0], sent[-1]).startswith(f"<system>{draft.SYSTEM}<user>Notes (")
    assert all(one.startswith("<system>") for one in advised)
