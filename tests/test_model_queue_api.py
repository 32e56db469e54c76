"""The queue for the model as clients of the API see it, with a model that writes when the test says so."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Header
from openai import OpenAI

from ingest.errors import StorageFailed
from server.access import Caller
from server.app import create_app
from server.dependencies import Parts, caller_of, parts_of
from server.model_queue import ModelQueue
from server.schemas import Answer
from tests.one_procedure import QUESTION, one_procedure
from tests.scripted_model import ScriptedModel
from tests.served import serving
from tests.test_disconnect import FIRST
from ui.sse import SentEvent, read_events

STREAM = {"Accept": "text/event-stream"}
ASKED = {"question": QUESTION}
DRAFT = {"template": "libre", "notes": "Elle souhaite poser ses congés d'été.", "consent": True}
QUIZ = {"inputs": {"document": "Les congés d'été sont posés avant le 15 mars."}}
BUSY = "Trop de personnes attendent le modèle de rédaction en ce moment"


class Desk:
    """A server whose model writes one thing at a time, and its callers."""

    def __init__(self, url: str, app: FastAPI, model: ScriptedModel) -> None:
        self.url, self.app, self.model = url, app, model
        self.may_write = threading.Event()

    @property
    def parts(self) -> Parts:
        parts: Parts = self.app.state.parts
        return parts

    @property
    def queue(self) -> ModelQueue:
        return self.parts.queue

    def holds(self, *pieces: str) -> None:
        """Have the model write something once it may."""
        self.model.says(*(pieces or (FIRST + "]}",)), held=self.may_write)

    def post(self, address: str, body: Any, user: str = "alice", **headers: str) -> httpx.Response:
        return httpx.post(f"{self.url}{address}", json=body, headers={"X-User": user, **headers}, timeout=60)

    @contextmanager
    def events(self, address: str, body: Any, user: str = "alice") -> Iterator[Iterator[SentEvent]]:
        with (
            httpx.Client(timeout=60) as client,
            client.stream(
                "POST", f"{self.url}{address}", json=body, headers={**STREAM, "X-User": user}
            ) as response,
        ):
            assert response.status_code in (200, 201)
            yield read_events(response.iter_bytes())

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    @contextmanager
    def occupied(self) -> Iterator[Future[httpx.Response]]:
        """Have somebody at the model, who is there until it may write."""
        self.holds()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self.post, "/v1/ask", ASKED, "zoe")
            self.until(lambda: self.queue.serving == 1 and bool(self.model.requests))
            try:
                yield asked
            finally:
                self.may_write.set()
                asked.result()

    @contextmanager
    def crowded(self) -> Iterator[None]:
        """Have as many wait behind them as may."""
        with self.occupied(), ExitStack() as opened:
            for user in ("bob", "carol", "dan"):
                opened.enter_context(self.events("/v1/ask", ASKED, user))
            self.until(lambda: self.queue.waiting == 3)
            yield


@pytest.fixture(scope="module")
def running(
    model_endpoint: ScriptedModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, FastAPI]]:
    settings = one_procedure(
        tmp_path_factory.mktemp("organisation"),
        model_endpoint.base_url,
        model_endpoint.name,
        model_slots=1,
        queue_places=3,
    )
    app = create_app(settings)
    app.dependency_overrides[caller_of] = caller
    with serving(app) as url:
        run = httpx.post(f"{url}/v1/ingestions", json={}, timeout=30).json()
        while run["state"] == "running":
            time.sleep(0.05)
            run = httpx.get(f"{url}/v1/ingestions/{run['id']}", timeout=30).json()
        assert run["state"] == "done", run
        yield url, app


def caller(x_user: Annotated[str, Header()] = "alice") -> Caller:
    return Caller(frozenset(), x_user)


@pytest.fixture
def desk(running: tuple[str, FastAPI], model: ScriptedModel) -> Iterator[Desk]:
    desk = Desk(*running, model)
    yield desk
    desk.may_write.set()
    desk.until(lambda: (desk.queue.serving, desk.queue.waiting) == (0, 0))


def test_a_question_is_told_its_place_until_its_turn_comes(desk: Desk) -> None:
    with desk.occupied(), desk.events("/v1/ask", ASKED) as events:
        assert next(events).event == "passages"
        assert next(events) == SentEvent("queue", '{"place":1}')
        desk.holds()
        desk.may_write.set()
        assert next(events) == SentEvent("queue", '{"place":0}')
        assert [event.event for event in events][:1] == ["statement"]


def test_who_asks_for_json_waits_too_and_learns_how_long(desk: Desk) -> None:
    with desk.occupied(), ThreadPoolExecutor(1) as pool:
        asked = pool.submit(desk.post, "/v1/ask", ASKED)
        desk.until(lambda: desk.queue.waiting == 1)
        desk.holds()
        desk.may_write.set()
        answer = Answer.model_validate(asked.result().json())
    assert answer.mode == "generative"
    assert answer.timings["queue"] > 0
    assert answer.timings["generate"] + answer.timings["queue"] <= answer.timings["total"]


def test_one_who_sent_two_is_passed_by_one_who_sent_one(desk: Desk) -> None:
    with desk.occupied(), ExitStack() as opened:
        streams = []
        for user in ("alice", "alice"):
            streams.append(opened.enter_context(desk.events("/v1/ask", ASKED, user)))
            desk.until(lambda: desk.queue.waiting == len(streams))
        first, second = streams
        assert [next(first).event, next(first).data] == ["passages", '{"place":1}']
        assert [next(second).event, next(second).data] == ["passages", '{"place":2}']
        other = opened.enter_context(desk.events("/v1/ask", ASKED, "bob"))
        assert [next(other).event, next(other).data] == ["passages", '{"place":2}']
        assert next(second).data == '{"place":3}'


def test_a_full_queue_gives_the_documents_sentences_and_says_so(desk: Desk) -> None:
    with desk.crowded():
        answer = Answer.model_validate(desk.post("/v1/ask", ASKED).json())
    assert answer.mode == "extractive"
    assert answer.statements
    assert [warning for warning in answer.warnings if warning.startswith(BUSY)]


def test_a_wait_that_lasts_gives_the_documents_sentences(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.queue, "seconds", 0.05)
    with desk.occupied(), desk.events("/v1/ask", ASKED) as events:
        named = {event.event: event.data for event in events}
    answer = Answer.model_validate_json(named["done"])
    assert named["queue"] == '{"place":1}'
    assert (answer.mode, len(answer.statements)) == ("extractive", 1)
    assert answer.timings["queue"] > 40  # of 50 ms: a loop of events may wake up a tick early
    assert answer.warnings[0].startswith(BUSY)


def test_a_follow_up_is_understood_without_the_model_when_it_is_busy(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.queue, "seconds", 0.05)
    desk.model.says(FIRST + "]}")
    first = Answer.model_validate(desk.post("/v1/ask", ASKED).json())
    with desk.occupied():
        body = {"question": "Et pour l'été ?", "conversation_id": first.conversation_id}
        answer = Answer.model_validate(desk.post("/v1/ask", body).json())
    assert answer.mode == "extractive"
    assert "congés" in (answer.standalone_question or "")
    assert len([warning for warning in answer.warnings if warning.startswith(BUSY)]) == 1


def test_who_says_hello_does_not_wait(desk: Desk) -> None:
    with desk.occupied():
        assert desk.post("/v1/ask", {"question": "Bonjour"}).json()["abstention"] == "smalltalk"


def test_who_leaves_the_queue_frees_the_place(desk: Desk) -> None:
    with desk.occupied():
        with desk.events("/v1/ask", ASKED) as events:
            assert [next(events).event, next(events).event] == ["passages", "queue"]
            assert desk.queue.waiting == 1
        desk.until(lambda: desk.queue.waiting == 0)


def test_a_draft_waits_and_its_place_serves_to_its_end(desk: Desk) -> None:
    with desk.occupied(), desk.events("/v1/drafts", DRAFT) as events:
        assert next(events) == SentEvent("queue", '{"place":1}')
        desk.may_write.set()
        assert next(events) == SentEvent("queue", '{"place":0}')
        assert {event.event for event in events} == {"section", "done"}


@pytest.mark.parametrize("headers", [{}, STREAM])
def test_a_full_queue_refuses_drafts_before_anything_is_done(desk: Desk, headers: dict[str, str]) -> None:
    with desk.crowded():
        acts = len(list(desk.parts.audit.lines()))
        response = desk.post("/v1/drafts", DRAFT, **headers)
        assert len(list(desk.parts.audit.lines())) == acts
    assert response.status_code == 503
    assert response.headers["retry-after"] == "60"
    assert response.json()["retry"] is True
    assert response.json()["detail"].startswith(BUSY)


def test_an_assistant_tells_its_place_then_its_answer(desk: Desk) -> None:
    with desk.occupied(), desk.events("/v1/assistants/quiz", QUIZ) as events:
        assert next(events) == SentEvent("queue", '{"place":1}')
        desk.may_write.set()
        assert [event.event for event in events] == ["queue", "done"]


def test_an_assistant_that_waits_in_vain_says_when_to_retry(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.queue, "seconds", 0.05)
    with desk.occupied():
        refused = desk.post("/v1/assistants/quiz", QUIZ)
        with desk.events("/v1/assistants/quiz", QUIZ) as events:
            *_, last = events
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
    assert (last.event, json.loads(last.data)["status"]) == ("error", 503)


def test_a_chat_client_waits_and_reads_nothing_of_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.routes.streaming.PING_S", 0.02)
    body = {"model": "fanal", "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    with (
        desk.occupied(),
        httpx.Client(timeout=60) as client,
        client.stream("POST", f"{desk.url}/v1/chat/completions", json=body) as response,
    ):
        lines = response.iter_lines()
        assert any(line == ": ping" for line in lines)  # it goes on waiting
        desk.holds()
        desk.may_write.set()
        rest = [line for line in lines if line and not line.startswith(":")]
    assert all(line.startswith("data: ") for line in rest)
    assert rest[-1] == "data: [DONE]"


def test_the_official_chat_client_passes_over_the_comments(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.routes.streaming.PING_S", 0.02)
    with (
        desk.occupied(),
        OpenAI(base_url=f"{desk.url}/v1", api_key="peu-importe", max_retries=0) as client,
        client.chat.completions.create(
            model="fanal", messages=[{"role": "user", "content": QUESTION}], stream=True
        ) as chunks,
    ):
        desk.until(lambda: desk.queue.waiting == 1)
        desk.holds()
        desk.may_write.set()
        said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said.startswith("Avant le 15 mars. [1]")


def test_who_waits_for_json_and_leaves_frees_the_place(desk: Desk) -> None:
    with desk.occupied():
        with closing(http.client.HTTPConnection(urlsplit(desk.url).netloc, timeout=30)) as connection:
            headers = {"Content-Type": "application/json", "X-User": "alice"}
            connection.request("POST", "/v1/ask", json.dumps(ASKED), headers)
            desk.until(lambda: desk.queue.waiting == 1)
        desk.until(lambda: desk.queue.waiting == 0)


def test_a_database_that_fails_keeps_no_slot(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        assert desk.queue.serving == 0  # the place is given back before anything is kept
        raise StorageFailed("Le disque est plein.")

    monkeypatch.setattr(type(desk.parts.conversations), "record", fails)
    monkeypatch.setattr(type(desk.parts.drafts), "create", fails)
    desk.model.says(FIRST + "]}")
    assert desk.post("/v1/ask", ASKED).json()["mode"] == "generative"
    assert desk.post("/v1/drafts", DRAFT).status_code == 507


def test_without_a_model_nobody_waits(desk: Desk) -> None:
    parts = desk.parts
    extractive = replace(parts, asking=replace(parts.asking, generator=parts.asking.fallback))
    with desk.crowded():
        desk.app.dependency_overrides[parts_of] = lambda: extractive
        try:
            answer = Answer.model_validate(desk.post("/v1/ask", ASKED).json())
            drafted = desk.post("/v1/drafts", DRAFT)
            assisted = desk.post("/v1/assistants/quiz", QUIZ)
        finally:
            del desk.app.dependency_overrides[parts_of]
    assert [warning for warning in answer.warnings if warning.startswith(BUSY)] == []
    assert "queue" not in answer.timings
    assert (drafted.status_code, assisted.status_code) == (201, 200)
