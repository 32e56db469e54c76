"""Headers that keep a browser from doing harm with what the server sends: an ASGI app goes in, one that adds them out.

After OWASP's list for REST interfaces (https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html).
No header of CORS is ever sent: pages of other sites read nothing here.
"""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
}
"""What is said of every response, save where its route says something else: a right to read may be withdrawn."""

HSTS = "max-age=31536000"
"""How long a browser comes back by TLS alone: a year; other names of the organisation's domain are its own affair."""

OWN_PAGES = ("/docs", "/redoc")
"""FastAPI's own pages of the contract, which load scripts; they are off when people sign in."""


class SecurityHeaders:
    """An app whose responses have `HEADERS`, and `Strict-Transport-Security` behind TLS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, told)


def _add(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in HEADERS.items():
        if not (name == "Content-Security-Policy" and scope["path"].startswith(OWN_PAGES)):
            headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", HSTS)
