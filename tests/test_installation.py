"""docs/installation.md: each of its commands is run, in order, or says what it would need."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from ingest.settings import ROOT
from tests.browser.conftest import free_port
from tests.installing import NEEDS, PAGE, Block, Scratch, blocks
from tests.topology import NGINX, proxy_command, stop, wait_for_health

BLOCKS = blocks()
COMMANDS = [block for block in BLOCKS if block.language == "sh"]


def test_every_command_is_run_or_says_what_it_needs() -> None:
    assert [block.body for block in BLOCKS if not block.language] == []
    assert [block.body for block in COMMANDS if block.action not in {"run", "start", "needs"}] == []
    cannot = [block for block in COMMANDS if block.action != "run"]
    assert [block.body for block in cannot if not block.reason or not block.objects] == []
    assert {name for block in COMMANDS if block.action == "needs" for name in block.objects} <= NEEDS


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.body.split("\n")[0][:40])
def test_a_command_is_written_as_a_shell_reads_it(block: Block) -> None:
    subprocess.run(["bash", "-n", "-c", block.body], check=True)


HEALTH = {
    "fanal-server": lambda ports: f"{ports['8000']}/health/live",
    "fanal-ui": lambda ports: f"{ports['8501']}/_stcore/health",
}
"""Where each service says that it is there: a busy machine takes minutes to start them."""

KINDS = frozenset({".py", ".conf"})
OTHERS = ("Invalid host header", "Permission denied", "address already in use", "redirect_uri")
"""Messages of the parts that are not Fanal's own."""


def test_the_messages_of_the_last_table_are_those_of_the_code() -> None:
    table = PAGE.read_text("utf-8").partition("| Message | Que faire |")[2]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    said = [
        part
        for cell in first_cells
        for quote in re.findall(r"« ?(.+?) ?»", cell)
        for part in quote.split(" … ")
    ]
    folders = ("ingest", "server", "ui", "infra")
    code = "".join(
        path.read_text("utf-8")
        for name in folders
        for path in (ROOT / name).rglob("*.*")
        if path.suffix in KINDS
    )
    flowing = re.sub(r'"\s*f?"', "", code).replace("'", "’")
    assert len(said) > 8
    assert [part for part in said if part.removesuffix(" …") not in flowing and part not in OTHERS] == []


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    return Scratch(
        tmp_path_factory.mktemp("serveur"), {usual: free_port() for usual in ("8000", "8501", "80", "443")}
    )


@pytest.fixture
def services() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in reversed(started):
        stop(process)


@pytest.mark.slow
def test_the_commands_do_what_the_page_says(
    scratch: Scratch, services: list[subprocess.Popen[bytes]]
) -> None:
    for block in COMMANDS:
        if block.action == "start":
            _without_postgresql(scratch)
            for unit in block.objects:
                log = scratch.base / f"{unit}.log"
                services.append(scratch.start(unit, log))
                wait_for_health(f"http://127.0.0.1:{HEALTH[unit](scratch.ports)}", services[-1], log)
        elif block.action == "run":
            done = scratch.run(block.body)
            logs = "".join(log.read_text("utf-8")[-2_000:] for log in scratch.base.glob("*.log"))
            assert done.returncode == 0, f"{block.body}\n{done.stdout[-1_000:]}{done.stderr[-2_000:]}\n{logs}"
    assert all(process.poll() is None for process in services)
    _check_proxy(scratch)


def _without_postgresql(scratch: Scratch) -> None:
    """Keep what people do in a file: PostgreSQL's commands need root, and test_topology.py runs on it."""
    secret = scratch.base / "etc/fanal/secrets/fanal_database_url"
    secret.unlink()
    secret.write_text(f"sqlite:///{scratch.base}/var/lib/fanal/fanal.sqlite", "utf-8")


def _check_proxy(scratch: Scratch) -> None:
    """Have nginx read what `envsubst` wrote, where nginx is installed."""
    written = scratch.base / "etc/nginx/conf.d/fanal.conf"
    assert "${" not in written.read_text("utf-8").split("log_format")[1]
    if NGINX is None:
        pytest.skip("the commands ran; nginx is not installed, so what it would read was not read")
    whole = scratch.base / "etc/nginx/nginx.conf"
    whole.write_text(
        f"pid {scratch.base}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{ include {written}; }}\n",
        "utf-8",
    )
    command, *options = proxy_command(whole)
    done = subprocess.run([command, "-t", *options[:2]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
