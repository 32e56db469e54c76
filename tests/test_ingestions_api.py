"""Runs through the server: what is asked reaches the run, one at a time, and a source can be taken out."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ingest.lock import run_lock
from server.app import create_app
from server.settings import ServerSettings
from tests.support import WordEmbedder


@pytest.fixture
def organisation(tmp_path: Path) -> Path:
    folder = tmp_path / "organisation"
    for name in ("notes", "direction"):
        (folder / name).mkdir(parents=True)
        for number in range(4):
            (folder / name / f"{name}-{number}.md").write_text(
                f"# {name} {number}\n\nTexte numéro {number}.\n"
            )
    (folder / "sources.toml").write_text(
        '[[source]]\nname = "notes"\nkind = "procedure"\nfolder = "notes"\nreview_months = 6\n'
        '[[source]]\nname = "direction"\nkind = "procedure"\nfolder = "direction"\ngroups = ["direction"]\n'
    )
    (folder / "notes" / "metadonnees.csv").write_text(
        "fichier;date;revu_le\nnotes-0.md;2020-01-15;\nnotes-1.md;2020-01-15;2026-11-01\n"
    )
    return folder


@pytest.fixture
def settings(organisation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServerSettings:
    monkeypatch.setattr("ingest.opening.open_embedder", lambda _: WordEmbedder())
    return ServerSettings(
        data_dir=tmp_path / "data", sources_file=organisation / "sources.toml", _env_file=None
    )


@pytest.fixture
def client(settings: ServerSettings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as opened:
        run(opened)
        yield opened


def run(client: TestClient, **body: Any) -> dict[str, Any]:
    view: dict[str, Any] = client.post("/v1/ingestions", json=body).json()
    deadline = time.monotonic() + 60
    while view["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
        view = client.get(f"/v1/ingestions/{view['id']}").json()
    assert view["state"] == "done", view
    return view


def sources(client: TestClient) -> dict[str, dict[str, Any]]:
    return {source["name"]: source for source in client.get("/v1/sources").json()}


def test_removals_are_withheld_until_they_are_accepted(client: TestClient, organisation: Path) -> None:
    for number in range(2):
        (organisation / "notes" / f"notes-{number}.md").unlink()
    [report] = run(client, sources=["notes"])["reports"]
    assert (report["withheld"], report["removed"]) == (2, 0)
    assert "2 documents sur 4 ont disparu" in sources(client)["notes"]["problem"]
    [report] = run(client, sources=["notes"], accept_removals=True)["reports"]
    assert (report["withheld"], report["removed"]) == (0, 2)
    assert sources(client)["notes"]["problem"] is None


def test_a_second_run_is_refused_whoever_holds_the_first(
    client: TestClient, settings: ServerSettings
) -> None:
    with run_lock(settings.data_dir):
        for response in (client.post("/v1/ingestions", json={}), client.delete("/v1/sources/notes")):
            assert response.status_code == 409
            assert "Une ingestion est déjà en cours (processus" in response.json()["detail"]
    assert run(client)["state"] == "done"


def test_a_source_taken_out_is_found_no_more(client: TestClient) -> None:
    assert client.delete("/v1/sources/notes").json() == {"removed": 4}
    assert client.post("/v1/search", json={"query": "texte numéro"}).json()["passages"] == []
    assert "notes" not in sources(client)
    assert client.delete("/v1/sources/notes").status_code == 404


def test_a_source_that_the_caller_may_not_read_cannot_be_taken_out(client: TestClient) -> None:
    assert client.delete("/v1/sources/direction").status_code == 404


def test_sources_say_what_is_stale_and_what_was_reviewed_since(client: TestClient) -> None:
    notes = sources(client)["notes"]
    assert (notes["documents"], notes["stale"], notes["failures"]) == (4, 1, 0)
    assert notes["bytes"] > 0


def test_a_sources_file_that_is_broken_is_not_shown_to_whoever_asks(
    client: TestClient, organisation: Path
) -> None:
    (organisation / "sources.toml").write_text('[[source]]\nname = "secret-social"\nkind = "?"\n')
    response = client.get("/v1/sources")
    assert response.status_code == 503
    assert "secret-social" not in response.text
    assert "administrateur" in response.json()["detail"]
