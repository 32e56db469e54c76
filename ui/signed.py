"""The ID token of one person's session, and how it goes with each call to the server.

All sessions share one HTTP client; the token is given to each call apart, so that none goes with another's. Another tab
of the same browser may hand a newer token over (see `ui/sign_in.js`), so that signing in again loses nothing typed.
"""

import secrets
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from threading import Lock

import httpx

from ui.calls import OVER, SessionOver

SOON_S = 300.0
"""How long before its end a session is said to end, in seconds; less for one that is short."""
PASS_S = 120.0
"""How long a token waits to be handed over to the other tabs, in seconds."""


@dataclass(frozen=True, slots=True)
class Token:
    """An ID token.

    Args:
        person: issuer and subject.
        issued: when it was made, in seconds since 1970.
        expires: when it ends, likewise.
    """

    value: str = field(repr=False)
    person: tuple[str, str]
    issued: float
    expires: float

    def is_over(self) -> bool:
        """Tell whether the server refuses it by now."""
        return time.time() >= self.expires

    def ends_soon(self) -> bool:
        """Tell whether it is time to sign in again: five minutes before, or the last fifth of a shorter session."""
        return time.time() >= self.expires - min(SOON_S, (self.expires - self.issued) / 5)


class Signed(httpx.Auth):
    """Signs the calls of one session with its token. May be shared by threads.

    Args:
        token: of the person who signed in.
    """

    def __init__(self, token: Token) -> None:
        self.token = token
        self._refused = ""

    @property
    def is_over(self) -> bool:
        """Whether one has to sign in again: the token has ended, or the server has refused it."""
        return self.token.is_over() or self._refused == self.token.value

    @property
    def wants_another(self) -> bool:
        """Whether a newer token is wanted."""
        return self.is_over or self.token.ends_soon()

    def renew(self, token: Token | None) -> bool:
        """Take the same person's newer token; gives whether it was one."""
        if token is None or token.person != self.token.person or token.expires <= self.token.expires:
            return False
        self.token = token
        return True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Put the token into a request, and take note when it is refused; raises `SessionOver` when it has ended."""
        if self.is_over:
            raise SessionOver(OVER)
        value = self.token.value
        request.headers["Authorization"] = f"Bearer {value}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._refused = value


class Passes:
    """Tokens that wait to be taken over by the tabs of the same browser: each has a secret name that it alone hears."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[str, tuple[float, Token]] = {}

    def leave(self, token: Token) -> str:
        """Keep a token for a short while; gives the name to ask for it by."""
        name, now = secrets.token_urlsafe(), time.monotonic()
        with self._lock:
            self._waiting = {key: kept for key, kept in self._waiting.items() if kept[0] > now}
            self._waiting[name] = (now + PASS_S, token)
        return name

    def take(self, name: str) -> Token | None:
        """Give the token of that name; None for one that is unknown or has waited too long."""
        with self._lock:
            until, token = self._waiting.get(name, (0.0, None))
        return token if until > time.monotonic() else None
