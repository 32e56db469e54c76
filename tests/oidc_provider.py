"""A local OpenID Connect provider: invented people sign in at a form, and get ID tokens with real signatures.

Discovery, authorisation code with PKCE (RFC 7636) and nonce, token, JWKS, rotation of keys, end of session
(OpenID Connect RP-Initiated Logout 1.0). It keeps who signed in by a cookie, as real ones do, so that a page that asks
again gets its token without a form.
"""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.oidc_keys import MINUTES_5, SigningKeys, claims_of
from tests.served import serving

CLIENT_ID = "fanal-page"
CLIENT_SECRET = "un-secret-invente-pour-les-essais"
SESSION = "essai_session"


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in; all are invented."""

    username: str
    name: str
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def claims(self) -> dict[str, Any]:
        """Give what a token says of them, beside who it is for."""
        return {
            "name": self.name,
            "preferred_username": self.username,
            "email": f"{self.username}@exemple.invalid",
            "roles": list(self.roles),
            "groups": list(self.groups),
        }


PEOPLE = (
    Person("iris", "Iris Conseil", ("fanal-conseillers",), ("agence-nord",)),
    Person("remi", "Rémi Redac", ("fanal-redacteurs",)),
    Person("quentin", "Quentin Qualité", ("fanal-qualite",), ("direction-generale",)),
    Person("ada", "Ada Admin", ("fanal-administrateurs",)),
    Person("noe", "Noé Nouveau"),
)


@dataclass
class Provider:
    """What the provider knows; tests read and change it.

    Args:
        lifetime_s: seconds that an ID token is good for.
        codes: what was asked for, by the code that was given.
        asked: parameters of every request for a code.
        refused: why requests for a token were refused.
    """

    issuer: str = ""
    keys: SigningKeys = field(default_factory=SigningKeys)
    lifetime_s: int = MINUTES_5
    people: dict[str, Person] = field(default_factory=lambda: {person.username: person for person in PEOPLE})
    codes: dict[str, tuple[dict[str, str], Person]] = field(default_factory=dict)
    sessions: dict[str, Person] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """Give the provider as an application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discover),
                Route("/authorize", self.authorize, methods=["GET", "POST"]),
                Route("/token", self.token, methods=["POST"]),
                Route("/jwks", self.jwks),
                Route("/end", self.end_session),
            ]
        )

    def id_token(self, person: Person, **more: Any) -> str:
        """Give an ID token of this person; `more` adds to its claims or replaces them."""
        claims = claims_of(self.issuer, CLIENT_ID, f"id-{person.username}", **person.claims())
        return self.keys.sign({**claims, "exp": claims["iat"] + self.lifetime_s, **more})

    async def discover(self, _: Request) -> Response:
        """Say where everything is (OpenID Connect Discovery 1.0)."""
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "end_session_endpoint": f"{self.issuer}/end",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [self.keys.algorithm],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        """Show the form, or send who signed in back to the page with a code."""
        asked = dict(request.query_params)
        if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code":
            return HTMLResponse("unknown client", status_code=400)
        known = self.sessions.get(request.cookies.get(SESSION, ""))
        if request.method == "POST":
            known = self.people.get(dict(parse_qsl((await request.body()).decode())).get("username", ""))
        if known is None:
            return HTMLResponse(form_html(self.people.values()))
        self.asked.append(asked)
        code, session = secrets.token_urlsafe(), secrets.token_urlsafe()
        self.codes[code], self.sessions[session] = (asked, known), known
        address = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        response = RedirectResponse(address, status_code=303)
        response.set_cookie(SESSION, session, httponly=True, samesite="lax")
        return response

    async def token(self, request: Request) -> Response:
        """Give tokens for a code, once."""
        sent = dict(parse_qsl((await request.body()).decode()))
        asked, person = self.codes.pop(sent.get("code", ""), ({}, None))
        fault = "unknown code" if person is None else _fault(request, sent, asked)
        if person is None or fault:
            self.refused.append(fault)
            return JSONResponse({"error": "invalid_grant", "error_description": fault}, status_code=400)
        nonce = {"nonce": asked["nonce"]} if "nonce" in asked else {}
        return JSONResponse(
            {
                "access_token": secrets.token_urlsafe(),
                "token_type": "Bearer",
                "expires_in": self.lifetime_s,
                "id_token": self.id_token(person, **nonce),
            },
            headers={"Cache-Control": "no-store"},
        )

    async def jwks(self, _: Request) -> Response:
        """Publish the keys."""
        return JSONResponse(self.keys.jwks())

    async def end_session(self, request: Request) -> Response:
        """Forget who signed in, and send them back."""
        self.sessions.pop(request.cookies.get(SESSION, ""), None)
        response = RedirectResponse(request.query_params["post_logout_redirect_uri"], status_code=303)
        response.delete_cookie(SESSION)
        return response


def _fault(request: Request, sent: dict[str, str], asked: dict[str, str]) -> str:
    """Say what is wrong with a request for a token; '' for nothing."""
    if (sent.get("client_id"), sent.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return "wrong client secret"
    if sent.get("redirect_uri") != asked["redirect_uri"]:
        return "another redirect URI"
    if "code_challenge" in asked:
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return "wrong code verifier"
    return ""


def form_html(people: Any) -> str:
    """Give the form: a button for each person."""
    buttons = "".join(
        f'<p><button name="username" value="{escape(person.username)}">{escape(person.name)}</button></p>'
        for person in people
    )
    return (
        '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Fournisseur d’essai</title>'
        f'<h1>Qui êtes-vous ?</h1><form method="post">{buttons}</form></html>'
    )


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Serve a provider on a free port of this machine; its `issuer` says where."""
    provider = Provider()
    with serving(provider.app()) as url:
        provider.issuer = url
        yield provider
