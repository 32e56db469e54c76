"""A run that is stopped: by a key, by a kill, by a full disk, by a server that goes; and how it goes on."""

import asyncio
import errno
import io
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from eval.asking import LocalAsker, ServerGone
from eval.exchanges import Asked
from eval.run import RunOptions, run
from eval.run_folder import begin, take_up
from ingest.errors import StorageFailed
from ingest.settings import ROOT
from server.case_schemas import Case
from server.evaluation_schemas import CaseResult, CaseTiming, RunView
from server.quality.run_files import read_view
from server.settings import ServerSettings
from tests.evaluating import case, use, write_cases

pytest_plugins = ["tests.evaluating_fixtures"]

IDS = ("reclamation", "transport", "inconnu", "sans-droit", "budget")


def view_of(run_id: str, suite: str = "essai") -> RunView:
    return RunView(
        id=run_id, suite=suite, title="Essai", suite_digest="d", state="running", started_at=datetime.now(UTC),
        cases=5, seed=1,
    )  # fmt: skip


def an_asked(case_id: str, **fields: Any) -> Asked:
    return Asked(
        CaseResult(case=case(case_id), **fields), CaseTiming(case_id=case_id, timings={"total": 1.0})
    )


def test_what_was_done_is_taken_up_and_what_failed_is_asked_again(tmp_path: Path) -> None:
    folder = begin(tmp_path, "Ma suite : n°1", view_of)
    assert folder.path.name.endswith("-ma-suite-n-1")
    folder.note_asked(an_asked("reclamation"))
    folder.note_asked(an_asked("transport", status="failed", error="Erreur 500"))
    folder.note_asked(an_asked("budget", status="skipped", error="Sans droit"))
    folder.close()
    again = take_up(tmp_path, lambda view: view.suite == "essai")
    assert again is not None
    assert again.path == folder.path
    assert again.asked() == {
        "reclamation": an_asked("reclamation"),
        "budget": an_asked("budget", status="skipped", error="Sans droit"),
    }
    again.close()


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_line_that_was_cut_short_is_asked_again(tmp_path: Path, cut: int) -> None:
    folder = begin(tmp_path, "essai", view_of)
    for case_id in IDS[:2]:
        folder.note_asked(an_asked(case_id))
    folder.close()
    progress = folder.path / "progress.jsonl"
    progress.write_bytes(progress.read_bytes()[:-cut])
    again = take_up(tmp_path, lambda _: True)
    assert again is not None
    assert set(again.asked()) == {"reclamation"}
    again.note_asked(an_asked("transport"))
    assert set(again.asked()) == {"reclamation", "transport"}
    again.close()


def test_a_run_that_another_program_makes_is_left_to_it(tmp_path: Path) -> None:
    first = begin(tmp_path, "essai", view_of)
    assert take_up(tmp_path, lambda _: True) is None
    second = begin(tmp_path, "essai", view_of)
    assert first.path != second.path
    first.close()
    second.close()


def test_another_suite_and_a_finished_run_are_not_taken_up(tmp_path: Path) -> None:
    folder = begin(tmp_path, "essai", view_of)
    folder.close()
    assert take_up(tmp_path, lambda view: view.suite == "autre") is None
    again = take_up(tmp_path, lambda _: True)
    assert again is not None
    again.finish(again.view.model_copy(update={"state": "done"}), [], [])
    again.close()
    assert take_up(tmp_path, lambda _: True) is None
    assert not (folder.path / "run.lock").exists()


def test_a_folder_that_is_no_run_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "20260101-000000-x").mkdir()
    (tmp_path / "20260101-000000-x" / "run.json").write_text("{", "utf-8")
    assert take_up(tmp_path, lambda _: True) is None


class FullDisk(io.BytesIO):
    """A file of a disk that has no room left."""

    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = begin(tmp_path, "essai", view_of)
    folder.note_asked(an_asked("reclamation"))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda *_, **__: FullDisk())
        with pytest.raises(StorageFailed, match="plein"), folder.interruptible():
            folder.note_asked(an_asked("transport"))
    assert read_view(folder.path).state == "running", "nothing could be written"
    folder.close()
    again = take_up(tmp_path, lambda _: True)
    assert again is not None
    assert set(again.asked()) == {"reclamation"}
    again.close()


# ---------------------------------------------------------------- whole runs


@pytest.fixture(scope="module")
def suite(settings: ServerSettings) -> Path:
    return write_cases(settings.data_dir.parent / "essai.jsonl", *map(case, IDS))


@pytest.fixture(scope="module")
def whole(settings: ServerSettings, suite: Path) -> bytes:
    """`cases.jsonl` of a run that nothing stopped."""
    with pytest.MonkeyPatch.context() as patch:
        use(patch, settings)
        view = measure(suite)
    return (settings.data_dir / "evaluations" / view.id / "cases.jsonl").read_bytes()


def measure(suite: Path, **options: Any) -> RunView:
    return run(RunOptions(str(suite), use_cache=False, concurrency=1, **options), Console(file=StringIO()))


def stopped_by(monkeypatch: pytest.MonkeyPatch, error: BaseException, at: int = 3) -> list[str]:
    """Have the asking stopped at a case; gives the ids that are asked."""
    asked: list[str] = []
    ask = LocalAsker.ask

    async def ask_until(self: LocalAsker, one: Case) -> Asked:
        asked.append(one.id)
        if len(asked) == at:
            if isinstance(error, KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(30)
            raise error
        return await ask(self, one)

    monkeypatch.setattr(LocalAsker, "ask", ask_until)
    return asked


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), ServerGone("Le serveur ne répond plus."), StorageFailed("Plein.")],
    ids=repr,
)
def test_a_run_that_was_stopped_goes_on_and_ends_in_the_same_file(
    whole: bytes, own: Path, suite: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    with monkeypatch.context() as patch:
        asked = stopped_by(patch, error)
        with pytest.raises(type(error)):
            measure(suite)
        assert asked == list(IDS[:3])
    [stopped] = [path.parent for path in own.glob("2*/run.json") if read_view(path.parent).state != "done"]
    assert read_view(stopped).state == "interrupted"
    asked = stopped_by(monkeypatch, AssertionError(), at=99)
    view = measure(suite)
    assert view.id == stopped.name
    assert asked == list(IDS[2:])
    assert (stopped / "cases.jsonl").read_bytes() == whole
    assert not (stopped / "progress.jsonl").exists()


def test_fresh_begins_anew(own: Path, suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stopped_by(patch, ServerGone("Parti."))
        with pytest.raises(ServerGone):
            measure(suite)
    asked = stopped_by(monkeypatch, AssertionError(), at=99)
    assert measure(suite, fresh=True).id not in {
        path.parent.name for path in own.glob("2*/run.json") if read_view(path.parent).state != "done"
    }
    assert asked == list(IDS)


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_and_ends_in_the_same_file(
    whole: bytes, settings: ServerSettings, own: Path, suite: Path
) -> None:
    many = write_cases(
        suite.with_name("beaucoup.jsonl"),
        *(case(IDS[at % 5]).model_copy(update={"id": f"c{at}"}) for at in range(200)),
    )
    command = [sys.executable, "-m", "eval", "run", str(many), "--no-cache"]
    start = partial(subprocess.Popen, command, cwd=ROOT, stdout=subprocess.DEVNULL)
    with start() as process:
        progress = wait_for(own, process, lines=20)
        process.kill()
        process.wait()
    stopped = progress.parent
    assert read_view(stopped).state == "running", "nobody could say that it was killed"
    done = progress.read_bytes().count(b"\n")
    with progress.open("ab") as file:
        file.write(b'{"result": {"case": {"id": "c1')  # as a kill in the middle of a write leaves it
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert read_view(stopped).state == "done"
    assert 20 <= done < 200
    assert subprocess.run([*command, "--fresh"], cwd=ROOT, capture_output=True, check=False).returncode == 0
    files = [
        path.parent / "cases.jsonl" for path in own.glob("2*/run.json") if "beaucoup" in path.parent.name
    ]
    assert len(files) == 2
    assert files[0].read_bytes() == files[1].read_bytes()


def wait_for(own: Path, process: "subprocess.Popen[bytes]", lines: int) -> Path:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        for path in own.glob("2*beaucoup*/progress.jsonl"):
            if path.read_bytes().count(b"\n") >= lines:
                return path
        time.sleep(0.02)
    raise AssertionError("the run did not get that far")
