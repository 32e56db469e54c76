"""What the database refuses, as it opens and while it runs: said in French, without a password or a text."""

import sqlite3
import traceback
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from ingest.errors import ConfigurationError, StorageFailed
from server.store.conversations import Conversations
from server.store.database import Database, open_database
from server.store.errors import DatabaseUnavailable
from tests.postgres_cluster import Cluster
from tests.stores import answer_to, keep

pytest_plugins = ["tests.store_fixtures"]


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


# ---------------------------------------------------------------- what is refused


def test_a_database_of_a_later_version_is_refused(database: Database, database_url: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE fanal_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="version plus récente de Fanal"):
        open_database(database_url)


@pytest.mark.parametrize(
    "content", [b"Ceci n'est pas une base. " * 100, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "fanal.sqlite"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="restaurez sa sauvegarde, ou renommez le fichier"):
        open_database(url_of(path))
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("n'importe quoi", "n’est pas une adresse de base"),
        ("mysql://hote/base", "« mysql »"),
        ("sqlite://", "suivi d’un fichier"),
        ("sqlite:///:memory:", "suivi d’un fichier"),
        ("sqlite:///file:fanal.sqlite?uri=true&mode=ro", "sans « file: »"),
        ("sqlite:///fanal.sqlite?mode=ro", "sans « file: »"),
    ],
)
def test_another_url_is_refused(url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=said):
        open_database(url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "rest",
    ["secret-1789@127.0.0.1:1/base", "hote:secret-1789@127.0.0.1/base", "s/secret-1789@127.0.0.1/base",
     "s?x=1&secret-1789@127.0.0.1/base?y=1"],
)  # fmt: skip
def test_the_end_of_a_password_that_holds_an_at_sign_is_not_shown(rest: str) -> None:
    with pytest.raises(ConfigurationError, match="%40") as refused:
        open_database(f"postgresql://fanal:se@{rest}")
    assert "secret-1789" not in "".join(traceback.format_exception(refused.value))


def test_a_postgresql_that_does_not_answer_is_said_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="PostgreSQL est démarré") as refused:
        open_database(f"postgresql://fanal:secret-1789@/base?host={tmp_path}")
    assert "secret-1789" not in str(refused.value)


@pytest.mark.postgres
def test_a_postgresql_without_this_base_is_said(postgres: Cluster) -> None:
    with pytest.raises(DatabaseUnavailable, match="que cette base existe"):
        open_database(postgres.url("inconnue"))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "fichier").touch()
    with pytest.raises(StorageFailed, match="droits du dossier"):
        open_database(url_of(tmp_path / "fichier" / "fanal.sqlite"))


# ---------------------------------------------------------------- what fails while it runs


def test_a_locked_file_is_waited_for_then_said(tmp_path: Path) -> None:
    path = tmp_path / "fanal.sqlite"
    with closing(open_database(url_of(path), wait_s=0.01)) as database:
        conversations = Conversations(database)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(DatabaseUnavailable, match="occupée par un autre programme"):
                keep(conversations, "Quel délai ?")
            assert conversations.count() == 0  # reading goes on
            other.execute("COMMIT")
        keep(conversations, "Quel délai ?")
        assert conversations.count() == 1


def test_a_full_disk_is_said_and_the_rest_stays(tmp_path: Path) -> None:
    with closing(open_database(url_of(tmp_path / "fanal.sqlite"))) as database:
        conversations = Conversations(database)
        keep(conversations, "Quel délai ?")
        _fill(database)
        with pytest.raises(StorageFailed, match="place libre") as failed:
            keep(conversations, "Longue ? " * 40_000, conversation="c2")
        assert not isinstance(failed.value, DatabaseUnavailable)
        assert [line.id for line in conversations.summaries("alice")] == ["c1"]
        assert conversations.delete("alice", "c1")


def _fill(database: Database) -> None:
    """Let no connection's database grow: SQLite answers as on a full disk."""
    with closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[func-returns-value]
        cursor.execute(f"PRAGMA max_page_count={pages}")


def test_a_file_that_became_read_only_is_said(tmp_path: Path) -> None:
    with closing(open_database(url_of(tmp_path / "fanal.sqlite"))) as database:
        conversations = Conversations(database)
        keep(conversations, "Quel délai ?")
        with closing(database.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA query_only=ON")
        with pytest.raises(StorageFailed, match="ne peut pas être lue ou écrite"):
            keep(conversations, "Et pour un CDD ?")


def test_a_file_that_is_damaged_while_it_runs_is_said(tmp_path: Path) -> None:
    path = tmp_path / "fanal.sqlite"
    with closing(open_database(url_of(path))) as database:
        for number in range(20):
            keep(Conversations(database), "Quel délai ? " * 200, conversation=f"c{number}")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with (
        pytest.raises((StorageFailed, ConfigurationError), match="abîmée"),
        closing(open_database(url_of(path))) as database,
    ):
        Conversations(database).view("alice", "c1")


@pytest.mark.postgres
def test_killed_connections_are_made_again(postgres: Cluster) -> None:
    url = postgres.make()
    with closing(open_database(url)) as database:
        conversations = Conversations(database)
        keep(conversations, "Un ?")
        postgres.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name <> 'x' "
            "AND datname LIKE 'essai%' AND pid <> pg_backend_pid()"
        )
        keep(conversations, "Deux ?")
        assert len(conversations.recent("alice", "c1", 6)) == 2
    postgres.drop(url)


@pytest.mark.postgres
def test_a_connection_killed_in_the_middle_of_a_turn_keeps_it_once(postgres: Cluster) -> None:
    url = postgres.make()
    killed: list[int] = []
    with closing(open_database(url)) as database:
        conversations = Conversations(database)
        answer = answer_to("Quel délai ?")

        def kill_once() -> None:
            if not killed:
                killed.append(1)
                postgres.run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'essai%'"
                )

        conversations._clock = lambda clock=conversations._clock: (kill_once(), clock())[1]  # type: ignore[misc]
        conversations.record("alice", answer, None, {})
        assert killed
        assert len(conversations.recent("alice", "c1", 6)) == 1
    postgres.drop(url)


@pytest.mark.postgres
def test_a_row_that_another_holds_is_waited_for_no_longer_than_allowed(postgres: Cluster) -> None:
    url = postgres.make()
    with closing(open_database(f"{url}&options=-c%20statement_timeout%3D200")) as database:
        conversations = Conversations(database)
        keep(conversations, "Un ?")
        with database.engine.begin() as other:
            other.execute(text("SELECT * FROM conversations FOR UPDATE"))
            with pytest.raises(DatabaseUnavailable):
                keep(conversations, "Deux ?")
    postgres.drop(url)


def test_an_error_does_not_tell_what_was_to_be_kept(database: Database) -> None:
    statement = text("INSERT INTO feedback (owner, answer_id, useful) VALUES (:owner, 'x', true)")
    with pytest.raises(StorageFailed) as failed:
        database.write(lambda session: session.execute(statement, {"owner": "Confidence"}))
    assert "Confidence" not in str(failed.value)
    assert "[parameters" not in str(failed.value.__cause__)
    assert "hide_parameters" in str(failed.value.__cause__)


@pytest.mark.postgres
def test_a_value_that_postgresql_refuses_is_not_told(postgres: Cluster) -> None:
    url = postgres.make()
    with closing(open_database(url)) as database, pytest.raises(StorageFailed, match="22P02") as failed:
        database.read(lambda session: session.scalar(text("SELECT CAST('Confidence' AS integer)")))
    assert "Confidence" not in str(failed.value)
    postgres.drop(url)


def test_a_missing_table_is_said(database: Database) -> None:
    conversations = Conversations(database)
    answer = keep(conversations, "Quel délai ?")
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE answers RENAME TO former"))
    with pytest.raises(StorageFailed, match="answers"):
        conversations.view("alice", "c1")
    with pytest.raises(StorageFailed, match="answers"):
        conversations.record("alice", answer, None, {})


@pytest.mark.postgres
def test_a_right_that_postgresql_lacks_is_said(postgres: Cluster) -> None:
    url = postgres.make()
    postgres.run("CREATE ROLE lecteur LOGIN")
    try:
        with closing(open_database(url)) as owned, owned.engine.begin() as connection:
            connection.execute(text("GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO lecteur"))
        with closing(open_database(url.replace("fanal@", "lecteur@"))) as database:
            with pytest.raises(StorageFailed, match="permission denied for table conversations"):
                keep(Conversations(database), "Quel délai ?")
            assert Conversations(database).count() == 0
    finally:
        postgres.drop(url)
        postgres.run("DROP ROLE lecteur")
