"""Nothing personal reaches a model, a log or the disk in clear, on any path of the running app.

Sentences of the marked corpus are asked, drafted, edited, exported and commented on, while a model, an embedder and a
reranker keep all that they get. What masking misses is measured elsewhere (`tests/test_masking_corpus.py`): here, what
it hides must be hidden everywhere. A new endpoint fails here until it is walked too.
"""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from reportlab.pdfgen import canvas

from eval.masking_corpus import REPORT, TUNE, read_corpus
from server.app import create_app
from server.settings import ServerSettings
from tests.listening import MODEL, Listening, listening_app
from tests.masking import shipped_masker
from tests.personal_values import leaked, plainly, texts_of, written_in
from tests.personal_walk import WALKS, WITHOUT_TEXT, Walk, ask_badly, logging_to
from tests.served import serving

A_QUESTION = 900
"""Characters of corpus in a question, which holds 2,000 at most."""

A_NOTE = 5_000
"""Characters of corpus in the notes of an interview."""

SOME = 30
"""Sentences of the corpus that the fast tests walk with."""

LONG_IN_A_FILE = 8
"""Characters of a value that is looked for in a file: a seal is letters and digits at random, where shorter ones stand
by chance."""

SOURCES = """
[[source]]
name = "tous"
kind = "procedure"
folder = "tous"
"""


@pytest.fixture(scope="module", params=["some", pytest.param("all", marks=pytest.mark.slow)])
def walk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Walk every path once; "all" does so with the whole corpus."""
    masker = shipped_masker()
    corpus = [one for path in (TUNE, REPORT) for one in read_corpus(path) if one.gold]
    if request.param == "some":
        corpus = corpus[:: len(corpus) // SOME]
    listening = Listening()
    folder = tmp_path_factory.mktemp("organisation")
    write_sources(folder)
    with serving(listening_app(listening)) as url:
        settings = settings_of(folder, url)
        log: list[str] = []
        with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
            ingest(client)
            walk = Walk(
                client,
                listening,
                masker,
                texts_of(corpus, A_NOTE, masker, "notes"),
                texts_of(corpus, A_QUESTION, masker, "question"),
                settings.data_dir,
                log,
            )
            with logging_to(log):
                for walked in dict.fromkeys([*WALKS.values(), ask_badly]):
                    walked(walk)
            walk.called("audit", client.get("/v1/audit"))
            yield walk


def settings_of(folder: Path, url: str) -> ServerSettings:
    """Give every part a service elsewhere: what leaves the process is what this is about."""
    return ServerSettings(
        data_dir=folder / "data",
        sources_file=folder / "sources.toml",
        embedder="openai",
        embedder_url=f"{url}/v1",
        embedder_model=MODEL,
        generator="openai",
        model_url=f"{url}/v1",
        model_name=MODEL,
        rerank_url=f"{url}/v1",
        rerank_model=MODEL,
        _env_file=None,
    )


def write_sources(folder: Path) -> None:
    (folder / "sources.toml").write_text(SOURCES, "utf-8")
    (folder / "tous").mkdir()
    for year in (2024, 2025, 2026):
        page = canvas.Canvas(str(folder / "tous" / f"fournitures-{year}.pdf"), invariant=1)
        page.drawString(60, 700, f"En {year}, le plafond de remboursement des fournitures est de 40 euros.")
        page.save()


def ingest(client: TestClient) -> None:
    run = client.post("/v1/ingestions", json={}).json()
    deadline = time.monotonic() + 60
    while run["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
        run = client.get(f"/v1/ingestions/{run['id']}").json()
    assert run["state"] == "done", run


def test_every_endpoint_that_takes_a_text_is_walked(walk: Walk) -> None:
    app: Any = walk.client.app
    changing = {
        (method.upper(), path)
        for path, how in app.openapi()["paths"].items()
        for method in how
        if method != "get"
    }
    assert changing == {*WALKS} | WITHOUT_TEXT


def test_most_of_the_corpus_is_hidden_or_this_proves_nothing(walk: Walk) -> None:
    for texts in (walk.notes, walk.questions):
        assert sum(len(text.hidden) for text in texts) > 0.8 * sum(text.values for text in texts) > 20
    assert len(walk.hidden) > 0.7 * len(walk.found)


def test_every_service_was_asked(walk: Walk) -> None:
    asked = walk.listening.requests
    assert asked["chat"] > 8 * len(walk.questions)
    assert asked["embeddings"] > 4 * len(walk.questions)
    assert asked["rerank"] > 4 * len(walk.questions)
    assert any("[PERSONNE_1]" in text for text in walk.listening.heard["chat"])
    assert any("fournitures" in text for text in walk.listening.heard["embeddings"])


@pytest.mark.parametrize("service", ["chat", "embeddings", "rerank"])
def test_no_service_was_told_anything_personal(walk: Walk, service: str) -> None:
    assert leaked(walk.hidden, walk.listening.heard[service]) == set()


def test_no_line_of_the_log_holds_anything_personal(walk: Walk) -> None:
    assert walk.log
    assert leaked(walk.hidden, walk.log) == set()


def test_nothing_personal_is_on_the_disk_in_clear(walk: Walk) -> None:
    files = [path for path in walk.data_dir.rglob("*") if path.is_file()]
    assert {"fanal.sqlite", "fanal.sqlite-wal"} <= {path.name for path in files}
    kept = [written_in(path.read_bytes()) for path in files]
    assert any("[PERSONNE_1]" in text for text in kept)
    values = {value for value in walk.hidden if len(value) >= LONG_IN_A_FILE}
    assert leaked(values, kept) == set()


@pytest.mark.parametrize("shown", ["cases", "conversation", "feedback", "inbox"])
def test_what_is_kept_is_shown_masked(walk: Walk, shown: str) -> None:
    assert leaked(walk.hidden, walk.shown[shown]) == set()


def test_nothing_personal_is_in_the_audit(walk: Walk) -> None:
    [table] = walk.shown["audit"]
    head, *lines = csv.reader(table.lstrip("\ufeff").splitlines(), delimiter=";")
    assert head[0] == "Numéro"
    assert len(lines) > len(walk.questions)
    # Line 1953 tells nobody's year of birth.
    assert leaked(walk.hidden, (" ; ".join(cells) for _, *cells in lines)) == set()


def test_who_typed_it_sees_their_own_words(walk: Walk) -> None:
    for name in ("ask", "draft", "drafts", "assistants"):
        assert leaked(walk.hidden, walk.shown[name]), name


def test_every_value_would_be_seen_if_what_is_typed_went_further_as_it_is(walk: Walk) -> None:
    typed = [text.typed for text in (*walk.notes, *walk.questions)]
    assert leaked(walk.hidden, typed) == walk.hidden
    assert leaked(walk.hidden, map(json.dumps, typed)) == walk.hidden
    assert leaked(walk.hidden, [repr({"messages": typed})]) == walk.hidden


def test_a_leak_would_be_seen() -> None:
    values = {plainly("Ayşe Karataş"), plainly("06.39.98.45.02")}
    assert leaked(values, ['{"q": "AYSE KARATAŞ, tel"}', "0639984502"]) == values
    assert leaked(values, ["Karataş Ayşe", "06.39.98.45.03"]) == set()
    assert leaked(values, [written_in(b'"Ay\\u015fe Karata\\u015f"')]) == {plainly("Ayşe Karataş")}
    assert leaked(values, [r'{"q": "Bilan\nAyşe Karataş"}']) == {plainly("Ayşe Karataş")}


def test_what_fanal_puts_into_a_text_is_nobody_s() -> None:
    values = {plainly(value) for value in ("1953", "45 à", "Jean Dupont", "17/08/1982", "17/11")}
    assert leaked(values, ["7f0c1c2e-1953-4b1e-9d1e-0d6cbb3c9a10", "né en [PERSONNE_45] à Lille"]) == set()
    assert leaked(values, ["Jean [PERSONNE_2] Dupont", f"{'a' * 28}17081982{'b' * 28}"]) == set()
    assert (
        leaked(values, ['{"at": "2026-11-22T19:17:11.1953Z", "total": 1953.2}', "22 Nov 19:17:11"]) == set()
    )
    assert leaked(values, ["1953-45 à Jean\nDupont-17081982", '"born": "17:11"']) == values
