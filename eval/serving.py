"""A server of Fanal in a process of its own, for what is measured over HTTP."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from ingest.settings import ROOT

START_S = 240
"""Longest wait for a server to be ready: it may have an index to open on a busy machine."""


@contextmanager
def running(settings: Mapping[str, str]) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Start a server with these `FANAL_…` variables and no others; gives its URL and its process.

    Raises:
        RuntimeError: it did not start.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = started(["server", "--port", str(port)], settings)
    try:
        wait_ready(url, process)
        yield url, process
    finally:
        process.terminate()
        process.wait(timeout=30)


def started(
    module: Sequence[str], settings: Mapping[str, str], log: Path = Path(os.devnull)
) -> "subprocess.Popen[bytes]":
    """Start `python -m MODULE…`; what it writes is added to `log`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FANAL_")}
    with log.open("ab") as written:
        return subprocess.Popen(
            [sys.executable, "-m", *module], cwd=ROOT, env={**inherited, **settings}, stderr=written,
            stdout=written,
        )  # fmt: skip


def free_port() -> int:
    """Give a TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a server says that its parts answer.

    Raises:
        RuntimeError: it ended, or is not ready after `START_S`.
    """
    deadline = time.monotonic() + START_S
    with httpx.Client(base_url=url, timeout=60) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                client.get("/health/ready").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return
    raise RuntimeError("the server did not start")
