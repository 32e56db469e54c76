"""How a collection is made on a Qdrant server: what is sent, what differs of one that exists, and what changes it."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from pydantic import ValidationError
from qdrant_client import QdrantClient, models

from ingest.collection_settings import DENSE_SEARCH, PAYLOAD_INDEXES, CollectionSettings
from ingest.collections import change_live, compare_live, open_generation
from ingest.commands import COMMANDS
from ingest.errors import ConfigurationError, IndexMismatch
from ingest.index import DENSE, INTEGER_FIELDS, KEYWORD_FIELDS, Query, SearchFilter
from ingest.index_server import ServerIndex
from ingest.qdrant_calls import open_client
from ingest.settings import IngestSettings
from tests.qdrant_rest import QdrantRest
from tests.support import WordEmbedder, fill_server

SIZE = WordEmbedder.dimension
ALL = SearchFilter(groups=None)


@pytest.fixture
def client(url: str) -> Iterator[QdrantClient]:
    with closing(open_client(url)) as client:
        yield client


def settings_of(url: str, **fields: Any) -> IngestSettings:
    return IngestSettings(qdrant_url=url, _env_file=None, **fields)


def made_before(client: QdrantClient, rest: QdrantRest) -> None:
    """Make an index as an earlier Fanal did, with Qdrant's own settings."""
    open_generation(client, "ancien", 1, SIZE)
    config = rest.store.get_collection("ancien-1").config.params
    client.create_collection("fanal", config.vectors, config.sparse_vectors)


def test_a_new_collection_is_made_for_production(rest: QdrantRest, url: str) -> None:
    settings = settings_of(url, qdrant_shards=3, qdrant_replicas=3)
    ServerIndex.of(settings, SIZE).close()
    made = rest.made["fanal-1"]
    assert (made.shard_number, made.replication_factor, made.write_consistency_factor) == (3, 3, 2)
    assert made.on_disk_payload
    assert isinstance(made.quantization_config, models.ScalarQuantization)
    assert made.quantization_config.scalar.always_ram
    assert isinstance(made.vectors, dict)
    assert made.vectors[DENSE].on_disk
    assert made.hnsw_config is not None
    assert (made.hnsw_config.m, made.hnsw_config.ef_construct) == (32, 256)
    assert compare_live(settings) == []


def test_every_field_that_a_filter_uses_has_its_index_before_any_passage_is_written(
    rest: QdrantRest, url: str
) -> None:
    assert set(PAYLOAD_INDEXES) == {*KEYWORD_FIELDS, *INTEGER_FIELDS}
    fill_server(url, "accueil").close()
    writes = [request for request in rest.requests if request.startswith("PUT /collections/fanal-1/")]
    assert writes[: len(PAYLOAD_INDEXES)] == ["PUT /collections/fanal-1/index"] * len(PAYLOAD_INDEXES)
    assert writes[len(PAYLOAD_INDEXES)] == "PUT /collections/fanal-1/points"


@pytest.mark.parametrize(("replicas", "majority"), [(1, 1), (2, 2), (3, 2), (5, 3)])
def test_a_write_waits_for_a_majority(replicas: int, majority: int) -> None:
    assert CollectionSettings(replicas=replicas).write_consistency == majority


def test_without_quantisation_the_vectors_stay_in_memory(rest: QdrantRest, url: str) -> None:
    settings = settings_of(url, qdrant_quantization="off")
    ServerIndex.of(settings, SIZE).close()
    made = rest.made["fanal-1"]
    assert made.quantization_config is None
    assert isinstance(made.vectors, dict)
    assert not made.vectors[DENSE].on_disk
    assert compare_live(settings) == []


def test_a_collection_made_otherwise_is_said_in_the_log_and_still_answers(
    client: QdrantClient, rest: QdrantRest, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    made_before(client, rest)
    with closing(fill_server(url, "accueil")) as index:
        assert "the collection fanal is made otherwise" in caplog.text
        assert "hnsw.m 16, not 32" in caplog.text
        assert "quantization off, not int8" in caplog.text
        assert len(index.search(Query("procédure accueil", where=ALL))) == 3


def test_the_command_says_what_differs_then_changes_it(
    client: QdrantClient,
    rest: QdrantRest,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made_before(client, rest)
    fill_server(url, "accueil").close()
    monkeypatch.setenv("FANAL_QDRANT_URL", url)
    collection = COMMANDS["collection"]
    assert collection(Namespace(apply=False)) == 1
    said = capsys.readouterr().out
    assert "hnsw.m : 16, à la place de 32" in said
    assert "python -m ingest collection --apply" in said
    assert collection(Namespace(apply=True)) == 0
    assert collection(Namespace(apply=False)) == 0
    assert "comme les réglages le demandent" in capsys.readouterr().out
    assert rest.made["fanal"].quantization_config is not None


def test_what_only_a_rebuild_changes_is_said_so(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill_server(url, "accueil").close()
    monkeypatch.setenv("FANAL_QDRANT_URL", url)
    monkeypatch.setenv("FANAL_QDRANT_SHARDS", "2")
    assert COMMANDS["collection"](Namespace(apply=True)) == 1
    assert "shard_number : 1, à la place de 2 (par « python -m ingest rebuild »)" in capsys.readouterr().out


def test_the_command_needs_a_server_and_its_index(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="FANAL_QDRANT_URL"):
        COMMANDS["collection"](Namespace(apply=False))
    monkeypatch.setenv("FANAL_QDRANT_URL", url)
    with pytest.raises(IndexMismatch, match="n’a pas d’index"):
        COMMANDS["collection"](Namespace(apply=True))


def test_a_change_goes_both_ways(rest: QdrantRest, url: str) -> None:
    fill_server(url, "accueil").close()
    for quantization in ("off", "int8"):
        settings = settings_of(url, qdrant_quantization=quantization)
        assert {one.name for one in compare_live(settings)} == {"vectors.on_disk", "quantization"}
        change_live(settings)
        assert compare_live(settings) == []


@pytest.mark.parametrize(
    "fields", [{"qdrant_shards": 0}, {"qdrant_replicas": 0}, {"qdrant_quantization": "x"}]
)
def test_settings_that_make_no_collection_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IngestSettings(_env_file=None, **fields)


def test_every_search_of_the_dense_side_asks_for_a_second_look_and_no_other(
    rest: QdrantRest, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str | None, models.SearchParams | None]] = []
    answered = rest.store.query_batch_points

    def watching(name: str, requests: list[models.QueryRequest], **others: Any) -> Any:
        for request in requests:
            sides = request.prefetch if isinstance(request.prefetch, list) else [request]
            seen.extend((side.using, side.params) for side in sides)  # type: ignore[union-attr]
        return answered(name, requests, **others)

    monkeypatch.setattr(rest.store, "query_batch_points", watching)
    vector = WordEmbedder().query("procédure accueil")
    with closing(fill_server(url, "accueil")) as index:
        index.search(Query("procédure accueil", dense=vector, where=ALL))
        index.search(Query("procédure accueil", dense=vector, side="dense", where=ALL))
        index.candidates(Query("procédure accueil", dense=vector, where=ALL))
    dense = [params for using, params in seen if using == DENSE]
    assert len(dense) >= 3
    assert all(params == DENSE_SEARCH for params in dense)
    assert all(params is None for using, params in seen if using != DENSE)
