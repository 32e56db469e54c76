"""A rebuild beside the live index: questions go on being answered, and nothing is swapped that is not whole."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from ingest.errors import IndexMismatch, IngestionStopped, RemovalsWithheld, SourceUnavailable
from ingest.generations import Generations
from ingest.index import Query, SearchFilter
from ingest.opening import Store, open_store
from ingest.progress import Progress, silent
from ingest.rebuild import rebuild
from ingest.runs import RunOptions, fill_vectors, run_sources
from ingest.settings import ROOT, IngestSettings
from server.app import create_app
from server.settings import ServerSettings
from tests.support import WordEmbedder

ALL = SearchFilter(groups=None)


@pytest.fixture
def organisation(tmp_path: Path) -> Path:
    folder = tmp_path / "organisation"
    (folder / "notes").mkdir(parents=True)
    (folder / "sources.toml").write_text('[[source]]\nname = "notes"\nkind = "procedure"\nfolder = "notes"\n')
    for number in range(6):
        (folder / "notes" / f"note-{number}.md").write_text(
            f"# Note {number}\n\nLe délai {number} est court.\n"
        )
    return folder


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give every store that is opened the fast embedder, under the name that is asked."""

    def named(name: str) -> None:
        embedder = WordEmbedder()
        embedder.name = name
        monkeypatch.setattr("ingest.opening.open_embedder", lambda _: embedder)

    named("words-64")
    return named


@pytest.fixture(params=["embedded", "server"])
def settings(
    request: pytest.FixtureRequest, organisation: Path, tmp_path: Path, words: Callable[[str], None]
) -> IngestSettings:
    url = request.getfixturevalue("url") if request.param == "server" else None
    return IngestSettings(
        data_dir=tmp_path / "data", sources_file=organisation / "sources.toml", qdrant_url=url, _env_file=None
    )


def ingest(settings: IngestSettings) -> None:
    with closing(open_store(settings)) as store:
        run_sources(store, settings, RunOptions(), silent)
        fill_vectors(store, settings, silent)


def _stop_at_vectors(progress: Progress) -> None:
    if progress.stage == "vecteurs":
        raise IngestionStopped("arrêt")


def texts(store: Store) -> set[str]:
    return {hit.payload["text"] for hit in store.index.passages(ALL)}


@pytest.fixture
def live(settings: IngestSettings) -> Iterator[Store]:
    """The index as a server holds it open while others work."""
    ingest(settings)
    with closing(open_store(settings)) as store:
        yield store


def test_the_new_generation_is_searched_once_it_is_whole(
    live: Store, settings: IngestSettings, organisation: Path
) -> None:
    (organisation / "notes" / "note-0.md").write_text("# Note 0\n\nLe délai zéro devient long.\n")
    seen: list[int] = []

    def look(progress: Progress) -> None:
        live.follow()
        seen.append(live.index.count(ALL))
        assert "Le délai zéro devient long." not in texts(live)

    rebuilt = rebuild(settings, look)
    assert set(seen) == {6}
    live.follow()
    assert "Le délai zéro devient long." in texts(live)
    assert live.generation == rebuilt.generation
    assert live.manifest.embedded() == (6, 6)
    assert live.index.search(Query("délai zéro long", where=ALL))[0].payload["title"] == "Note 0"


def test_only_what_changed_is_embedded_again(
    live: Store, settings: IngestSettings, organisation: Path
) -> None:
    (organisation / "notes" / "note-0.md").write_text("# Note 0\n\nLe délai zéro devient long.\n")
    assert rebuild(settings, silent).embedded == 1


def test_a_source_out_of_reach_leaves_the_live_index(
    live: Store, settings: IngestSettings, organisation: Path
) -> None:
    (organisation / "notes").rename(organisation / "ailleurs")
    with pytest.raises(SourceUnavailable, match="L’index en service reste en place"):
        rebuild(settings, silent)
    live.follow()
    assert (live.generation, live.index.count(ALL)) == (Generations(settings.data_dir).live(), 6)


def test_a_rebuild_that_would_lose_documents_asks_first(
    live: Store, settings: IngestSettings, organisation: Path
) -> None:
    for number in range(4):
        (organisation / "notes" / f"note-{number}.md").unlink()
    with pytest.raises(RemovalsWithheld, match="passerait de 6 à 2 documents"):
        rebuild(settings, silent)
    assert live.index.count(ALL) == 6
    rebuild(settings, silent, accept_removals=True)
    live.follow()
    assert live.index.count(ALL) == 2


def test_a_document_that_answers_today_and_fails_in_the_rebuild_is_not_lost_unasked(
    live: Store, settings: IngestSettings, organisation: Path
) -> None:
    (organisation / "notes" / "note-0.md").write_bytes(b"\x00\x01\x02" * 400)
    with pytest.raises(RemovalsWithheld, match=r"ne peuvent plus être lus \(note-0\.md\)"):
        rebuild(settings, silent)
    live.follow()
    assert live.index.count(ALL) == 6


def test_a_document_that_was_renamed_and_fails_is_not_lost_unasked_either(
    live: Store, settings: IngestSettings, organisation: Path
) -> None:
    (organisation / "notes" / "note-0.md").rename(organisation / "notes" / "autre.mp4")
    with pytest.raises(RemovalsWithheld, match=r"ne peuvent plus être lus \(note-0\.md\)"):
        rebuild(settings, silent)
    assert live.index.count(ALL) == 6


def test_a_rebuild_cut_short_is_taken_up(live: Store, settings: IngestSettings) -> None:
    with pytest.raises(IngestionStopped):
        rebuild(settings, _stop_at_vectors)
    live.follow()
    assert live.index.count(ALL) == 6
    [report] = rebuild(settings, silent).reports
    assert (report.unchanged, report.added) == (6, 0)


def test_a_source_that_left_the_file_between_two_tries_is_not_published(
    live: Store, settings: IngestSettings, organisation: Path
) -> None:
    toml = organisation / "sources.toml"
    listed = toml.read_text()
    (organisation / "vieux").mkdir()
    (organisation / "vieux" / "a.md").write_text("# Vieux\n\nUn vieux texte.\n")
    toml.write_text(f'{listed}\n[[source]]\nname = "vieux"\nkind = "procedure"\nfolder = "vieux"\n')
    with pytest.raises(IngestionStopped):
        rebuild(settings, _stop_at_vectors)
    toml.write_text(listed)
    rebuild(settings, silent)
    live.follow()
    assert "Un vieux texte." not in texts(live)


def test_a_source_s_own_share_holds_for_a_rebuild(
    live: Store, settings: IngestSettings, organisation: Path
) -> None:
    toml = organisation / "sources.toml"
    toml.write_text(f"{toml.read_text()}max_removed_share = 0.2\n")
    for number in range(2):
        (organisation / "notes" / f"note-{number}.md").unlink()
    with pytest.raises(RemovalsWithheld, match="passerait de 6 à 4"):
        rebuild(settings, silent)
    assert live.index.count(ALL) == 6


def test_a_server_that_keeps_the_former_index_is_known(
    live: Store, settings: IngestSettings, words: Callable[[str], None]
) -> None:
    words("autre-modele")
    rebuild(settings, silent)
    live.follow()
    assert Generations(settings.data_dir).former_in_use()


def test_an_index_of_another_embedder_waits_for_the_server_to_be_started_with_it(
    live: Store, settings: IngestSettings, words: Callable[[str], None]
) -> None:
    words("autre-modele")
    rebuild(settings, silent)
    live.follow()
    assert live.index.search(Query("délai", live.embedder.query("délai"), where=ALL))
    assert live.index.embedder() == "words-64"
    with closing(open_store(settings)) as store:
        assert store.index.embedder() == "autre-modele"


def test_an_index_of_another_embedder_is_refused_with_its_remedy(
    settings: IngestSettings, words: Callable[[str], None]
) -> None:
    ingest(settings)
    words("autre-modele")
    with pytest.raises(IndexMismatch, match="python -m ingest rebuild"):
        open_store(settings)


def test_the_generation_before_is_deleted_when_the_new_one_is_opened(
    settings: IngestSettings,
) -> None:
    ingest(settings)
    rebuild(settings, silent)
    open_store(settings).close()
    left = {path.name for path in settings.data_dir.iterdir()}
    assert not left & {"index", "ingest.sqlite"}
    with closing(open_store(settings)) as store:
        assert store.index.count(ALL) == 6


@pytest.mark.slow
def test_questions_are_answered_while_another_process_rebuilds(organisation: Path, tmp_path: Path) -> None:
    """With the real embedder, the real server's parts and the command an administrator types."""
    places: dict[str, Any] = {"data_dir": tmp_path / "data", "sources_file": organisation / "sources.toml"}
    settings = ServerSettings(embed_processes=1, _env_file=None, **places)
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        run = client.post("/v1/ingestions", json={}).json()
        while run["state"] == "running":
            run = client.get(f"/v1/ingestions/{run['id']}").json()
        note = organisation / "notes" / "note-0.md"
        note.write_text("# Note 0\n\nLa réponse attendue est le tramway.\n", "utf-8")
        command = [sys.executable, "-m", "ingest", "rebuild"]
        environment = {**os.environ, **{f"FANAL_{key.upper()}": str(value) for key, value in places.items()}}
        over = threading.Event()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        threading.Thread(target=lambda: (process.wait(), over.set())).start()
        asked = 0
        while not over.is_set():
            answer = client.post("/v1/search", json={"query": "Quel est le délai ?"})
            assert answer.status_code == 200
            assert len(answer.json()["passages"]) >= 5
            asked += 1
            time.sleep(0.02)  # a loop without a pause would starve the rebuild of the processor
        assert process.returncode == 0
        assert asked > 10
        found = client.post("/v1/search", json={"query": "tramway", "k": 1}).json()["passages"]
        assert "tramway" in found[0]["text"]
