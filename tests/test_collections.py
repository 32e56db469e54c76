"""Generations of an index on a Qdrant server: a rebuild is swapped in without a gap."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from ingest.chunk import chunk_document
from ingest.collections import (
    drop_before,
    drop_generation,
    generations,
    live_collection,
    live_generation,
    open_generation,
    point_alias,
    publish_generation,
)
from ingest.errors import FanalError, IndexMismatch, SourceUnavailable
from ingest.index import KEYWORD_FIELDS, Query, SearchFilter
from ingest.index_server import ServerIndex
from ingest.qdrant_calls import open_client
from ingest.settings import IngestSettings
from tests.qdrant_rest import QdrantRest
from tests.support import WordEmbedder, fill_server, make_procedures

ALL = SearchFilter(groups=None)
SIZE = WordEmbedder.dimension


@pytest.fixture
def client(url: str) -> Iterator[QdrantClient]:
    with closing(open_client(url)) as client:
        yield client


def test_a_new_index_is_an_alias_of_its_first_generation(client: QdrantClient, url: str) -> None:
    assert live_collection(client, "fanal") is None
    fill_server(url, "accueil").close()
    assert live_collection(client, "fanal") == "fanal-1"
    with closing(ServerIndex.connect(url, "fanal", SIZE)) as again:
        assert again.count(ALL) == 3
    assert generations(client, "fanal") == [1]


def test_the_next_generation_is_built_beside_the_live_one(client: QdrantClient, url: str) -> None:
    with (
        closing(fill_server(url, "accueil")) as live,
        closing(fill_server(url, "sortie", 5, generation=2)) as new,
    ):
        assert (live.count(ALL), new.count(ALL)) == (3, 5)
        assert live_collection(client, "fanal") == "fanal-1"
        point_alias(client, "fanal", "fanal-2")
        assert live.count(ALL) == 3
        live.switch(Path(), "words-64")
        assert live.count(ALL) == 5


@pytest.mark.slow
def test_searches_during_swaps_never_fail_and_always_see_a_whole_index(
    client: QdrantClient, url: str
) -> None:
    sizes = {1: 3}
    seen: list[list[int]] = [[], []]
    failures: list[Exception] = []
    done = threading.Event()

    def searching(index: ServerIndex, found: list[int]) -> None:
        while not done.is_set():
            try:
                found.append(len(index.search(Query("procédure", k=50, where=ALL))))
            except FanalError as error:
                failures.append(error)

    indexes = [fill_server(url, "accueil"), ServerIndex.connect(url, "fanal", SIZE)]
    threads = [threading.Thread(target=searching, args=each) for each in zip(indexes, seen, strict=True)]
    for thread in threads:
        thread.start()
    try:
        for generation in range(2, 8):
            sizes[generation] = 3 + generation
            fill_server(url, "sortie", sizes[generation], generation=generation).close()
            point_alias(client, "fanal", f"fanal-{generation}")
            drop_before(client, "fanal", generation)
            while any(found[-1:] != [sizes[generation]] for found in seen) and not failures:
                done.wait(0.005)
    finally:
        done.set()
        for thread in threads:
            thread.join()
        for index in indexes:
            index.close()
    assert failures == []
    assert [set(found) for found in seen] == [set(sizes.values())] * 2


def test_an_index_made_before_aliases_is_used_as_it_is_then_replaced(
    client: QdrantClient, rest: QdrantRest, url: str
) -> None:
    open_generation(client, "ancien", 1, SIZE)
    config = rest.store.get_collection("ancien-1").config.params
    client.create_collection("fanal", config.vectors, config.sparse_vectors)
    with closing(fill_server(url, "accueil")) as index:
        assert live_collection(client, "fanal") == "fanal"
        assert generations(client, "fanal") == []
        fill_server(url, "sortie", 5, generation=1).close()
        point_alias(client, "fanal", "fanal-1")
        assert live_collection(client, "fanal") == "fanal-1"
        assert index.count(ALL) == 5


def test_a_swap_killed_before_the_alias_was_set_is_finished_by_the_next_start(
    client: QdrantClient, url: str
) -> None:
    fill_server(url, "sortie", 5, generation=4).close()
    with closing(ServerIndex.connect(url, "fanal", SIZE)) as index:
        assert index.count(ALL) == 5
    assert live_collection(client, "fanal") == "fanal-4"


def test_dropping_the_older_generations_spares_the_others_and_other_indexes(
    client: QdrantClient, url: str
) -> None:
    for generation in (1, 2, 3, 10):
        open_generation(client, "fanal", generation, SIZE)
    open_generation(client, "fanal-recette", 1, SIZE)
    assert drop_before(client, "fanal", 3) == ["fanal-1", "fanal-2"]
    assert generations(client, "fanal") == [3, 10]
    assert generations(client, "fanal-recette") == [1]


def test_publishing_keeps_the_former_generation_until_the_program_that_searches_it_has_left(
    client: QdrantClient, url: str
) -> None:
    settings = IngestSettings(qdrant_url=url)
    assert live_generation(settings) == 0
    with closing(fill_server(url, "accueil")) as index:
        for generation in (2, 3):
            assert live_generation(settings) == generation - 1
            fill_server(url, "sortie", 3 + generation, generation=generation).close()
            publish_generation(settings, generation)
            assert generations(client, "fanal") == [generation - 1, generation]
        assert index.count(ALL) == 6
        index.switch(Path(), "words-64")
        assert generations(client, "fanal") == [3]
        assert index.count(ALL) == 6


def test_leaving_a_generation_does_not_drop_the_one_that_is_being_built(
    client: QdrantClient, url: str
) -> None:
    with closing(fill_server(url, "accueil")) as index:
        fill_server(url, "sortie", 5, generation=2).close()
        publish_generation(IngestSettings(qdrant_url=url), 2)
        fill_server(url, "suite", 7, generation=3).close()
        index.switch(Path(), "words-64")
    assert generations(client, "fanal") == [2, 3]


def test_an_unfinished_generation_can_be_dropped(client: QdrantClient, url: str) -> None:
    fill_server(url, "accueil").close()
    fill_server(url, "sortie", generation=2).close()
    drop_generation(IngestSettings(qdrant_url=url), 2)
    assert generations(client, "fanal") == [1]


def test_an_index_rebuilt_for_another_embedder_is_not_searched_with_the_former_one_s_vectors(
    client: QdrantClient, url: str
) -> None:
    with closing(fill_server(url, "accueil")) as index:
        fill_server(url, "sortie", 5, generation=2, embedder="autre-64").close()
        point_alias(client, "fanal", "fanal-2")
        with pytest.raises(IndexMismatch, match="autre-64"):
            index.switch(Path(), "words-64")
        assert len(index.search(Query("procédure", where=ALL))) == 3
        drop_before(client, "fanal", 2)
        with pytest.raises(IndexMismatch, match="autre-64"):
            index.search(Query("procédure", where=ALL))


def test_an_index_of_another_dimension_is_refused(url: str) -> None:
    fill_server(url, "accueil").close()
    with pytest.raises(IndexMismatch, match="dimension 32"):
        ServerIndex.connect(url, "fanal", 32)


def test_an_index_that_vanished_is_said_to_be_gone(client: QdrantClient, url: str) -> None:
    with closing(fill_server(url, "accueil")) as index:
        client.delete_collection("fanal-1")
        with pytest.raises(SourceUnavailable, match="n’est plus sur le serveur"):
            index.search(Query("procédure", where=ALL))


def test_a_field_that_filters_came_to_use_later_is_indexed_when_the_index_is_opened(
    client: QdrantClient, url: str
) -> None:
    fill_server(url, "accueil").close()
    assert set(KEYWORD_FIELDS) < set(client.get_collection("fanal").payload_schema)
    client.delete_payload_index("fanal-1", "groups")
    assert "groups" not in client.get_collection("fanal").payload_schema
    ServerIndex.connect(url, "fanal", SIZE).close()
    assert "groups" in client.get_collection("fanal").payload_schema


def test_two_processes_that_create_the_index_at_once_share_it(url: str) -> None:
    opened: list[ServerIndex] = []
    start = threading.Barrier(4)

    def connect() -> None:
        start.wait()
        opened.append(ServerIndex.connect(url, "fanal", SIZE))

    threads = [threading.Thread(target=connect) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened[0].upsert(chunk_document(make_procedures(1)[0], 1_800), {}, "words-64")
    assert [index.count(ALL) for index in opened] == [1] * 4
    for index in opened:
        index.close()
