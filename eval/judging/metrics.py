"""The judged metrics, made of ragas' own (`ragas.metrics.collections`): what each needs, its score and its verdicts.

faithfulness         statements of the answer that the passages support / all of them      (Es et al., RAGAS, 2023)
answer_relevancy     cosine of the question with the one that the judge reads off the answer; 0 for an evasive answer
context_precision    average precision of the passages that helped to give the expected answer
context_recall       statements of the expected answer that the passages support / all of them
factual_correctness  F1 of the statements that answer and expected answer have in common
noise_sensitivity    statements that are wrong and that a passage which does not help says / all of them
                     (Ru et al., RAGChecker, 2024; ragas' "irrelevant" mode; lower is better)
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from ragas.metrics.collections import (
    AnswerRelevancy,
    ContextPrecisionWithReference,
    ContextRecall,
    FactualCorrectness,
    Faithfulness,
    NoiseSensitivity,
)

from eval.judging.checks import JudgeFailed
from eval.judging.embedding import CentredEmbedding
from eval.judging.model import JudgeModel, Recorder
from eval.judging.prompts import FrenchPrompt
from eval.judging.sample import Sample
from eval.judging.wordings import ASKED, CLAIMS, RECALL, SPLIT, SUPPORT, USEFUL
from server.evaluation_schemas import Verdict

NOT_A_NUMBER = "le juge n’a pas donné de nombre"


@dataclass(frozen=True)
class Scored:
    """A score in [0, 1], or why there is none, and what the judge said on the way."""

    score: float | None
    reason: str = ""
    verdicts: Sequence[Verdict] = ()


Score = Callable[[Recorder, CentredEmbedding, Sample], Any]
"""Runs one metric of ragas; gives its awaitable result."""


def _faithfulness(llm: Recorder, _embedding: CentredEmbedding, sample: Sample) -> Any:
    metric = Faithfulness(llm=llm)
    metric.statement_generator_prompt = FrenchPrompt(SPLIT)  # type: ignore[assignment]  # the base class of both
    metric.nli_statement_prompt = FrenchPrompt(SUPPORT)  # type: ignore[assignment]
    return metric.ascore(sample.question, sample.response, list(sample.contexts))


def _answer_relevancy(llm: Recorder, embedding: CentredEmbedding, sample: Sample) -> Any:
    # ragas asks three times for questions that differ; at temperature 0 they would be the same one.
    metric = AnswerRelevancy(llm=llm, embeddings=embedding, strictness=1)
    metric.prompt = FrenchPrompt(ASKED)  # type: ignore[assignment]
    return metric.ascore(sample.question, sample.response)


def _context_precision(llm: Recorder, _embedding: CentredEmbedding, sample: Sample) -> Any:
    metric = ContextPrecisionWithReference(llm=llm)
    metric.prompt = FrenchPrompt(USEFUL)  # type: ignore[assignment]
    return metric.ascore(sample.question, sample.reference, list(sample.contexts))


def _context_recall(llm: Recorder, _embedding: CentredEmbedding, sample: Sample) -> Any:
    metric = ContextRecall(llm=llm)
    metric.prompt = FrenchPrompt(RECALL)  # type: ignore[assignment]
    return metric.ascore(sample.question, list(sample.contexts), sample.reference)


def _factual_correctness(llm: Recorder, _embedding: CentredEmbedding, sample: Sample) -> Any:
    metric = FactualCorrectness(llm=llm)
    metric.prompt = FrenchPrompt(CLAIMS)  # type: ignore[assignment]
    metric.nli_prompt = FrenchPrompt(SUPPORT)  # type: ignore[assignment]
    return metric.ascore(sample.response, sample.reference)


def _noise_sensitivity(llm: Recorder, _embedding: CentredEmbedding, sample: Sample) -> Any:
    metric = NoiseSensitivity(llm=llm, mode="irrelevant")
    metric.statement_prompt = FrenchPrompt(SPLIT)  # type: ignore[assignment]
    metric.faithfulness_prompt = FrenchPrompt(SUPPORT)  # type: ignore[assignment]
    return metric.ascore(sample.question, sample.response, sample.reference, list(sample.contexts))


METRICS: Final[dict[str, Score]] = {
    "faithfulness": _faithfulness,
    "answer_relevancy": _answer_relevancy,
    "context_precision": _context_precision,
    "context_recall": _context_recall,
    "factual_correctness": _factual_correctness,
    "noise_sensitivity": _noise_sensitivity,
}
"""By their names in the catalogue, in its order."""

NEEDS_REFERENCE: Final = frozenset(
    {"context_precision", "context_recall", "factual_correctness", "noise_sensitivity"}
)


async def score(name: str, model: JudgeModel, embedding: CentredEmbedding, sample: Sample) -> Scored:
    """Score one answer by one metric; whatever the judge does wrong is a reason, never a number."""
    recorder = Recorder(model)
    try:
        result = await METRICS[name](recorder, embedding, sample)
    except JudgeFailed as failure:
        return Scored(None, str(failure), tuple(_verdicts(name, recorder)))
    value = result.value
    if not isinstance(value, float | int) or not math.isfinite(value):
        return Scored(None, NOT_A_NUMBER, tuple(_verdicts(name, recorder)))
    # A cosine may be below 0, and ragas' averages miss 1 by 1e-10.
    return Scored(round(min(max(float(value), 0.0), 1.0), 6), verdicts=tuple(_verdicts(name, recorder)))


def _verdicts(name: str, recorder: Recorder) -> Iterator[Verdict]:
    answers = [(asked, answer) for asked, answer in recorder.exchanges if _judges(answer)]
    if name == "noise_sensitivity":
        answers = answers[
            -1:
        ]  # the last says which statements are wrong; those before, what each passage says
    for number, (asked, answer) in enumerate(answers, start=1):
        for good, text in _said(name, number, asked, answer):
            yield Verdict(metric=name, text=text, good=good)


def _judges(answer: BaseModel) -> bool:
    """Whether an answer holds verdicts, rather than statements to be judged next."""
    first = next(iter(dict(answer).values()))
    return not (isinstance(first, list) and all(isinstance(item, str) for item in first))


def _said(name: str, number: int, asked: tuple[str, ...], answer: Any) -> Iterator[tuple[bool, str]]:
    if name == "answer_relevancy":
        evasive = bool(answer.noncommittal)
        kind = "La réponse est évasive ; elle répondrait" if evasive else "La réponse répond"
        yield not evasive, f"{kind} à : « {answer.question.strip()} »"
    elif name == "context_precision":
        good = bool(answer.verdict)
        yield good, f"Passage {number} {'utile' if good else 'inutile'} : {_sentence(answer.reason)}"
    elif name == "context_recall":
        for one in answer.classifications:
            good = bool(one.attributed)
            yield (
                good,
                f"« {one.statement} » {'se lit' if good else 'ne se lit pas'} dans les passages : {one.reason}",
            )
    else:
        words = _WORDS[name][min(number, len(_WORDS[name])) - 1]
        for statement, one in zip(asked, answer.statements, strict=True):
            good = bool(one.verdict)
            yield good, f"« {statement} » {words[good]} : {_sentence(one.reason)}"


_WORDS: Final = {
    "faithfulness": [("n’est pas dans les passages", "est dans les passages")],
    "factual_correctness": [
        ("n’est pas dans la réponse attendue", "est dans la réponse attendue"),
        ("était attendu et n’est pas dit", "était attendu et est dit"),
    ],
    "noise_sensitivity": [("n’est pas dans la réponse attendue", "est dans la réponse attendue")],
}
"""What a verdict of 0 and one of 1 say, for the first list of verdicts and for the second."""


def _sentence(reason: str) -> str:
    return " ".join(reason.split()) or "sans raison donnée"
