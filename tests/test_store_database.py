"""The database itself: its migrations, what stays in its files, and what is left when it is killed."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from ingest.settings import ROOT
from server.schemas import FeedbackRequest
from server.store.conversations import Conversations
from server.store.database import Database, open_database
from server.store.migrate import VERSION_TABLE, downgrade, upgrade
from server.store.models import Base
from tests.stores import START, keep

pytest_plugins = ["tests.store_fixtures"]


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


# ---------------------------------------------------------------- migrations


def test_the_migrations_make_the_tables_of_the_models(database: Database) -> None:
    options = {"version_table": VERSION_TABLE, "compare_server_default": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_go_down_to_nothing_and_up_again(database: Database, database_url: str) -> None:
    with database.engine.begin() as connection:
        downgrade(connection)
    assert set(inspect(database.engine).get_table_names()) == {VERSION_TABLE}
    with database.engine.begin() as connection:
        upgrade(connection)
    assert set(inspect(database.engine).get_table_names()) == {VERSION_TABLE, *Base.metadata.tables}
    keep(Conversations(database), "Quel délai ?")
    with closing(open_database(database_url)) as again:
        assert Conversations(again).count() == 1


def test_a_migration_that_fails_leaves_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def torn(connection: object, to: str = "head") -> None:
        upgrade(connection, to)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr("server.store.migrate.upgrade", torn)
    with pytest.raises(KeyboardInterrupt):
        open_database(database_url)
    monkeypatch.undo()
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    with closing(open_database(database_url)) as database:
        assert Conversations(database).count() == 0


@pytest.mark.slow
def test_servers_that_start_at_once_make_one_database(database_url: str) -> None:
    code = (
        "import sys; from server.store.database import open_database; print('ready', flush=True);"
        "sys.stdin.readline(); open_database(sys.argv[1]).close()"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, database_url],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.communicate("\n", timeout=60)
    assert [process.returncode for process in started] == [0] * 4
    with closing(open_database(database_url)) as database:
        assert Conversations(database).count() == 0


# ---------------------------------------------------------------- the files


def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "neuf" / "fanal.sqlite"
    with closing(open_database(url_of(path))) as database:
        keep(Conversations(database), "Quel délai ?")
        assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    path.chmod(0o644)  # as a backup that was put back
    open_database(url_of(path)).close()
    assert path.stat().st_mode & 0o777 == 0o600


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def test_nothing_of_a_deleted_conversation_stays_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "fanal.sqlite"
    with closing(open_database(url_of(path))) as database:
        conversations = Conversations(database)
        for number in range(60):
            owner = "alice" if number % 3 else "bob"
            answer = keep(
                conversations, f"Repère-{owner}-{number} " * (1 + number * 7 % 50), owner, f"c{number % 10}"
            )
            comment = f"Remarque-{owner}"
            conversations.give_feedback(
                owner, FeedbackRequest(answer_id=answer.id, useful=True, comment=comment)
            )
        assert bytes_of(path).count("Repère-alice".encode()) > 40
        conversations.delete_all("alice")
        held = bytes_of(path)
        assert "Repère-alice".encode() not in held
        assert b"Remarque-alice" not in held
        assert "Repère-bob".encode() in held
        for number in range(10):
            conversations.delete("bob", f"c{number}")
        assert b"bob" not in bytes_of(path)


def test_a_journal_that_is_being_read_is_emptied_the_next_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "fanal.sqlite"
    with closing(open_database(url_of(path), wait_s=0.01)) as database:
        conversations = Conversations(database)
        keep(conversations, "Repère-alice")
        with closing(sqlite3.connect(path, isolation_level=None)) as backup:
            backup.execute("BEGIN")
            backup.execute("SELECT * FROM answers").fetchone()
            assert conversations.delete("alice", "c1")
            assert "it is being read" in caplog.text
        conversations.purge(START)
        assert "Repère-alice".encode() not in bytes_of(path)


def test_a_journal_that_was_being_read_is_emptied_once_it_no_longer_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.store.database.SCRUB_AGAIN_S", 0.02)
    path = tmp_path / "fanal.sqlite"
    with closing(open_database(url_of(path), wait_s=0.01)) as database:
        conversations = Conversations(database)
        keep(conversations, "Repère-alice")
        with closing(sqlite3.connect(path, isolation_level=None)) as backup:
            backup.execute("BEGIN")
            backup.execute("SELECT * FROM answers").fetchone()
            assert conversations.delete("alice", "c1")
            assert "Repère-alice".encode() in bytes_of(path)
        deadline = time.monotonic() + 20
        while "Repère-alice".encode() in bytes_of(path) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert "Repère-alice".encode() not in bytes_of(path)


def test_a_comment_that_was_replaced_does_not_stay(tmp_path: Path) -> None:
    path = tmp_path / "fanal.sqlite"
    with closing(open_database(url_of(path))) as database:
        conversations = Conversations(database)
        answer = keep(conversations, "Quel délai ?")
        for comment in ("Premier-mot " * 100, "Second-mot"):
            conversations.give_feedback(
                "alice", FeedbackRequest(answer_id=answer.id, useful=True, comment=comment)
            )
        database.scrub()
        assert b"Second-mot" in bytes_of(path)
        assert b"Premier-mot" not in bytes_of(path)


# ---------------------------------------------------------------- killed


KILLS = 4


def killed(url: str, conversation: str, after: int) -> list[str]:
    """Let two programs write in one conversation and kill both; gives what they said they had kept."""
    command = [sys.executable, "-m", "tests.recorder", url, conversation]
    writers = [
        subprocess.Popen([*command, writer], cwd=ROOT, stdout=subprocess.PIPE, text=True) for writer in "ab"
    ]
    said: list[str] = []
    for writer in writers:
        assert writer.stdout is not None
        said += [writer.stdout.readline().strip() for _ in range(after)]
    for writer in writers:
        writer.kill()
    for writer in writers:
        said += [line.strip() for line in writer.communicate()[0].splitlines(True) if line.endswith("\n")]
    assert "" not in said
    return said


@pytest.mark.slow
def test_writers_that_are_killed_lose_no_turn_that_was_kept(database_url: str) -> None:
    said = [key for kill in range(KILLS) for key in killed(database_url, f"c{kill}", 15 + 7 * kill)]
    with closing(open_database(database_url)) as database:
        conversations = Conversations(database)
        kept = []
        for kill in range(KILLS):
            turns = [turn.answer.id for turn in conversations.recent("alice", f"c{kill}", 10_000)]
            for writer in "ab":
                own = [key for key in turns if key.startswith(f"c{kill}-{writer}-")]
                assert own == [f"c{kill}-{writer}-{number}" for number in range(len(own))]
            kept += turns
        assert not set(said) - set(kept)
        assert len(kept) == len(set(kept)) <= len(said) + 2 * KILLS  # what was being kept may be there too
        keep(conversations, "Et maintenant ?")
