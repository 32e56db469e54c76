"""Keys that sign ID tokens for tests, with real signatures: claims go in, tokens and a JWKS come out."""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

RSA_BITS = 2_048
MINUTES_5 = 300

Key = RSAKey | ECKey


class SigningKeys:
    """The keys of one provider: the newest signs, and all that it still publishes may check.

    Args:
        algorithm: `RS256` or `ES256`.
    """

    def __init__(self, algorithm: str = "RS256") -> None:
        self.algorithm = algorithm
        self.published: list[Key] = []
        self._made = 0
        self.rotate()

    @property
    def current(self) -> Key:
        """Give the key that signs now."""
        return self.published[-1]

    def rotate(self, *, keep: int = 0) -> None:
        """Sign with a new key from now on, and publish `keep` of the former ones beside it."""
        self._made += 1
        former = self.published[-keep:] if keep else []
        self.published = [*former, new_key(self.algorithm, f"{self.algorithm}-{self._made}")]

    def sign(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        """Give a signed token.

        Args:
            header: replaces parts of the usual header (`alg`, `kid`).
        """
        named = {"alg": self.algorithm, "kid": self.current.kid, "typ": "JWT", **(header or {})}
        return jwt.encode(named, dict(claims), self.current, algorithms=[named["alg"]])

    def jwks(self) -> dict[str, Any]:
        """Give the public keys as a provider publishes them."""
        return {"keys": [{**key.as_dict(private=False), "alg": self.algorithm} for key in self.published]}


@cache
def new_key(algorithm: str, key_id: str) -> Key:
    """Make a key; one of the same name is made once in a process, for making an RSA key takes a while."""
    parameters: Any = {"kid": key_id, "use": "sig"}
    if algorithm.startswith("ES"):
        return ECKey.generate_key("P-256", parameters)
    return RSAKey.generate_key(RSA_BITS, parameters)


def claims_of(issuer: str, audience: str, subject: str, **more: Any) -> dict[str, Any]:
    """Give the claims of an ID token that is good for five minutes; `more` adds to them or replaces them."""
    now = int(time.time())
    return {
        "iss": issuer,
        "aud": audience,
        "sub": subject,
        "iat": now,
        "exp": now + MINUTES_5,
        **more,
    }
