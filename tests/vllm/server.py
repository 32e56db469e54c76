"""A real vLLM server on this machine's processor, in its own environment (`infra/vllm_cpu.py`)."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from infra import vllm_cpu

START_S = 300
"""Longest start: 40 s on idle cores, 100 s on busy ones."""

CONTEXT = 2_560
SEQS = 2


class VllmServer:
    """The server, which can be killed and started again on the same port."""

    def __init__(self, log: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command, environment = vllm_cpu.server_command(self.port, CONTEXT, SEQS)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_S
        while not self._is_healthy():
            assert self._process.poll() is None, self._log.read_text("utf-8", "replace")[-3_000:]
            assert time.monotonic() < deadline, "vLLM did not start"
            time.sleep(0.5)

    def kill(self) -> None:
        """End it at once with all its processes, as a machine that loses its power does."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def metric(self, name: str, **labels: str) -> float:
        """Give the value of one of vLLM's own metrics, such as `num_requests_running`; 0 when it has none yet."""
        for line in self._metrics().splitlines():
            if (read := _LINE.fullmatch(line)) and read["name"] == name:
                told = dict(_LABEL.findall(read["labels"]))
                if labels.items() <= told.items():
                    return float(read["value"])
        return 0.0

    @property
    def running(self) -> float:
        """Requests that are being answered."""
        return self.metric("num_requests_running")

    @property
    def block_tokens(self) -> int:
        """Tokens of one block: what the prefix cache keeps is whole blocks."""
        found = re.search(r'block_size="(\d+)"', self._metrics())
        assert found
        return int(found[1])

    def count_tokens(self, messages: Sequence[Mapping[str, str]]) -> int:
        """Count the tokens of messages as the model's own template writes them."""
        asked = {"model": vllm_cpu.NAME, "messages": messages, "add_generation_prompt": False}
        told = httpx.post(f"http://127.0.0.1:{self.port}/tokenize", json=asked, timeout=30).json()
        return int(told["count"])

    def _metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=30).text

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=5).is_success
        except httpx.HTTPError:
            return False


_LINE = re.compile(r"vllm:(?P<name>\w+)\{(?P<labels>[^}]*)\} (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def until(met: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait until something holds; tells whether it came to."""
    deadline = time.monotonic() + seconds
    while not met():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def vllm_server(log: Path) -> Iterator[VllmServer]:
    """Run a server while the block lasts."""
    server = VllmServer(log)
    try:
        server.start()
        yield server
    finally:
        server.kill()
