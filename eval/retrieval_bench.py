"""Retrieval on the code du travail: the sheets' sections as questions, the articles they cite as gold.

Links from sheets to articles are not indexed here: what is measured is finding, not following.
"""

from typing import Any

from eval.law import Law
from eval.metrics import Estimate, estimate, ndcg, paired_gain, ranked_documents, recall, reciprocal_rank
from ingest.embed import Vectors
from ingest.index import Fusion, Index, Query, SearchFilter, Side
from ingest.sources.legal import SheetQuestion

K = 10
PASSAGES = 40
"""Passages asked for, so that at least ten different articles are among them."""

SYSTEMS: dict[str, tuple[Side, Fusion]] = {
    "sparse": ("sparse", "dbsf"),
    "dense": ("dense", "dbsf"),
    "hybrid (DBSF)": ("hybrid", "dbsf"),
    "hybrid (RRF, k=60)": ("hybrid", "rrf"),
}
METRICS = {f"recall@{K}": recall, f"MRR@{K}": reciprocal_rank, f"nDCG@{K}": ndcg}

Scores = dict[str, list[float]]


def measure(law: Law) -> dict[str, Any]:
    """Give each system's metrics with 95 % intervals, and what the default gains over each of its parts."""
    questions = law.questions()
    with law.opened() as (index, embedder):
        vectors = [embedder.query(question.question) for question in questions]
        scores = {name: _scores(index, questions, vectors, *how) for name, how in SYSTEMS.items()}
    found: dict[str, Any] = {"questions": len(questions)}
    for name, system in scores.items():
        found[name] = {metric: _written(estimate(values)) for metric, values in system.items()}
    for part in ("sparse", "dense"):
        found[f"nDCG gain of hybrid (DBSF) over {part}"] = _written(
            paired_gain(scores["hybrid (DBSF)"][f"nDCG@{K}"], scores[part][f"nDCG@{K}"])
        )
    return found


def _scores(
    index: Index, questions: list[SheetQuestion], vectors: list[Vectors], side: Side, fusion: Fusion
) -> Scores:
    scores: Scores = {name: [] for name in METRICS}
    for question, vector in zip(questions, vectors, strict=True):
        ranking = _ranking(index, question.question, vector, side, fusion)
        for name, metric in METRICS.items():
            scores[name].append(metric(ranking, question.gold, K))
    return scores


def _ranking(index: Index, text: str, vector: Vectors, side: Side, fusion: Fusion) -> list[str]:
    query = Query(text, vector, k=PASSAGES, side=side, fusion=fusion, where=SearchFilter(groups=None))
    return ranked_documents(hit.payload["document_id"] for hit in index.search(query))


def _written(value: Estimate) -> str:
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]"
