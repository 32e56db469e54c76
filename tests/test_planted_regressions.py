"""What the bench is for: a regression that somebody plants makes `python -m eval run --fail-under` exit with 1.

Each is planted in the code that the server really runs, and asked through its own app, on a part of the sample
organisation. Without any, the same gate passes.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ingest.write
import server.ask
from eval.__main__ import main
from ingest.documents import Chunk, Document
from ingest.index import SearchFilter
from server.evaluation_schemas import CaseResult, RunView
from server.prompts import answer, repair
from server.quality.runs import EVALUATIONS
from server.retrieve import HybridRetriever
from server.schemas import Citation, Passage, Statement
from server.settings import ServerSettings
from server.verify import ProposedStatement
from tests.evaluating import ingest as fill
from tests.evaluating import settings_of, use
from tests.planted import Obedient, lying, planted_organisation
from tests.scripted_model import running

pytestmark = pytest.mark.slow

BLIND_CHARS = 150


@pytest.fixture(autouse=True)
def every_citation_is_its_quote() -> None:
    """Leave citations to the bench: one of the regressions breaks what the other tests hold to be so."""


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return planted_organisation(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def obedient() -> Iterator[Obedient]:
    with running(Obedient()) as model:
        yield model


@pytest.fixture
def here(organisation: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the command find the organisation; gives its folder."""
    use(monkeypatch, organisation)
    return organisation.sources_file.parent


@pytest.fixture
def written(here: Path, obedient: Obedient, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have a model write the answers."""
    obedient.forget()
    obedient.wrong_passage = False
    monkeypatch.setenv("FANAL_GENERATOR", "openai")
    monkeypatch.setenv("FANAL_MODEL_URL", obedient.base_url)
    monkeypatch.setenv("FANAL_MODEL_NAME", obedient.name)
    return here


def gate(folder: Path, thresholds: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, set[str]]:
    """Run the suite; gives the exit status and the figures that do not hold, with their tags."""
    (folder / "seuils.toml").write_text(thresholds, "utf-8")
    asked = ["run", str(folder / "planted.toml"), "--fail-under", str(folder / "seuils.toml")]
    monkeypatch.setattr(
        sys, "argv", ["eval", *asked, "--fresh", "--no-cache"]
    )  # a planted code has no digest
    status = main()
    view = RunView.model_validate_json((latest() / "run.json").read_bytes())
    return status, {f"{one.metric} {one.tag or ''}".strip() for one in view.gate if not one.passed}


def latest() -> Path:
    runs = ServerSettings().data_dir.glob(f"{EVALUATIONS}/*/run.json")
    return max(runs, key=lambda one: one.stat().st_mtime_ns).parent


def results() -> list[CaseResult]:
    lines = (latest() / "cases.jsonl").read_text("utf-8").split("\n")
    return [CaseResult.model_validate_json(line) for line in lines if line]


def blind(document: Document, _: int) -> list[Chunk]:
    """Cut a document every 150 characters, in the middle of words, without its headings."""
    text = "\n".join(block.text for block in document.blocks)
    cut = [text[start : start + BLIND_CHARS] for start in range(0, len(text), BLIND_CHARS)]
    return [Chunk(document, at, (), piece, None, ()) for at, piece in enumerate(cut)]


def unfiltered(monkeypatch: pytest.MonkeyPatch, **wide: Any) -> None:
    """Have the search leave out a condition."""
    sound = HybridRetriever._filter

    def broken(self: HybridRetriever, *about: Any) -> SearchFilter:
        return replace(sound(self, *about), **wide)

    monkeypatch.setattr(HybridRetriever, "_filter", broken)


def credulous(proposed: ProposedStatement, passages: list[Passage]) -> Statement:
    """Take the model's word for its quotes."""
    citations = [
        Citation(passage_id=passages[quote.passage - 1].id, quote=quote.text, start=0, end=len(quote.text))
        for quote in proposed.quotes
    ]
    return Statement(text=proposed.text, verified=True, citations=citations)


VERIFIED = """
[metrics.quotes_verified]
min = 1
[metrics.cited_statements]
min = 1
[metrics.supported_figures]
min = 1
"""
"""What every answer owes its reader, whoever wrote it."""

EXTRACTIVE = (
    """
[run]
cases_min = 40
skipped_max = 0
[metrics.recall_at_5]
min = 0.8
[metrics.citation_precision]
min = 0.5
[metrics.balanced_accuracy]
min = 0.7
[metrics.nothing_forbidden]
min = 1
[tags.reserve.nothing_forbidden]
min = 1
[tags.date.nothing_forbidden]
min = 1
"""
    + VERIFIED
)

WRITTEN = (
    """
[metrics.citation_precision]
min = 0.3
"""
    + VERIFIED
)

CITATIONS = {"citation_precision", "quotes_verified", "cited_statements", "supported_figures"}


def test_a_sound_server_passes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gate(here, EXTRACTIVE, monkeypatch) == (0, set())


def test_a_worse_chunker_is_caught(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest.write, "chunk_document", blind)
    worse = settings_of(here, data_dir=tmp_path / "data")
    fill(worse)
    use(monkeypatch, worse)
    assert gate(here, EXTRACTIVE, monkeypatch) == (1, {"recall_at_5", "citation_precision"})


def test_a_filter_that_forgets_dates_is_caught(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfiltered(monkeypatch, as_of=None)
    assert gate(here, EXTRACTIVE, monkeypatch) == (1, {"nothing_forbidden", "nothing_forbidden date"})


def test_a_filter_that_forgets_rights_is_caught(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfiltered(monkeypatch, groups=None)
    status, failed = gate(here, EXTRACTIVE, monkeypatch)
    assert status == 1
    assert failed == {"nothing_forbidden", "nothing_forbidden reserve", "balanced_accuracy"}


def test_a_model_that_quotes_what_it_read_passes(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert gate(written, WRITTEN, monkeypatch) == (0, set())


def test_a_prompt_that_asks_for_false_quotes_is_caught(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for instructions in (answer, repair):
        monkeypatch.setattr(instructions, "SYSTEM", lying(instructions.SYSTEM))
    assert gate(written, WRITTEN, monkeypatch) == (1, CITATIONS)


def test_true_quotes_of_the_wrong_passage_are_caught(
    written: Path, obedient: Obedient, monkeypatch: pytest.MonkeyPatch
) -> None:
    obedient.wrong_passage = True
    assert gate(written, WRITTEN, monkeypatch) == (1, {"citation_precision", "supported_figures"})


def test_a_check_that_takes_the_models_word_is_caught(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for instructions in (answer, repair):
        monkeypatch.setattr(instructions, "SYSTEM", lying(instructions.SYSTEM))
    monkeypatch.setattr(server.ask, "verify", credulous)
    assert gate(written, WRITTEN, monkeypatch) == (1, CITATIONS)
    said = [statement for result in results() if result.answer for statement in result.answer.statements]
    assert said
    assert all(statement.verified for statement in said)  # to believe the server, all was well
