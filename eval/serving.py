"""A server of Fanal in a process of its own, for what is measured over HTTP."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx

from ingest.settings import ROOT

START_S = 120
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
        _wait(url, process)
        yield url, process
    finally:
        process.terminate()
        process.wait(timeout=30)


def started(module: Sequence[str], settings: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start `python -m MODULE…`; what it writes is not kept."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FANAL_")}
    return subprocess.Popen(
        [sys.executable, "-m", *module], cwd=ROOT, env={**inherited, **settings}, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def free_port() -> int:
    """Give a TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
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
