"""The office to test on: `pytest_plugins = ["tests.office_fixtures"]` in a test's file."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ingest.chunk import chunk_document
from server.access import Caller
from server.app import create_app
from server.dependencies import caller_of
from server.settings import ServerSettings
from tests.office import OPEN, RESERVED, Office
from tests.support import make_document


@pytest.fixture(scope="module")
def app_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("organisation")
    (folder / "sources.toml").write_text("", "utf-8")
    settings = ServerSettings(
        data_dir=folder / "data",
        sources_file=folder / "sources.toml",
        embed_in_background=False,
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
