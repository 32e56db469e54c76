"""Who is calling: a request goes in, a caller with their rights comes out, or a refusal (`server.sign_in.errors`)."""

import logging

import anyio.to_thread
import httpx
from fastapi import Request

from ingest.errors import StorageFailed
from server.access import Caller
from server.access_schemas import ApiKeyView
from server.settings import ServerSettings
from server.sign_in.errors import NoRole, NotSignedIn
from server.sign_in.keys import BEGINS, digest_of
from server.sign_in.provider import Provider
from server.sign_in.refusals import STRANGER, Refusals
from server.sign_in.secret_file import signing_secret
from server.sign_in.tickets import Tickets
from server.sign_in.tokens import Tokens, settings_tokens
from server.store.api_keys import ApiKeys
from server.store.opening import Stores

logger = logging.getLogger(__name__)

MACHINE = "cle:"
"""What the name of a machine begins with; the id of its key follows."""

BY_TICKET = frozenset({"/v1/documents/{document_id:path}/file", "/v1/evaluations/{run_id}/report"})
"""What a browser opens by an address alone."""

NOBODY = "Connectez-vous : cette adresse n’est ouverte qu’aux personnes connectées, et aux clés d’accès."
WRONG_KEY = "Cette clé d’accès n’est pas valable : elle n’existe pas, a expiré ou a été révoquée."


class SignIn:
    """Says who is calling, where people sign in."""

    def __init__(
        self, provider: Provider, tokens: Tokens, keys: ApiKeys, tickets: Tickets, refusals: Refusals
    ) -> None:
        self.provider = provider
        self.tickets = tickets
        self.refusals = refusals
        self._tokens = tokens
        self._keys = keys

    async def caller(self, request: Request) -> Caller:
        """Say who sent a request.

        Raises:
            NotSignedIn: it holds no token and no key, or one that is not accepted.
            NoRole: whoever signed in may do nothing here.
            SignInUnavailable: the provider's keys cannot be had.
            DatabaseUnavailable: keys cannot be looked up.
        """
        address = route_of(request)
        written = _bearer(request.headers.get("authorization"))
        if written is None:
            return self._by_ticket(request, address)
        if written.startswith(BEGINS):
            return await self._machine(written, address)
        caller = await self._tokens.caller(written)
        if not caller.permissions:
            await self.refusals.note(caller.user, address)
            raise NoRole
        return caller

    def _by_ticket(self, request: Request, address: str) -> Caller:
        ticket = request.query_params.get("ticket")
        if ticket is None or address not in BY_TICKET:
            raise NotSignedIn(NOBODY, error="")
        return self.tickets.caller(ticket)

    async def _machine(self, written: str, address: str) -> Caller:
        key = await anyio.to_thread.run_sync(self._keys.find, digest_of(written))
        if key is None or not self._keys.is_valid(key):
            await self.refusals.note(f"{MACHINE}{key.id}" if key else STRANGER, address)
            raise NotSignedIn(WRONG_KEY)
        if self._keys.is_due(key):
            await anyio.to_thread.run_sync(self._note_use, key)
        return Caller(frozenset(key.groups), f"{MACHINE}{key.id}", frozenset(key.scopes), name=key.name)

    def _note_use(self, key: ApiKeyView) -> None:
        try:
            self._keys.used(key)
        except StorageFailed as error:  # what the key asks for may need no write
            logger.error("the last use of key %s is not written: %s", key.id, error)


def open_sign_in(settings: ServerSettings, stores: Stores) -> SignIn | None:
    """Put sign-in together, None where it is off; the provider is asked later, by `SignIn.provider.start`.

    Raises:
        StorageFailed: the secret of the tickets cannot be read or written.
    """
    if settings.sign_in == "off":
        return None
    provider = Provider(settings.oidc_issuer or "", httpx.AsyncClient(follow_redirects=False))
    return SignIn(
        provider=provider,
        tokens=settings_tokens(settings, provider),
        keys=stores.api_keys,
        tickets=Tickets(signing_secret(settings.signing_key, settings.data_dir)),
        refusals=Refusals(stores.audit),
    )


def route_of(request: Request) -> str:
    """Give the address of the route that a request came to, as the code writes it."""
    path: str = request.scope["route"].path
    return path


def _bearer(authorization: str | None) -> str | None:
    """Give what an `Authorization` header holds, None where there is none.

    Raises:
        NotSignedIn: it is of another scheme than Bearer (RFC 6750).
    """
    if authorization is None:
        return None
    scheme, _, written = authorization.partition(" ")
    if scheme.lower() != "bearer" or not written.strip():
        raise NotSignedIn(NOBODY, error="invalid_request")
    return written.strip()
