"""What the judge answered: kept, forgotten after its time, and done without where the file cannot be had."""

import sqlite3
import time
from pathlib import Path

import pytest

from eval.judging.cache import DAY_S, JudgementCache


def test_an_answer_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "answers" / "judge.sqlite"
    cache = JudgementCache(path)
    cache.put("a", "oui")
    cache.close()
    assert JudgementCache(path).get("a") == "oui"
    assert [one for one in (path, path.parent) if one.stat().st_mode & 0o077] == []


def test_what_served_nobody_for_long_is_deleted_and_what_served_stays(tmp_path: Path) -> None:
    path = tmp_path / "judge.sqlite"
    cache = JudgementCache(path)
    cache.put("ancien", "oui")
    cache.put("utile", "oui")
    cache.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE answers SET last_used = ?", (time.time() - 10 * DAY_S,))
    cache = JudgementCache(path)
    assert cache.get("utile") == "oui"
    cache.close()
    cache = JudgementCache(path, keep_days=5)
    assert (cache.get("ancien"), cache.get("utile")) == (None, "oui")
    cache.close()


def test_a_file_of_before_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "judge.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE answers (asked TEXT PRIMARY KEY, answer TEXT NOT NULL)")
        database.execute("INSERT INTO answers VALUES ('a', 'oui')")
    cache = JudgementCache(path, keep_days=1)
    assert cache.get("a") == "oui"
    cache.put("b", "non")
    assert cache.get("b") == "non"
    cache.close()


@pytest.mark.parametrize("way", ["folder", "damaged", "read-only"])
def test_a_file_that_cannot_be_had_costs_the_cache_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    path = tmp_path / "judge.sqlite"
    if way == "folder":
        path.mkdir()
    elif way == "damaged":
        path.write_bytes(b"rien d'une base" * 100)
    else:
        (tmp_path / "fichier").write_text("", "utf-8")
        path = tmp_path / "fichier" / "judge.sqlite"
    cache = JudgementCache(path, keep_days=1)
    cache.put("a", "oui")
    assert cache.get("a") is None
    cache.close()
    assert len(caplog.records) == 1


def test_a_file_that_another_program_holds_costs_the_cache(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.judging.cache.PATIENCE_S", 0.01)
    cache = JudgementCache(tmp_path / "judge.sqlite")
    cache.put("a", "oui")
    other = sqlite3.connect(tmp_path / "judge.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    cache.put("b", "non")
    assert cache.get("b") is None
    other.close()
    cache.close()
    assert len(caplog.records) == 1
