"""Retrieval on the code du travail: the sheets' sections as questions, the articles they cite as gold.

Links from sheets to articles are not indexed here: what is measured is finding, not following. Every row is measured on
the report half of the questions; what has weights learned them on the tune half (`eval.halves`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from eval.bm25 import Analysis, Bm25, as_written, folded, stemmed
from eval.halves import half_of, titles
from eval.law import Law
from eval.metrics import ndcg, ranked_documents, recall, reciprocal_rank
from eval.tune_ranker import Judged, fit, judged
from ingest.chunk import chunk_document
from ingest.documents import headings
from ingest.embed import Embedder, Vectors
from ingest.index import Candidate, Fusion, Hit, Index, Query, SearchFilter, Side, payload_of
from ingest.sources.legal import LABOUR_CODE, SheetQuestion, read_code
from ingest.sources.packages import DATASETS
from ingest.text import terms
from ingest.vectors import VECTORS_FILE, VectorCache
from server.quality.statistics import Estimate, estimate, paired_gain, relative_gain
from server.rank import FEATURES, shipped_ranker

PASSAGES = 60
"""Passages asked for, so that at least twenty different articles are among them."""

EVERYTHING = SearchFilter(groups=None)

FEEDBACK = 5
"""Best passages that the question's vector is moved towards."""

METRICS: dict[str, Callable[[Sequence[str], frozenset[str]], float]] = {
    "nDCG@10": partial(ndcg, k=10),
    "recall@10": partial(recall, k=10),
    "recall@20": partial(recall, k=20),
    "MRR@10": partial(reciprocal_rank, k=10),
}

BASELINE = "BM25, stemmed, + section path"
RANKER = "learned ranker (default)"

SEARCHES: dict[str, tuple[Side, Fusion]] = {
    "BM25, + article numbers (the index's sparse side)": ("sparse", "dbsf"),
    "dense": ("dense", "dbsf"),
    "hybrid, RRF k=60": ("hybrid", "rrf"),
    "hybrid, DBSF": ("hybrid", "dbsf"),
}

SECTIONS = tuple(name for name in FEATURES if "section" in name)
BUILT: dict[str, tuple[str, ...]] = {
    "sum of standardised scores, learned weights": ("sparse", "dense"),
    "+ section": ("sparse", "dense", *SECTIONS),
    "+ statute or regulation": ("sparse", "dense", *SECTIONS, "part"),
    "+ length": ("sparse", "dense", *SECTIONS, "part", "length"),
}
"""Rankers of more and more features, each learned anew; the last step, citations, makes the whole."""

WITHOUT: dict[str, tuple[str, ...]] = {
    "without citations": ("cited",),
    "without section": SECTIONS,
    "without statute or regulation": ("part",),
    "without length": ("length",),
    "without the sparse scores as such": ("sparse",),
    "without the dense scores as such": ("dense",),
    "without anything dense": tuple(name for name in FEATURES if "dense" in name),
    "without anything sparse": tuple(name for name in FEATURES if "sparse" in name),
}
"""Rankers of all features but some, each learned anew on the same candidates."""

CHUNKS = (600, 1_200, 3_600)
"""Other sizes of a passage, in characters, beside the shipped one."""

Rankings = list[list[str]]
Scores = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, what the index gives for it, and the half it is of."""

    sheet: SheetQuestion
    vector: Vectors
    candidates: list[Candidate]
    judged: Judged

    @property
    def is_for_report(self) -> bool:
        return half_of(self.judged.title) == "report"


def measure(law: Law) -> dict[str, Any]:
    """Give each system's metrics on the report half with 95 % intervals, and what the ranker gains over others."""
    with law.opened() as (index, embedder):
        asked = list(_all_asked(index, embedder, law.questions()))
        report = [one for one in asked if one.is_for_report]
        rankings = dict(_lexical(index, report))
        rankings |= dict(_chunked(law, report))
        rankings |= {name: _searched(index, report, *how) for name, how in SEARCHES.items()}
        rankings |= _with_feedback(law, index, embedder, report)
    rankings |= _summed(report)
    rankings |= _learned([one.judged for one in asked if not one.is_for_report], report)
    scores = {name: _scores(ranking, report) for name, ranking in rankings.items()}
    return {
        "questions": f"{len(report)} to report on, {len(asked) - len(report)} to tune on",
        **{name: _row(system) for name, system in scores.items()},
        **_gains(scores),
    }


def _all_asked(index: Index, embedder: Embedder, questions: Sequence[SheetQuestion]) -> Iterator[_Asked]:
    for sheet, title in zip(questions, titles(questions), strict=True):
        vector = embedder.query(sheet.question)
        candidates = index.candidates(Query(sheet.question, vector, where=EVERYTHING))
        yield _Asked(sheet, vector, candidates, judged(sheet, title, candidates))


def _lexical(index: Index, report: Sequence[_Asked]) -> Iterator[tuple[str, Rankings]]:
    """Rank with each analysis of words, over all passages."""
    passages = list(index.entries(EVERYTHING, ["document_id", "path", "text", "number"]))
    yield "BM25, text, words as written", _matched(passages, report, as_written, 0)
    yield "BM25, text, stemmed", _matched(passages, report, stemmed, 0)
    yield BASELINE, _matched(passages, report, stemmed, 1)
    yield "BM25, + section path twice", _matched(passages, report, stemmed, 2)
    yield "BM25, + accents folded", _matched(passages, report, folded, 2)
    yield "the same, section path three times", _matched(passages, report, terms, 3)


def _matched(passages: Sequence[Hit], report: Sequence[_Asked], analysis: Analysis, times: int) -> Rankings:
    held = Bm25(
        analysis(" ".join(headings(hit.payload["path"]))) * times + analysis(hit.payload["text"])
        for hit in passages
    )
    rankings = []
    for one in report:
        order = np.argsort(-held.scores(analysis(one.sheet.question)), kind="stable")[:PASSAGES]
        rankings.append(ranked_documents(passages[place].payload["document_id"] for place in order))
    return rankings


def _chunked(law: Law, report: Sequence[_Asked]) -> Iterator[tuple[str, Rankings]]:
    """Cut the code into passages of other sizes, and rank them by words: vectors of each would take an hour."""
    code = list(read_code(DATASETS[LABOUR_CODE].place(law.settings.cache_dir), LABOUR_CODE))
    for size in CHUNKS:
        chunks = (chunk for document in code for chunk in chunk_document(document, size))
        passages = [Hit(chunk.chunk_id, 0.0, payload_of(chunk, "")) for chunk in chunks]
        yield f"BM25, passages of {size} characters", _matched(passages, report, terms, 2)


def _searched(index: Index, report: Sequence[_Asked], side: Side, fusion: Fusion) -> Rankings:
    return [
        _documents(index.search(_query(one, one.vector, side=side, fusion=fusion, k=PASSAGES)))
        for one in report
    ]


def _query(one: _Asked, vector: Vectors, **how: Any) -> Query:
    return Query(one.sheet.question, vector, where=EVERYTHING, **how)


def _with_feedback(
    law: Law, index: Index, embedder: Embedder, report: Sequence[_Asked]
) -> dict[str, Rankings]:
    """Move each question's vector towards its best passages (Rocchio, 1971), and search again."""
    cache = VectorCache(law.settings.data_dir / VECTORS_FILE)
    try:
        moved = [_moved(one, cache, embedder.name) for one in report]
    finally:
        cache.close()
    return {
        "dense, with feedback (Rocchio)": [
            _documents(index.search(_query(one, vector, side="dense", k=PASSAGES)))
            for one, vector in zip(report, moved, strict=True)
        ],
        "sum of standardised scores, dense side with feedback": [
            _documents(candidate.hit for candidate in index.candidates(_query(one, vector)))
            for one, vector in zip(report, moved, strict=True)
        ],
    }


def _moved(one: _Asked, cache: VectorCache, embedder: str) -> Vectors:
    best = [candidate.hit.payload["hash"] for candidate in one.candidates[:FEEDBACK]]
    near = np.mean([_unit(vector) for vector in cache.of(embedder, best).values()], axis=0)
    moved: Vectors = (_unit(one.vector) + near).astype(np.float32)
    return moved


def _unit(vector: Vectors) -> Vectors:
    unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def _summed(report: Sequence[_Asked]) -> dict[str, Rankings]:
    return {
        "sum of standardised scores": [
            _documents(candidate.hit for candidate in one.candidates) for one in report
        ]
    }


def _learned(tune: Sequence[Judged], report: Sequence[_Asked]) -> dict[str, Rankings]:
    """Rank the candidates with the shipped weights, and with weights learned anew for fewer features."""
    kept = {name: tuple(one for one in FEATURES if one not in left) for name, left in WITHOUT.items()}
    ranker = shipped_ranker()
    shipped = {RANKER: [_documents(ranker.ranked(one.candidates)) for one in report]}
    return {
        **_fitted(tune, report, BUILT),
        **shipped,
        **_fitted(tune, report, kept),
    }


def _fitted(
    tune: Sequence[Judged], report: Sequence[_Asked], systems: dict[str, tuple[str, ...]]
) -> dict[str, Rankings]:
    found = {}
    for name, features in systems.items():
        weights = fit(tune, features)
        found[name] = [one.judged.ranking(weights) for one in report]
    return found


def _documents(hits: "Iterator[Hit] | Sequence[Hit]") -> list[str]:
    return ranked_documents(hit.payload["document_id"] for hit in hits)


def _scores(rankings: Rankings, report: Sequence[_Asked]) -> Scores:
    return {
        name: [metric(ranking, one.sheet.gold) for ranking, one in zip(rankings, report, strict=True)]
        for name, metric in METRICS.items()
    }


def _row(system: Scores) -> dict[str, str]:
    return {metric: _written(estimate(values)) for metric, values in system.items()}


def _gains(scores: dict[str, Scores]) -> dict[str, str]:
    """Tell how much the ranker gains in nDCG@10, question by question."""
    ranker = scores[RANKER]["nDCG@10"]
    found = {}
    for name in (BASELINE, *SEARCHES):
        other = scores[name]["nDCG@10"]
        share = relative_gain(ranker, other)
        found[f"nDCG@10 gain of the ranker over: {name}"] = (
            f"{_written(paired_gain(ranker, other))}, that is {share.mean:+.0%} [{share.low:+.0%}, {share.high:+.0%}]"
        )
    share = relative_gain(scores["without citations"]["nDCG@10"], scores[BASELINE]["nDCG@10"])
    found[f"nDCG@10 gain without citations over: {BASELINE}"] = (
        f"{share.mean:+.0%} [{share.low:+.0%}, {share.high:+.0%}]"
    )
    return found


def _written(value: Estimate) -> str:
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]"
