"""A proxy that loses calls: what a bad network, an overloaded server or a restart do to a client.

In come HTTP requests; most are passed on, and every so often one is lost in one of four ways, in turn:
before it was passed on, after it was done (its answer is lost), refused as overloaded, refused as unavailable.
"""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from urllib.parse import urlsplit

FAULTS = ("unsent", "unanswered", "overloaded", "unavailable")


class FlakyProxy(ThreadingHTTPServer):
    """Passes requests on to `upstream` but loses one in `every`.

    Args:
        upstream: URL of what is behind.
        every: 0 loses none.
        faults: the ways to lose a request, taken in turn.

    Attributes:
        lost: how many requests were lost, by how.
        seen: how many came in all.
        dies_after: after so many requests nothing is answered any more; None for never.
    """

    daemon_threads = True

    def __init__(self, upstream: str, every: int = 5, faults: tuple[str, ...] = FAULTS) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.every = every
        self.lost = dict.fromkeys(FAULTS, 0)
        self.seen = 0
        self.dies_after: int | None = None
        self._faults = cycle(faults)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fate(self) -> str | None:
        """Say how the request that just came is lost; None when it is passed on."""
        with self._lock:
            self.seen += 1
            if self.dies_after is not None and self.seen > self.dies_after:
                return "unsent"
            if not self.every or self.seen % self.every:
                return None
            fault = next(self._faults)
            self.lost[fault] += 1
            return fault


class _Handler(BaseHTTPRequestHandler):
    server: FlakyProxy

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.fate()
        if fault == "unsent":
            return  # the connection closes without a word
        if fault in ("overloaded", "unavailable"):
            self._answer(429 if fault == "overloaded" else 503, b"{}")
            return
        status, answer = self._ask_upstream(body)
        if fault is None:
            self._answer(status, answer)

    def _ask_upstream(self, body: bytes) -> tuple[int, bytes]:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=30)
        try:
            upstream.request(self.command, self.path, body, {"Content-Type": "application/json"})
            response = upstream.getresponse()
            return response.status, response.read()
        finally:
            upstream.close()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _pass_on  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def proxying(upstream: str, every: int = 5, faults: tuple[str, ...] = FAULTS) -> Iterator[FlakyProxy]:
    """Run a proxy in front of `upstream`."""
    with FlakyProxy(upstream, every, faults) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
