"""One limit for a whole fetch, redirects included: seconds go in, connections that are cut at their end come out.

The timeouts of an HTTP client are for one silence each, and a server that sends a byte in time never meets them.
"""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx


class Deadline:
    """Cuts the connections that it watches after so many seconds, or at the end of its `with` at the latest.

    Args:
        seconds: from the beginning of the `with`.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.passed = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for connected in self._sockets:
                connected.close()
            self._sockets.clear()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Take a connection under watch: the `trace` extension of a request, which httpcore calls at each step.

        Raises:
            httpx.ReadTimeout: the limit has passed.
        """
        with self._lock:
            if event.endswith("connect_tcp.complete"):
                # A duplicate stays the same connection when TLS takes the socket over.
                self._sockets.append(info["return_value"].get_extra_info("socket").dup())
            if self.passed:
                raise httpx.ReadTimeout("deadline")

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            for connected in self._sockets:
                with suppress(OSError):  # the server was faster
                    connected.shutdown(socket.SHUT_RDWR)
