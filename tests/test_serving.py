"""How the server is started: what uvicorn is told, what its log leaves out, and runs that outlive it."""

import gc
import logging
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from server.ingestion_runs import INTERRUPTED, KEPT_RUNS, RunFiles
from server.schemas import IngestionView
from server.serving import DRAIN_S, SWITCH_S, _app, _options, _plain, _without_query
from server.settings import ServerSettings


def record(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("uvicorn", logging.INFO, "", 0, message, args, None)


async def test_a_serving_process_gives_way_often_and_leaves_what_it_loaded_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.app.create_app", lambda _settings: FastAPI())
    app = _app(ServerSettings(_env_file=None))
    before, frozen = sys.getswitchinterval(), gc.get_freeze_count()
    try:
        async with app.router.lifespan_context(app):
            assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
            assert gc.get_freeze_count() > frozen
    finally:
        sys.setswitchinterval(before)
        gc.unfreeze()


def test_only_trusted_proxies_are_believed() -> None:
    options = _options(ServerSettings(trusted_proxies="10.0.0.7,10.0.0.6", _env_file=None))
    assert (options["proxy_headers"], options["forwarded_allow_ips"]) == (True, ["10.0.0.6", "10.0.0.7"])
    assert options["timeout_graceful_shutdown"] == DRAIN_S


def test_without_any_proxy_nobody_is_believed() -> None:
    assert _options(ServerSettings(trusted_proxies=frozenset(), _env_file=None))["proxy_headers"] is False


def test_the_access_log_leaves_out_what_was_asked() -> None:
    line = record('%s - "%s %s HTTP/%s" %d', "127.0.0.1", "GET", "/v1/pages?quote=secret", "1.1", 200)
    assert _without_query(line)
    assert "secret" not in line.getMessage()
    assert "/v1/pages" in line.getMessage()


def test_a_refused_start_is_told_without_its_traceback() -> None:
    line = record(
        "Traceback (most recent call last):\n  …\ningest.errors.IndexBusy: L’index est déjà ouvert.\n"
    )
    assert _plain(line)
    assert line.getMessage() == "L’index est déjà ouvert."


# ---------------------------------------------------------------- where an ingestion stands


RUN = "0" * 31 + "1"


def view(run_id: str = RUN, **fields: object) -> IngestionView:
    values = {"state": "running", "stage": "lecture", "source": "notes", "done": 1, "total": 4, "reports": []}
    return IngestionView(id=run_id, embedded=0, to_embed=0, **{**values, **fields})  # type: ignore[arg-type]


def test_a_run_is_seen_while_its_process_makes_it_and_as_it_ended(tmp_path: Path) -> None:
    making, seeing = RunFiles(tmp_path), RunFiles(tmp_path)
    file = making.begin(RUN)
    file.write(view())
    assert seeing.view(RUN) == view()
    file.write(view(state="done", done=4))
    file.close()
    assert seeing.view(RUN) == view(state="done", done=4)
    assert (tmp_path / "ingestions" / f"{RUN}.json").stat().st_mode & 0o777 == 0o600


def test_a_run_whose_process_was_killed_is_told_interrupted(tmp_path: Path) -> None:
    file = RunFiles(tmp_path).begin(RUN)
    file.write(view())
    file.close()  # as the system does for a process that is killed
    seen = RunFiles(tmp_path).view(RUN)
    assert seen is not None
    assert (seen.state, seen.error) == ("failed", INTERRUPTED)


@pytest.mark.parametrize("run_id", ["1" * 32, "../ingest", "x", ""])
def test_a_run_that_is_none_is_not_found(tmp_path: Path, run_id: str) -> None:
    assert RunFiles(tmp_path).view(run_id) is None


def test_a_file_that_another_version_wrote_is_no_run(tmp_path: Path) -> None:
    RunFiles(tmp_path).begin(RUN).close()
    (tmp_path / "ingestions" / f"{RUN}.json").write_text('{"id": 1}')
    assert RunFiles(tmp_path).view(RUN) is None


def test_the_oldest_runs_are_forgotten(tmp_path: Path) -> None:
    files = RunFiles(tmp_path)
    for number in range(KEPT_RUNS + 3):
        with_id = f"{number:032x}"
        file = files.begin(with_id)
        file.write(view(with_id))
        file.close()
    files.begin("f" * 32).close()
    assert len(list((tmp_path / "ingestions").glob("*.json"))) == KEPT_RUNS
