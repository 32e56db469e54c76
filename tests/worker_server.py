"""`python -m server` with several workers, as real processes: settings go in, a server to ask and to hurt comes out."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from ingest.settings import ROOT

START_S = 300
"""Longest wait for anything: two workers load their models on a machine that does other things too."""


class WorkerServer:
    """A server whose processes a test stops, kills and asks.

    Args:
        environment: its settings.
        log: file of what it writes, its own.
        count: of the workers.
    """

    def __init__(self, environment: dict[str, str], log: Path, count: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self._count = count
        settings = {"OMP_NUM_THREADS": "1", **environment, "FANAL_WORKERS": str(count)}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server", "--port", str(port)],
                cwd=ROOT, env={**os.environ, **settings}, stdout=output, stderr=output,
            )  # fmt: skip

    def workers(self) -> list[int]:
        """Give the processes that serve; multiprocessing has one more, which follows its resources."""
        parent = self.process.pid
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [int(pid) for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        """Ask over a connection of its own, which any worker that is not stopped may take."""
        return httpx.request(method, f"{self.url}{path}", timeout=60, **options)  # type: ignore[arg-type]

    @contextmanager
    def only(self, worker: int) -> Iterator[None]:
        """Stop the other workers meanwhile: this one answers."""
        others = [pid for pid in self.workers() if pid != worker]
        for pid in others:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in others:
                with suppress(ProcessLookupError):  # the supervisor took it for hung
                    os.kill(pid, signal.SIGCONT)

    def kill(self, worker: int) -> None:
        os.kill(worker, signal.SIGKILL)

    def whole(self) -> list[int]:
        """Wait until all workers serve, those that replace killed ones included; gives them."""
        until(lambda: len(pids := self.workers()) == self._count and all(map(self._answers, pids)), self.log)
        return self.workers()

    def _answers(self, worker: int) -> bool:
        """Ask one alone; not for long: a worker that is stopped for half a minute is taken for hung."""
        with self.only(worker):
            try:
                return httpx.get(f"{self.url}/health/live", timeout=3).status_code == 200
            except httpx.TransportError:
                return False


def until(done: Callable[[], bool], log: Path, within_s: float = START_S) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < deadline, log.read_text()[-4000:]
        time.sleep(0.1)


@contextmanager
def workers_running(environment: dict[str, str], log: Path, count: int) -> Iterator[WorkerServer]:
    """Start a server, and wait until its workers answer; none of its processes is left."""
    server = WorkerServer(environment, log, count)
    try:
        server.whole()
        yield server
    finally:
        left = server.workers() if server.process.poll() is None else []
        server.process.terminate()
        try:
            server.process.wait(60)
        except subprocess.TimeoutExpired:
            for pid in (server.process.pid, *left):
                os.kill(pid, signal.SIGKILL)
            server.process.wait()
