"""Fanal as compose.yaml lays it out, without containers: proxy, page, workers, Qdrant's API, PostgreSQL, a provider.

A folder and a PostgreSQL go in; every other part is started on a port of its own, the proxy with a certificate made
here. Comes out where it answers, and its logs.
"""

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from ingest.settings import ROOT
from tests.browser.conftest import LOCAL_NAME as NAME
from tests.browser.conftest import free_port
from tests.browser.signing_in import ROLES
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.postgres_cluster import Cluster
from tests.qdrant_rest import QdrantRest
from tests.served import serving

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
START_S = 300.0
WORKERS = 2


@dataclass(frozen=True)
class Topology:
    """Where the parts answer.

    Attributes:
        port: of the proxy, in HTTPS; `plain_port`: in HTTP.
        server: the process whose children are the workers.
        provider: whom people sign in with; None where nothing asks who they are.
    """

    folder: Path
    port: int
    plain_port: int
    server: subprocess.Popen[bytes]
    provider: Provider | None = None

    @property
    def origin(self) -> str:
        return f"https://{NAME}:{self.port}"

    def client(self, username: str = "") -> httpx.Client:
        """Speak to the proxy under its name, whose certificate is checked, without asking any name server.

        Args:
            username: of one of the provider's people, whose token is sent; none: nobody's.
        """
        signed = {}
        if self.provider and username:
            token = self.provider.id_token(self.provider.people[username])
            signed = {"Authorization": f"Bearer {token}"}
        trust = ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}",
            verify=trust,
            headers={"Host": NAME, **signed},
            timeout=60,
            event_hooks={"request": [_named]},
        )

    def logs(self) -> str:
        """Read what every part has written."""
        return "\n".join(path.read_text("utf-8", errors="replace") for path in self.folder.glob("*.log"))


def _named(request: httpx.Request) -> None:
    request.extensions["sni_hostname"] = NAME


@contextmanager
def running(folder: Path, cluster: Cluster, ingested: Callable[[dict[str, str]], None]) -> Iterator[Topology]:
    """Start every part, in the order of compose; `ingested` fills the index before the server starts."""
    ports = {name: free_port() for name in ("server", "page", "http", "https")}
    with ExitStack() as started:
        provider = started.enter_context(running_provider())
        qdrant = started.enter_context(serving(QdrantRest().app))
        database = cluster.make()
        started.callback(cluster.drop, database)
        shared = _signing_in(folder, ports, provider)
        serving_there = shared | _serving(folder, ports, qdrant, database)
        ingested(serving_there)
        at = f"http://127.0.0.1:{ports['server']}"
        server = _started(started, "server", serving_there, folder, f"{at}/health/ready")
        page = f"http://127.0.0.1:{ports['page']}/_stcore/health"
        _started(started, "ui", shared | {"FANAL_API_URL": at}, folder, page)
        proxy = _start(proxy_command(write_proxy(folder, ports)), folder / "proxy.out.log", dict(os.environ))
        started.callback(stop, proxy)
        topology = Topology(folder, ports["https"], ports["http"], server, provider)
        wait_for_door(topology, proxy)
        yield topology


def _signing_in(folder: Path, ports: dict[str, int], provider: Provider) -> dict[str, str]:
    """Give what the page and the server are both told, and write their secrets."""
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "fanal_oidc_client_secret").write_text(CLIENT_SECRET, "utf-8")
    for name in ("fanal_cookie_secret", "fanal_signing_key"):
        (secrets / name).write_text(os.urandom(32).hex(), "utf-8")
    return {
        **os.environ,
        "FANAL_SECRETS_DIR": str(secrets),
        "FANAL_SIGN_IN": "oidc",
        "FANAL_OIDC_ISSUER": provider.issuer,
        "FANAL_OIDC_AUDIENCE": CLIENT_ID,
        "FANAL_PUBLIC_URL": f"https://{NAME}:{ports['https']}",
        "FANAL_PUBLIC_API_URL": f"https://{NAME}:{ports['https']}",
        "STREAMLIT_BROWSER_SERVER_ADDRESS": NAME,
        "STREAMLIT_SERVER_PORT": str(ports["page"]),
        "OMP_NUM_THREADS": "1",
    }


def _serving(folder: Path, ports: dict[str, int], qdrant_url: str, database: str) -> dict[str, str]:
    return {
        "FANAL_DATA_DIR": str(folder / "data"),
        "FANAL_PORT": str(ports["server"]),
        "FANAL_QDRANT_URL": qdrant_url,
        "FANAL_DATABASE_URL": database,
        "FANAL_WORKERS": str(WORKERS),
        "FANAL_ALLOWED_HOSTS": f"{NAME},127.0.0.1",
        "FANAL_ROLES": ROLES,
        "FANAL_GROUPS": "direction-generale=direction",
        "FANAL_EMBED_IN_BACKGROUND": "false",
    }


def _started(
    started: ExitStack, module: str, environment: dict[str, str], folder: Path, health: str
) -> subprocess.Popen[bytes]:
    log = folder / f"{module}.log"
    process = _start([sys.executable, "-m", module], log, environment)
    started.callback(stop, process)
    wait_for_health(health, process, log)
    return process


def write_proxy(folder: Path, ports: dict[str, int]) -> Path:
    """Write the certificate, the template with its variables, and the configuration that includes it."""
    certificate, key = folder / "certificate.pem", folder / "certificate.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    variables = {
        "PROXY_NAME": NAME,
        "PROXY_HTTP_PORT": str(ports["http"]),
        "PROXY_HTTPS_PORT": str(ports["https"]),
        "PROXY_ORIGIN": f"https://{NAME}:{ports['https']}",
        "PROXY_SERVER": f"127.0.0.1:{ports['server']}",
        "PROXY_PAGE": f"127.0.0.1:{ports['page']}",
        "PROXY_CERTIFICATE": str(certificate),
        "PROXY_CERTIFICATE_KEY": str(key),
        "PROXY_LOG": str(folder / "proxy.access.log"),
        "PROXY_ERROR_LOG": str(folder / "proxy.error.log"),
    }
    template = (ROOT / "infra" / "nginx" / "fanal.conf").read_bytes()
    named = " ".join(f"${{{name}}}" for name in variables)
    written = subprocess.run(
        ["envsubst", named], input=template, env={**os.environ, **variables}, check=True, capture_output=True
    ).stdout
    (folder / "fanal.conf").write_bytes(written)
    scratch = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/proxy.error.log crit;\nevents {{ worker_connections 1024; }}\n"
        f"http {{\ninclude /etc/nginx/mime.types;\n{scratch}\ninclude {folder}/fanal.conf;\n}}\n",
        "utf-8",
    )
    return configuration


def proxy_command(configuration: Path) -> list[str]:
    assert NGINX, "nginx is not installed (apt install nginx-light)"
    owner = "user root; " if os.geteuid() == 0 else ""  # the folder of the test belongs to whoever runs it
    return [NGINX, "-c", str(configuration), "-g", f"{owner}daemon off;"]


def _start(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a part as a service manager does, and what it started with it."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=45)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_health(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a part answers; one that stops fails with the end of its log."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text("utf-8", errors="replace")[-3_000:]
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{url} did not answer:\n{log.read_text('utf-8', errors='replace')[-3_000:]}")


def wait_for_door(topology: Topology, proxy: subprocess.Popen[bytes]) -> None:
    """Wait until nginx takes connections; the parts behind it may still be away."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert proxy.poll() is None, topology.logs()[-3_000:]
        try:
            with topology.client() as client:
                client.get("/health/live")
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the proxy did not answer")
