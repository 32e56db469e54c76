"""How large the body of a request may be: an ASGI app goes in, one that reads no more than that comes out.

What is announced too large is refused before it is read, what turns out so as soon as it does: a body is held in
memory whole before its schema can refuse it.
"""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEGABYTE = 1024 * 1024

MAX_BODY = 8 * MEGABYTE
"""Largest JSON, in bytes: several times the longest notes with their masks, escaped."""

UPLOADS = frozenset({"/v1/notes"})
"""Addresses whose body is a file, with a limit of its own."""

TOO_LARGE = f"La demande pèse plus que les {MAX_BODY // MEGABYTE} Mo permis : raccourcissez le texte."


class BodyLimit:
    """An app whose requests end in a 413 (an `HTTPException`, for the app's own handlers) past `MAX_BODY`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["path"] in UPLOADS:
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        read = int(announced) if announced.isascii() and announced.isdigit() else 0
        counted = 0

        async def limited() -> Message:
            nonlocal counted
            if read > MAX_BODY:
                raise HTTPException(413, TOO_LARGE)
            message = await receive()
            counted += len(message.get("body", b""))
            if counted > MAX_BODY:
                raise HTTPException(413, TOO_LARGE)
            return message

        await self._app(scope, limited, send)
