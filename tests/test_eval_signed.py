"""A run against a server whose people sign in: the key that it sends, what that key may do, and what it is refused."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from eval.asking import asking_endpoint
from eval.exchanges import Asked
from ingest.errors import FanalError
from server.access_schemas import Permission
from server.case_schemas import Case
from server.settings import ServerSettings
from tests.access_world import GROUP, QUESTION, SECRET, World, world_running
from tests.served import serving

pytestmark = pytest.mark.slow  # the server and its provider take ten seconds to start

NEEDED: tuple[Permission, ...] = ("ask", "draft", "quality")
OPEN = Case(id="plafond", question=QUESTION, groups=[GROUP])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_running(tmp_path_factory.mktemp("organisation")) as running:
        yield running


@pytest.fixture(scope="module")
def url(world: World) -> Iterator[str]:
    """The same app, over HTTP: its lifespan is the client's."""
    app: Any = world.client.app

    async def without_lifespan(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await app(scope, receive, send)

    with serving(without_lifespan) as address:  # type: ignore[arg-type]  # any ASGI app
        yield address


def headers_of(world: World, *scopes: Permission) -> Mapping[str, str]:
    """Give what the commands send, from the setting that a key is written in."""
    _, _, key = world.machine(*scopes)["Authorization"].partition(" ")
    return ServerSettings(server_api_key=key, _env_file=None).server_headers


def asked(url: str, headers: Mapping[str, str], case: Case) -> Asked:
    async def ask() -> Asked:
        async with asking_endpoint(url, None, headers) as asker:
            return await asker.ask(case)

    return asyncio.run(ask())


def test_the_key_of_the_setting_asks_with_its_groups_and_leaves_nothing(world: World, url: str) -> None:
    headers = headers_of(world, *NEEDED)
    before = httpx.get(f"{url}/v1/conversations", headers=headers).json()
    answer = asked(url, headers, OPEN)
    assert (answer.result.status, answer.result.error) == ("done", None)
    assert SECRET in answer.result.model_dump_json()
    assert httpx.get(f"{url}/v1/conversations", headers=headers).json() == before


@pytest.mark.parametrize("scopes", [("ask", "draft"), ("administer",)])
def test_a_key_that_may_not_measure_is_told_so_before_anything_is_asked(
    world: World, url: str, scopes: tuple[Permission, ...]
) -> None:
    with pytest.raises(FanalError, match=r"droit|clé|rôle"):
        asked(url, headers_of(world, *scopes), OPEN)


def test_a_run_without_a_key_is_told_to_sign_in(url: str) -> None:
    with pytest.raises(FanalError, match="connect"):
        asked(url, {}, OPEN)
