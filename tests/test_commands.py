"""What an administrator types: exit statuses, and the lines that tell what to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.__main__ import main
from ingest.documents import Kind
from ingest.runs import due
from ingest.sources.config import SourceConfig
from ingest.standing import SourceState
from ingest.status import months_before
from tests.support import WordEmbedder

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def organisation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "organisation"
    (folder / "notes").mkdir(parents=True)
    for number in range(4):
        (folder / "notes" / f"note-{number}.md").write_text(f"# Note {number}\n\nTexte {number}.\n")
    (folder / "sources.toml").write_text(
        '[[source]]\nname = "notes"\nkind = "procedure"\nfolder = "notes"\n'
        '[[source]]\nname = "a-la-main"\nkind = "procedure"\nfolder = "notes"\nschedule = "manual"\n'
    )
    monkeypatch.setenv("FANAL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FANAL_SOURCES_FILE", str(folder / "sources.toml"))
    monkeypatch.setattr("ingest.opening.open_embedder", lambda _: WordEmbedder())
    return folder


def test_a_run_then_status_tell_what_is_indexed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "notes"]) == 0
    assert "notes : 4 ajoutés, 0 modifiés, 0 inchangés, 0 retirés ; 4 passages" in capsys.readouterr().out
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    assert "notes" in shown
    assert "100%" in shown
    assert "Jamais lues : a-la-main" in shown


def test_failures_give_status_one_and_their_reason_on_one_line(
    organisation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "un nom de fichier assez long pour dépasser la largeur d'un écran [brouillon].txt"
    (organisation / "notes" / name).write_bytes(b"")
    assert main(["run", "notes"]) == 1
    assert f"  à voir : {name} : le fichier est vide\n" in capsys.readouterr().out
    main(["status", "notes"])
    assert f"{name} : le fichier est vide (1 essai)" in capsys.readouterr().out


def test_a_source_that_left_the_file_is_named_until_it_is_forgotten(
    organisation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", "notes"])
    (organisation / "sources.toml").write_text("")
    main(["status"])
    assert "python -m ingest forget notes" in capsys.readouterr().out
    assert main(["forget", "notes"]) == 0
    assert "4 documents retirés" in capsys.readouterr().out


def test_forgetting_what_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "fautedefrappe"]) == 2
    assert "Aucune source « fautedefrappe »" in capsys.readouterr().err


def test_due_reads_what_its_schedule_asks_for_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--due"]) == 0
    assert "a-la-main" not in capsys.readouterr().out
    assert main(["run", "--due"]) == 0
    assert "Aucune source" in capsys.readouterr().out
    assert main(["run", "--due", "a-la-main"]) == 0
    assert "Aucune source" in capsys.readouterr().out


def state(last_run: datetime | None, problem: str | None = None) -> SourceState:
    finished = last_run.isoformat() if last_run else None
    return SourceState(Kind.PROCEDURE, ("*",), 1, 1, 1, 1, 0, 0, 0, finished, problem, finished or "")


@pytest.mark.parametrize(
    ("schedule", "last", "expected"),
    [
        ("daily", NOW - timedelta(hours=23, minutes=45), True),  # last night's run ended a quarter past
        ("daily", NOW - timedelta(hours=20), False),
        ("hourly", NOW - timedelta(minutes=50), True),
        ("hourly", NOW - timedelta(minutes=20), False),
        ("weekly", NOW - timedelta(days=6), False),
        ("weekly", NOW - timedelta(days=7), True),
        ("monthly", NOW - timedelta(days=31), True),
        ("manual", NOW - timedelta(days=900), False),
        ("daily", None, True),
    ],
)
def test_a_source_is_due_by_its_schedule(schedule: str, last: datetime | None, expected: bool) -> None:
    config = SourceConfig(name="notes", kind=Kind.PROCEDURE, folder=Path("notes"), schedule=schedule)  # type: ignore[arg-type]  # one of the Literal's
    assert bool(due([config], {"notes": state(last)}, NOW)) is expected


def test_a_source_whose_last_run_failed_is_due_at_once() -> None:
    config = SourceConfig(name="notes", kind=Kind.PROCEDURE, folder=Path("notes"))
    assert due([config], {"notes": state(NOW - timedelta(minutes=5), "débranché")}, NOW) == ["notes"]


def test_a_source_whose_last_run_was_cut_is_due_at_once() -> None:
    config = SourceConfig(name="notes", kind=Kind.PROCEDURE, folder=Path("notes"), schedule="monthly")
    cut = replace(state(NOW - timedelta(days=5)), tried=(NOW - timedelta(minutes=5)).isoformat())
    assert due([config], {"notes": cut}, NOW) == ["notes"]


def test_months_before_a_day_stay_within_their_month() -> None:
    assert months_before(datetime(2026, 8, 31).date(), 6).isoformat() == "2026-02-28"
    assert months_before(datetime(2026, 1, 15).date(), 24).isoformat() == "2024-01-15"
