"""What every test shares: no network but this machine, small fakes, and a real index of a few passages."""

import ipaddress
import os
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI

from ingest.index import Index
from ingest.qdrant_calls import QdrantCalls
from server.ask import Done
from server.drafting.types import Drafted
from server.drafting.work import DraftWork
from server.llm import build_client
from server.schemas import Answer
from tests.qdrant_rest import QdrantRest
from tests.scripted_model import ScriptedModel, running
from tests.served import serving
from tests.support import BACKENDS, WordEmbedder

CITATIONS: list[str] = []
"""Passage ids of the citations that were checked."""

SOURCES: list[int] = []
"""Numbers of the notes' sentences that drafts were checked to point to."""

for name in [name for name in os.environ if name.startswith("FANAL_") and name != "FANAL_CACHE"]:
    del os.environ[name]  # a developer's settings are not the tests'


MEMORY = Path("/dev/shm")
ROOM = 2_000_000_000
"""Free bytes of `MEMORY` that the tests ask for: each index takes 22 MB, and those of failed tests stay."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' folders in memory where there is room: an index waits for the disk at each write."""
    chosen = config.option.basetemp or "PYTEST_DEBUG_TEMPROOT" in os.environ
    if not chosen and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser's tests last: Playwright leaves its event loop running, and async tests need their own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine: no test reaches a model or a service by accident."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise AssertionError(f"a test tried to connect to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def every_citation_is_its_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check each citation of each answer that any test brings about: its offsets give its quote, to the letter."""
    made = Done.__init__

    def checked(self: Done, answer: Answer, masked: Answer) -> None:
        texts = {passage.id: passage.text for passage in answer.passages}
        for citation in (cited for said in answer.statements for cited in said.citations):
            assert texts[citation.passage_id][citation.start : citation.end] == citation.quote
            CITATIONS.append(citation.passage_id)
        made(self, answer, masked)

    monkeypatch.setattr(Done, "__init__", checked)


@pytest.fixture(autouse=True)
def every_drafted_sentence_has_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check each sentence of each draft that any test brings about: it points to what is really there, and to one side.

    Of a section of notes: to at least one sentence of the notes, by its offsets; of advice: to passages alone.
    """
    made = DraftWork.drafted

    def checked(self: DraftWork) -> Drafted:
        draft = made(self)
        notes = {sentence.number: sentence.masked for sentence in self.source.sentences}
        passages = {passage.id: passage.text for passage in draft.passages}
        for section, sentence in ((part, said) for part in draft.sections for said in part.sentences):
            sources, citations = sentence.sources, sentence.citations
            assert (bool(sources), bool(citations)) == (section.kind == "notes", section.kind == "advice")
            for source in sources:
                assert notes[source.sentence][source.start : source.end] == source.quote
                SOURCES.append(source.sentence)
            for citation in citations:
                assert passages[citation.passage_id][citation.start : citation.end] == citation.quote
                CITATIONS.append(citation.passage_id)
        return draft

    monkeypatch.setattr(DraftWork, "drafted", checked)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many citations were checked so."""
    if CITATIONS:
        terminalreporter.write_line(f"{len(CITATIONS)} citations, each found at its offsets")
    if SOURCES:
        terminalreporter.write_line(f"{len(SOURCES)} sources of drafted sentences, each found in the notes")


@pytest.fixture(scope="session")
def model_endpoint() -> Iterator[ScriptedModel]:
    with running(ScriptedModel()) as model:
        yield model


@pytest.fixture
def model(model_endpoint: ScriptedModel) -> ScriptedModel:
    """A language model that says what the test tells it to, over HTTP."""
    model_endpoint.forget()
    return model_endpoint


@pytest.fixture
async def model_client(model: ScriptedModel) -> AsyncIterator[AsyncOpenAI]:
    async with build_client(model.base_url, "", silence_s=1.0) as client:
        yield client


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture(params=BACKENDS)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """The same tests on Qdrant's core in the process, on its client's local mode, over HTTP, and on a server if any."""
    with BACKENDS[request.param](tmp_path / "index", WordEmbedder.dimension) as opened:
        yield opened


@pytest.fixture
def edge_index(tmp_path: Path) -> Iterator[Index]:
    with BACKENDS["edge"](tmp_path / "index", WordEmbedder.dimension) as opened:
        yield opened


@pytest.fixture
def slept() -> list[float]:
    """How long calls to a Qdrant server would have waited before they were made again, in seconds."""
    return []


@pytest.fixture
def calls(slept: list[float]) -> QdrantCalls:
    return QdrantCalls(sleep=slept.append)


@pytest.fixture
def rest() -> QdrantRest:
    return QdrantRest()


@pytest.fixture
def url(rest: QdrantRest) -> Iterator[str]:
    """Where a small Qdrant server answers."""
    with serving(rest.app) as url:
        yield url
