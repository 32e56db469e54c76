"""Pages of the web, from a real server on this machine: what it serves becomes documents, what fails stays."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.documents import Kind, Status, Validity
from ingest.errors import SourceUnavailable, UnreadableFile
from ingest.index import Index, SearchFilter
from ingest.manifest import Manifest
from ingest.parse import Limits
from ingest.pipeline import Ingestion
from ingest.sources import reach
from ingest.sources.hosts import is_listed, may_reach
from ingest.sources.reach import GuardedTransport
from ingest.sources.web import PagesSource
from tests.support import WordEmbedder

DOCUMENTS = Path(__file__).parents[1] / "sample" / "documents"
HTML = "text/html; charset=utf-8"


@dataclass
class Site:
    """What a server answers by path: status, type and body, or the address that it redirects to."""

    url: str = ""
    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def page(self, path: str, text: str, status: int = 200) -> str:
        body = f"<html><head><title>{text}</title></head><body><h1>{text}</h1><p>Texte de {text}.</p></body>"
        self.pages[path] = (status, HTML, body.encode())
        return f"{self.url}{path}"

    def redirect(self, path: str, to: str) -> str:
        self.redirects[path] = to
        return f"{self.url}{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            if self.path in served.slow:
                time.sleep(2)
            if to := served.redirects.get(self.path):
                self.send_response(302)
                self.send_header("Location", to)
                self.end_headers()
                return
            status, kind, body = served.pages.get(self.path, (404, HTML, b""))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., PagesSource]:
    def make(*addresses: str, hosts: tuple[str, ...] = ("127.0.0.1",), **changes: Any) -> PagesSource:
        made = PagesSource("web", Kind.LEGAL, addresses, hosts, tmp_path / "pages" / "web", seconds=5)
        return replace(made, **changes)

    return make


Make = Callable[..., PagesSource]


def failure(made: PagesSource) -> str:
    """Give why the first page is not read, beside another one that is."""
    first, *_ = made.items()
    with pytest.raises(UnreadableFile) as caught:
        first.load()
    return str(caught.value)


# ---------------------------------------------------------------- what is served


def test_a_page_becomes_a_document_under_its_address(site: Site, source: Make) -> None:
    address = site.page("/bilan?x=é", "Le bilan")
    site.pages["/bilan?x=%C3%A9"] = site.pages["/bilan?x=é"]
    validity = Validity(status=Status.SUPERSEDED)
    [item] = source(address, validity=validity, groups=("rh",)).items()
    document = item.load()
    assert (item.key, document.document_id, document.url) == (address, f"web:{address}", address)
    assert (document.title, document.kind, document.file) == ("Le bilan", Kind.LEGAL, None)
    assert (document.validity, document.groups) == (validity, ("rh",))
    assert "Texte de Le bilan." in [block.text for block in document.blocks]


def test_a_pdf_is_read_as_one_whatever_its_address(site: Site, source: Make) -> None:
    pdf = (DOCUMENTS / "procedures" / "PR-004 Délais de réponse (2022).pdf").read_bytes()
    site.pages["/telecharger"] = (200, "application/pdf", pdf)
    [item] = source(f"{site.url}/telecharger").items()
    assert item.path.suffix == ".pdf"
    assert item.load().title == "Délais de réponse"


def test_a_redirect_within_the_list_is_followed_and_the_key_stays(site: Site, source: Make) -> None:
    address = site.redirect("/court", site.page("/long", "Page finale"))
    [item] = source(address).items()
    assert item.key == address
    assert item.load().title == "Page finale"


def test_an_unchanged_page_keeps_its_fingerprint_and_a_changed_one_does_not(site: Site, source: Make) -> None:
    made = source(site.page("/a", "Un"))
    [first], [again] = made.items(), made.items()
    assert first.fingerprint == again.fingerprint
    [reserved] = replace(made, groups=("rh",)).items()
    site.page("/a", "Deux")
    [changed] = made.items()
    assert len({first.fingerprint, reserved.fingerprint, changed.fingerprint}) == 3
    assert first.content == reserved.content != changed.content


def test_what_a_page_may_cost_decides_on_a_new_try_but_not_on_what_it_becomes(
    site: Site, source: Make
) -> None:
    made = source(site.page("/a", "Un"))
    [before], [after] = made.items(), replace(made, limits=Limits(max_seconds=7)).items()
    assert before.fingerprint == after.fingerprint
    assert before.attempt != after.attempt


def test_the_cache_keeps_the_pages_of_the_last_run_only(site: Site, source: Make) -> None:
    made = source(site.page("/a", "Un"), site.page("/b", "Deux"))
    made.items()
    assert len(list(made.folder.iterdir())) == 2
    [left] = replace(made, addresses=made.addresses[1:]).items()
    assert list(made.folder.iterdir()) == [left.path]


# ---------------------------------------------------------------- what is gone, what fails


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_not_listed(site: Site, source: Make, status: int) -> None:
    gone, kept = site.page("/gone", "x", status), site.page("/a", "Un")
    assert [item.key for item in source(gone, kept).items()] == [kept]


def test_a_server_error_is_a_failure_with_its_reason(site: Site, source: Make) -> None:
    made = source(site.page("/a", "x", 503), site.page("/b", "Deux"))
    assert failure(made) == "le serveur répond 503 au lieu de la page"


def test_a_server_that_is_too_slow_is_a_failure(site: Site, source: Make) -> None:
    made = source(site.page("/a", "x"), site.page("/b", "Deux"), seconds=0.3)
    site.slow.add("/a")
    assert failure(made) == "le serveur ne répond pas à temps"


def test_an_image_is_no_page(site: Site, source: Make) -> None:
    site.pages["/i"] = (200, "image/png", b"\x89PNG")
    made = source(f"{site.url}/i", site.page("/b", "Deux"))
    assert "image/png" in failure(made)


def test_a_page_above_the_size_limit_is_not_read_to_its_end(site: Site, source: Make) -> None:
    site.pages["/a"] = (200, HTML, b"<p>" + b"x" * 3_000_000)
    made = source(f"{site.url}/a", site.page("/b", "Deux"), limits=Limits(max_bytes=1_048_576))
    assert failure(made) == "la page pèse plus que les 1 Mo permis"


def test_a_server_that_is_down_is_tried_once_for_all_its_pages(
    site: Site, source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{unused.getsockname()[1]}"
    tries: list[str] = []
    send = GuardedTransport._send

    def counted(self: GuardedTransport, request: httpx.Request, host: str) -> httpx.Response:
        tries.append(str(request.url))
        return send(self, request, host)

    monkeypatch.setattr(GuardedTransport, "_send", counted)
    items = source(f"{down}/1", f"{down}/2", site.page("/a", "Un")).items()
    assert [bool(item.reason) for item in items] == [True, True, False]
    assert tries == [f"{down}/1", f"{site.url}/a"]


def test_an_unknown_host_is_a_failure(site: Site, source: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(f"{host} is unknown")

    made = source(
        "https://absent.exemple.fr/", site.page("/b", "Deux"), hosts=("127.0.0.1", "absent.exemple.fr")
    )
    answers = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: (unknown if "absent" in host else answers)(host, *a, **k)
    )
    assert "le serveur ne peut pas être joint" in failure(made)


def test_when_no_page_comes_the_source_is_out_of_reach_and_not_empty(site: Site, source: Make) -> None:
    with pytest.raises(SourceUnavailable, match="Aucune page de la source « web »"):
        source(site.page("/a", "x", 500), site.page("/b", "x", 503)).items()


def test_through_a_run_a_failing_page_stays_and_a_gone_one_goes(
    site: Site, source: Make, edge_index: Index, embedder: WordEmbedder, tmp_path: Path
) -> None:
    made = source(site.page("/a", "Accueil"), site.page("/b", "Bilan"), site.page("/c", "Conseil"))
    manifest = Manifest(tmp_path / "ingest.sqlite")
    ingestion = Ingestion(edge_index, manifest, embedder)
    ingestion.run_sources([made])
    site.page("/a", "Accueil", 503)
    site.page("/b", "Bilan", 404)
    [report] = ingestion.run_sources([made])
    found = {hit.payload["url"] for hit in edge_index.passages(SearchFilter(groups=None))}
    assert found == {f"{site.url}/a", f"{site.url}/c"}
    assert (report.removed, report.unchanged, len(report.failures)) == (1, 1, 1)
    manifest.close()


# ---------------------------------------------------------------- where it may not go


def test_a_host_outside_the_list_is_not_reached(site: Site, source: Make) -> None:
    made = source(site.page("/a", "x"), hosts=("www.exemple.fr",))
    with pytest.raises(SourceUnavailable, match=r"« 127\.0\.0\.1 », qui n’est pas permis"):
        made.items()
    assert site.asked == []


def test_a_redirect_to_a_host_outside_the_list_is_not_followed(site: Site, source: Make) -> None:
    secret = site.page("/secret", "Secret").replace("127.0.0.1", "localhost")
    made = source(site.redirect("/a", secret), site.page("/b", "Deux"))
    assert "« localhost », qui n’est pas permis" in failure(made)
    assert "/secret" not in site.asked


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("file:///etc/passwd", "n’est pas une adresse http(s)"),
        ("ftp://127.0.0.1/x", "n’est pas une adresse http(s)"),
        ("//moi:secret@127.0.0.1/x", "sans mot de passe"),
        ("/a", "renvoie plus de 5 fois ailleurs"),
    ],
)
def test_a_redirect_that_is_no_page_is_not_followed(site: Site, source: Make, to: str, words: str) -> None:
    made = source(site.redirect("/a", to), site.page("/b", "Deux"))
    assert words in failure(made)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
def test_a_public_name_that_leads_inside_is_not_followed(
    site: Site, source: Make, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    answers = socket.getaddrinfo

    def rebound(host: str, *rest: Any, **options: Any) -> Any:
        return answers(address if host == "www.exemple.fr" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    port = site.url.rsplit(":", 1)[1]
    inside = f"http://www.exemple.fr:{port}/secret"
    site.page("/secret", "Secret")
    made = source(inside, site.page("/b", "Deux"), hosts=("127.0.0.1", "*.exemple.fr"))
    assert "mène à l’adresse interne" in failure(made)
    assert "/secret" not in site.asked


def test_the_address_that_was_checked_is_the_one_that_is_joined(
    site: Site, source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A DNS that answers otherwise the second time finds nobody asking."""
    answers, asked = socket.getaddrinfo, []

    def counted(host: str, *rest: Any, **options: Any) -> Any:
        asked.append(host)
        return answers("127.0.0.1" if host == "intranet.exemple.fr" else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    monkeypatch.setattr(reach, "may_reach", lambda *_: True)
    made = source(
        site.page("/a", "Un").replace("127.0.0.1", "intranet.exemple.fr"), hosts=("intranet.exemple.fr",)
    )
    [item] = made.items()
    assert item.load().title == "Un"
    assert asked.count("intranet.exemple.fr") == 1


def test_a_proxy_of_the_environment_carries_the_pages(
    site: Site, source: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a proxy one asks for the whole address; it alone knows the DNS."""
    monkeypatch.setenv("http_proxy", site.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    site.page("/a", "Vu par le proxy")
    address = "http://www.exemple.fr/a"
    site.pages[address] = site.pages["/a"]
    [item] = source(address, hosts=("www.exemple.fr",)).items()
    assert item.load().title == "Vu par le proxy"
    assert site.asked == [address]


@pytest.mark.parametrize(
    ("address", "host", "rules", "allowed"),
    [
        ("93.184.216.34", "www.exemple.fr", ["*.exemple.fr"], True),
        ("2606:4700::1111", "www.exemple.fr", ["*.exemple.fr"], True),
        ("10.0.0.8", "intranet.exemple.fr", ["intranet.exemple.fr"], True),
        ("fd00::8", "intranet.exemple.fr", ["INTRANET.exemple.fr"], True),
        ("10.0.0.8", "intranet.exemple.fr", ["*.exemple.fr"], False),
        ("127.0.0.1", "intranet.exemple.fr", ["intranet.exemple.fr"], False),
        ("169.254.169.254", "intranet.exemple.fr", ["intranet.exemple.fr"], False),
        ("0.0.0.0", "intranet.exemple.fr", ["intranet.exemple.fr"], False),  # noqa: S104 - refused on purpose
        ("::ffff:169.254.169.254", "intranet.exemple.fr", ["intranet.exemple.fr"], False),
        ("fe80::1%eth0", "intranet.exemple.fr", ["intranet.exemple.fr"], False),
        ("127.0.0.1", "localhost", ["localhost"], True),
        ("127.0.0.1", "127.0.0.1", ["127.0.0.1"], True),
    ],
)
def test_who_may_stand_where(address: str, host: str, rules: list[str], allowed: bool) -> None:
    assert may_reach(address, host, rules) is allowed


@pytest.mark.parametrize(
    ("host", "rule", "listed"),
    [
        ("www.exemple.fr", "www.exemple.fr", True),
        ("WWW.exemple.fr.", "www.exemple.fr", True),
        ("a.b.exemple.fr", "*.exemple.fr", True),
        ("exemple.fr", "*.exemple.fr", False),
        ("pirate-exemple.fr", "*.exemple.fr", False),
        ("exemple.fr.pirate.com", "exemple.fr", False),
        ("xn--conomie-9xa.gouv.fr", "économie.gouv.fr", True),
    ],
)
def test_which_hosts_a_rule_lists(host: str, rule: str, listed: bool) -> None:
    assert is_listed(host, [rule]) is listed
