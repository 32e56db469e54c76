"""A Qdrant server behind a bad connection: lost calls change nothing."""

import socket
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.documents import EVERYONE, Document, Kind
from ingest.errors import SourceUnavailable
from ingest.index import Query, SearchFilter
from ingest.index_server import ServerIndex
from ingest.manifest import Manifest
from ingest.pipeline import Ingestion
from ingest.qdrant_calls import PATIENT, QUICK, QdrantCalls
from ingest.sources.base import LoadedItem
from tests.flaky_proxy import FAULTS, FlakyProxy, proxying
from tests.qdrant_rest import QdrantRest
from tests.served import serving
from tests.support import WordEmbedder, fill_server, make_procedures

ALL = SearchFilter(groups=None)
SIZE = WordEmbedder.dimension


@dataclass
class ListSource:
    """A source held in memory."""

    documents: Sequence[Document] = field(default_factory=list)
    name: str = "essai"
    kind: Kind = Kind.PROCEDURE
    groups: tuple[str, ...] = (EVERYONE,)
    max_removed_share: float | None = None

    def fingerprint(self) -> None:
        return None

    def items(self) -> list[LoadedItem]:
        return [LoadedItem(d.document_id.removeprefix(f"{self.name}:"), d) for d in self.documents]


def ingest(url: str, manifest: Path, held: Sequence[Document], calls: QdrantCalls) -> list[str]:
    """Run one whole ingestion; gives the failures that its report lists."""
    known = Manifest(manifest)
    try:
        with closing(ServerIndex.connect(url, "fanal", SIZE, calls=calls)) as index:
            ingestion = Ingestion(index, known, WordEmbedder())
            [report] = ingestion.run_sources([ListSource(held)])
            ingestion.fill_dense()
            return report.failures
    finally:
        known.close()


def points(rest: QdrantRest, collection: str = "fanal") -> dict[str, tuple[Any, Any]]:
    """Give all that the server holds: payloads and vectors, by id."""
    records, _ = rest.store.scroll(collection, limit=100_000, with_vectors=True)
    return {str(record.id): (record.payload, record.vector) for record in records}


def undisturbed(held: Sequence[Document], folder: Path) -> dict[str, tuple[Any, Any]]:
    rest = QdrantRest()
    with serving(rest.app) as url:
        assert ingest(url, folder / "undisturbed.sqlite", held, QdrantCalls()) == []
    return points(rest)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    """The points of 200 documents."""
    return undisturbed(make_procedures(200), tmp_path_factory.mktemp("clean"))


def test_an_ingestion_whose_every_fifth_call_is_lost_ends_in_the_same_points(
    rest: QdrantRest,
    url: str,
    calls: QdrantCalls,
    slept: list[float],
    clean: dict[str, tuple[Any, Any]],
    tmp_path: Path,
) -> None:
    with proxying(url, every=5) as proxy:
        assert ingest(proxy.url, tmp_path / "m.sqlite", make_procedures(200), calls) == []
    assert points(rest) == clean
    assert len(clean) >= 200
    assert min(proxy.lost.values()) > 0, proxy.lost
    assert len(slept) == sum(proxy.lost.values())


def test_changes_and_removals_over_a_flaky_connection_end_in_the_same_points(
    rest: QdrantRest, url: str, calls: QdrantCalls, tmp_path: Path
) -> None:
    changed = [*make_procedures(70), *make_procedures(90, "sortie")[70:80]]
    with proxying(url, every=5) as proxy:
        assert ingest(proxy.url, tmp_path / "m.sqlite", make_procedures(90), calls) == []
        assert ingest(proxy.url, tmp_path / "m.sqlite", changed, calls) == []
    assert points(rest) == undisturbed(changed, tmp_path)


def test_a_call_that_was_done_although_its_answer_was_lost_is_made_again_without_harm(
    rest: QdrantRest, url: str, calls: QdrantCalls, tmp_path: Path
) -> None:
    with proxying(url, every=2, faults=("unanswered",)) as proxy:
        assert ingest(proxy.url, tmp_path / "m.sqlite", make_procedures(70), calls) == []
    assert points(rest) == undisturbed(make_procedures(70), tmp_path)
    assert len(rest.requests) == proxy.seen > 20


def run_until_the_end(proxy: FlakyProxy, manifest: Path, held: Sequence[Document], calls: QdrantCalls) -> str:
    """Give what a run says of a server that went away, in its report or by its error."""
    try:
        return " ".join(ingest(proxy.url, manifest, held, calls))
    except SourceUnavailable as error:
        return str(error)


@pytest.mark.parametrize("answered", [3, 20, 23, 26])
def test_a_server_that_goes_away_for_good_loses_nothing_and_the_next_run_completes_it(
    rest: QdrantRest,
    url: str,
    calls: QdrantCalls,
    clean: dict[str, tuple[Any, Any]],
    tmp_path: Path,
    answered: int,
) -> None:
    held = make_procedures(200)
    with proxying(url, every=0) as proxy:
        proxy.dies_after = answered
        said = run_until_the_end(proxy, tmp_path / "m.sqlite", held, calls)
        assert "Le serveur Qdrant ne répond pas" in said
        proxy.dies_after = None
        assert ingest(proxy.url, tmp_path / "m.sqlite", held, calls) == []
    assert points(rest) == clean


def test_a_server_that_is_not_there_is_named_after_a_bounded_wait(
    calls: QdrantCalls, slept: list[float]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceUnavailable, match=f"ne répond pas.*127.0.0.1:{port}"):
        ServerIndex.connect(f"http://127.0.0.1:{port}", "fanal", SIZE, calls=calls)
    assert len(slept) == PATIENT.tries - 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_search_survives_one_lost_call(url: str, calls: QdrantCalls, fault: str) -> None:
    fill_server(url, "accueil").close()
    with (
        proxying(url, every=2, faults=(fault,)) as proxy,
        closing(ServerIndex.connect(proxy.url, "fanal", SIZE, calls=calls)) as index,
    ):
        before = proxy.lost[fault]
        for _ in range(4):
            assert len(index.search(Query("procédure accueil", where=ALL))) == 3
        assert proxy.lost[fault] >= before + 3


def test_a_person_is_told_after_two_tries_and_less_than_half_a_second(
    url: str, calls: QdrantCalls, slept: list[float]
) -> None:
    with proxying(url, every=0) as proxy, closing(fill_server(proxy.url, "accueil", calls=calls)) as index:
        before = proxy.seen
        proxy.dies_after = before
        with pytest.raises(SourceUnavailable, match="ne répond pas"):
            index.search(Query("procédure accueil", where=ALL))
        assert proxy.seen == before + QUICK.tries == before + 2
    assert sum(slept) < 0.5


def test_the_tests_server_refuses_what_a_qdrant_server_does_not_understand(url: str) -> None:
    ServerIndex.connect(url, "fanal", SIZE).close()
    unknown = httpx.post(f"{url}/collections/fanal/points/query", json={"limits": 3})
    missing = httpx.post(f"{url}/collections/rien/points/query", json={"limit": 3})
    assert (unknown.status_code, missing.status_code) == (400, 404)
