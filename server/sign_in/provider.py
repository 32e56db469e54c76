"""The organisation's OpenID Connect provider: its address goes in, the public keys that it signs with come out.

Found through its discovery document (OpenID Connect Discovery 1.0, section 4) and kept; a key that is not known makes
them be read again, so that a provider may change its keys at any time.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from pydantic import BaseModel

from server.sign_in.addresses import is_safe
from server.sign_in.errors import SignInUnavailable

logger = logging.getLogger(__name__)

WELL_KNOWN = "/.well-known/openid-configuration"

ANSWER_S = 5.0
"""Seconds that the provider has for its two documents; people wait meanwhile."""

REFETCH_S = 30.0
"""Seconds between two readings that unknown keys bring about: anybody can write a token with one."""

RETRY_S = 5.0
"""Seconds between two tries while the provider does not answer: it is back soon after it is."""

MAX_AGE_S = 600.0
"""Seconds after which the keys are read again in the background: a key that was taken back stops being accepted."""

KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The type of key of each family of signatures, by the first letters of their names."""


class Discovery(BaseModel):
    """What is read of the discovery document."""

    issuer: str
    jwks_uri: str


class KeyList(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class Provider:
    """The keys of one provider; used in one event loop.

    Args:
        issuer: its address, as its tokens write it.
        http: asks it.
        clock: gives seconds that only go forward.
    """

    def __init__(
        self, issuer: str, http: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._http = http
        self._clock = clock
        self._keys: list[Key] = []
        self._tried_at = float("-inf")
        self._answers = True
        self._lock = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the keys; a provider that does not answer is said in the log, and asked again when people come."""
        await self._read_if_due()

    async def key(self, kid: str | None, algorithm: str) -> Key | None:
        """Give the key that a token names, None when the provider has no such key.

        Args:
            kid: its name; None is enough where the provider has one key only that fits.

        Raises:
            SignInUnavailable: the provider does not answer, and this key is not among those that are known.
        """
        if self._clock() - self._tried_at > (MAX_AGE_S if self._answers else REFETCH_S):
            self._read_in_the_background()
        found = _matching(self._keys, kid, algorithm)
        if found is None:
            await self._read_if_due()
            found = _matching(self._keys, kid, algorithm)
        if found is None and not self._answers:
            raise SignInUnavailable
        return found

    async def close(self) -> None:
        """Stop reading, and close the connections."""
        if self._reading is not None:
            self._reading.cancel()
        await self._http.aclose()

    def _read_in_the_background(self) -> None:
        """Keep those whose key is known from waiting; the known keys serve until others are read."""
        if self._keys and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._read_if_due())

    async def _read_if_due(self) -> None:
        async with self._lock:  # whoever waited here finds what the first one read
            if self._clock() - self._tried_at >= (REFETCH_S if self._answers else RETRY_S):
                await self._read()

    async def _read(self) -> None:
        answered = self._answers
        try:
            async with asyncio.timeout(ANSWER_S):
                self._keys = await self._fetched()
            self._answers = True
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            self._answers = False
            if answered:  # told once, not at each try
                logger.error(
                    "Le fournisseur d’identité « %s » ne donne pas ses clés (%s). %s",
                    self._issuer,
                    str(error) or type(error).__name__,
                    "Celles qui sont connues servent encore."
                    if self._keys
                    else "Personne ne peut se connecter en attendant.",
                )
        self._tried_at = self._clock()
        if self._answers and not answered:
            logger.warning("Le fournisseur d’identité « %s » répond de nouveau.", self._issuer)

    async def _fetched(self) -> list[Key]:
        address = self._issuer.rstrip("/") + WELL_KNOWN
        found = Discovery.model_validate_json((await self._get(address)).content)
        if found.issuer != self._issuer:
            raise ValueError(f"il se nomme « {found.issuer} » : FANAL_OIDC_ISSUER doit l’écrire ainsi")
        if not is_safe(found.jwks_uri):
            raise ValueError(f"ses clés sont à une adresse qui n’est pas en https, « {found.jwks_uri} »")
        keys = _imported(KeyList.model_validate_json((await self._get(found.jwks_uri)).content).keys)
        if not keys:
            raise ValueError("il ne donne aucune clé de signature")
        return keys

    async def _get(self, address: str) -> httpx.Response:
        return (await self._http.get(address)).raise_for_status()


def _imported(written: Sequence[dict[str, Any]]) -> list[Key]:
    """Read the public keys for signatures; one of a kind that is not known is left out (RFC 7517, section 5)."""
    keys = []
    for one in written:
        if one.get("kty") not in KEY_TYPES.values() or one.get("use", "sig") != "sig":
            continue
        try:
            keys.append(JWKRegistry.import_key(one))
        except (JoseError, ValueError, TypeError) as error:
            logger.warning("a key of the identity provider cannot be read: %s", error)
    return keys


def _matching(keys: Sequence[Key], kid: str | None, algorithm: str) -> Key | None:
    kind = KEY_TYPES[algorithm[:2]]
    fit = [key for key in keys if key.key_type == kind and key.get("alg") in (None, algorithm)]
    if kid is None:
        return fit[0] if len(fit) == 1 else None
    return next((key for key in fit if key.kid == kid), None)
