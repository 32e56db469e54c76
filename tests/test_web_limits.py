"""What a web server may cost, from one on this machine that writes its answers by hand: memory and time are bounded."""

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.documents import Kind
from ingest.parse import Limits
from ingest.sources.inflate import inflated
from ingest.sources.web import PagesSource

Answer = Callable[[socket.socket, str], None]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
PAGE = b"<html><body><h1>Titre</h1><p>Texte.</p></body></html>"


@pytest.fixture
def raw() -> Iterator[Callable[[Answer], str]]:
    """Serve what an answer writes by itself, given the connection and the request; gives the address."""
    with contextlib.ExitStack() as opened:

        def serve(answer: Answer) -> str:
            listener = opened.enter_context(socket.create_server(("127.0.0.1", 0)))

            def one(connection: socket.socket) -> None:
                with connection, contextlib.suppress(OSError):
                    answer(connection, connection.recv(65_536).decode())

            def accept() -> None:
                with contextlib.suppress(OSError):
                    while True:
                        threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

            threading.Thread(target=accept, daemon=True).start()
            opened.callback(listener.shutdown, socket.SHUT_RDWR)
            return f"http://127.0.0.1:{listener.getsockname()[1]}/"

        yield serve


Raw = Callable[[Answer], str]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PagesSource]:
    def make(*addresses: str, limits: Limits | None = None) -> PagesSource:
        folder = tmp_path / "pages"
        return PagesSource("web", Kind.LEGAL, addresses, ("127.0.0.1",), folder, limits=limits or Limits())

    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return make


Make = Callable[..., PagesSource]


def failure(made: PagesSource) -> str:
    """Give why the first page is not read, beside another one that is."""
    first, second = made.items()
    assert second.reason == ""
    return first.reason


def sends(body: bytes, encoding: str) -> Answer:
    def answer(connection: socket.socket, _: str) -> None:
        head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(OK + head.encode() + body)

    return answer


def zeros(megabytes: int) -> bytes:
    squeezer = zlib.compressobj(9, wbits=31)
    piece = bytes(1 << 20)
    return b"".join(squeezer.compress(piece) for _ in range(megabytes)) + squeezer.flush()


@pytest.mark.parametrize("encoding", ["gzip", "X-GZIP"])
def test_a_page_in_gzip_is_read(raw: Raw, source: Make, encoding: str) -> None:
    asked: list[str] = []

    def answer(connection: socket.socket, request: str) -> None:
        asked.append(request)
        sends(gzip.compress(PAGE * 9_000, mtime=0), encoding)(connection, request)

    [item] = source(raw(answer)).items()
    assert item.path.read_bytes() == PAGE * 9_000
    assert "accept-encoding: gzip, identity\r\n" in asked[0].lower()


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (
            gzip.compress(gzip.compress(PAGE, mtime=0), mtime=0),
            "gzip, gzip",
            "n’a pas été demandée (gzip, gzip)",
        ),
        (PAGE, "br", "n’a pas été demandée (br)"),
        (gzip.compress(PAGE, mtime=0)[:-12], "gzip", "ne se lit pas jusqu’au bout"),
        (
            gzip.compress(PAGE, mtime=0) + gzip.compress(PAGE, mtime=0)[:5],
            "gzip",
            "ne se lit pas jusqu’au bout",
        ),
        (gzip.compress(PAGE, mtime=0) + b"reste", "gzip", "sa compression ne se lit pas"),
        (gzip.compress(b"", mtime=0) * 1_001, "gzip", "en trop de morceaux"),
        (PAGE, "deflate", "n’a pas été demandée (deflate)"),
        (PAGE, "zstd", "n’a pas été demandée (zstd)"),
        (PAGE, "compress", "n’a pas été demandée (compress)"),
        (PAGE, "gzip", "sa compression ne se lit pas"),
    ],
)
def test_a_compression_that_was_not_asked_for_or_is_damaged_is_refused(
    raw: Raw, source: Make, body: bytes, encoding: str, said: str
) -> None:
    assert said in failure(source(raw(sends(body, encoding)), raw(sends(PAGE, "identity"))))


def test_a_page_that_swells_is_stopped_before_it_fills_the_memory(raw: Raw, source: Make) -> None:
    made = source(
        raw(sends(zeros(64), "gzip")), raw(sends(PAGE, "identity")), limits=Limits(max_bytes=1 << 20)
    )
    tracemalloc.start()
    said = failure(made)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said == "la page pèse plus que les 1 Mo permis"
    assert peak < 8 << 20


def slow_headers(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(40):
        time.sleep(0.1)
        connection.sendall(f"X-{number}: 1\r\n".encode())


def never_ready(connection: socket.socket, _: str) -> None:
    for _ in range(40):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.1)


def slow_body(connection: socket.socket, _: str) -> None:
    """Send a page whose end is the end of the connection: once cut, it looks whole."""
    connection.sendall(OK + b"\r\n" + PAGE)
    for _ in range(40):
        time.sleep(0.1)
        connection.sendall(b" ")


def slow_redirects(connection: socket.socket, request: str) -> None:
    place = int(request.split()[1][1:] or 0)
    time.sleep(0.25)
    if place < 4:
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: /{place + 1}\r\n\r\n".encode())
    else:
        connection.sendall(OK + b"\r\n" + PAGE)


@pytest.mark.parametrize("answer", [slow_headers, never_ready, slow_body, slow_redirects])
def test_a_server_that_never_falls_silent_is_cut_all_the_same(raw: Raw, source: Make, answer: Answer) -> None:
    made = source(raw(answer), raw(sends(PAGE, "identity")), limits=Limits(max_seconds=0.6))
    began = time.monotonic()
    items = made.items()
    assert time.monotonic() - began < 1.5
    assert [item.reason for item in items] == ["la page n’est pas arrivée en 0.6 secondes", ""]


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (PAGE, "utf-8"),
        (PAGE, "none"),
        (PAGE, ""),
        (gzip.compress(PAGE, mtime=0), "gzip, utf-8"),
        (gzip.compress(PAGE, mtime=0) + bytes(512), "gzip"),
        (gzip.compress(PAGE[:20], mtime=0) + gzip.compress(PAGE[20:], mtime=0), "gzip"),
    ],
)
def test_what_browsers_forgive_in_a_compression_is_forgiven(
    raw: Raw, source: Make, body: bytes, encoding: str
) -> None:
    [item] = source(raw(sends(body, encoding))).items()
    assert item.path.read_bytes() == PAGE


def test_members_of_gzip_may_be_cut_anywhere() -> None:
    whole = gzip.compress(PAGE, mtime=0) + gzip.compress(PAGE, mtime=0) + bytes(3)
    assert b"".join(inflated((bytes([byte]) for byte in whole), "gzip")) == PAGE * 2


def test_gzip_of_several_members_is_inflated_a_little_at_a_time() -> None:
    assert max(map(len, inflated(iter([zeros(2) * 2]), "gzip"))) <= 65_536
