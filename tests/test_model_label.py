"""What is told of the model (FANAL_MODEL_LABEL) goes with all that comes from it, and with nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest
from openai import AsyncOpenAI

from server.ask import AskParts, Done, Event, PassagesFound, ask
from server.drafting.types import DraftParts
from server.export import export
from server.extractive import ExtractiveGenerator
from server.followup import CarryingRewriter
from server.footnotes import Footnotes
from server.generate import OpenAIGenerator
from server.schemas import Answer, AskRequest
from server.store.draft_content import read_content, written
from server.templates import SHIPPED, load_templates
from tests.assisting import LETTER_INPUTS, run
from tests.browser.scenes import BILAN, KEPT, SCENES
from tests.drafting import Always, FewPassages, answer, drafted, parts, said, source
from tests.drafts import make_content
from tests.masking import shipped_masker
from tests.scripted_model import ScriptedModel
from tests.test_export import flat, make_draft
from tests.ui_drafts import view
from ui.answer_stream import AnswerDone, StatementWritten
from ui.answer_stream import PassagesFound as Found
from ui.answer_view import former_turn_html, head_html, references_of
from ui.components import label_html
from ui.copied import copied_text
from ui.exchange import Exchange
from ui.synthese.review_step import _head

pytest_plugins = ["tests.office_fixtures", "tests.assisting_fixtures"]

LABEL = "brouillon, petit modèle"
DAY = date(2026, 11, 22)
SHOWN = "«\u00a0brouillon, petit modèle\u00a0»"
LABELLED = SCENES["rédigée"].model_copy(update={"model_label": LABEL})
GOOD = ("Il dure 24 heures au plus.", 1, "dure au plus vingt-quatre heures")


@pytest.fixture
def asking(model: ScriptedModel, model_client: AsyncOpenAI) -> AskParts:
    writer = OpenAIGenerator(model_client, model.name)
    return AskParts(
        FewPassages(), writer, ExtractiveGenerator(), Always(), CarryingRewriter(), shipped_masker(),
        model_label=LABEL,
    )  # fmt: skip


def asked(asking: AskParts) -> AsyncIterator[Event]:
    request = AskRequest(question="Combien d’heures dure un bilan de compétences ?")
    return ask(request, asking, groups=frozenset(), today=DAY)


async def told(asking: AskParts) -> tuple[str | None, Answer]:
    """Give the label of the first event, and the answer."""
    events = [event async for event in asked(asking)]
    assert isinstance(events[0], PassagesFound)
    assert isinstance(events[-1], Done)
    return events[0].model_label, events[-1].answer


async def test_an_answer_of_the_model_says_it_from_its_first_event(
    asking: AskParts, model: ScriptedModel
) -> None:
    model.states(GOOD)
    first, whole = await told(asking)
    assert (first, whole.mode, whole.model_label) == (LABEL, "generative", LABEL)


async def test_what_the_documents_answer_in_its_place_does_not(
    asking: AskParts, model: ScriptedModel
) -> None:
    model.says("", status=500)
    _, whole = await told(asking)
    assert (whole.mode, whole.model_label) == ("extractive", None)


async def test_a_question_that_it_is_not_asked_does_not(asking: AskParts, model: ScriptedModel) -> None:
    _, whole = await told(replace(asking, abstainer=Always(answers=False)))
    assert (whole.abstained, whole.model_label, model.requests) == (True, None, [])


async def test_a_draft_says_it_and_keeps_it(model: ScriptedModel, model_client: AsyncOpenAI) -> None:
    writer = OpenAIGenerator(model_client, model.name)
    model.says(answer(said("parcours", "Elle est vendeuse.", 1, "vendeuse en CDI")))
    made = await drafted(source(), parts(writer=writer, model_label=LABEL))
    assert (made.mode, made.model_label) == ("generative", LABEL)
    content = make_content(mode=made.mode, model_label=made.model_label)
    assert read_content("u", "d", written("u", "d", content)).model_label == LABEL


async def test_sentences_that_were_only_sorted_do_not() -> None:
    made = await drafted(source(), parts(model_label=LABEL))
    assert (made.mode, made.model_label) == ("extractive", None)


async def test_an_assistant_says_it(modelled: DraftParts, model: ScriptedModel) -> None:
    model.says(answer(said("corps", "Mon adresse est [EMAIL_1].", 4, "Mon adresse : [EMAIL_1]")))
    made = await run(replace(modelled, model_label=LABEL), "lettre-ou-courriel", LETTER_INPUTS)
    assert (made.mode, made.model_label) == ("generative", LABEL)


def test_an_exported_document_says_it() -> None:
    template = load_templates((SHIPPED,)).get("bilan-de-competences")
    assert template is not None
    made = make_draft(template, {}, model_label=LABEL)
    said_there = flat(export(made, template, "docx").data)
    assert f"(modèle « un-modele », {LABEL}, consignes 7)" in said_there


def test_a_chat_client_reads_it() -> None:
    assert f"(modèle {LABELLED.model}, {LABEL})" in Footnotes().closing(LABELLED, "http://fanal")


def test_a_copied_answer_says_it() -> None:
    exchange = Exchange(AskRequest(question="Quel délai ?"), DAY)
    exchange.add(AnswerDone(LABELLED))
    text = copied_text(exchange, references_of(exchange, "https://fanal.example"), DAY)
    assert f"(modèle {LABELLED.model}, {LABEL})" in text


def test_the_page_shows_it_while_the_answer_is_written_and_after() -> None:
    exchange = Exchange(AskRequest(question="Quel délai ?"), DAY)
    refs = references_of(exchange, "")
    assert "model-label" not in head_html(exchange, refs)
    exchange.add(Found([BILAN], None, LABEL))
    exchange.add(StatementWritten(KEPT))
    assert SHOWN in head_html(exchange, refs)
    exchange.stopped = True
    assert SHOWN in head_html(exchange, refs)
    exchange.add(AnswerDone(LABELLED))
    assert SHOWN in head_html(exchange, refs)
    assert SHOWN in former_turn_html(1, exchange, "")
    exchange.add(
        AnswerDone(LABELLED.model_copy(update={"model_label": None}))
    )  # the documents' own sentences
    assert "model-label" not in head_html(exchange, refs)


def test_a_label_is_shown_as_text() -> None:
    assert "<b>" not in label_html("<b>essai</b>")
    assert label_html(None) == ""


def test_the_page_of_a_draft_shows_it() -> None:
    assert SHOWN in _head(view(mode="generative", model_label=LABEL), 0)
    assert "model-label" not in _head(view(), 0)
