"""The master keys of drafts: made once, changed without a loss, and missed at the start."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from fastapi.testclient import TestClient
from pydantic import SecretStr

from ingest.errors import ConfigurationError
from server.app import create_app
from server.settings import ServerSettings
from server.store.database import Database
from server.store.drafts import Drafts, count_sealed
from server.store.errors import DraftsKeyWrong
from server.store.opening import open_stores
from server.store.sealing import KEY_FILE, Keyring, open_keyring
from tests.drafts import keep_draft

pytest_plugins = ["tests.store_fixtures"]


def new_key() -> str:
    return Fernet.generate_key().decode()


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    open_keyring(None, tmp_path / "data", sealed=0)
    path = tmp_path / "data" / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    first = path.read_text()
    path.chmod(0o644)
    open_keyring(None, tmp_path / "data", sealed=3)
    assert path.read_text() == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [KEY_FILE]


def test_servers_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: open_keyring(None, tmp_path, sealed=0), range(8)))
    _, wrapped = rings[0].new()
    for ring in rings:
        ring.open(wrapped)


def test_a_lost_key_refuses_the_start_and_changes_nothing(tmp_path: Path) -> None:
    url = url_of(tmp_path / "fanal.sqlite")
    with closing(open_stores(url, None, tmp_path)) as stores:
        kept = keep_draft(stores.drafts)
    (tmp_path / KEY_FILE).rename(tmp_path / "ailleurs")
    before = (tmp_path / "fanal.sqlite").read_bytes()
    with pytest.raises(DraftsKeyWrong, match="et 1 sont scellées"):
        open_stores(url, None, tmp_path)
    with pytest.raises(DraftsKeyWrong, match="scellée par une autre clé"):
        open_stores(url, new_key(), tmp_path)
    assert not (tmp_path / KEY_FILE).exists()
    assert (tmp_path / "fanal.sqlite").read_bytes() == before
    (tmp_path / "ailleurs").rename(tmp_path / KEY_FILE)
    with closing(open_stores(url, None, tmp_path)) as stores:
        assert stores.drafts.get("alice", kept.id) is not None


def test_a_server_with_another_key_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").touch()
    with closing(open_stores(url_of(tmp_path / "fanal.sqlite"), None, tmp_path)) as stores:
        keep_draft(stores.drafts)
    (tmp_path / KEY_FILE).unlink()
    settings = ServerSettings(
        data_dir=tmp_path,
        sources_file=tmp_path / "sources.toml",
        drafts_key=SecretStr(new_key()),
        _env_file=None,
    )
    with pytest.raises(DraftsKeyWrong), TestClient(create_app(settings)):
        pass
    assert "drafts_key" in repr(settings)
    assert settings.drafts_key is not None
    assert settings.drafts_key.get_secret_value() not in repr(settings)


def test_keys_are_changed_without_losing_a_draft(database: Database) -> None:
    old, new = new_key(), new_key()
    kept = keep_draft(Drafts(database, Keyring([old])))
    both = Drafts(database, Keyring([new, old]))
    assert both.check_keys() == 1
    assert both.check_keys() == 0
    assert Drafts(database, Keyring([new])).get("alice", kept.id) is not None
    with pytest.raises(DraftsKeyWrong):
        Drafts(database, Keyring([old])).get("alice", kept.id)
    assert count_sealed(database) == 1


def test_one_key_that_does_not_open_stops_no_server(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    mine = new_key()
    other = keep_draft(Drafts(database, Keyring([new_key()])))
    drafts = Drafts(database, Keyring([mine]))
    kept = keep_draft(drafts)
    assert drafts.check_keys() == 0
    assert f"1 drafts cannot be opened by any key of this server: {other.id}" in caplog.text
    assert {line.id: line.readable for line in drafts.summaries("alice")} == {other.id: False, kept.id: True}
    assert drafts.delete("alice", other.id)


def test_a_file_s_key_still_opens_once_a_setting_gives_another(tmp_path: Path) -> None:
    _, wrapped = open_keyring(None, tmp_path, sealed=0).new()
    both = open_keyring(f" {new_key()}, {new_key()} ", tmp_path, sealed=1)
    assert both.renewed(wrapped) is not None


@pytest.mark.parametrize("wrong", ["pas une clé", "court=="])
def test_a_key_that_is_none_is_said_without_it(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="FANAL_DRAFTS_KEY") as refused:
        open_keyring(wrong, tmp_path, sealed=0)
    assert wrong not in str(refused.value)
