"""The commands of docs/installation.md: the page goes in, out come its blocks with what each one needs.

A block of commands is a fence `sh`. The HTML comment on the line before says what becomes of it: `run` (the tests run
it), `start UNIT…: why` (the tests start what these systemd units say) or `needs THING: why` (it cannot run here).
"""

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ingest.settings import ROOT

PAGE = ROOT / "docs" / "installation.md"
NEEDS = frozenset({"root", "docker", "gpu", "network", "service"})
PLACES = (
    "/etc/fanal", "/etc/nginx", "/etc/systemd", "/etc/cron.d", "/opt/fanal", "/var/lib/fanal", "/var/cache/fanal",
    "/var/backups", "/var/log/nginx", "/srv/documents", "/usr/local/bin",
)  # fmt: skip
"""Folders of a server that lie in the test's own folder instead."""

LINKED = (
    "ingest",
    "server",
    "ui",
    "eval",
    "sample",
    ".venv",
    ".streamlit",
    "pyproject.toml",
    "requirements.lock",
)
FENCE = re.compile(r"(?:^<!-- (?P<mark>.*?) -->\n)?^```(?P<language>\S*)\n(?P<body>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """Commands, and what their marker says: `action` is `run`, `start`, `needs`, or '' for none."""

    language: str
    body: str
    action: str
    objects: tuple[str, ...]
    reason: str


def blocks() -> list[Block]:
    """Read every fence of the page, in order."""
    return [_block(found) for found in FENCE.finditer(PAGE.read_text("utf-8"))]


def _block(found: re.Match[str]) -> Block:
    order, _, reason = (found["mark"] or "").partition(":")
    action, *objects = order.split() or [""]
    return Block(found["language"], found["body"], action, tuple(objects), reason.strip())


class Scratch:
    """A server's folders inside a folder, with the ports that it may use there.

    Args:
        base: what stands for `/`.
        ports: what stands for 8000 (API), 8501 (page), 80 and 443 (proxy).
    """

    def __init__(self, base: Path, ports: dict[str, int]) -> None:
        self.base, self.ports = base, ports
        self.home = base / "opt" / "fanal"
        for place in PLACES:
            (base / place.lstrip("/")).mkdir(parents=True, exist_ok=True)
        for name in LINKED:
            (self.home / name).symlink_to(ROOT / name)
        shutil.copytree(
            ROOT / "infra", self.home / "infra", ignore=shutil.ignore_patterns("__pycache__", ".env")
        )
        for path in (self.home / "infra").rglob("*"):
            if path.parent.name == "systemd":
                path.write_text(self.here(path.read_text("utf-8")), "utf-8")

    def here(self, text: str) -> str:
        """Write places, ports and what only root may do as they are in this folder."""
        for place in PLACES:
            text = re.sub(rf"(?<![\w.]){re.escape(place)}\b", f"{self.base}{place}", text)
        for usual, port in self.ports.items():
            text = re.sub(rf"(127\.0\.0\.1:|_PORT=){usual}\b", rf"\g<1>{port}", text)
        return text.replace("--group 10001", f"--group {os.getgid()}").replace(
            'if [ "$(id -u)" = 0 ]', "if false"
        )

    @property
    def environment(self) -> dict[str, str]:
        """Give what a shell of the administrator has."""
        path = f"{self.base}/usr/local/bin:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}

    def run(self, body: str) -> subprocess.CompletedProcess[str]:
        """Run a block as somebody would who pastes it; the first command that fails stops it."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here(body)], cwd=self.home, env=self.environment,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    def start(self, unit: str, log: Path) -> subprocess.Popen[bytes]:
        """Start what a unit says, with its settings and with its own secrets alone, as systemd would."""
        service = _directives((self.base / "etc/systemd/system" / f"{unit}.service").read_text("utf-8"))
        credentials = self.base / "run" / unit
        credentials.mkdir(parents=True)
        for credential in service["LoadCredential"]:
            name, _, source = credential.partition(":")
            shutil.copy(source, credentials / name)
        environment = self.environment
        for file in service["EnvironmentFile"]:
            environment |= _variables(Path(file).read_text("utf-8"))
        for line in service["Environment"]:
            environment |= dict(pair.split("=", 1) for pair in line.replace("%d", str(credentials)).split())
        (command,) = service["ExecStart"]
        with log.open("wb") as output:
            return subprocess.Popen(
                shlex.split(command), cwd=service["WorkingDirectory"][0], env=environment, stdout=output,
                stderr=output, start_new_session=True,
            )  # fmt: skip


def _directives(unit: str) -> dict[str, list[str]]:
    read: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", unit, re.M):
        read.setdefault(key, []).append(value)
    return read


def _variables(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.M))
