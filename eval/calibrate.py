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

from eval.logistic import Array, Classes, Fit, balanced_accuracy, best_threshold, fit, out_of_fold
from ingest.errors import ConfigurationError
from ingest.opening import open_store
from server.abstain import AbstentionFile, Calibration, Regression, Term, smalltalk
from server.abstain_features import DENSE_FEATURES, FEATURES, features
from server.acronyms import load_acronyms
from server.case_schemas import Case
from server.quality.case_files import read_cases
from server.retrieval import Retrieval
from server.retrieve import HybridRetriever
from server.schemas import AbstentionKind, Scope
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

Retrieve = Callable[[Case], Retrieval]


@dataclass(frozen=True, slots=True)
class Measured:
    """A question that is not smalltalk, and its features."""

    asked: Case
    features: dict[str, float]


def run(questions: Path, output: Path, day: date, console: Console) -> None:
    """Fit on the questions of a file and write the result.

    Args:
        questions: a file of cases; those that are no question, or that follow another one, are left out.
        day: the day that a question is asked on when it names none.

    Raises:
        ConfigurationError: the file is wrong, or holds too few questions.
        FanalError: the index cannot be opened.
    """
    known = [case for case in read_cases(questions) if case.kind == "ask" and not case.history]
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


def silence_of(case: Case) -> AbstentionKind | None:
    """Tell why a right answer to the case is none; None when the documents answer."""
    return (case.abstention or "unanswerable") if case.must_abstain else None


def retriever_of(retriever: HybridRetriever, day: date) -> Retrieve:
    """Search a known question as the person who asks it would."""
    return lambda asked: retriever.retrieve(
        asked.question, Scope(as_of=asked.as_of or day), frozenset(asked.groups), PASSAGES
    )


def check_enough(known: Sequence[Case]) -> None:
    """Raise `ConfigurationError` when the questions are too few to set a threshold."""
    kinds = [silence_of(case) for case in known]
    answered, out, left = (kinds.count(kind) for kind in (None, "out_of_scope", "unanswerable"))
    if min(answered, left) < LEAST or out < LEAST // 2:
        raise ConfigurationError(
            f"Il faut au moins {LEAST} questions avec réponse ({answered} données), {LEAST} que les documents "
            f"n’éclairent pas ({left}) et {LEAST // 2} sans rapport avec eux ({out})."
        )


def measure(known: Sequence[Case], retrieve: Retrieve) -> list[Measured]:
    """Measure the questions that reach the decision: smalltalk is told before.

    Raises:
        ConfigurationError: the dense side cannot be used, which both fits are for.
    """
    return [_measured(question, retrieve(question)) for question in known if not smalltalk(question.question)]


def _measured(case: Case, retrieval: Retrieval) -> Measured:
    if retrieval.signals is None:
        raise ConfigurationError(
            "Les vecteurs de l’index ne sont pas prêts : lancez « python -m ingest run », puis recommencez."
        )
    return Measured(case, features(case.question, retrieval))


def calibrated(measured: Sequence[Measured], embedder: str, questions: str) -> AbstentionFile:
    """Fit both decisions, with and without vectors, and say how well each does out of fold."""
    hybrid, held = _calibration(measured, HYBRID)
    words, held_words = _calibration(measured, WORDS)
    kinds = [silence_of(one.asked) or "answerable" for one in measured]
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
    answers: Classes = np.array([silence_of(one.asked) is None for one in measured])
    foreign: Classes = np.array([silence_of(one.asked) == "out_of_scope" for one in measured])
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
