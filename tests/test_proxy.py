"""The proxy's own part, on nginx from Debian, with small apps behind: headers, refusals, logs, names, streams."""

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from server.body_limit import MAX_BODY
from server.notes import NOTES_LIMITS
from tests.browser.conftest import free_port
from tests.served import serving
from tests.topology import NAME, NGINX, Topology, proxy_command, stop, wait_for_door, write_proxy

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt install nginx-light)")


async def seen(request: Request) -> Response:
    """Tell what came, with headers as the server sets them."""
    body = await request.body()
    own = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return JSONResponse({"headers": dict(request.headers), "bytes": len(body)}, headers=own)


async def bare(request: Request) -> Response:
    return Response("page")


async def stream(request: Request) -> Response:
    """Send one event, and the other only once the client says that it has the first."""

    async def events() -> AsyncIterator[str]:
        yield "event: passages\n\n"
        await asyncio.to_thread(request.app.state.first_was_read.wait, 10)
        yield "event: done\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


@pytest.fixture(scope="module")
def behind() -> Starlette:
    methods = ["GET", "POST"]
    app = Starlette(
        routes=[
            Route("/v1/stream", stream),
            Route("/v1/{rest:path}", seen, methods=methods),
            Route("/health/{rest:path}", seen, methods=methods),
            Route("/{rest:path}", bare, methods=methods),
        ]
    )
    app.state.first_was_read = threading.Event()
    return app


@pytest.fixture(scope="module")
def proxy(behind: Starlette, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    """nginx as the template sets it up; its page is absent."""
    folder = tmp_path_factory.mktemp("porte")
    with serving(behind) as url:
        ports = {
            "server": int(url.rpartition(":")[2]),
            "page": free_port(),
            "http": free_port(),
            "https": free_port(),
        }
        with (folder / "out.log").open("wb") as output:
            process = subprocess.Popen(
                proxy_command(write_proxy(folder, ports)),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        topology = Topology(folder, ports["https"], ports["http"], process)
        try:
            wait_for_door(topology, process)
            yield topology
        finally:
            stop(process)


@pytest.fixture
def client(proxy: Topology) -> Iterator[httpx.Client]:
    with proxy.client() as opened:
        yield opened


def test_it_adds_the_headers_that_are_not_there(client: httpx.Client) -> None:
    headers = client.get("/v1/sources").headers
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert headers.get_list("content-security-policy") == ["sandbox"]  # the server's own is left
    assert headers.get_list("referrer-policy") == ["no-referrer"]
    assert headers["strict-transport-security"].startswith("max-age=")
    assert "server" not in headers or headers["server"] == "nginx"


def test_its_own_refusals_have_them_too(client: httpx.Client) -> None:
    headers = client.post("/v1/ask", content=b" " * (MAX_BODY + 1)).headers
    assert headers.get_list("content-security-policy") == ["default-src 'none'; frame-ancestors 'none'"]
    assert headers.get_list("x-content-type-options") == ["nosniff"]


def test_what_a_client_says_of_itself_is_not_passed_on(client: httpx.Client) -> None:
    lies = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http", "Forwarded": "for=192.0.2.7"}
    came = client.get("/v1/me", headers={**lies, "Authorization": "Bearer jeton"}).json()["headers"]
    assert came["x-forwarded-for"] == "127.0.0.1"
    assert came["x-forwarded-proto"] == "https"
    assert came["host"] == NAME
    assert came["authorization"] == "Bearer jeton"
    assert "forwarded" not in came


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/ask", MAX_BODY), ("/v1/notes", NOTES_LIMITS.max_bytes)], ids=["json", "notes"]
)
def test_bodies_pass_up_to_the_server_s_own_limit(client: httpx.Client, path: str, most: int) -> None:
    assert client.post(path, content=b" " * most).json()["bytes"] == most
    refused = client.post(path, content=b" " * (most + 1))
    assert refused.status_code == 413
    assert refused.json()["title"] == "Demande trop longue"
    assert refused.json()["status"] == 413


def test_the_first_event_passes_before_the_last_is_written(client: httpx.Client, behind: Starlette) -> None:
    with client.stream("GET", "/v1/stream") as response:
        pieces = response.iter_text()
        assert next(pieces) == "event: passages\n\n"
        behind.state.first_was_read.set()
        assert "event: done" in "".join(pieces)


def test_a_part_that_is_away_is_said_in_french(client: httpx.Client) -> None:
    response = client.get("/")
    assert response.status_code == 503
    assert "réessayez dans une minute" in response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_no_log_holds_a_query_even_when_nothing_answers(client: httpx.Client, proxy: Topology) -> None:
    client.get("/v1/documents/a/file", params={"ticket": "secret-billet"})
    client.get("/", params={"code": "secret-code"})
    with httpx.Client(base_url=f"http://127.0.0.1:{proxy.plain_port}") as plain:
        plain.get("/", params={"code": "secret-code"})
    logs = proxy.logs()
    assert '"GET /v1/documents/a/file" 200' in logs
    assert '"GET /" 503' in logs
    assert "secret" not in logs


def test_plain_http_leads_to_https(proxy: Topology) -> None:
    response = httpx.get(f"http://127.0.0.1:{proxy.plain_port}/question?a=b")
    assert response.status_code == 308
    assert response.headers["location"] == f"{proxy.origin}/question?a=b"


def test_another_name_gets_no_certificate(proxy: Topology) -> None:
    open_to_all = ssl.create_default_context()
    open_to_all.check_hostname, open_to_all.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", proxy.port)) as connection,
        pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"),
    ):
        open_to_all.wrap_socket(connection, server_hostname="autre.test")


def test_a_former_version_of_tls_is_refused(proxy: Topology) -> None:
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.port}", "-servername", NAME, "-tls1_1", "-cipher",
         "DEFAULT:@SECLEVEL=0"],
        input=b"", capture_output=True, check=False,
    )  # fmt: skip
    assert b"Cipher is (NONE)" in done.stdout


def test_a_flood_from_one_address_is_refused(client: httpx.Client) -> None:
    answers = [client.get("/v1/sources") for _ in range(400)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json()["title"] == "Trop de demandes"
