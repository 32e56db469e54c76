"""Every endpoint refuses whoever may not ask it, in each situation; a new endpoint fails here until it is asked too."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from infra import access_page
from server.dependencies import Needs
from server.sign_in.refusals import STRANGER
from tests.access_endpoints import ENDPOINTS, Endpoint
from tests.access_walk import (
    COLUMNS,
    ELSEWHERE,
    EXPIRED_TICKET,
    GOOD,
    KNOWN,
    MACHINE,
    NO_ONE,
    TICKET,
    Answered,
    ask,
    bearer,
    served,
    walk,
)
from tests.access_world import GROUP, SECRET, World, world_running

pytestmark = pytest.mark.slow  # a thousand requests, to a server that takes ten seconds to start

ENGLISH = re.compile(r"\b(the|not|token|invalid|unauthorized|forbidden|missing)\b", re.I)
OPEN = {("GET", "/health/live"), ("GET", "/health/ready")}
OPENAI = ("/v1/chat/completions", "/v1/models", "/v1/models/{name}")

Walked = dict[Endpoint, dict[str, Answered | None]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_running(tmp_path_factory.mktemp("organisation")) as running:
        yield running


@pytest.fixture(scope="module")
def walked(world: World) -> Walked:
    return walk(world)


def named(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=named)


def test_every_endpoint_is_asked(world: World) -> None:
    app: Any = world.client.app
    assert served(app.routes) == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


def test_every_route_says_what_it_needs(world: World) -> None:
    app: Any = world.client.app
    wanted = {(endpoint.method, endpoint.path): endpoint.wanted for endpoint in ENDPOINTS}
    for context in iter_route_contexts(app.routes):
        needs = [one.call for one in context.dependant.dependencies if isinstance(one.call, Needs)]
        for method in context.methods or ():
            address = (method, str(context.path_format))
            if address in OPEN:
                assert needs == []
            else:
                assert [one.permission or "signed in" for one in needs] == [wanted[address]], address


@each_endpoint
def test_who_is_not_known_is_told_to_sign_in(walked: Walked, endpoint: Endpoint) -> None:
    if endpoint.wanted == "nobody":
        pytest.skip("open to all")
    tickets = [] if endpoint.by_ticket else [TICKET]
    for situation in (*NO_ONE, EXPIRED_TICKET, *tickets):
        answered = walked[endpoint][situation]
        assert answered is not None
        assert (situation, answered.status) == (situation, 401)
        assert answered.response.headers["www-authenticate"].startswith("Bearer")
        check_refusal(endpoint, answered)


@each_endpoint
def test_who_may_not_is_refused(walked: Walked, endpoint: Endpoint) -> None:
    for situation in KNOWN:
        answered = walked[endpoint][situation]
        if answered is not None and endpoint.wanted != "nobody":
            assert (situation, answered.status) == (situation, 403)
            check_refusal(endpoint, answered)


@each_endpoint
def test_another_group_s_text_is_not_shown(walked: Walked, endpoint: Endpoint) -> None:
    answered = walked[endpoint][ELSEWHERE]
    if answered is not None:
        assert answered.status == endpoint.elsewhere
        assert not answered.shows


@each_endpoint
def test_who_may_is_answered(walked: Walked, endpoint: Endpoint) -> None:
    good = walked[endpoint][GOOD]
    assert good is not None
    assert good.status == endpoint.good, good.response.text
    machine = walked[endpoint][MACHINE]
    if machine is not None:
        assert machine.status == endpoint.good, machine.response.text
    ticket = walked[endpoint][TICKET]
    if endpoint.by_ticket:
        assert ticket is not None
        assert ticket.status == 200


def check_refusal(endpoint: Endpoint, answered: Answered) -> None:
    """Check that a refusal says in French what to do, in the shape that the endpoint's clients read."""
    body = answered.response.json()
    if endpoint.path in OPENAI:
        detail = body["error"]["message"]
        kinds = {401: "authentication_error", 403: "permission_error"}
        assert body["error"]["type"] == kinds[answered.status]
    else:
        assert answered.response.headers["content-type"] == "application/problem+json"
        assert body["title"] in ("Connexion requise", "Refusé")
        detail = body["detail"]
    assert not ENGLISH.search(detail), detail
    assert not answered.shows


def test_the_page_is_what_the_server_answers(walked: Walked) -> None:
    page = access_page.PAGE.read_text("utf-8")
    assert access_page.written(page, walked) == page, "run `make docs`"
    assert set(COLUMNS) == set(walked[ENDPOINTS[0]])


def test_the_good_and_the_group_see_the_word_that_others_do_not(walked: Walked) -> None:
    shown = {named(endpoint) for endpoint, found in walked.items() if (good := found[GOOD]) and good.shows}
    assert {"POST /v1/search", "POST /v1/ask", "GET /v1/documents/{document_id}"} <= shown


def test_every_response_keeps_the_browser_from_harm(walked: Walked) -> None:
    for endpoint, found in walked.items():
        for answered in filter(None, found.values()):
            headers = answered.response.headers
            assert headers["x-content-type-options"] == "nosniff", endpoint
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["content-security-policy"]
            assert "no-store" in headers["cache-control"] or "no-cache" in headers["cache-control"]
            assert not [name for name in headers if name.startswith("access-control-")]
            assert "strict-transport-security" not in headers


def test_tls_is_asked_for_again_behind_tls(world: World) -> None:
    response = world.client.get("https://127.0.0.1/health/live")
    assert response.headers["strict-transport-security"].startswith("max-age=")


def test_another_host_is_refused(world: World) -> None:
    assert world.client.get("/health/live", headers={"Host": "ailleurs.exemple.invalid"}).status_code == 400


@pytest.mark.parametrize("address", ["/docs", "/redoc", "/openapi.json"])
def test_the_contract_is_not_shown_to_strangers(world: World, address: str) -> None:
    assert world.client.get(address).status_code == 404


def test_ready_says_nothing_of_what_there_is(world: World) -> None:
    assert world.client.get("/health/ready").json() == {"status": "ok"}


def test_refusals_are_in_the_audit_once_a_minute(world: World, walked: Walked) -> None:
    lines = [line.act for line in world.parts.audit.lines() if line.act.act == "access_refused"]
    actors = [act.actor for act in lines]
    assert len(walked) > 40
    assert 1 <= actors.count(STRANGER) <= 10  # one a minute, and the walk asked for each endpoint
    assert "oidc:personne-direction" in actors
    assert any(actor.startswith("cle:") for actor in actors)
    paths = {endpoint.path for endpoint in ENDPOINTS} | {f"{one.path}" for one in ENDPOINTS}
    assert {re.sub(r":path}", "}", act.object_id) for act in lines} <= paths


def test_me_says_who_calls(world: World) -> None:
    me = world.client.get("/v1/me", headers=world.person("writer", GROUP, "inconnu")).json()
    assert me == {
        "user": "oidc:writer-direction-inconnu",
        "name": "Iris Conseil",
        "sign_in": True,
        "roles": ["writer"],
        "permissions": ["ask", "draft"],
        "groups": [GROUP],
    }
    machine = world.client.get("/v1/me", headers=world.machine("ask")).json()
    assert (machine["roles"], machine["permissions"], machine["groups"]) == ([], ["ask"], [GROUP])
    assert machine["user"].startswith("cle:")


def test_a_key_gives_no_more_than_its_maker_has(world: World) -> None:
    administrator = world.person("administrator", GROUP)
    for wanted in ({"scopes": ["quality"]}, {"scopes": ["ask"], "groups": ["comptabilite"]}):
        refused = world.client.post("/v1/keys", json={"name": "Trop", **wanted}, headers=administrator)
        assert refused.status_code == 403
        assert "keys create" in refused.json()["detail"]


def test_a_key_works_until_it_is_revoked(world: World) -> None:
    administrator = world.person("administrator", GROUP)
    wanted = {"name": "Poste de Mme Iris Duvallon", "scopes": ["ask"], "groups": [GROUP]}
    made = world.client.post("/v1/keys", json=wanted, headers=administrator).json()
    assert "Duvallon" not in made["name"]
    found = world.client.post("/v1/search", json={"query": "fournitures"}, headers=bearer(made["key"]))
    assert SECRET in found.text
    (listed,) = (
        one for one in world.client.get("/v1/keys", headers=administrator).json() if one["id"] == made["id"]
    )
    assert listed["last_used_at"].endswith(":00Z")
    assert made["key"].startswith(listed["prefix"])
    assert made["key"] not in str(listed)
    for _ in range(2):  # revoked twice is revoked
        gone = world.client.delete(f"/v1/keys/{made['id']}", headers=administrator)
        assert gone.status_code == 204
    again = world.client.post("/v1/search", json={"query": "fournitures"}, headers=bearer(made["key"]))
    assert again.status_code == 401
    revoked = [line.act for line in world.parts.audit.lines() if line.act.act == "key_revoked"]
    assert [act.object_id for act in revoked].count(made["id"]) == 1
    assert world.client.delete("/v1/keys/absente", headers=administrator).status_code == 404


@pytest.mark.parametrize(
    "wanted", [{"scopes": []}, {"scopes": ["tout"]}, {"expires_at": "2027-01-01T00:00:00"}]
)
def test_a_key_that_is_badly_asked_for_is_said_so(world: World, wanted: dict[str, object]) -> None:
    body = {"name": "Intranet", "scopes": ["ask"], **wanted}
    assert world.client.post("/v1/keys", json=body, headers=world.person("administrator")).status_code == 422


def test_a_ticket_has_the_rights_of_who_made_it_and_no_more(world: World) -> None:
    document = next(one for one in ENDPOINTS if one.path.endswith("/file"))
    report = next(one for one in ENDPOINTS if one.path.endswith("/report"))
    elsewhere = world.client.post("/v1/tickets", headers=world.person("advisor", "accueil")).json()["ticket"]
    inside = world.client.post("/v1/tickets", headers=world.person("advisor", GROUP)).json()["ticket"]
    assert ask(world, document, {}, elsewhere).status == 404
    assert ask(world, document, {}, inside).status == 200
    assert ask(world, report, {}, inside).status == 403
    assert ask(world, document, {}, inside[:-3] + "abc").status == 401
    assert ask(world, document, bearer(inside)).status == 401


def test_files_that_the_server_makes_are_its_own(world: World) -> None:
    path: Path = world.parts.settings.data_dir / "signing.key"
    assert path.stat().st_mode & 0o777 == 0o600
