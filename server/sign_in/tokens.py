"""Tokens of the provider: what a client sent goes in, the caller comes out, or a refusal that says what to do.

Checked as OpenID Connect Core 1.0 (section 3.1.3.7) and RFC 8725 ask: the signature by a key of the provider and an
algorithm that the settings name, never `none` nor a shared secret; issuer, audience, expiry and not-before.
"""

import logging
import time
from collections.abc import Callable, Collection
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import Key

from server.access import Caller
from server.settings import ServerSettings
from server.sign_in.claims import Mapped
from server.sign_in.errors import NotSignedIn, SessionExpired
from server.sign_in.provider import Provider

logger = logging.getLogger(__name__)

LEEWAY_S = 60
"""Seconds by which the clocks of two machines may differ."""

TYPES = frozenset({"jwt", "at+jwt"})
"""Kinds of tokens that say who calls: a provider signs others, which say that somebody left (RFC 8725, 3.11)."""

EXPIRED = "Votre session a expiré : reconnectez-vous."
NOT_ACCEPTED = (
    "Cette connexion n’est pas acceptée ici : reconnectez-vous. Si cela se répète, prévenez l’administrateur."
)


class Tokens:
    """Reads tokens of one provider.

    Args:
        clock: gives the seconds since 1970.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        issuer: str,
        audience: str,
        algorithms: Collection[str],
        mapped: Mapped,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._algorithms = frozenset(algorithms)
        self._mapped = mapped
        self._registry = jwt.JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def caller(self, written: str) -> Caller:
        """Say who sent a token.

        Raises:
            NotSignedIn: it is none, or not for this service, or has expired.
            SignInUnavailable: the provider does not give the key that it is checked by.
        """
        try:
            algorithm, kid = self._header(written)
            key = await self._provider.key(kid, algorithm)
            if key is None:
                raise _refused("the provider has no such key")
            return self._mapped.caller(self._claims(written, key, algorithm))
        except ExpiredTokenError as error:
            raise SessionExpired(EXPIRED) from error
        except (JoseError, ValueError) as error:
            raise _refused(str(error)) from error

    def _header(self, written: str) -> tuple[str, str | None]:
        """Read what the token says of its own signature; believed as far as the settings allow it."""
        header = jws.extract_compact(written.encode()).headers()
        algorithm, kid = header.get("alg"), header.get("kid")
        if str(header.get("typ", "JWT")).lower().removeprefix("application/") not in TYPES:
            raise ValueError("it is another kind of token")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise ValueError("its algorithm is not one of FANAL_OIDC_ALGORITHMS")
        if kid is not None and not isinstance(kid, str):
            raise ValueError("the name of its key is no text")
        return algorithm, kid

    def _claims(self, written: str, key: Key, algorithm: str) -> dict[str, Any]:
        claims = jwt.decode(written, key, algorithms=[algorithm]).claims
        self._registry.validate(claims)
        return claims


def settings_tokens(settings: ServerSettings, provider: Provider) -> Tokens:
    """Read tokens as the settings say."""
    return Tokens(
        provider,
        issuer=settings.oidc_issuer or "",
        audience=settings.oidc_audience or "",
        algorithms=settings.oidc_algorithms,
        mapped=Mapped.of(settings),
    )


def _refused(reason: str) -> NotSignedIn:
    logger.info("a token was refused: %s", reason)
    return NotSignedIn(NOT_ACCEPTED)
