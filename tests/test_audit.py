"""The audit: what is in it, what never is, and that nobody changes it unseen."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import text

from ingest.errors import StorageFailed
from server.audit_table import ACTS, written
from server.store import audit as audit_module
from server.store.audit import Act, ActName, Audit, KeptAct, opaque
from server.store.database import Database, open_database
from tests.postgres_cluster import Cluster
from tests.stores import START, Clock

pytest_plugins = ["tests.store_fixtures"]

LONG_AGO = START - timedelta(days=2_000)
"""The database itself tells the age of a line, by its own clock."""


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = LONG_AGO
    return clock


def lines(audit: Audit) -> list[KeptAct]:
    return list(audit.lines())


def filled(audit: Audit, count: int = 5) -> None:
    for number in range(count):
        audit.record(Act("draft_read", "alice", opaque(f"d{number}"), "bilan", "modele", {"masks": number}))


def without_triggers(database: Database) -> None:
    """Take the guards away, as an administrator of the database can."""
    sqlite = [
        "audit_lines_are_not_changed",
        "audit_lines_are_not_deleted",
        "audit_removals_are_of_old_lines",
        "audit_removals_are_not_changed",
        "audit_removals_are_not_deleted",
    ]
    with database.engine.begin() as connection:
        if database.engine.dialect.name == "sqlite":
            for name in sqlite:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("DROP FUNCTION fanal_audit_is_append_only() CASCADE")


# ---------------------------------------------------------------- append-only


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_lines SET actor = 'bob' WHERE number = 2",
        "UPDATE audit_lines SET number = 9 WHERE number = 5",
        "DELETE FROM audit_lines WHERE number = 2",
        "DELETE FROM audit_lines",
        "INSERT INTO audit_removals (upto, at, hash) VALUES (4, '2026-11-22 09:00:00+00', '')",
        "INSERT INTO audit_removals (upto, at, hash) VALUES (999, '2026-11-22 09:00:00+00', '')",
        "UPDATE audit_removals SET upto = 5",
        "DELETE FROM audit_removals",
    ],
)
def test_no_line_is_changed_or_deleted(
    audit: Audit, database: Database, clock: Clock, statement: str
) -> None:
    filled(audit, 1)
    clock.forward(days=10)
    filled(audit, 3)
    audit.purge(LONG_AGO + timedelta(days=5), "fanal")
    before = lines(audit)
    with pytest.raises(StorageFailed):
        database.write(lambda session: session.execute(text(statement)))
    assert lines(audit) == before


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["audit_lines", "audit_removals"])
def test_postgresql_does_not_empty_it_either(postgres: Cluster, table: str) -> None:
    url = postgres.make()
    with closing(open_database(url)) as database:
        filled(Audit(database))
        with pytest.raises(StorageFailed):
            database.write(lambda session: session.execute(text(f"TRUNCATE {table}")))
        assert len(lines(Audit(database))) == 5
    postgres.drop(url)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("DELETE FROM audit_lines WHERE number = 3", [4]),
        ("DELETE FROM audit_lines WHERE number <= 2", [3]),
        ("UPDATE audit_lines SET actor = 'bob' WHERE number = 3", [3]),
        ("UPDATE audit_lines SET hash = previous WHERE number = 3", [3, 4]),
        ("UPDATE audit_lines SET counts = '{\"masks\": 8}' WHERE number = 1", [1]),
        ("SELECT 1", []),
    ],
)
def test_what_is_changed_behind_its_back_shows(
    audit: Audit, database: Database, statement: str, broken: list[int]
) -> None:
    filled(audit)
    without_triggers(database)
    database.write(lambda session: session.execute(text(statement)))
    assert [line.number for line in lines(audit) if not line.intact] == broken


def test_writers_at_once_make_one_chain(audit: Audit) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: filled(audit, 10), range(4)))
    found = lines(audit)
    assert [line.number for line in found] == list(range(1, 41))
    assert all(line.intact for line in found)


def test_a_long_audit_is_read_by_pieces(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(audit, 7)
    whole = lines(audit)
    monkeypatch.setattr(audit_module, "READ_AT_ONCE", 3)
    assert lines(audit) == whole


def test_days_can_be_chosen(audit: Audit, clock: Clock) -> None:
    for _ in range(4):
        filled(audit, 1)
        clock.forward(days=1)
    second, third = (LONG_AGO.date() + timedelta(days=days) for days in (1, 2))
    assert [line.number for line in audit.lines(second, third)] == [2, 3]
    assert [line.number for line in audit.lines(third)] == [3, 4]
    assert [line.number for line in audit.lines(None, second)] == [1, 2]
    assert all(line.intact for line in audit.lines(third))


# ---------------------------------------------------------------- its own retention


def test_the_oldest_lines_go_and_the_chain_goes_on(audit: Audit, clock: Clock) -> None:
    filled(audit, 3)
    clock.forward(days=400)
    filled(audit, 2)
    assert audit.purge(clock.now - timedelta(days=365), "fanal") == 3
    assert audit.purge(clock.now - timedelta(days=365), "fanal") == 0
    found = lines(audit)
    assert [(line.number, line.act.act) for line in found] == [
        (4, "draft_read"),
        (5, "draft_read"),
        (6, "audit_purged"),
    ]
    assert found[-1].act.counts == {"lines": 3}
    assert all(line.intact for line in found)


def test_young_lines_go_by_no_way(audit: Audit, database: Database, clock: Clock) -> None:
    clock.now = datetime.now(UTC) - timedelta(days=179)
    filled(audit, 2)
    with pytest.raises(StorageFailed):
        audit.purge(datetime.now(UTC), "fanal")
    last = lines(audit)[-1]
    removal = text("INSERT INTO audit_removals (upto, at, hash) VALUES (2, :at, :hash)")
    with pytest.raises(StorageFailed):
        database.write(
            lambda session: session.execute(removal, {"at": "2020-01-01 00:00:00+00", "hash": last.hash})
        )
    assert len(lines(audit)) == 2


def test_an_audit_that_is_all_too_old_begins_where_it_ended(audit: Audit, clock: Clock) -> None:
    filled(audit, 3)
    clock.forward(days=400)
    assert audit.purge(clock.now, "fanal") == 3
    filled(audit, 1)
    assert [(line.number, line.intact) for line in lines(audit)] == [(4, True), (5, True)]


def test_a_clock_that_was_set_back_keeps_what_follows(audit: Audit, clock: Clock) -> None:
    filled(audit, 1)
    clock.forward(days=100)
    filled(audit, 1)
    clock.forward(days=-100)
    filled(audit, 1)
    assert audit.purge(LONG_AGO + timedelta(days=50), "fanal") == 1
    assert [line.number for line in lines(audit)] == [2, 3, 4]


def test_lines_that_were_purged_are_in_no_file(tmp_path: Path) -> None:
    path = tmp_path / "fanal.sqlite"
    clock = Clock()
    clock.now = LONG_AGO
    with closing(open_database(f"sqlite:///{path}")) as database:
        audit = Audit(database, clock)
        audit.record(Act("search", "identifiant-d-alice"))
        clock.forward(days=400)
        audit.purge(clock.now, "fanal")
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"identifiant-d-alice" not in held


# ---------------------------------------------------------------- what is written


def test_an_id_that_its_user_chose_is_told_by_its_hash() -> None:
    ours = "0123456789abcdef" * 2
    assert opaque(ours) == ours
    for chosen in ("Jean_Dupont", "0612345678", ours.upper(), f"{ours}\n", ""):
        assert opaque(chosen).startswith("sha256:")
        assert chosen not in opaque(chosen) or not chosen
    assert opaque("Jean_Dupont") == opaque("Jean_Dupont")


def test_a_line_that_cannot_be_kept_is_said_or_logged(
    audit: Audit, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_lines RENAME TO elsewhere"))
    with pytest.raises(StorageFailed):
        audit.record(Act("mask", "alice"))
    audit.note(Act("search", "alice"))
    assert "not in the audit (search, object none)" in caplog.text


def test_every_act_has_its_words() -> None:
    assert set(ACTS) == set(get_args(ActName))


def test_the_table_is_one_that_a_spreadsheet_reads_and_does_not_run(audit: Audit) -> None:
    for actor in ("=HYPERLINK(1)", "+33", "-1", "@x", "\tx", 'un "nom" ; en deux', "deux\nlignes"):
        audit.record(Act("source_forgotten", actor, "procédures", counts={"documents": 3}))
    table = "".join(written(audit.lines()))
    assert table.startswith("\ufeff")
    assert table.encode().startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(table.removeprefix("\ufeff")), delimiter=";")
    assert header[:4] == ["Numéro", "Date (UTC)", "Qui", "Acte"]
    assert [row[2] for row in rows[:4]] == ["'=HYPERLINK(1)", "'+33", "'-1", "'@x"]
    assert rows[5][2] == 'un "nom" ; en deux'
    assert rows[0][1] == f"{LONG_AGO:%Y-%m-%d} 09:00:00"
    assert rows[0][3:8] == ["source retirée", "procédures", "", "", "documents 3"]
    assert {len(row) for row in rows} == {len(header)}
    assert {row[-1] for row in rows} == {"intacte"}
