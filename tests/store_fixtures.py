"""Stores to test on, SQLite and PostgreSQL alike: `pytest_plugins = ["tests.store_fixtures"]` in a test's file."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from server.store.audit import Audit
from server.store.conversations import Conversations
from server.store.database import Database, open_database
from server.store.drafts import Drafts
from server.store.sealing import Keyring
from tests.postgres_cluster import Cluster, programs, running
from tests.stores import Clock


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's own programs are not installed (apt install postgresql)")
    with running(found) as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'fanal.sqlite'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.make()
    yield url
    cluster.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(open_database(database_url)) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def conversations(database: Database, clock: Clock) -> Conversations:
    return Conversations(database, clock)


@pytest.fixture
def drafts(database: Database, clock: Clock) -> Drafts:
    return Drafts(database, Keyring([Fernet.generate_key().decode()]), clock)


@pytest.fixture
def audit(database: Database, clock: Clock) -> Audit:
    return Audit(database, clock)
