"""The parts of compose.yaml that run without containers, started together: what passes by the proxy, what does not."""

import re
import subprocess
import sys
from collections.abc import Iterator

import httpx
import psutil
import pytest
from playwright.sync_api import Browser, expect

from ingest.settings import ROOT
from server.body_limit import MAX_BODY
from tests import postgres_cluster
from tests.browser.conftest import LOCAL_NAME
from tests.browser.signing_in import DOCUMENTS, OPEN_QUESTION, PATIENCE_MS, Place, signed_in
from tests.support import OPEN_AND_RESERVED
from tests.topology import NGINX, WORKERS, Topology, running

PROGRAMS = postgres_cluster.programs()

pytestmark = [
    pytest.mark.browser,  # one of them: what the others start is started once for all
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed"),
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt install nginx-light)"),
]

ONCE = (
    "x-content-type-options",
    "referrer-policy",
    "x-frame-options",
    "content-security-policy",
    "strict-transport-security",
    "permissions-policy",
)


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    folder = tmp_path_factory.mktemp("serveur")

    def ingested(environment: dict[str, str]) -> None:
        for name, text in DOCUMENTS.items():
            (folder / name).parent.mkdir()
            (folder / name).write_text(text, "utf-8")
        sources = folder / "sources.toml"
        sources.write_text(OPEN_AND_RESERVED, "utf-8")
        environment["FANAL_SOURCES_FILE"] = str(sources)
        command = [sys.executable, "-m", "ingest", "run", "--sparse-only"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)

    assert PROGRAMS
    with postgres_cluster.running(PROGRAMS) as cluster, running(folder, cluster, ingested) as started:
        yield started


@pytest.fixture
def client(topology: Topology) -> Iterator[httpx.Client]:
    """An advisor's token, through the proxy."""
    with topology.client("iris") as opened:
        yield opened


def test_nobody_answers_who_has_not_signed_in(topology: Topology) -> None:
    with topology.client() as nobody:
        assert nobody.get("/health/live").status_code == 200
        assert nobody.get("/health/ready").status_code == 200
        refused = nobody.get("/v1/sources")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_several_processes_serve(topology: Topology) -> None:
    children = psutil.Process(topology.server.pid).children()
    assert len([child for child in children if "spawn_main" in " ".join(child.cmdline())]) == WORKERS


def test_an_answer_comes_statement_by_statement(client: httpx.Client) -> None:
    pieces: list[str] = []
    with client.stream(
        "POST", "/v1/ask", json={"question": OPEN_QUESTION}, headers={"Accept": "text/event-stream"}
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        pieces += list(response.iter_text())
    events = re.findall(r"^event: (\w+)", "".join(pieces), re.MULTILINE)
    assert events[0] == "passages"
    assert events[-1] == "done"
    assert "event: done" not in pieces[0]  # what comes first is not held back until the end
    assert "cinq jours ouvrés" in "".join(pieces)


def test_what_one_worker_writes_another_reads(client: httpx.Client) -> None:
    answer = client.post("/v1/ask", json={"question": OPEN_QUESTION}).json()
    place = f"/v1/conversations/{answer['conversation_id']}"
    assert {client.get(place).status_code for _ in range(4 * WORKERS)} == {200}


@pytest.mark.parametrize("path", ["/health/live", "/v1/sources", "/v1/nowhere", "/"])
def test_each_security_header_is_there_once(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert {name: len(headers.get_list(name)) for name in ONCE} == dict.fromkeys(ONCE, 1)


def test_a_body_past_the_limit_is_refused_in_french(client: httpx.Client) -> None:
    response = client.post("/v1/ask", content=b" " * (MAX_BODY + 1))
    assert response.status_code == 413
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Demande trop longue"


def test_no_log_holds_what_follows_an_address(client: httpx.Client, topology: Topology) -> None:
    client.get("/v1/documents/qualite:reclamations.md/file", params={"ticket": "secret-billet"})
    client.get("/", params={"code": "secret-code"})
    logs = topology.logs()
    assert "/v1/documents/" in logs
    assert "secret-billet" not in logs
    assert "secret-code" not in logs


def test_an_advisor_signs_in_asks_and_opens_the_document(topology: Topology, browser: Browser) -> None:
    assert topology.provider
    page = browser.new_context(ignore_https_errors=True, locale="fr-FR").new_page()
    complaints: list[str] = []
    sockets: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("websocket", lambda socket: sockets.append(socket.url))
    signed_in(page, Place(topology.provider, topology.origin, topology.origin), "Iris Conseil")
    page.get_by_label("Question", exact=True).fill(OPEN_QUESTION)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".st-key-answer")).to_contain_text("cinq jours ouvrés", timeout=PATIENCE_MS)
    assert sockets
    assert all(url.startswith(f"wss://{LOCAL_NAME}:{topology.port}/") for url in sockets)

    page.locator(".st-key-answer").get_by_test_id("citation").first.click()
    with page.expect_download() as download:
        page.locator(".st-key-panel").get_by_role("link", name="Ouvrir le document d’origine").click()
    assert download.value.url.startswith(f"{topology.origin}/v1/documents/")
    assert "cinq jours ouvrés" in download.value.path().read_text("utf-8")
    assert "/v1/documents/" in topology.logs()
    assert "ticket=" not in topology.logs()
    assert not [text for text in complaints if "Content Security Policy" in text]
