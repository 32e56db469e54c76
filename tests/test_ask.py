"""The ask path, from the question to the answer, with a scripted model and a retriever that notes its calls."""

import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from openai import AsyncOpenAI

from ingest.documents import Kind
from server.abstain import Decision
from server.ask import SPECIAL_MASKED, AskParts, Done, Event, PassagesFound, StatementReady, ask
from server.extractive import ExtractiveGenerator
from server.followup import CarryingRewriter
from server.generate import Generator, OpenAIGenerator
from server.llm import build_client
from server.retrieval import Retrieval
from server.schemas import Answer, AskRequest, Mode, Passage, Scope
from tests.masking import shipped_masker
from tests.passages import bilan_and_frais, make_retrieval
from tests.scripted_model import ScriptedModel

QUESTION = "Combien d’heures dure un bilan de compétences ?"
TODAY = date(2026, 11, 22)
GOOD = ("Il dure 24 heures au plus.", 1, "dure au plus vingt-quatre heures")
ABSTAINS = '{"abstain": true, "statements": []}'


@dataclass
class NotingRetriever:
    """Gives the same passages to every question, and remembers what it was asked."""

    passages: Sequence[Passage] = field(default_factory=bilan_and_frais)
    coverage: float = 1.0
    warnings: list[str] = field(default_factory=list)
    asked: list[tuple[str, Scope, frozenset[str]]] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def retrieve(self, question: str, scope: Scope, groups: frozenset[str], k: int) -> Retrieval:
        self.asked.append((question, scope, groups))
        self.threads.append(threading.get_ident())
        found = make_retrieval(question, list(self.passages)[:k], self.coverage)
        return Retrieval(found.passages, found.coverage, found.weights, self.warnings)


class CoverageAbstainer:
    """Answers when the passages hold most of the question, whoever writes."""

    def decide(self, _question: str, retrieval: Retrieval, _mode: Mode) -> Decision:
        answers = retrieval.coverage >= 0.4
        return Decision(retrieval.coverage, answers, None if answers else "unanswerable")


@pytest.fixture
def generator(model: ScriptedModel, model_client: AsyncOpenAI) -> Generator:
    return OpenAIGenerator(model_client, model.name)


def asking(
    generator: Generator, retriever: NotingRetriever | None = None, question: str = QUESTION, **scope: object
) -> AsyncGenerator[Event, None]:
    parts = AskParts(
        retriever or NotingRetriever(),
        generator,
        ExtractiveGenerator(),
        CoverageAbstainer(),
        CarryingRewriter(),
        shipped_masker(),
    )
    return ask(
        AskRequest.model_validate({"question": question, **scope}),
        parts,
        groups=frozenset({"*", "cep"}),
        today=TODAY,
    )


async def answered(events: AsyncGenerator[Event, None]) -> Answer:
    seen = [event async for event in events]
    assert isinstance(seen[-1], Done)
    return seen[-1].answer


async def test_events_come_in_order_and_end_with_the_whole_answer(
    model: ScriptedModel, generator: Generator
) -> None:
    model.states(GOOD, ("Il faut un accord.", 1, "avec le consentement du bénéficiaire"))
    events = [event async for event in asking(generator)]
    assert [type(event) for event in events] == [PassagesFound, StatementReady, StatementReady, Done]
    done = events[-1]
    assert isinstance(done, Done)
    assert done.answer.mode == "generative"
    assert done.answer.model == model.name
    assert [s.verified for s in done.answer.statements] == [True, True]
    assert done.answer.warnings == []
    assert not done.answer.abstained


async def test_timings_are_given_for_each_stage(model: ScriptedModel, generator: Generator) -> None:
    model.states(GOOD)
    timings = (await answered(asking(generator))).timings
    assert set(timings) == {"mask", "retrieve", "first_statement", "generate", "total"}
    assert 0 < timings["mask"] < timings["first_statement"] <= timings["total"]


async def test_without_a_model_the_documents_sentences_answer() -> None:
    answer = await answered(asking(ExtractiveGenerator()))
    assert answer.mode == "extractive"
    assert "vingt-quatre heures" in answer.statements[0].text
    assert all(s.verified for s in answer.statements)


async def test_a_statement_with_a_nearly_right_quote_is_kept_and_marked(
    model: ScriptedModel, generator: Generator
) -> None:
    model.states(
        GOOD, ("Il dure 30 heures.", 1, "dure au plus trente heures"), ("Faux.", 99, "rien de tout cela")
    )
    answer = await answered(asking(generator))
    assert [s.verified for s in answer.statements] == [True, False, False]
    assert answer.warnings[0].startswith("2 phrases n’ont pas pu être vérifiées")


async def test_a_quote_of_passage_99_is_given_to_the_passage_that_holds_it(
    model: ScriptedModel, generator: Generator
) -> None:
    model.states((GOOD[0], 99, GOOD[2]))
    (statement,) = (await answered(asking(generator))).statements
    assert statement.verified
    assert statement.citations[0].passage_id == "bilan"


async def test_a_model_that_is_down_leaves_the_floor_to_the_documents() -> None:
    async with build_client("http://127.0.0.1:9/v1", "", silence_s=1.0) as client:
        answer = await answered(asking(OpenAIGenerator(client, "m")))
    assert answer.mode == "extractive"
    assert answer.model == ExtractiveGenerator.model
    assert answer.statements
    assert answer.warnings[0].startswith("Le modèle de rédaction ne répond pas")


async def test_a_model_that_answers_nonsense_leaves_the_floor_to_the_documents(
    model: ScriptedModel, generator: Generator
) -> None:
    model.says("pardon ?")
    answer = await answered(asking(generator))
    assert answer.mode == "extractive"
    assert answer.statements
    assert answer.warnings[0].startswith("Le modèle de rédaction n’a pas rendu de réponse utilisable")


async def test_a_model_lost_after_a_statement_leaves_an_incomplete_answer(
    model: ScriptedModel, generator: Generator
) -> None:
    text = '{"abstain": false, "statements": [{"text": "Il faut un accord.", "quotes": []}'
    model.says(text, ", ", breaks_off=True)
    answer = await answered(asking(generator))
    assert answer.mode == "generative"
    assert [s.text for s in answer.statements] == ["Il faut un accord."]
    assert answer.warnings[0].startswith("Le modèle de rédaction s’est interrompu")


async def test_a_model_that_abstains_is_believed(model: ScriptedModel, generator: Generator) -> None:
    model.says(ABSTAINS)
    answer = await answered(asking(generator))
    assert answer.abstained
    assert answer.mode == "generative"
    assert answer.passages == bilan_and_frais()


async def test_no_passage_means_no_answer_and_no_call_to_the_model(
    model: ScriptedModel, generator: Generator
) -> None:
    answer = await answered(asking(generator, NotingRetriever(passages=[])))
    assert answer.abstained
    assert model.requests == []


async def test_documents_that_do_not_answer_give_an_abstention() -> None:
    answer = await answered(asking(ExtractiveGenerator(), NotingRetriever(coverage=0.1)))
    assert answer.abstained
    assert answer.passages


async def test_a_special_category_that_was_masked_is_said_with_how_to_ask_without_it() -> None:
    retriever = NotingRetriever()
    asked = f"Fatima Benali a une RQTH. {QUESTION}"
    answer = await answered(asking(ExtractiveGenerator(), retriever, asked))
    assert SPECIAL_MASKED in answer.warnings
    assert answer.question == asked
    assert retriever.asked[0][0] == f"a une . {QUESTION}"


async def test_a_question_about_nobody_is_searched_word_for_word() -> None:
    retriever = NotingRetriever()
    asked = "Quelles aides pour un travailleur handicapé (RQTH) ?"
    answer = await answered(asking(ExtractiveGenerator(), retriever, asked))
    assert SPECIAL_MASKED not in answer.warnings
    assert retriever.asked[0][0] == asked


async def test_the_model_and_the_search_never_see_personal_data(
    model: ScriptedModel, generator: Generator
) -> None:
    model.states(("Répondez à [EMAIL_1] : 24 heures.", 1, GOOD[2]))
    retriever = NotingRetriever()
    question = "Que répondre à jean@exemple.fr (06 12 34 56 78) sur la durée du bilan ?"
    answer = await answered(asking(generator, retriever, question))
    assert retriever.asked[0][0] == "Que répondre à ( ) sur la durée du bilan ?"
    sent = str(model.requests)
    assert "jean@exemple.fr" not in sent
    assert "06 12 34 56 78" not in sent
    assert "[EMAIL_1] ([TELEPHONE_1])" in sent
    (statement,) = answer.statements
    assert statement.text == "Répondez à jean@exemple.fr : 24 heures."
    assert statement.verified


async def test_the_search_gets_the_day_the_scope_and_the_groups() -> None:
    retriever = NotingRetriever()
    await answered(asking(ExtractiveGenerator(), retriever, kinds=["legal"], sources=["code"]))
    _, scope, groups = retriever.asked[0]
    assert scope == Scope(as_of=TODAY, kinds=[Kind.LEGAL], sources=["code"])
    assert groups == frozenset({"*", "cep"})


async def test_the_search_does_not_hold_up_the_other_requests() -> None:
    retriever = NotingRetriever()
    await answered(asking(ExtractiveGenerator(), retriever))
    assert retriever.threads[0] != threading.get_ident()


async def test_an_answer_for_another_day_says_so(model: ScriptedModel, generator: Generator) -> None:
    model.says(ABSTAINS)
    model.says(ABSTAINS)
    past = await answered(asking(generator, as_of="2024-03-01"))
    same = await answered(asking(generator, as_of=TODAY.isoformat()))
    assert "01/03/2024" in past.warnings[0]
    assert "01/03/2024" in str(model.requests[0])
    assert same.warnings == []


async def test_what_the_search_has_to_say_is_passed_on() -> None:
    answer = await answered(
        asking(ExtractiveGenerator(), NotingRetriever(warnings=["Recherche par les mots."]))
    )
    assert answer.warnings == ["Recherche par les mots."]


async def test_a_conversation_keeps_its_id_and_an_answer_gets_a_new_one() -> None:
    first = await answered(asking(ExtractiveGenerator(), conversation_id="c1"))
    second = await answered(asking(ExtractiveGenerator()))
    assert first.conversation_id == "c1"
    assert len({first.id, second.id, second.conversation_id}) == 3


async def test_a_reader_who_leaves_stops_the_model(model: ScriptedModel, generator: Generator) -> None:
    text = '{"abstain": false, "statements": [{"text": "Il faut un accord.", "quotes": []}'
    model.says(text, *[" "] * 500, pause_s=0.02)
    async with aclosing(asking(generator)) as events:
        async for event in events:
            if isinstance(event, StatementReady):
                break
    assert model.dropped.wait(3)


NEARLY = ("Il dure 24 heures au plus.", 1, "dure au moins vingt-quatre heures")  # one word is another


async def test_a_nearly_right_quote_that_is_repaired_is_verified_and_says_so(
    model: ScriptedModel, generator: Generator
) -> None:
    model.states(NEARLY)
    model.repairs(*GOOD)
    (statement,) = (await answered(asking(generator))).statements
    assert statement.verified
    assert statement.repaired
    assert len(model.requests) == 2


async def test_a_repair_that_is_no_better_leaves_the_statement_unverified(
    model: ScriptedModel, generator: Generator
) -> None:
    model.states(NEARLY)
    model.repairs(*NEARLY)
    answer = await answered(asking(generator))
    (statement,) = answer.statements
    assert not statement.verified
    assert not statement.repaired
    assert statement.unsupported == ["24 heures"]
    assert answer.warnings[0].startswith("Une phrase n’a pas pu être vérifiée")
    assert len(model.requests) == 2  # once, and no more


ENGLISH = ("It must be agreed by the person and it is free of charge for them.", 1, GOOD[2])
PAGE = b"<!doctype html><title>Bienvenue</title>"


@pytest.mark.parametrize(
    ("pieces", "faults", "warning"),
    [
        (["{}"], {"status": 400}, "n’a pas rendu de réponse utilisable"),
        (["{}"], {"status": 401}, "n’a pas rendu de réponse utilisable"),
        (["{}"], {"status": 429}, "ne répond pas"),
        (["{}"], {"status": 500}, "ne répond pas"),
        ([], {"raw": PAGE, "media_type": "text/html"}, "n’a pas rendu de réponse utilisable"),
        ([], {}, "n’a pas rendu de réponse utilisable"),
        ([" " * 50] * 20, {"finish": "length"}, "n’a pas rendu de réponse utilisable"),
        (["{"], {"pause_s": 3.0}, "ne répond pas"),
        (["{"], {"breaks_off": True}, "ne répond pas"),
    ],
)
async def test_whatever_the_model_does_the_documents_answer_with_a_notice(
    model: ScriptedModel, generator: Generator, pieces: list[str], faults: dict[str, Any], warning: str
) -> None:
    model.says(*pieces, **faults)
    answer = await answered(asking(generator))
    assert answer.mode == "extractive"
    assert answer.prompt_version is None
    assert "vingt-quatre heures" in answer.statements[0].text
    assert warning in answer.warnings[0]


async def test_an_answer_in_another_language_leaves_the_floor_to_the_documents(
    model: ScriptedModel, generator: Generator
) -> None:
    model.states(ENGLISH)
    answer = await answered(asking(generator))
    assert answer.mode == "extractive"
    assert answer.statements


async def test_another_language_in_the_middle_leaves_an_incomplete_answer(
    model: ScriptedModel, generator: Generator
) -> None:
    model.states(GOOD, ENGLISH)
    answer = await answered(asking(generator))
    assert [statement.text for statement in answer.statements] == [GOOD[0]]
    assert answer.warnings[0].startswith("Le modèle de rédaction s’est interrompu")
