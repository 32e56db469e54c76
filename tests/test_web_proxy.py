"""Pages behind a proxy: it keeps its connections, and a page that drips is cut on each of them all the same."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from ingest.sources.deadline import Deadline
from ingest.sources.reach import page_client

PAGE = b"<p>Bonjour</p>"


def _answer(connection: socket.socket, over: threading.Event) -> None:
    """Answer one page after the other on one connection; the one that is called /lente, a byte at a time."""
    with connection:
        while request := connection.recv(65_536):
            if b"/lente" not in request.split(b"\r\n", 1)[0]:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE)
                continue
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            try:
                while not over.wait(0.1):
                    connection.sendall(b"x")
            except OSError:
                return


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=_answer, args=(connection, over), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        yield
        over.set()


@pytest.mark.slow
def test_a_slow_page_after_another_through_one_proxy_is_cut_in_time(proxy: None) -> None:
    with page_client(["example.org"], 5) as client:
        for page in ("vite", "lente"):
            began = time.monotonic()
            with Deadline(1) as deadline, contextlib.suppress(httpx.HTTPError):
                watched = {"trace": deadline.watch}
                with client.stream("GET", f"http://example.org/{page}", extensions=watched) as response:
                    response.read()
            assert time.monotonic() - began < 4
            assert deadline.passed is (page == "lente")
