"""Refusals in the audit: who was refused and where goes in; at most one line a minute for each comes out."""

import time
from collections.abc import Callable

import anyio.to_thread

from server.store.audit import Act, Audit

EVERY_S = 60.0
"""Seconds between two lines about the same actor: who asks again and again must not fill the audit."""

MOST = 1_000
"""Actors whose last refusal is known; when there are more, those whose minute is over are forgotten."""

STRANGER = "inconnu"
"""The actor of a key that is none: all of them together have one line a minute."""


class Refusals:
    """Writes refusals; used in one event loop.

    Args:
        clock: gives seconds that only go forward.
    """

    def __init__(self, audit: Audit, clock: Callable[[], float] = time.monotonic) -> None:
        self._audit = audit
        self._clock = clock
        self._last: dict[str, float] = {}

    async def note(self, actor: str, address: str) -> None:
        """Write that somebody was refused; the refusal holds even where it cannot be written.

        Args:
            address: of the route, as the code writes it: nothing that a caller wrote is in it.
        """
        now = self._clock()
        if now - self._last.get(actor, float("-inf")) < EVERY_S:
            return
        if len(self._last) >= MOST:
            self._last = {one: at for one, at in self._last.items() if now - at < EVERY_S}
        self._last[actor] = now
        await anyio.to_thread.run_sync(self._audit.note, Act("access_refused", actor, address))
