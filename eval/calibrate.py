"""Calibrate abstention: questions whose answer is known go in, `server/abstention.json` comes out.

The questions are searched in the organisation's own index, as the server does. Thresholds are set on the
probability that each question gets from a fit without it (10 folds, 10 rounds).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from rich.console import Console

from eval.known_questions import KnownQuestion, read_questions
from eval.logistic import Array, Classes, Fit, balanced_accuracy, best_threshold, fit, out_of_fold
from ingest.errors import ConfigurationError
from ingest.opening import open_store
from server.abstain import AbstentionFile, Calibration, Regression, Term, smalltalk
from server.abstain_features import DENSE_FEATURES, FEATURES, features
from server.acronyms import load_acronyms
from server.retrieval import Retrieval
from server.retrieve import HybridRetriever
from server.schemas import Scope
from server.settings import ServerSettings

PASSAGES = 10
"""As `server.ask` asks for."""

LEAST = 20
"""Fewer questions of a class than this say nothing of a threshold."""

RIDGE = 3.0

HYBRID = tuple(FEATURES)
WORDS = tuple(name for name in FEATURES if name not in DENSE_FEATURES)
"""Features of the decision with vectors, and without."""

LOST = 0.02
"""Share of answerable questions that may be kept from a model: see `server.abstain.Calibration.lenient`."""

Retrieve = Callable[[KnownQuestion], Retrieval]


@dataclass(frozen=True, slots=True)
class Measured:
    """A question that is not smalltalk, and its features."""

    asked: KnownQuestion
    features: dict[str, float]


def run(questions: Path, output: Path, day: date, console: Console) -> None:
    """Fit on the questions of a file and write the result.

    Args:
        day: the day that a question is asked on when it names none.

    Raises:
        ConfigurationError: the file is wrong, or holds too few questions.
        FanalError: the index cannot be opened.
    """
    known = read_questions(questions)
    check_enough(known)
    settings = ServerSettings()
    store = open_store(settings)
    try:
        retriever = HybridRetriever(
            store.index,
            store.embedder,
            dense_share=store.manifest.dense_share,
            acronyms=load_acronyms(settings.acronyms_file),
            today=lambda: day,
        )
        measured = measure(known, retriever_of(retriever, day))
        fitted = calibrated(measured, store.embedder.name, questions.name)
    finally:
        store.close()
    output.write_text(fitted.model_dump_json(indent=2) + "\n", "utf-8")
    for name, value in fitted.provenance.items():
        console.print(f"{name} : {value}")
    console.print(f"Écrit : {output}")


def retriever_of(retriever: HybridRetriever, day: date) -> Retrieve:
    """Search a known question as the person who asks it would."""
    return lambda asked: retriever.retrieve(
        asked.text, Scope(as_of=asked.as_of or day), asked.groups, PASSAGES
    )


def check_enough(known: Sequence[KnownQuestion]) -> None:
    """Raise `ConfigurationError` when the questions are too few to set a threshold."""
    answered = sum(question.abstention is None for question in known)
    out = sum(question.abstention == "out_of_scope" for question in known)
    left = sum(question.abstention == "unanswerable" for question in known)
    if min(answered, left) < LEAST or out < LEAST // 2:
        raise ConfigurationError(
            f"Il faut au moins {LEAST} questions avec réponse ({answered} données), {LEAST} que les documents "
            f"n’éclairent pas ({left}) et {LEAST // 2} sans rapport avec eux ({out})."
        )


def measure(known: Sequence[KnownQuestion], retrieve: Retrieve) -> list[Measured]:
    """Measure the questions that reach the decision: smalltalk is told before.

    Raises:
        ConfigurationError: the dense side cannot be used, which both fits are for.
    """
    return [_measured(question, retrieve(question)) for question in known if not smalltalk(question.text)]


def _measured(question: KnownQuestion, retrieval: Retrieval) -> Measured:
    if retrieval.signals is None:
        raise ConfigurationError(
            "Les vecteurs de l’index ne sont pas prêts : lancez « python -m ingest run », puis recommencez."
        )
    return Measured(question, features(question.text, retrieval))


def calibrated(measured: Sequence[Measured], embedder: str, questions: str) -> AbstentionFile:
    """Fit both decisions, with and without vectors, and say how well each does out of fold."""
    hybrid, held = _calibration(measured, HYBRID)
    words, held_words = _calibration(measured, WORDS)
    kinds = [question.asked.abstention or "answerable" for question in measured]
    return AbstentionFile(
        provenance={
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "questions": questions,
            "counts": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
            "ridge": RIDGE,
            "hybrid, balanced accuracy out of fold": held,
            "words, balanced accuracy out of fold": held_words,
        },
        embedder=embedder,
        hybrid=hybrid,
        words=words,
    )


def _calibration(measured: Sequence[Measured], names: Sequence[str]) -> tuple[Calibration, float]:
    """Fit one decision; gives it with its balanced accuracy out of fold."""
    values: Array = np.array([[question.features[name] for name in names] for question in measured])
    answers: Classes = np.array([question.asked.abstention is None for question in measured])
    foreign: Classes = np.array([question.asked.abstention == "out_of_scope" for question in measured])
    likely = out_of_fold(values, answers, RIDGE)
    strange = out_of_fold(values, foreign, RIDGE)
    threshold = best_threshold(likely, answers)
    calibration = Calibration(
        answers=_regression(fit(values, answers, RIDGE), names),
        threshold=threshold,
        lenient=_lenient(likely, answers, threshold),
        foreign=_regression(fit(values, foreign, RIDGE), names),
        foreign_threshold=best_threshold(strange[~answers], foreign[~answers]),
    )
    return calibration, round(balanced_accuracy(likely, answers, threshold), 3)


def _lenient(likely: Array, answers: Classes, threshold: float) -> float:
    """Give the threshold that loses `LOST` of the answerable questions, never a stricter one than for extracts."""
    return round(min(threshold, float(np.quantile(likely[answers], LOST))), 3)


def _regression(fitted: Fit, names: Sequence[str]) -> Regression:
    terms = {
        name: Term(mean=round(mean, 6), scale=round(scale, 6), weight=round(weight, 6))
        for name, mean, scale, weight in zip(
            names, fitted.mean.tolist(), fitted.scale.tolist(), fitted.weights.tolist(), strict=True
        )
    }
    return Regression(intercept=round(fitted.intercept, 6), terms=terms)
