"""The benches measure what they say: on small inputs, their figures follow from what is put in."""

import itertools
import json
import random
from pathlib import Path

import numpy as np
import pytest

from eval import bench
from eval.ingestion_bench import FirstArticles, opened
from eval.parsing_bench import best_seconds
from eval.parts import LONG, PARTS
from eval.scale_bench import Passage, grow, grown_passages, mixed, search, write_questions
from eval.stock_bench import PROMPT_CHARS, file_name, first_characters, normalised, sample_questions
from eval.stock_pipeline import stock_passages
from ingest.chunk import chunk_document
from ingest.index import Hit, SearchFilter
from ingest.index_edge import EdgeIndex
from ingest.parse import parse_bytes
from ingest.settings import ROOT, IngestSettings
from sample.rendering.pdf import render_pdf
from sample.tree_content.long import long_table, long_text
from tests.support import WordEmbedder, make_document

SAMPLE = ROOT / "sample" / "documents"


@pytest.fixture
def passages() -> list[Passage]:
    """Twenty passages of several sentences, each with a vector of its own."""
    drawn = np.random.default_rng(3).standard_normal((20, 384)).astype(np.float32)
    vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    documents = [
        make_document(f"d{n}", f"Le phare {n} éclaire. La côte {n} est sûre. Rien d'autre") for n in range(20)
    ]
    chunks = [chunk for document in documents for chunk in chunk_document(document, 1_800)]
    return list(zip(chunks, vectors, strict=True))


def test_passages_grow_without_repeats_and_stay_near_their_models(passages: list[Passage]) -> None:
    grown = list(itertools.islice(grown_passages(passages), 60))
    assert len({chunk.chunk_id for chunk, _ in grown}) == 60
    models = {chunk.document.document_id: vector for chunk, vector in grown[:20]}
    for chunk, vector in grown[20:]:
        model = models[chunk.document.document_id.partition("~")[0]]
        cosine = float(vector @ model / np.linalg.norm(vector))
        assert 0.9 < cosine < 1.0


def test_a_mixed_text_keeps_its_length_and_takes_from_both() -> None:
    own, other = "Un. Deux. Trois. Quatre", "Cinq. Six. Sept. Huit"
    sentences = mixed(own, other, random.Random(1)).split(". ")
    assert len(sentences) == 4
    assert set(sentences) & set(own.split(". "))
    assert set(sentences) & set(other.split(". "))


def test_an_index_that_grew_is_searched_and_weighed(passages: list[Passage], tmp_path: Path) -> None:
    grown = grown_passages(passages)
    assert grow(tmp_path / "index", grown, 20) > 0
    grow(tmp_path / "index", grown, 30)
    write_questions(tmp_path, ["Où est le phare ?", "La côte est-elle sûre ?"])
    found = search(tmp_path)
    assert 0 < found["search, as the server (ms)"]["p50"] <= found["search, as the server (ms)"]["p95"]
    assert found["memory (MB)"] > 20
    assert found["disk (MB)"] > 0
    assert count(tmp_path / "index") == 50


def count(folder: Path) -> int:
    index = EdgeIndex(folder, 384)
    try:
        return index.count(SearchFilter(groups=None))
    finally:
        index.close()


def test_the_stock_pipeline_reads_the_formats_of_its_readers() -> None:
    names = ("PR-001 Accueil physique et téléphonique.docx",)
    pdf = next(path for path in sorted((SAMPLE / "procedures").glob("*.pdf")) if "PR-024" not in path.name)
    files = [*(SAMPLE / "procedures" / name for name in names), pdf]
    chunks, vectors = stock_passages(files, WordEmbedder())
    texts = {path.name: "" for path in files}
    for chunk in chunks:
        texts[chunk.document.document_id.removeprefix("stock:")] += chunk.text
        assert vectors[chunk.hash].shape == (64,)
    assert "Le siège de Brisecombe reste ouvert" in texts[names[0]]
    assert "Cap Brisecombe" in texts[pdf.name]


def test_the_sample_s_answerable_questions_name_their_file_and_their_day() -> None:
    questions = sample_questions()
    names = {path.name for path in SAMPLE.rglob("*")}
    assert len(questions) == 153
    assert all(question.document in names and question.quote for question in questions)
    assert any(question.group == "direction" for question in questions)


def test_typography_and_table_bars_do_not_hide_a_sentence() -> None:
    assert (
        normalised("| l’accueil | **9\N{NO-BREAK SPACE}heures** |\n- ouvert") == "l'accueil 9 heures ouvert"
    )


def test_the_first_passage_is_kept_whatever_its_length_and_the_others_while_they_fit() -> None:
    def hit(length: int) -> Hit:
        return Hit("x", 1.0, {"text": "a" * length, "document_id": "stock:a:b.pdf"})

    assert len(first_characters([hit(PROMPT_CHARS + 1), hit(1)])) == 1
    assert len(first_characters([hit(PROMPT_CHARS - 10), hit(10), hit(1)])) == 2
    assert first_characters([]) == []
    assert file_name(hit(1)) == "a:b.pdf"


def test_the_long_files_are_what_the_parsing_bench_says() -> None:
    text = parse_bytes(render_pdf(long_text(12)), "manuel.pdf")
    headings = [block for block in text.blocks if block.kind == "heading"]
    assert len(headings) >= 12
    table = parse_bytes(render_pdf(long_table(30)), "registre.pdf")
    rows = [block for block in table.blocks if block.kind == "table"]
    assert {block.page for block in rows} >= {1, 2}
    assert sum(block.text.count("DOS-") for block in rows) == 30


def test_the_best_of_the_rounds_is_what_counts() -> None:
    read: list[bytes] = []
    assert best_seconds(read.append, [b"a", b"b"]) < 1
    assert read == [b"a", *[b"a", b"b"] * 3]


def test_the_code_is_read_again_and_nothing_is_written_when_it_is_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "code.json"
    path.write_text(json.dumps(small_code(5)), "utf-8")
    with opened(tmp_path / "index", IngestSettings(_env_file=None)) as ingestion:
        (first,) = ingestion.run_sources([FirstArticles(path)])
        (again,) = ingestion.run_sources([FirstArticles(path)])
    assert (first.added, again.added, again.unchanged, again.removed) == (5, 0, 5, 0)


def small_code(articles: int) -> dict[str, object]:
    """A code as legi-data writes one."""
    children = [
        {"type": "article", "data": small_article(number, f"LEGIARTI{number:012d}")}
        for number in range(articles)
    ]
    section = {"type": "section", "data": {"title": "Chapitre Ier : Feux"}, "children": children}
    data = {"title": "Code des phares", "dateDebutVersion": "2026-03-27"}
    return {"type": "code", "data": data, "children": [section]}


def small_article(number: int, key: str) -> dict[str, object]:
    dates = {"dateDebut": 1_546_300_800_000, "dateFin": 32_472_144_000_000}
    text = {"texteHtml": f"<p>Le phare {number} éclaire la côte.</p>", "nota": "", "notaHtml": ""}
    known = {"cid": key, "id": key, "articleVersions": [{"id": key}]}
    return {**known, "num": f"L1-{number}", "etat": "VIGUEUR", **dates, **text}


def test_a_bench_without_the_law_measures_and_reports_what_needs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "REPORTS", tmp_path)
    bench.run(["startup"], sample=1)
    report = json.loads((tmp_path / "bench.json").read_text("utf-8"))
    assert set(report) == {"when", "machine", "startup"}
    assert all(seconds < 5 for seconds in report["startup"].values())
    assert "## startup" in (tmp_path / "bench.md").read_text("utf-8")


def test_every_part_has_its_measure_and_the_long_ones_are_named() -> None:
    assert set(PARTS) > LONG == {"links", "scale", "stock"}
