"""The office to test on, over SQLite and PostgreSQL: `pytest_plugins = ["tests.office_fixtures"]` in a test's file."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from ingest.chunk import chunk_document
from server.access import Caller
from server.app import create_app
from server.dependencies import caller_of
from server.settings import ServerSettings
from tests.office import OPEN, RESERVED, Office
from tests.postgres_cluster import Cluster
from tests.support import make_document

pytest_plugins = ["tests.store_fixtures"]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def office_database(request: pytest.FixtureRequest) -> Iterator[SecretStr | None]:
    """The URL of the office's database; None for the file that a server makes itself."""
    if request.param == "sqlite":
        yield None
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.make()
    yield SecretStr(url)
    cluster.drop(url)


@pytest.fixture(scope="module")
def app_client(
    office_database: SecretStr | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("organisation")
    (folder / "sources.toml").write_text("", "utf-8")
    settings = ServerSettings(
        data_dir=folder / "data",
        sources_file=folder / "sources.toml",
        embed_in_background=False,
        database_url=office_database,
        _env_file=None,
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def office(app_client: TestClient) -> Iterator[Office]:
    office = Office(app_client, Caller(frozenset(), "alice"))
    app = cast(FastAPI, app_client.app)
    app.dependency_overrides[caller_of] = lambda: office.caller
    index, name = office.parts.index, office.parts.store.embedder.name
    index.upsert(chunk_document(make_document("délais", "# Délais", OPEN), 1_800), {}, name)
    reserved = make_document("budget", "# Budget", RESERVED, groups=("direction",))
    index.upsert(chunk_document(reserved, 1_800), {}, name)
    yield office
    for user in ("alice", "bob"):
        office.parts.conversations.delete_all(user)
    app.dependency_overrides.clear()
