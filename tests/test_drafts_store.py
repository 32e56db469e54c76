"""Drafts as they are kept, on SQLite and on PostgreSQL: sealed, for their owner, one change at a time."""

import re
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import delete, inspect, select, text, update

from ingest.errors import StorageFailed
from ingest.settings import ROOT
from server.store.audit import Audit
from server.store.conversations import Conversations
from server.store.database import Database, open_database
from server.store.drafts import Drafts, count_keyless
from server.store.errors import DraftChanged
from server.store.migrate import downgrade
from server.store.models import StoredDraft, StoredDraftKey
from server.store.opening import open_stores
from server.store.sealing import Keyring
from tests.drafts import LABEL, NOTES, SECRETS, keep_draft, make_content
from tests.stores import START, Clock, keep

pytest_plugins = ["tests.store_fixtures"]


def new_key() -> str:
    return Fernet.generate_key().decode()


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


# ---------------------------------------------------------------- what comes back, and for whom


def test_a_draft_comes_back_as_it_was_kept(drafts: Drafts) -> None:
    kept = keep_draft(drafts)
    assert drafts.get("alice", kept.id) == kept
    assert kept.content == make_content()
    assert (kept.status, kept.revision, kept.created_at, kept.updated_at) == ("draft", 1, START, START)
    [line] = drafts.summaries("alice")
    assert (line.id, line.label, line.template_title) == (kept.id, LABEL, "Bilan de compétences")


def test_a_draft_of_someone_else_does_not_exist(drafts: Drafts) -> None:
    kept = keep_draft(drafts)
    assert drafts.get("bob", kept.id) is None
    assert drafts.summaries("bob") == []
    assert drafts.edit("bob", kept.id, {"projet": "Autre chose."}, None) is None
    assert drafts.validate("bob", kept.id, "Bob", None) is None
    assert not drafts.delete("bob", kept.id)
    assert drafts.get("alice", kept.id) == kept


def test_the_last_changed_comes_first_and_the_list_can_be_cut(drafts: Drafts, clock: Clock) -> None:
    first, second = keep_draft(drafts), keep_draft(drafts)
    clock.forward(minutes=1)
    drafts.edit("alice", first.id, {"projet": "Elle veut souder."}, 1)
    assert [line.id for line in drafts.summaries("alice")] == [first.id, second.id]
    assert [line.id for line in drafts.summaries("alice", 1)] == [first.id]


def test_characters_that_a_database_refuses_do_not_lose_the_draft(drafts: Drafts) -> None:
    kept = keep_draft(drafts, "al\x00ice", label="Un \x00 dans le libellé")
    found = drafts.get("al\x00ice", kept.id)
    assert found is not None
    assert found.content.label == "Un \x00 dans le libellé"


def test_the_conversations_of_an_earlier_version_stay(database: Database, database_url: str) -> None:
    with database.engine.begin() as connection:
        downgrade(connection, "0001")
    assert "drafts" not in inspect(database.engine).get_table_names()
    keep(Conversations(database), "Quel délai ?")
    with closing(open_database(database_url)) as again:
        assert Conversations(again).count() == 1
        keep_draft(Drafts(again, Keyring([new_key()])))


# ---------------------------------------------------------------- sealed


def test_nothing_personal_is_in_the_rows(drafts: Drafts, database: Database) -> None:
    kept = keep_draft(drafts)
    drafts.edit("alice", kept.id, {"projet": "Mme Kerbrat vise la soudure."}, 1)
    drafts.validate("alice", kept.id, "Iris Conseil", 2)
    held = everything(database)
    for secret in (*SECRETS, "Iris"):
        assert secret not in held


def everything(database: Database) -> str:
    """Give every column of every row, as a dump has it."""
    with database.engine.connect() as connection:
        tables = ("drafts", "draft_keys", "audit_lines", "audit_removals")
        rows = [row for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608
    return "\n".join(
        str([bytes(cell).decode("latin-1") if isinstance(cell, bytes | memoryview) else cell for cell in row])
        for row in rows
    )


def test_a_deleted_draft_is_in_no_file_and_no_copy_can_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live, copy = tmp_path / "fanal.sqlite", tmp_path / "copie.sqlite"
    master = new_key()
    with closing(open_database(url_of(live))) as database:
        drafts = Drafts(database, Keyring([master]))
        kept = keep_draft(drafts)
        sealed = database.read(lambda session: session.scalars(select(StoredDraft.sealed)).one())
        database.scrub()
        copy.write_bytes(live.read_bytes())  # a backup of before
        assert sealed in bytes_of(live)
        assert drafts.delete("alice", kept.id)
        held = bytes_of(live)
        assert sealed[:40] not in held
        assert all(secret.encode() not in held for secret in SECRETS)
    with closing(open_database(url_of(copy))) as restored:
        drafts = Drafts(restored, Keyring([master]))
        again = drafts.get("alice", kept.id)
        assert again is not None  # the copy still holds the key: it must not outlive its days
        assert again.content.notes[0].text in NOTES
        restored.write(lambda session: session.execute(delete(StoredDraftKey)))  # a dump without the keys
        assert drafts.get("alice", kept.id) is None
        assert drafts.summaries("alice") == []
        assert all(secret.encode() not in bytes_of(copy) for secret in SECRETS)
        assert drafts.purge("fanal").drafts == 0  # it goes on its day: the keys may yet be restored
        assert count_keyless(restored) == 1
    open_stores(url_of(copy), master, tmp_path).close()
    assert "1 drafts have no key" in caplog.text


def test_the_documented_command_leaves_no_key_in_a_copy(tmp_path: Path) -> None:
    live, copy = tmp_path / "fanal.sqlite", tmp_path / "copie.sqlite"
    with closing(open_database(url_of(live))) as database:
        keep_draft(Drafts(database, Keyring([new_key()])))
        keys = database.read(lambda session: session.scalars(select(StoredDraftKey.wrapped)).one())
    guide = (ROOT / "docs" / "administration.md").read_text("utf-8")
    [code] = re.findall(r"""python -c "(import sqlite3;.*DELETE FROM draft_keys.*)\"""", guide)
    with closing(sqlite3.connect(live)) as one, closing(sqlite3.connect(copy)) as other:
        one.backup(other)
    assert keys in bytes_of(copy)
    code = code.replace("/sauvegarde/fanal.sqlite", str(copy))
    subprocess.run([sys.executable, "-c", code], check=True)
    assert keys not in bytes_of(copy)
    with closing(sqlite3.connect(copy)) as other:
        assert other.execute("SELECT count(*) FROM drafts").fetchone() == (1,)


def test_a_row_that_is_given_to_another_opens_for_nobody(drafts: Drafts, database: Database) -> None:
    kept = keep_draft(drafts)

    def steal(session) -> None:  # type: ignore[no-untyped-def]
        session.execute(text("UPDATE draft_keys SET owner = 'bob'"))
        session.execute(text("UPDATE drafts SET owner = 'bob'"))

    if database.engine.dialect.name == "sqlite":
        with database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("UPDATE draft_keys SET owner = 'bob'")
            connection.exec_driver_sql("UPDATE drafts SET owner = 'bob'")
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
            connection.exec_driver_sql("BEGIN")
    else:
        database.write(
            lambda session: session.execute(
                text("ALTER TABLE draft_keys DROP CONSTRAINT fk_draft_keys_drafts")
            )
        )
        database.write(steal)
    with pytest.raises(StorageFailed, match="n’est pas à sa place"):
        drafts.get("bob", kept.id)


def test_a_damaged_draft_is_said_without_its_content(drafts: Drafts, database: Database) -> None:
    kept = keep_draft(drafts)
    database.write(lambda session: session.execute(update(StoredDraft).values(sealed=b"gAAAAA")))
    with pytest.raises(StorageFailed, match="abîmée"):
        drafts.get("alice", kept.id)
    assert drafts.delete("alice", kept.id)


def test_a_draft_of_a_later_version_is_passed_over_or_said(drafts: Drafts, database: Database) -> None:
    from server.store.draft_content import read_content, written

    content = make_content()
    later = written("alice", "d1", content).replace('"label":', '"later":1,"label":')
    assert read_content("alice", "d1", later) == content
    broken = written("alice", "d1", content).replace('"mode":"extractive"', '"mode":"Maïwenn"')
    with pytest.raises(StorageFailed, match="autre version") as failed:
        read_content("alice", "d1", broken)
    assert "Maïwenn" not in str(failed.value)
    assert failed.value.__cause__ is None


# ---------------------------------------------------------------- editing and validating


def test_an_edit_keeps_what_the_machine_wrote_and_tells_both_apart(drafts: Drafts) -> None:
    kept = keep_draft(drafts)
    changed = drafts.edit("alice", kept.id, {"projet": "Maïwenn Kerbrat veut devenir soudeuse."}, 1)
    assert changed is not None
    assert changed == drafts.get("alice", kept.id)
    section = changed.content.sections[0]
    assert section.machine_text == "Maïwenn Kerbrat souhaite devenir soudeuse."
    assert [(part.op, part.text) for part in section.diff] == [
        ("same", "Maïwenn Kerbrat"),
        ("removed", " souhaite"),
        ("added", " veut"),
        ("same", " devenir soudeuse."),
    ]
    assert changed.content.sections[1] == kept.content.sections[1]
    assert changed.revision == 2


def test_an_edit_of_another_revision_is_refused(drafts: Drafts) -> None:
    kept = keep_draft(drafts)
    drafts.edit("alice", kept.id, {"projet": "Un."}, 1)
    with pytest.raises(DraftChanged):
        drafts.edit("alice", kept.id, {"projet": "Deux."}, 1)
    with pytest.raises(DraftChanged):
        drafts.validate("alice", kept.id, "Iris Conseil", 1)
    again = drafts.edit("alice", kept.id, {"projet": "Trois."}, None)
    assert again is not None
    assert again.revision == 3


def test_what_is_the_same_changes_nothing(drafts: Drafts, audit: Audit) -> None:
    kept = keep_draft(drafts)
    validated = drafts.validate("alice", kept.id, "Iris Conseil", 1)
    assert validated is not None
    same = {section.id: section.text for section in kept.content.sections}
    assert drafts.edit("alice", kept.id, same, 1) == validated
    assert [line.act.act for line in audit.lines()] == ["draft_created", "draft_validated"]


def test_a_validation_is_kept_once_and_an_edit_takes_it_back(drafts: Drafts, clock: Clock) -> None:
    kept = keep_draft(drafts)
    clock.forward(hours=1)
    first = drafts.validate("alice", kept.id, "Iris Conseil", 1)
    assert first is not None
    validation = first.content.validation
    assert validation is not None
    assert (validation.name, validation.at, first.status) == ("Iris Conseil", clock.now, "validated")
    clock.forward(hours=1)
    assert drafts.validate("alice", kept.id, "Quelqu’un d’autre", 1) == first
    edited = drafts.edit("alice", kept.id, {"projet": "Autre."}, 1)
    assert edited is not None
    assert (edited.status, edited.content.validation) == ("draft", None)


def test_writers_at_once_lose_no_change_in_silence(drafts: Drafts) -> None:
    kept = keep_draft(drafts)
    barrier = threading.Barrier(4)

    def write(name: int) -> list[str]:
        barrier.wait()
        done = []
        for number in range(5):
            found = drafts.get("alice", kept.id)
            assert found is not None
            try:
                drafts.edit("alice", kept.id, {"projet": f"{name}-{number}"}, found.revision)
            except DraftChanged:
                continue
            done.append(f"{name}-{number}")
        return done

    with ThreadPoolExecutor(4) as pool:
        done = [text for texts in pool.map(write, range(4)) for text in texts]
    last = drafts.get("alice", kept.id)
    assert last is not None
    assert last.revision == 1 + len(done)
    assert last.content.sections[0].text in done


# ---------------------------------------------------------------- an act and its line


def test_an_act_that_cannot_be_recorded_is_not_done(drafts: Drafts, database: Database) -> None:
    kept = keep_draft(drafts)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_lines RENAME TO elsewhere"))
    with pytest.raises(StorageFailed):
        keep_draft(drafts)
    with pytest.raises(StorageFailed):
        drafts.edit("alice", kept.id, {"projet": "Autre."}, 1)
    with pytest.raises(StorageFailed):
        drafts.record("draft_read", "alice", kept)
    with pytest.raises(StorageFailed):
        drafts.delete("alice", kept.id)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO audit_lines"))
    assert drafts.get("alice", kept.id) == kept
    assert len(drafts.summaries("alice")) == 1
