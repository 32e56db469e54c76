"""Tickets: who calls goes in, a signed text that opens a document or a report from an address comes out, and back.

A browser sends no token when it opens a link. A ticket stands for its caller for ten minutes, at two addresses alone
(`server.sign_in.caller`), with the rights of the moment when it was made. It is a JSON Web Token whose HMAC-SHA256 is
by a secret of this server, of a type of its own: no token of the provider is one, and it is no token of the provider.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel, ValidationError

from server.access import Caller
from server.access_schemas import Permission, Ticket
from server.sign_in.errors import NotSignedIn

LIFE_S = 600
"""Seconds that a ticket opens something."""

TYPE = "fanal-ticket"
ALGORITHM = "HS256"

OVER = "Ce lien a expiré, ou n’est pas valable : rouvrez-le depuis la page de Fanal."


class _Said(BaseModel):
    sub: str
    groups: list[str]
    permissions: list[Permission]
    exp: int


class Tickets:
    """Makes tickets, and reads them.

    Args:
        secret: that they are signed by, the same for all processes that serve.
        clock: gives the seconds since 1970.
    """

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = OctKey.import_key(secret)
        self._clock = clock

    def make(self, caller: Caller) -> Ticket:
        """Make a ticket that stands for somebody."""
        until = int(self._clock()) + LIFE_S
        said = _Said(
            sub=caller.user,
            groups=sorted(caller.groups),
            permissions=sorted(caller.permissions),
            exp=until,
        )
        written = jwt.encode({"alg": ALGORITHM, "typ": TYPE}, said.model_dump(), self._key)
        return Ticket(ticket=written, expires_at=datetime.fromtimestamp(until, UTC))

    def caller(self, ticket: str) -> Caller:
        """Say who a ticket stands for; raises `NotSignedIn` when it is none, or its time is over."""
        try:
            read = jwt.decode(ticket, self._key, algorithms=[ALGORITHM])
            said = _Said.model_validate(read.claims)
        except (JoseError, ValidationError, UnicodeError) as error:
            raise NotSignedIn(OVER) from error
        if read.header.get("typ") != TYPE or said.exp <= self._clock():
            raise NotSignedIn(OVER)
        return Caller(frozenset(said.groups), said.sub, frozenset(said.permissions))
