"""`python -m eval tune-ranker`: learn the ranker's weights on the tune half of the sheets' questions.

In: the code du travail with all its vectors. Out: `server/rank_weights.json`, the weights with where they come from.
The report half is not read here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from eval.halves import fold_of, of_half, titles
from eval.law import Law, prepared
from eval.metrics import ndcg, ranked_documents
from ingest.embed import Embedder
from ingest.index import CANDIDATES, Candidate, Index, Query, SearchFilter
from ingest.settings import IngestSettings
from ingest.sources.legal import SheetQuestion
from ingest.sources.packages import DATASETS
from server.quality.statistics import estimate
from server.rank import FEATURES, WEIGHTS, features

FOLDS = 5
K = 10

PENALTY = 0.02
"""Of the squared weights: half as much and twice as much give the same nDCG in cross-validation, to 0.002."""

STEPS = 50
"""Of Newton's method at most: it needs about ten."""

SMALLEST = 1e-7
"""Gain of a step that is none any more."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with its candidates described.

    Args:
        title: of its sheet.
        gold: document ids of the articles that answer.
        documents: document id of each candidate.
        values: features of each candidate, (candidates, features) in the order of `FEATURES`.
    """

    title: str
    gold: frozenset[str]
    documents: tuple[str, ...]
    values: Floats

    @property
    def relevance(self) -> Floats:
        """Share of the gold that each candidate is: they sum up to 1, or are all 0 where none was found."""
        right = np.array([document in self.gold for document in self.documents], dtype=np.float64)
        share: Floats = right / max(1.0, right.sum())
        return share

    def ranking(self, weights: Floats) -> list[str]:
        """Order the documents by the weighted sum of their passages' features."""
        order = np.argsort(-(self.values @ weights), kind="stable")
        return ranked_documents(self.documents[place] for place in order)


def run() -> None:
    """Learn the weights and write them.

    Raises:
        FanalError: the open data cannot be fetched.
    """
    console = Console(highlight=False)
    law = prepared(IngestSettings().cache_dir, console)
    judged = judged_half(law)
    weights = fit(judged)
    found = cross_validated(judged, list(FEATURES))
    WEIGHTS.write_text(json.dumps(_written(weights, judged, found), indent=2) + "\n", "utf-8")
    console.print(
        f"{len(judged)} questions, nDCG@{K} en validation croisée : {np.mean(found):.3f}. {WEIGHTS.name} est écrit."
    )


def judged_half(law: Law) -> list[Judged]:
    """Describe the candidates of the questions of the tune half."""
    with law.opened() as (index, embedder):
        return judge(index, embedder, of_half(law.questions(), "tune"))


def judge(index: Index, embedder: Embedder, questions: Sequence[SheetQuestion]) -> list[Judged]:
    """Find and describe the candidates of each question, in the order of the questions."""
    return [
        judged(asked, title, found_candidates(index, asked.question, embedder))
        for asked, title in zip(questions, titles(questions), strict=True)
    ]


def found_candidates(index: Index, question: str, embedder: Embedder) -> list[Candidate]:
    """Find a question's candidates among all passages."""
    return index.candidates(Query(question, embedder.query(question), where=SearchFilter(groups=None)))


def judged(asked: SheetQuestion, title: str, candidates: Sequence[Candidate]) -> Judged:
    """Describe a question's candidates."""
    values = features(candidates)
    documents = tuple(candidate.hit.payload["document_id"] for candidate in candidates)
    return Judged(title, asked.gold, documents, np.stack([values[name] for name in FEATURES], axis=1))


def fit(judged: Sequence[Judged], names: Sequence[str] = FEATURES, penalty: float = PENALTY) -> Floats:
    """Learn weights that make the softmax of the scores like the relevance (ListNet's top-one loss, Cao et al. 2007).

    The loss is convex, so Newton's method finds its one minimum from anywhere. A question none of whose articles is
    among the candidates teaches nothing and is left out.

    Args:
        names: the features that may have a weight; the others get 0.
        penalty: of the sum of the squared weights, beside the mean loss of a question.

    Returns:
        A weight for each of `FEATURES`.
    """
    chosen = [FEATURES.index(name) for name in names]
    taught = [(one.values[:, chosen], one.relevance) for one in judged if one.relevance.any()]
    weights = np.zeros(len(chosen))
    loss, gradient, curvature = _loss(taught, weights, penalty)
    for _ in range(STEPS):
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while (tried := _loss(taught, weights - size * step, penalty))[0] > loss:
            size /= 2  # far from the minimum a whole step may go past it
            if size < SMALLEST:
                break
        if loss - tried[0] < SMALLEST:
            break
        weights = weights - size * step
        loss, gradient, curvature = tried
    full = np.zeros(len(FEATURES))
    full[chosen] = weights
    return full


def _loss(
    taught: Sequence[tuple[Floats, Floats]], weights: Floats, penalty: float
) -> tuple[float, Floats, Floats]:
    """Give the loss, its gradient and its second derivatives at `weights`."""
    loss = penalty * float(weights @ weights)
    gradient = 2 * penalty * weights
    curvature = 2 * penalty * np.eye(len(weights))
    for values, relevance in taught:
        share = _softmax(values @ weights)
        loss -= float(relevance @ np.log(share + 1e-300)) / len(taught)
        gradient = gradient + values.T @ (share - relevance) / len(taught)
        mean = share @ values
        curvature = curvature + ((values * share[:, None]).T @ values - np.outer(mean, mean)) / len(taught)
    return loss, gradient, curvature


def cross_validated(judged: Sequence[Judged], names: Sequence[str], penalty: float = PENALTY) -> list[float]:
    """Give each question's nDCG@10 by weights learned on the sheets of the other folds."""
    found = dict.fromkeys(range(len(judged)), 0.0)
    for fold in range(FOLDS):
        others = [one for one in judged if fold_of(one.title, FOLDS) != fold]
        weights = fit(others, names, penalty)
        for place, one in enumerate(judged):
            if fold_of(one.title, FOLDS) == fold:
                found[place] = ndcg(one.ranking(weights), one.gold, K)
    return list(found.values())


def _softmax(scores: Floats) -> Floats:
    powers: Floats = np.exp(scores - scores.max())
    share: Floats = powers / powers.sum()
    return share


def _written(weights: Floats, judged: Sequence[Judged], found: Sequence[float]) -> dict[str, Any]:
    score = estimate(found)
    return {
        "weights": {name: round(float(weight), 4) for name, weight in zip(FEATURES, weights, strict=True)},
        "learned": {
            "by": "python -m eval tune-ranker",
            "on": "tune half of the questions of the ministry's sheets (eval/halves.py)",
            "data": {name: DATASETS[name].version for name in ("code-du-travail", "fiches-travail")},
            "questions": len(judged),
            "candidates": CANDIDATES,
            "penalty": PENALTY,
            f"ndcg@{K} in cross-validation by sheet": [
                round(value, 4) for value in (score.mean, score.low, score.high)
            ],
        },
    }
