"""Several workers over PostgreSQL and a Qdrant server: real processes, stopped, killed and told to end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from ingest.settings import ROOT
from server.store.alone import LOCK
from server.store.audit import Audit
from server.store.database import open_database
from tests.postgres_cluster import Cluster, programs, running
from tests.qdrant_rest import QdrantRest
from tests.scripted_model import ScriptedModel
from tests.served import serving
from tests.support import OPEN_AND_RESERVED
from tests.worker_server import WorkerServer, until, workers_running

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

QUESTION = "Avant quelle date poser ses congés d’été ?"
LEAVE = "# Congés du personnel\n\nLes congés d’été sont posés avant le 15 mars, dans Quittance.\n"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of this module's own: it is stopped."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's own programs are not installed (apt install postgresql)")
    with running(found) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def qdrant_url() -> Iterator[str]:
    with serving(QdrantRest().app) as url:
        yield url


@pytest.fixture(scope="module")
def environment(
    cluster: Cluster, qdrant_url: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The settings of an organisation with one procedure, which is in its index."""
    folder: Path = tmp_path_factory.mktemp("organisation")
    (folder / "sources.toml").write_text(OPEN_AND_RESERVED, "utf-8")
    for name in ("procedures", "direction"):
        (folder / name).mkdir()
    (folder / "procedures" / "conges.md").write_text(LEAVE, "utf-8")
    (folder / "direction" / "budget.md").write_text("# Budget\n\nDeux recrutements.\n", "utf-8")
    settings = {
        "FANAL_DATA_DIR": str(folder / "data"),
        "FANAL_SOURCES_FILE": str(folder / "sources.toml"),
        "FANAL_QDRANT_URL": qdrant_url,
        "FANAL_DATABASE_URL": cluster.make(),
        "FANAL_EMBED_PROCESSES": "1",
    }
    command = [sys.executable, "-m", "ingest", "run"]
    subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings, "OMP_NUM_THREADS": "1"}, check=True, timeout=120
    )
    return settings


@pytest.fixture(scope="module")
def server(
    environment: dict[str, str], model_endpoint: ScriptedModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkerServer]:
    """Two workers, and a model that says nothing until a test tells it to: answers are extracts."""
    settings = {
        **environment,
        "FANAL_GENERATOR": "openai",
        "FANAL_MODEL_URL": model_endpoint.base_url,
        "FANAL_MODEL_NAME": model_endpoint.name,
    }
    with workers_running(settings, tmp_path_factory.mktemp("log") / "server.log", 2) as server:
        yield server


def asked(server: WorkerServer, conversation: str, question: str = QUESTION) -> dict[str, Any]:
    body = {"question": question, "conversation_id": conversation}
    response = server.ask("POST", "/v1/ask", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def turns(server: WorkerServer, conversation: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.ask("GET", f"/v1/conversations/{conversation}").json()["turns"]
    return found


def rated(server: WorkerServer, answer: dict[str, Any]) -> httpx.Response:
    return server.ask("POST", "/v1/feedback", json={"answer_id": answer["id"], "useful": True})


# ---------------------------------------------------------------- start


def test_what_the_workers_would_refuse_is_refused_before_they_start(
    environment: dict[str, str], tmp_path: Path
) -> None:
    started = time.monotonic()
    url = f"postgresql://fanal:secret-1789@/base?host={tmp_path}"
    settings = {**os.environ, **environment, "FANAL_DATABASE_URL": url, "FANAL_WORKERS": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "server", "--port", "0"],
        cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2, time.monotonic() - started
    assert "Vérifiez que PostgreSQL est démarré" in done.stderr
    assert "secret-1789" not in done.stderr
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------- together


def test_what_one_worker_keeps_the_other_gives(server: WorkerServer) -> None:
    first, second = server.workers()
    with server.only(first):
        answer = asked(server, "c1")
        assert "15 mars" in json.dumps(answer["statements"], ensure_ascii=False)
    with server.only(second):
        [turn] = turns(server, "c1")
        assert turn["answer"]["id"] == answer["id"]
        asked(server, "c1", "Et où les poser ?")
        assert rated(server, answer).status_code == 201
    with server.only(first):
        rows = turns(server, "c1")
        assert (len(rows), rows[0]["feedback"]["useful"]) == (2, True)


def test_an_ingestion_that_one_worker_runs_is_seen_from_the_other_and_is_the_only_one(
    server: WorkerServer,
) -> None:
    first, second = server.workers()
    with server.only(first):
        run = server.ask("POST", "/v1/ingestions", json={}).json()
        os.kill(first, signal.SIGSTOP)  # in the middle of it
    try:
        with server.only(second):
            seen = server.ask("GET", f"/v1/ingestions/{run['id']}").json()
            assert (seen["id"], seen["state"]) == (run["id"], "running")
            assert server.ask("POST", "/v1/ingestions", json={}).status_code == 409
            os.kill(first, signal.SIGCONT)
            until(
                lambda: server.ask("GET", f"/v1/ingestions/{run['id']}").json()["state"] == "done", server.log
            )
            assert [report["source"] for report in _view(server, run)["reports"]] == ["procedures"]
    finally:
        os.kill(first, signal.SIGCONT)
    assert _view(server, run)["state"] == "done"


def _view(server: WorkerServer, run: dict[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = server.ask("GET", f"/v1/ingestions/{run['id']}").json()
    return view


# ---------------------------------------------------------------- killed


def test_a_worker_that_is_killed_comes_back_and_nothing_is_lost(
    server: WorkerServer, environment: dict[str, str]
) -> None:
    answer = asked(server, "c2")
    assert rated(server, answer).status_code == 201
    for victim in server.workers():  # one after the other: the one that does the daily purge is among them
        assert len(lock_holders(environment)) == 1
        server.kill(victim)
        until(lambda: victim not in server.workers(), server.log)  # noqa: B023
        assert server.ask("GET", "/health/live").status_code == 200  # the other one goes on
        server.whole()
        [turn] = turns(server, "c2")
        assert (turn["answer"]["id"], turn["feedback"]["useful"]) == (answer["id"], True)
        until(lambda: len(lock_holders(environment)) == 1, server.log)
    for worker in server.workers():
        with server.only(worker):
            asked(server, f"c2-{worker}")


def lock_holders(environment: dict[str, str]) -> list[Any]:
    """Give the sessions that hold the right to do what one process alone does."""
    statement = text(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = :high AND objid = :low"
    )
    with closing(open_database(environment["FANAL_DATABASE_URL"])) as database:
        held = {"high": LOCK >> 32, "low": LOCK & 0xFFFFFFFF}
        return database.read(lambda session: [*session.scalars(statement, held)])


def test_killed_workers_lose_no_feedback_that_was_acknowledged(
    server: WorkerServer, environment: dict[str, str]
) -> None:
    answers = [asked(server, f"k{number}") for number in range(6)]
    acknowledged: list[str] = []
    stop = threading.Event()

    def rate() -> None:
        while not stop.is_set():
            for answer in answers:
                try:
                    if rated(server, answer).status_code == 201:
                        acknowledged.append(answer["id"])
                except httpx.TransportError:
                    pass  # its worker was killed: nothing was acknowledged

    rating = threading.Thread(target=rate)
    rating.start()
    until(lambda: len(acknowledged) > 3, server.log)
    server.kill(server.workers()[0])
    server.whole()
    before = len(acknowledged)
    until(lambda: len(acknowledged) > before + 3, server.log)
    stop.set()
    rating.join()
    kept = {
        answer["id"]
        for answer in answers
        for turn in turns(server, answer["conversation_id"])
        if turn["feedback"]
    }
    assert set(acknowledged) <= kept
    with closing(open_database(environment["FANAL_DATABASE_URL"])) as database:
        assert all(line.intact for line in Audit(database).lines())


def test_a_database_that_stops_is_said_and_is_used_again_once_it_is_back(
    server: WorkerServer, cluster: Cluster
) -> None:
    answer = asked(server, "c3")
    cluster.stop()
    try:
        refused = rated(server, answer)
        assert refused.status_code == 503
        assert "La base des conversations ne répond pas" in refused.json()["detail"]
        os.kill(
            server.workers()[0], signal.SIGKILL
        )  # its successor waits for the database, and stops nothing
        until(lambda: "a worker waits to start" in server.log.read_text(), server.log)
        assert server.ask("GET", "/health/live").status_code == 200
    finally:
        cluster.start()
    assert rated(server, answer).status_code == 201
    server.whole()
    for worker in server.workers():
        with server.only(worker):
            assert turns(server, "c3")[0]["feedback"]["useful"]


# ---------------------------------------------------------------- end


def test_told_to_stop_it_ends_the_answers_that_are_being_written(
    server: WorkerServer, model: ScriptedModel
) -> None:
    """The last test that the server is there for."""
    model.says(*json.dumps({"abstain": False, "statements": []}), pause_s=0.05)
    body = {"question": QUESTION, "conversation_id": "c4"}
    with httpx.stream(
        "POST", f"{server.url}/v1/ask", json=body, headers={"Accept": "text/event-stream"}, timeout=60
    ) as response:
        assert response.status_code == 200
        until(lambda: bool(model.requests), server.log)
        server.process.terminate()
        events = [line for line in response.iter_lines() if line.startswith("event:")]
    assert events[-1] == "event: done"
    assert server.process.wait(60) == 0
