"""Many writers at once, threads and processes: nothing acknowledged is lost or overwritten, the audit stays whole."""

import json
import subprocess
import sys
from contextlib import closing
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ingest.settings import ROOT
from server.store.alone import Alone
from server.store.audit import Audit
from server.store.conversations import Conversations
from server.store.database import Database, open_database
from server.store.drafts import Drafts
from server.store.errors import DatabaseUnavailable
from server.store.inbox import Inbox
from server.store.sealing import Keyring
from tests.drafts import keep_draft
from tests.postgres_cluster import Cluster, programs, running
from tests.stores import keep

pytest_plugins = ["tests.store_fixtures"]

PROCESSES, THREADS, ROUNDS = 2, 6, 5


def written_by_all(url: str, key: str, draft: str) -> list[dict[str, Any]]:
    """Let two programs of several threads write at once; gives what was acknowledged to them."""
    command = [sys.executable, "-m", "tests.store_writer", url, key, draft]
    writers = [
        subprocess.Popen(
            [*command, name, str(THREADS), str(ROUNDS)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for name in "ab"
    ]
    said = [
        json.loads(line) for writer in writers for line in writer.communicate(timeout=300)[0].splitlines()
    ]
    assert [writer.returncode for writer in writers] == [0] * PROCESSES
    return said


@pytest.mark.slow
def test_writers_at_once_lose_and_overwrite_nothing(database_url: str) -> None:
    key = Fernet.generate_key().decode()
    with closing(open_database(database_url)) as database:
        drafts = Drafts(database, Keyring([key]))
        draft = keep_draft(drafts).id
        said = written_by_all(database_url, key, draft)
        rounds = PROCESSES * THREADS * ROUNDS

        conversations = Conversations(database)
        turns = [one for one in said if "turn" in one]
        assert len(turns) == 2 * rounds
        assert {one["turn"] for one in turns} == all_turns(conversations, {one["owner"] for one in turns})

        rated = {one["feedback"] for one in said if "feedback" in one}
        assert {one.turn.answer.id for one in Inbox(database).newest(10_000)} == rated
        assert len(rated) == rounds

        edits = sorted(one["edit"] for one in said if "edit" in one)
        assert edits == list(range(2, 2 + len(edits)))  # each acknowledged edit made its own revision
        assert len(edits) + sum("conflict" in one for one in said) == rounds
        kept = drafts.get("alice", draft)
        assert kept is not None
        assert kept.revision == edits[-1]

        lines = list(Audit(database).lines())
        assert all(line.intact for line in lines)
        assert [line.number for line in lines] == list(range(1, len(lines) + 1))
        assert sum(line.act.act == "search" for line in lines) == rounds
        assert sum(line.act.act == "draft_edited" for line in lines) == len(edits)


def all_turns(conversations: Conversations, owners: set[str]) -> set[str]:
    """Give the ids of all that these people asked."""
    return {
        turn.answer.id
        for owner in owners
        for line in conversations.summaries(owner)
        for turn in conversations.recent(owner, line.id, 10_000)
    }


# ---------------------------------------------------------------- one process alone


def test_one_process_alone_has_the_right_and_another_takes_over_when_it_lets_go(
    database: Database, database_url: str
) -> None:
    if database.engine.dialect.name == "sqlite":
        assert Alone(database).hold()  # it serves one process only
        return
    with closing(open_database(database_url)) as another:
        first, second = Alone(database), Alone(another)
        assert [first.hold(), second.hold(), first.hold(), second.hold()] == [True, False, True, False]
        first.release()
        assert [second.hold(), first.hold()] == [True, False]
        second.release()


@pytest.mark.postgres
def test_the_right_goes_with_its_session(postgres: Cluster) -> None:
    url = postgres.make()
    with closing(open_database(url)) as one, closing(open_database(url)) as other:
        first, second = Alone(one), Alone(other)
        assert first.hold()
        assert postgres.hang_up(url) >= 1
        assert second.hold()
        assert not first.hold()
        second.release()
        assert first.hold()
        first.release()
    postgres.drop(url)


# ---------------------------------------------------------------- a server that goes and comes back


@pytest.mark.postgres
@pytest.mark.slow
def test_a_server_that_is_restarted_is_used_again_and_has_all_that_was_kept() -> None:
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's own programs are not installed (apt install postgresql)")
    with running(found) as cluster, closing(open_database(cluster.make())) as database:
        conversations, alone = Conversations(database), Alone(database)
        assert alone.hold()
        for how in ("immediate", "fast"):
            keep(conversations, f"Avant l’arrêt {how} ?")
            cluster.stop(how)
            with pytest.raises(DatabaseUnavailable, match="ne répond pas"):
                keep(conversations, "Pendant ?")
            assert not alone.hold()
            cluster.start()
            keep(conversations, f"Après l’arrêt {how} ?")
            assert alone.hold()
        alone.release()
        assert len(conversations.recent("alice", "c1", 10)) == 4


@pytest.mark.postgres
def test_a_process_takes_no_more_connections_than_it_may(postgres: Cluster) -> None:
    url = postgres.make()
    with closing(open_database(url, connections=2)) as database:
        taken = [database.engine.connect() for _ in range(2)]
        database.engine.pool._timeout = 0.05  # type: ignore[attr-defined]
        with pytest.raises(DatabaseUnavailable, match="Trop de demandes à la fois"):
            Conversations(database).count()
        for connection in taken:
            connection.close()
        assert Conversations(database).count() == 0
    postgres.drop(url)
