"""A reader who leaves stops the model: through a real server, its own connections and a real index."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest

from server.app import create_app
from tests.one_procedure import QUESTION, one_procedure
from tests.scripted_model import ScriptedModel
from tests.served import serving

FIRST = '{"abstain": false, "statements": [' + json.dumps(
    {"text": "Avant le 15 mars.", "quotes": [{"passage": 1, "quote": "posés avant le 15 mars"}]}
)


@pytest.fixture(scope="module")
def url(model_endpoint: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = one_procedure(
        tmp_path_factory.mktemp("organisation"), model_endpoint.base_url, model_endpoint.name
    )
    with serving(create_app(settings)) as url:
        run = httpx.post(f"{url}/v1/ingestions", json={}, timeout=30).json()
        deadline = time.monotonic() + 90
        while run["state"] == "running" and time.monotonic() < deadline:
            time.sleep(0.05)
            run = httpx.get(f"{url}/v1/ingestions/{run['id']}").json()
        assert run["state"] == "done", run
        yield url


def writes_for_long(model: ScriptedModel) -> None:
    model.says(FIRST, *[" "] * 1_000, pause_s=0.02)


def test_a_reader_of_the_stream_who_leaves_stops_the_model(url: str, model: ScriptedModel) -> None:
    writes_for_long(model)
    with (
        httpx.Client(timeout=30) as client,
        client.stream(
            "POST", f"{url}/v1/ask", json={"question": QUESTION}, headers={"Accept": "text/event-stream"}
        ) as response,
    ):
        seen = ""
        for text in response.iter_text():
            seen += text
            if "event: statement" in seen:
                break
    assert "Avant le 15 mars." in seen
    assert model.dropped.wait(20)


def leave_once_the_model_writes(
    url: str,
    address: str,
    body: dict[str, object],
    model: ScriptedModel,
    accept: str = "application/json",
) -> None:
    """Ask for something, and close the connection when the model has been asked."""
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection:
        connection.request(
            "POST", address, json.dumps(body), {"Content-Type": "application/json", "Accept": accept}
        )
        deadline = time.monotonic() + 30
        while not model.requests and time.monotonic() < deadline:
            time.sleep(0.01)
    assert model.requests


def test_a_reader_of_the_whole_answer_who_leaves_stops_the_model(url: str, model: ScriptedModel) -> None:
    writes_for_long(model)
    leave_once_the_model_writes(url, "/v1/ask", {"question": QUESTION}, model)
    assert model.dropped.wait(20)


@pytest.mark.parametrize("stream", [True, False])
def test_a_chat_client_that_leaves_stops_the_model(url: str, model: ScriptedModel, stream: bool) -> None:
    writes_for_long(model)
    body = {"model": "fanal", "messages": [{"role": "user", "content": QUESTION}], "stream": stream}
    if stream:
        with (
            httpx.Client(timeout=30) as client,
            client.stream("POST", f"{url}/v1/chat/completions", json=body) as response,
        ):
            next(text for text in response.iter_text() if "15 mars" in text)
    else:
        leave_once_the_model_writes(url, "/v1/chat/completions", body, model)
    assert model.dropped.wait(20)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_an_author_who_leaves_stops_the_model_and_no_draft_is_kept(
    url: str, model: ScriptedModel, accept: str
) -> None:
    for _ in range(8):
        writes_for_long(model)
    body = {"template": "libre", "notes": "Elle souhaite poser ses congés d'été.", "consent": True}
    leave_once_the_model_writes(url, "/v1/drafts", body, model, accept)
    assert model.dropped.wait(20)
    assert httpx.get(f"{url}/v1/drafts").json() == []
    told = [line.split(";") for line in httpx.get(f"{url}/v1/audit").text.splitlines()]
    drafts = [(row[3], row[5], row[6]) for row in told if row[5:6] == ["libre"]]
    assert drafts[-1] == ("rédaction d’une synthèse commencée", "libre", model.name)


def test_one_who_leaves_takes_nothing_from_the_others(url: str, model: ScriptedModel) -> None:
    writes_for_long(model)
    leave_once_the_model_writes(url, "/v1/ask", {"question": QUESTION}, model)
    model.says(FIRST + "]}")
    answer = httpx.post(f"{url}/v1/ask", json={"question": QUESTION}, timeout=30).json()
    assert [statement["verified"] for statement in answer["statements"]] == [True]
    assert answer["mode"] == "generative"
