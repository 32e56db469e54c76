"""What one caller may ask in a minute: counted by user, told in French with when to retry, nothing with sign-in off."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from limits.storage import memory

from server import rate_limit
from server.dependencies import parts_of
from server.errors import TooManyRequests
from server.rate_limit import ANSWERS, RateLimits, network_of
from tests.desk import ASKED
from tests.office import Office, refused

pytest_plugins = ["tests.office_fixtures", "tests.desk_fixtures"]

QUESTION = {"question": "Sous quel délai répond-on à une réclamation ?"}


class Clock:
    """A clock that the test sets, in seconds."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(memory, "time", clock)
    monkeypatch.setattr(rate_limit, "time", clock)
    return clock


def wait_of(limits: RateLimits, user: str) -> int:
    """Give the seconds that a user is told to wait."""
    with pytest.raises(TooManyRequests) as refusal:
        limits.answer(user)
    return refusal.value.retry_after


def test_a_user_is_told_when_the_window_has_moved_and_may_ask_then(clock: Clock) -> None:
    limits = RateLimits(100, 2, on=True)
    limits.answer("alice")
    clock.now += 20
    limits.answer("alice")
    assert wait_of(limits, "alice") == 41
    clock.now += 41
    limits.answer("alice")
    assert wait_of(limits, "alice") == 20


def test_what_was_refused_is_not_counted(clock: Clock) -> None:
    limits = RateLimits(100, 1, on=True)
    limits.answer("alice")
    for _ in range(5):
        clock.now += 10
        wait_of(limits, "alice")
    clock.now += 11
    limits.answer("alice")


def test_each_user_and_each_kind_of_request_has_a_window_of_its_own(clock: Clock) -> None:
    limits = RateLimits(1, 1, on=True)
    for user in ("alice", "cle:7"):
        limits.request(user)
        limits.answer(user)
    limits.stranger("alice")
    with pytest.raises(TooManyRequests, match="beaucoup de demandes en une minute : réessayez dans"):
        limits.request("alice")


def test_nothing_is_limited_with_sign_in_off() -> None:
    limits = RateLimits(1, 1, on=False)
    for _ in range(50):
        limits.request("local")
        limits.answer("local")
        limits.stranger("127.0.0.1")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_one_subscriber_has_one_window_whatever_address_they_choose(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.fixture
def limited(desk: Office) -> Iterator[Office]:
    """The office, where each user may ask for two answers in a minute."""
    app = cast(FastAPI, desk.client.app)
    strict = replace(desk.parts, limits=RateLimits(100, 2, on=True))
    app.dependency_overrides[parts_of] = lambda: strict
    yield desk
    del app.dependency_overrides[parts_of]


def test_questions_drafts_and_assistants_count_together(limited: Office) -> None:
    client = limited.client
    assert client.post("/v1/ask", json=QUESTION).status_code == 200
    assert client.post("/v1/drafts", json=ASKED).status_code == 201
    for response in (
        client.post("/v1/ask", json=QUESTION),
        client.post("/v1/ask", json=QUESTION, headers={"Accept": "text/event-stream"}),
        client.post("/v1/drafts", json=ASKED),
        client.post("/v1/assistants/quiz", json={"inputs": {"document": "Rien de long."}}),
    ):
        detail = refused(response, 429)
        seconds = int(response.headers["retry-after"])
        assert 1 <= seconds <= 61
        assert detail == f"{ANSWERS} en une minute : réessayez dans {seconds} secondes."
        assert response.json()["retry"] is True
    assert client.get("/v1/drafts").status_code == 200
    limited.sits("bob")
    assert client.post("/v1/ask", json=QUESTION).status_code == 200


def test_a_chat_client_is_told_in_its_own_shape(limited: Office) -> None:
    body: dict[str, Any] = {"model": "fanal", "messages": [{"role": "user", "content": QUESTION["question"]}]}
    statuses = [limited.client.post("/v1/chat/completions", json=body).status_code for _ in range(2)]
    assert statuses == [200, 200]
    response = limited.client.post("/v1/chat/completions", json=body)
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    error = response.json()["error"]
    assert error["type"] == "rate_limit_error"
    assert error["message"].startswith(ANSWERS)


def test_the_local_user_asks_as_much_as_they_like(desk: Office) -> None:
    """Measures ask thousands of questions."""
    settings = desk.parts.settings
    assert settings.sign_in == "off"
    statuses = {
        desk.client.post("/v1/ask", json={"question": "Bonjour"}).status_code
        for _ in range(settings.answers_per_minute + 5)
    }
    assert statuses == {200}
