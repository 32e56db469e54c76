"""API keys as they are kept, on SQLite and PostgreSQL; and the command that makes the first one."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, inspect, text

from server.__main__ import main
from server.access_schemas import ApiKeyRequest
from server.sign_in.keys import digest_of, make_key, new_key
from server.store.api_keys import ApiKeys
from server.store.audit import Audit
from server.store.database import Database
from server.store.migrate import downgrade, upgrade
from tests.stores import START, Clock

pytest_plugins = ["tests.store_fixtures"]


@pytest.fixture
def keys(database: Database, clock: Clock) -> ApiKeys:
    return ApiKeys(database, clock)


def wanted(**more: Any) -> ApiKeyRequest:
    return ApiKeyRequest(**{"name": "Intranet", "scopes": ["ask"], "groups": ["b", "a", "b"], **more})


def test_a_key_is_kept_as_its_hash_alone(keys: ApiKeys, database: Database) -> None:
    made = make_key(keys, wanted(), "alice")
    found = keys.find(digest_of(made.key))
    assert found is not None
    assert found.model_dump() == made.model_dump(exclude={"key"})
    assert (found.groups, found.created_by, found.created_at) == (["a", "b"], "alice", START)
    rows = database.read(lambda session: str(session.execute(text("SELECT * FROM api_keys")).all()))
    assert made.key not in rows
    assert keys.find(digest_of(new_key())) is None


def test_no_two_keys_are_the_same() -> None:
    made = {new_key() for _ in range(100)}
    assert len(made) == 100
    assert {len(key) for key in made} == {49}


def test_a_key_ends_at_its_time_or_when_it_is_revoked(keys: ApiKeys, clock: Clock) -> None:
    made = make_key(keys, wanted(expires_at=START + timedelta(hours=1)), "alice")
    other = make_key(keys, wanted(), "alice")
    clock.forward(minutes=59)
    assert keys.is_valid(made)
    clock.forward(minutes=1)
    assert not keys.is_valid(made)
    assert keys.revoke(other.id, "bob")
    revoked = keys.find(digest_of(other.key))
    assert revoked is not None
    assert revoked.revoked_at == clock()
    assert not keys.is_valid(revoked)
    assert not keys.revoke("absente", "bob")


def test_the_newest_key_is_listed_first(keys: ApiKeys, clock: Clock) -> None:
    first = make_key(keys, wanted(), "alice")
    clock.forward(seconds=1)
    second = make_key(keys, wanted(), "alice")
    assert [key.id for key in keys.views()] == [second.id, first.id]


def test_the_last_use_is_written_once_a_minute(keys: ApiKeys, database: Database, clock: Clock) -> None:
    made = make_key(keys, wanted(), "alice")
    writes: list[str] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda *said: writes.append(said[2]) if "UPDATE" in said[2] else None,
    )
    for second in range(150):
        key = keys.find(digest_of(made.key))
        assert key is not None
        if keys.is_due(key):
            keys.used(key)
        assert second < 150
        clock.forward(seconds=1)
    assert len(writes) == 3
    last = keys.find(digest_of(made.key))
    assert last is not None
    assert last.last_used_at == START + timedelta(minutes=2)


def test_making_and_revoking_are_in_the_audit(keys: ApiKeys, audit: Audit) -> None:
    made = make_key(keys, wanted(scopes=["quality", "ask"]), "alice")
    keys.revoke(made.id, "bob")
    keys.revoke(made.id, "bob")
    lines = [
        (line.act.act, line.act.actor, line.act.object_id, dict(line.act.counts)) for line in audit.lines()
    ]
    assert lines == [
        ("key_created", "alice", made.id, {"ask": 1, "quality": 1, "groups": 2}),
        ("key_revoked", "bob", made.id, {}),
    ]


def test_the_step_can_be_undone_and_done_again(database: Database) -> None:
    with database.engine.begin() as connection:
        downgrade(connection, "0003")
        assert "api_keys" not in inspect(connection).get_table_names()
    with database.engine.begin() as connection:
        upgrade(connection)
        assert "api_keys" in inspect(connection).get_table_names()


def test_the_first_key_is_made_at_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FANAL_DATA_DIR", str(tmp_path))

    def said(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["server", "keys", *arguments])
        assert main() == 0
        return capsys.readouterr().out

    made = said(
        "create", "--name", "Intranet", "--scope", "ask", "--scope", "quality", "--group", "direction"
    )
    key = made.splitlines()[-1]
    assert key.startswith("fanal_")
    listed = said("list")
    assert key[:12] in listed
    assert key not in listed
    assert "active" in listed
    key_id = listed.splitlines()[1].split()[0]
    said("revoke", key_id)
    assert "révoquée" in said("list")
    monkeypatch.setattr("sys.argv", ["server", "keys", "revoke", "absente"])
    assert main() == 2
    assert "aucune clé" in capsys.readouterr().err
