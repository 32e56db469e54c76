"""Retention: what is too old goes, at start, every day and by command."""

import os
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from ingest.errors import StorageFailed
from ingest.settings import ROOT
from server.evaluation_schemas import RunState
from server.quality.runs import Runs
from server.retention import DAY_S, Retention, limit_of, purge_daily
from server.settings import ServerSettings
from server.store.conversations import Conversations
from server.store.drafts import Drafts
from server.store.opening import Stores, open_stores
from tests.drafts import keep_draft
from tests.quality_runs import hold, make_run
from tests.stores import Clock, keep

pytest_plugins = ["tests.store_fixtures"]


class Stop(Exception):
    """The test has seen enough."""


def test_the_limit_counts_back_from_now() -> None:
    now = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert limit_of(365, now) == datetime(2025, 11, 22, 9, 0, tzinfo=UTC)


def test_a_retention_without_end_is_refused_and_the_longest_can_be_counted() -> None:
    with pytest.raises(ValidationError, match="conversation_days"):
        ServerSettings(conversation_days=999_999, _env_file=None)
    longest = ServerSettings(conversation_days=36_500, _env_file=None).conversation_days
    assert limit_of(longest, datetime(2026, 11, 22, tzinfo=UTC)).year == 1926


def filled(url: str, folder: Path, *ages: int) -> Stores:
    """Open stores with one conversation and one draft, which is kept for 30 days, of each age, in days."""
    clock = Clock()
    stores = open_stores(url, None, folder, clock)
    for age in ages:
        clock.now = datetime.now(UTC) - timedelta(days=age)
        keep(stores.conversations, f"Question d’il y a {age} jours ?", conversation=f"c{age}")
        keep_draft(stores.drafts)
    clock.now = datetime.now(UTC)
    return stores


def retention(stores: Stores, folder: Path) -> Retention:
    """Keep conversations for 30 days, and runs for 60."""
    return Retention(stores, 30, 365, Runs(folder / "evaluations"), 60)


async def test_a_purge_runs_at_start_and_then_every_day(database_url: str, tmp_path: Path) -> None:
    waited: list[float] = []
    with closing(filled(database_url, tmp_path, 10, 31, 400)) as stores:
        seen: list[tuple[list[str], int]] = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)
            kept = [line.id for line in stores.conversations.summaries("alice")]
            seen.append((kept, len(stores.drafts.summaries("alice"))))
            if len(waited) == 1:
                add_old(stores)
            if len(waited) == 3:
                raise Stop

        with pytest.raises(Stop):
            await purge_daily(retention(stores, tmp_path), sleep)
        found = [line.act for line in stores.audit.lines() if line.act.act == "purge"]
    assert waited == [DAY_S] * 3
    assert seen == [(["c10"], 1)] * 3
    assert [act.actor for act in found] == ["fanal"] * 3
    counted = [(act.counts["conversations"], act.counts["drafts"]) for act in found]
    assert counted == [(2, 2), (1, 1), (0, 0)]


def test_runs_and_cached_answers_that_have_had_their_time_go(database_url: str, tmp_path: Path) -> None:
    folder, now = tmp_path / "evaluations", datetime.now(UTC)
    made: list[tuple[str, int, RunState]] = [
        ("ancienne", 61, "done"),
        ("recente", 59, "done"),
        ("interrompue", 61, "interrupted"),
        ("en-cours", 61, "running"),
    ]
    for name, age, state in made:
        begun = now - timedelta(days=age, minutes=1)
        make_run(folder, name, cases=1, state=state, started_at=begun, finished_at=None)
    for name, age in {"20260101-000000-abimee": 61, "20260102-000000-abimee": 0}.items():
        (folder / name).mkdir()
        os.utime(folder / name, times=(0, now.timestamp() - age * DAY_S))
    answers = [folder / "answers" / "ab" / name for name in ("vieille.json", "neuve.json")]
    answers[0].parent.mkdir(parents=True)
    for path, age in zip(answers, (61, 1), strict=True):
        path.touch()
        os.utime(path, times=(0, now.timestamp() - age * DAY_S))
    with closing(filled(database_url, tmp_path)) as stores, hold(folder / "en-cours"):
        report = retention(stores, tmp_path).purge("alice")
    assert report.evaluations == 3
    assert {path.name for path in folder.iterdir()} == {
        "recente",
        "en-cours",
        "20260102-000000-abimee",
        "answers",
    }
    assert [path.exists() for path in answers] == [False, True]


def add_old(stores: Stores) -> None:
    def then() -> datetime:
        return datetime.now(UTC) - timedelta(days=40)

    database = stores.conversations._database
    keep(Conversations(database, then), "Vieille ?", conversation="vieille")
    keep_draft(Drafts(database, stores.drafts._keyring, then))


async def test_a_purge_that_fails_is_logged_and_tried_again(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[str] = []

    def purge(self: Retention, actor: str) -> int:
        attempts.append(actor)
        if len(attempts) == 1:
            raise StorageFailed("Le disque est plein.")
        raise Stop

    async def sleep(_: float) -> None: ...

    with closing(filled(database_url, tmp_path)) as stores:
        monkeypatch.setattr(Retention, "purge", purge)
        with pytest.raises(Stop):
            await purge_daily(retention(stores, tmp_path), sleep)
    assert "Le disque est plein." in caplog.text


def command(url: str, data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server", "purge", *arguments],
        cwd=ROOT, env={"PATH": "/usr/bin:/bin", "FANAL_DATABASE_URL": url, "FANAL_DATA_DIR": str(data), **environment},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.slow
def test_the_command_says_what_it_deleted(database_url: str, tmp_path: Path) -> None:
    with closing(filled(database_url, tmp_path, 1, 10, 40, 400)) as stores:  # the server runs meanwhile
        done = command(database_url, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("1 conversation supprimée : aucune question depuis le ")
        assert "3 gardées.\nSynthèses et brouillons arrivés à leur terme : 2 supprimés ; " in done.stdout
        done = command(database_url, tmp_path, FANAL_CONVERSATION_DAYS="5")
        assert done.stdout.startswith("2 conversations supprimées : ")
        done = command(database_url, tmp_path, "--before", date.today().isoformat())
        assert "à 00:00. 0 gardée." in done.stdout
        assert stores.conversations.count() == 0
        assert len(stores.drafts.summaries("alice")) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("day", "said"), [("22/11/2026", "écrivez-la AAAA-MM-JJ"), ("9999-01-01", "n’est pas encore passé")]
)
def test_a_day_that_cannot_be_is_refused(database_url: str, tmp_path: Path, day: str, said: str) -> None:
    with closing(filled(database_url, tmp_path, 400)) as stores:
        done = command(database_url, tmp_path, "--before", day)
        assert done.returncode == 2
        assert said in done.stderr
        assert stores.conversations.count() == 1


@pytest.mark.slow
def test_a_command_without_the_key_of_the_drafts_deletes_nothing(database_url: str, tmp_path: Path) -> None:
    with closing(filled(database_url, tmp_path, 400)) as stores:
        (tmp_path / "drafts.key").unlink()
        done = command(database_url, tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith("Erreur : La clé des synthèses manque, et 1 sont scellées")
        assert stores.conversations.count() == 1


@pytest.mark.slow
def test_a_database_that_is_none_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "fanal.sqlite").write_text("Ceci n’est pas une base. " * 100, "utf-8")
    done = command(f"sqlite:///{tmp_path / 'fanal.sqlite'}", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("Erreur : La base des conversations")
    assert "Traceback" not in done.stderr
