"""The limits where people sign in: counted by who signed in, and by address for who is not let in."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.app import create_app
from server.dependencies import Parts, parts_of
from server.rate_limit import ANSWERS, REQUESTS, STRANGERS, RateLimits
from tests.access_world import World, settings_of
from tests.office import refused
from tests.oidc_provider import running_provider

MINUTES_10 = 600


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("organisation") / "lieu"
    with running_provider() as provider:
        app = create_app(settings_of(folder, provider.issuer, embed_in_background=False))
        with TestClient(app, base_url="http://127.0.0.1") as client:
            yield World(client, provider)


@pytest.fixture
def world(started: World) -> Iterator[World]:
    """The organisation, where a user may make three requests a minute, two of them for answers."""
    app = cast(FastAPI, started.client.app)
    strict: Parts = replace(started.parts, limits=RateLimits(3, 2, on=True))
    app.dependency_overrides[parts_of] = lambda: strict
    yield started
    app.dependency_overrides.clear()


def status(world: World, headers: dict[str, str], **asked: Any) -> int:
    return world.client.get("/v1/sources", headers=headers, **asked).status_code


def test_the_settings_are_the_limits(started: World) -> None:
    answers = started.parts.settings.answers_per_minute
    assert answers > 2
    assert [status(started, started.person("advisor")) for _ in range(5)] == [200] * 5


def test_each_person_and_each_key_has_limits_of_their_own(world: World) -> None:
    for headers in (world.person("advisor"), world.person("writer"), world.machine("ask")):
        assert [status(world, headers) for _ in range(3)] == [200] * 3
        assert refused(world.client.get("/v1/sources", headers=headers), 429).startswith(REQUESTS)


def test_a_question_counts_twice_over(world: World) -> None:
    advisor = world.person("advisor", "accueil")
    asked = {"json": {"question": "Bonjour"}, "headers": advisor}
    assert [world.client.post("/v1/ask", **asked).status_code for _ in range(2)] == [200, 200]
    assert refused(world.client.post("/v1/ask", **asked), 429).startswith(ANSWERS)
    assert refused(world.client.post("/v1/ask", **asked), 429).startswith(REQUESTS)


def test_who_is_not_let_in_is_counted_by_address(world: World) -> None:
    headers = {"Authorization": "Bearer fanal_devinee"}
    assert [status(world, headers) for _ in range(3)] == [401] * 3
    response = world.client.get("/v1/sources", headers=headers)
    assert refused(response, 429).startswith(STRANGERS)
    assert int(response.headers["retry-after"]) > 0
    assert status(world, {}) == 429
    assert status(world, world.person("advisor")) == 200  # of the same address, and let in
    assert world.client.get("/health/live").status_code == 200


def test_behind_a_proxy_the_address_is_the_one_it_tells_of(world: World) -> None:
    behind = ProxyHeadersMiddleware(cast(Any, world.client.app), trusted_hosts=["testclient"])
    client = TestClient(cast(Any, behind), base_url="http://127.0.0.1")
    told = [{"X-Forwarded-For": address} for address in ("192.0.2.1", "192.0.2.2, 192.0.2.1")]
    statuses = [client.get("/v1/sources", headers=told[0]).status_code for _ in range(3)]
    assert statuses == [401, 401, 401]
    assert (
        client.get("/v1/sources", headers=told[1]).status_code == 429
    )  # the first is whatever it likes to say
    assert client.get("/v1/sources", headers={"X-Forwarded-For": "192.0.2.9"}).status_code == 401


def test_sessions_that_end_lock_nobody_out(world: World) -> None:
    """The page calls for everybody from one address, and in the morning many sessions are over."""
    over = world.person("advisor", exp=int(time.time()) - MINUTES_10)
    assert [status(world, over) for _ in range(6)] == [401] * 6
