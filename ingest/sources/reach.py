"""Reaching the web from a server that must not be led astray: a list of hosts goes in, a client comes out.

Each request, redirects included, is checked before it leaves: its host against the list, and the addresses that
DNS gives against those that this host may have. The connection is then made to the address that was checked.
"""

import socket
import urllib.request
from collections.abc import Sequence

import httpx

from ingest.errors import UnreadableFile
from ingest.sources.hosts import is_listed, may_reach, web_host

SECONDS = 30.0
"""Longest silence of a web server, in seconds."""

MAX_REDIRECTS = 5


def page_client(hosts: Sequence[str], seconds: float = SECONDS) -> httpx.Client:
    """Make a client that reaches these hosts only (see `ingest.sources.hosts`); the caller closes it.

    Its requests raise `UnreadableFile` for an address that is refused, else what httpx raises.
    """
    return httpx.Client(
        transport=GuardedTransport(hosts),
        timeout=seconds,
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        headers={"User-Agent": "Fanal (ingestion)"},
    )


def refusal(error: Exception) -> str:
    """Say in French what a request raised."""
    if isinstance(error, UnreadableFile):
        return str(error)
    if isinstance(error, httpx.TooManyRedirects):
        return f"le serveur renvoie plus de {MAX_REDIRECTS} fois ailleurs"
    if isinstance(error, httpx.TimeoutException):
        return "le serveur ne répond pas à temps"
    if isinstance(error, httpx.ConnectError):
        return f"le serveur ne peut pas être joint ({error})"
    return f"la page ne peut pas être lue ({error})"


_NO_REUSE = httpx.Limits(max_keepalive_connections=0)
"""A deadline knows the connections that it saw opened: none is kept for a page that has another deadline."""


class GuardedTransport(httpx.BaseTransport):
    """Sends the requests that the list of hosts allows, and no other.

    A host that cannot be joined is not tried again: a hundred pages of a server that is down fail at once.
    Where the environment names a proxy (`HTTPS_PROXY`), the host alone is checked: the proxy asks the DNS.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = tuple(hosts)
        self._context = httpx.create_ssl_context()
        self._context.load_default_certs()  # where an organisation puts its own authority
        # A connection that is kept would serve another host of the same address without a look at its certificate.
        self._direct = httpx.HTTPTransport(verify=self._context, trust_env=False, limits=_NO_REUSE)
        self._proxies: dict[str, httpx.HTTPTransport] = {}
        self._down: dict[str, httpx.TransportError] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; raises `UnreadableFile` where it is refused."""
        host = web_host(str(request.url))
        if host is None:
            raise UnreadableFile(f"« {request.url} » n’est pas une adresse http(s) sans mot de passe")
        if not is_listed(host, self._hosts):
            raise UnreadableFile(
                f"l’adresse mène à l’hôte « {host} », qui n’est pas permis : ajoutez-le à « hosts »"
            )
        if place := _proxy(request.url.scheme, host):
            return self._through(place).handle_request(request)
        server = f"{host}:{request.url.port}"
        if server in self._down:
            raise self._down[server]
        try:
            return _without_detour(self._send(request, host))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            self._down[server] = error
            raise

    def close(self) -> None:
        """Close the connections."""
        for transport in (self._direct, *self._proxies.values()):
            transport.close()

    def _send(self, request: httpx.Request, host: str) -> httpx.Response:
        """Send a request to the first of the host's addresses that takes it."""
        *others, last = self._addresses(host)
        for address in others:
            try:
                return self._direct.handle_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return self._direct.handle_request(_pinned(request, last))

    def _addresses(self, host: str) -> list[str]:
        """Ask the DNS; one address that is refused refuses them all."""
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(f"nom d’hôte inconnu : {host}") from error
        addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
        for address in addresses:
            if not may_reach(address, host, self._hosts):
                raise UnreadableFile(
                    f"l’hôte « {host} » mène à l’adresse interne {address} : elle est refusée, vérifiez « hosts »"
                )
        return addresses

    def _through(self, proxy: str) -> httpx.HTTPTransport:
        if proxy not in self._proxies:
            self._proxies[proxy] = httpx.HTTPTransport(verify=self._context, proxy=proxy, limits=_NO_REUSE)
        return self._proxies[proxy]


def _without_detour(response: httpx.Response) -> httpx.Response:
    """Leave out what comes with a redirect: the client would read it whole, whatever its size."""
    if not response.has_redirect_location:
        return response
    response.close()
    return httpx.Response(response.status_code, headers={"Location": response.headers["Location"]})


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """Give the same request for this address; its certificate is still checked against the host's name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode()},
    )


def _proxy(scheme: str, host: str) -> str | None:
    """Give the HTTP proxy that the environment names for this host."""
    proxy = urllib.request.getproxies().get(scheme)
    if not proxy or urllib.request.proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
