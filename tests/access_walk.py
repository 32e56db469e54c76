"""Every endpoint in every situation: the running world goes in, what each was answered comes out."""

import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

import httpx2
from fastapi.routing import iter_route_contexts
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.routing import BaseRoute

from server.access import Caller
from server.access_schemas import Permission
from server.sign_in.keys import BEGINS
from server.sign_in.tickets import LIFE_S, Tickets
from tests.access_endpoints import ENDPOINTS, Endpoint
from tests.access_world import GROUP, ROLES, SECRET, World, bearer
from tests.oidc_keys import new_key

Headers = dict[str, str]


@dataclass(frozen=True)
class Answered:
    """What a request was answered.

    Args:
        shows: whether the word of the group stands in it.
    """

    status: int
    shows: bool
    response: httpx2.Response


Answers = Mapping[str, Answered | None]
"""By situation; None where it cannot be, as the wrong role where every role would do."""


def role_of(endpoint: Endpoint) -> str:
    """Give the role of somebody who may ask this."""
    return ROLES[cast(Permission, endpoint.wanted)] if endpoint.wanted in get_args(Permission) else "advisor"


def without(endpoint: Endpoint) -> list[str]:
    """Give the roles that may not ask this."""
    if endpoint.wanted in ("ask", "signed in", "nobody"):  # every role may ask
        return []
    return [role for role in ROLES.values() if role != role_of(endpoint)]


def signed(world: World, endpoint: Endpoint, **more: Any) -> Headers:
    """Give the headers of somebody who may ask this, but for the claims that are given."""
    return world.person(role_of(endpoint), GROUP, **more)


def unsigned(world: World, endpoint: Endpoint) -> Headers:
    """Write a token that says it needs no signature."""
    claims = world.claims(role_of(endpoint), GROUP)
    parts = ({"alg": "none", "kid": world.provider.keys.current.kid}, claims)
    written = (urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return bearer(f"{'.'.join(written)}.")


def by_shared_secret(world: World, endpoint: Endpoint) -> Headers:
    """Sign by HS256, with the provider's public key as the secret: a server that believes the header accepts it."""
    key = world.provider.keys.current
    assert isinstance(key, RSAKey)
    secret = OctKey.import_key(key.as_pem(private=False).replace(b"-----", b""))
    header = {"alg": "HS256", "kid": key.kid}
    claims = world.claims(role_of(endpoint), GROUP)
    return bearer(jwt.encode(header, claims, secret, algorithms=["HS256"]))


def by_another(world: World, endpoint: Endpoint, kid: str | None) -> Headers:
    """Sign by a key that the provider does not have, under a name that it has or not."""
    claims = world.claims(role_of(endpoint), GROUP)
    header = {"alg": "RS256", "kid": kid or "autre"}
    return bearer(jwt.encode(header, claims, new_key("RS256", "un autre")))


def wrong_role(world: World, endpoint: Endpoint) -> list[Headers]:
    """Give somebody of each role that is not enough."""
    return [world.person(role, GROUP) for role in without(endpoint)]


def other_scope(world: World, endpoint: Endpoint) -> list[Headers]:
    """Give a machine whose key has every scope but the one that is wanted."""
    if endpoint.wanted not in get_args(Permission):
        return []
    return [world.machine(*(scope for scope in get_args(Permission) if scope != endpoint.wanted))]


def scope(endpoint: Endpoint) -> Permission:
    """Give the scope of a key that may ask this."""
    return cast(Permission, endpoint.wanted) if endpoint.wanted in get_args(Permission) else "ask"


Situation = Callable[[World, Endpoint], list[Headers]]

NO_ONE: Mapping[str, Situation] = {
    "sans jeton": lambda _world, _endpoint: [{}],
    "clé fausse": lambda _world, _endpoint: [bearer(BEGINS + secrets.token_urlsafe(32))],
    "clé révoquée": lambda world, endpoint: [world.machine(scope(endpoint), revoked=True)],
    "clé expirée": lambda world, endpoint: [world.machine(scope(endpoint), expired=True)],
    "jeton expiré": lambda world, endpoint: [signed(world, endpoint, exp=int(time.time()) - 61)],
    "jeton d’après": lambda world, endpoint: [signed(world, endpoint, nbf=int(time.time()) + 120)],
    "autre public": lambda world, endpoint: [signed(world, endpoint, aud="autre-page")],
    "autre émetteur": lambda world, endpoint: [signed(world, endpoint, iss="https://autre.exemple.invalid")],
    "sans signature": lambda world, endpoint: [unsigned(world, endpoint)],
    "HS256, clé publique": lambda world, endpoint: [by_shared_secret(world, endpoint)],
    "clé inconnue": lambda world, endpoint: [by_another(world, endpoint, None)],
    "signature d’un autre": lambda world, endpoint: [
        by_another(world, endpoint, world.provider.keys.current.kid)
    ],
}
"""Nobody who is known: 401."""

KNOWN: Mapping[str, Situation] = {
    "sans rôle": lambda world, _: [world.person(None, GROUP)],
    "autre rôle": wrong_role,
    "clé sans portée": other_scope,
}
"""Somebody who may not: 403."""

TICKET, EXPIRED_TICKET, ELSEWHERE, MACHINE, GOOD = "lien signé", "lien expiré", "autre groupe", "clé", "bon"

COLUMNS = (*NO_ONE, EXPIRED_TICKET, *KNOWN, ELSEWHERE, TICKET, MACHINE, GOOD)


def walk(world: World) -> dict[Endpoint, dict[str, Answered | None]]:
    """Ask every endpoint in every situation; the good requests come last, for some delete what is asked for."""
    answers: dict[Endpoint, dict[str, Answered | None]] = {endpoint: {} for endpoint in ENDPOINTS}
    for endpoint, found in answers.items():
        for name, situation in {**NO_ONE, **KNOWN}.items():
            found[name] = _agreed([ask(world, endpoint, headers) for headers in situation(world, endpoint)])
        found[EXPIRED_TICKET] = by_ticket(world, endpoint, since_s=LIFE_S)
        elsewhere = world.person(role_of(endpoint), "accueil")
        found[ELSEWHERE] = ask(world, endpoint, elsewhere) if endpoint.elsewhere else None
        found[TICKET] = by_ticket(world, endpoint)
    for endpoint, found in answers.items():
        machine = endpoint.method == "GET" and "{draft_id}" not in endpoint.path
        machine = machine and "{conversation_id}" not in endpoint.path
        found[MACHINE] = ask(world, endpoint, world.machine(scope(endpoint))) if machine else None
        found[GOOD] = ask(world, endpoint, signed(world, endpoint))
    return answers


def ask(world: World, endpoint: Endpoint, headers: Headers, ticket: str = "") -> Answered:
    """Send an endpoint's request."""
    address = endpoint.address(world)
    if ticket:
        address += f"{'&' if '?' in address else '?'}ticket={ticket}"
    response = world.client.request(
        endpoint.method, address, json=endpoint.sent(world), content=endpoint.content, headers=headers
    )
    return Answered(response.status_code, SECRET in response.text, response)


def by_ticket(world: World, endpoint: Endpoint, since_s: int = 0) -> Answered:
    """Ask with a ticket in the address and no token; `since_s`: how long ago it was made, in seconds."""
    ticket = ticket_of(world, role_of(endpoint), since_s)
    return ask(world, endpoint, {}, ticket)


def ticket_of(world: World, role: str, since_s: int = 0) -> str:
    """Give a ticket of somebody, made by the server, or as it would have made it then."""
    headers = world.person(role, GROUP)
    if not since_s:
        made: str = world.client.post("/v1/tickets", headers=headers).json()["ticket"]
        return made
    secret = (world.parts.settings.data_dir / "signing.key").read_text("ascii").strip()
    me = world.client.get("/v1/me", headers=headers).json()
    caller = Caller(frozenset(me["groups"]), me["user"], frozenset(me["permissions"]))
    return Tickets(secret, clock=lambda: time.time() - since_s).make(caller).ticket


def _agreed(answers: Sequence[Answered]) -> Answered | None:
    """Give what all were answered, which must be the same."""
    assert len({one.status for one in answers}) <= 1, answers
    return answers[0] if answers else None


def served(routes: Sequence[BaseRoute]) -> set[tuple[str, str]]:
    """Give the method and path of each route, as the contract writes them."""
    return {
        (method, str(context.path_format))
        for context in iter_route_contexts(routes)
        for method in context.methods or ()
        if method != "HEAD"
    }
