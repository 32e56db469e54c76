"""The server and the model of the load, as processes that can be killed and started again on the same port.

Their settings go in; they write what they say to a log in the folder of the run.
"""

import json
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from eval.overhead_bench import ABSTENTION
from eval.paced_model import NAME, Pace
from eval.serving import free_port, started, wait_ready

START_S = 30
"""Longest wait for the model to listen."""

END_S = 60
"""What a server gets to end by itself."""


class _Process:
    """A program that is started, killed with all that it started itself, and started again."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def processes(self) -> list[psutil.Process]:
        """Give its processes that live."""
        if self._process is None or self._process.poll() is not None:
            return []
        try:
            first = psutil.Process(self._process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Kill it at once, without a word."""
        processes = self.processes
        for process in processes:
            process.kill()
        if self._process is not None:
            self._process.wait(timeout=END_S)
        psutil.wait_procs(processes, timeout=END_S)

    def close(self) -> None:
        """Ask it to end, and kill it when it does not."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=END_S)
            except subprocess.TimeoutExpired:
                self.kill()


class ModelProcess(_Process):
    """The model of fixed pace.

    Args:
        folder: where it keeps its log, and a line for each call.
    """

    name = "model"

    def __init__(self, pace: Pace, folder: Path) -> None:
        super().__init__(folder / "model.log")
        self._pace, self._port = pace, free_port()
        self.calls = folder / "model.jsonl"

    @property
    def url(self) -> str:
        """Base URL, as FANAL_MODEL_URL wants it."""
        return f"http://127.0.0.1:{self._port}/v1"

    def start(self) -> None:
        """Start it; gives back once it takes connections.

        Raises:
            RuntimeError: it does not.
        """
        options = {
            "--port": self._port, "--first": self._pace.first, "--rate": self._pace.rate,
            "--streams": self._pace.streams, "--kept": self.calls,
        }  # fmt: skip
        written = [str(part) for option in options.items() for part in option]
        self._process = started(["eval.paced_model", *written], {}, self._log)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the model did not start")


class ServerProcess(_Process):
    """Fanal's server.

    Args:
        settings: `FANAL_…` variables, and no others.
        folder: where it keeps its log.
        killed_child: kill one of its workers in place of all of it; its own supervisor starts another.
    """

    name = "worker"

    def __init__(self, settings: Mapping[str, str], folder: Path, *, killed_child: bool = False) -> None:
        super().__init__(folder / "server.log")
        self._settings, self._port = settings, free_port()
        self._killed_child = killed_child

    @property
    def url(self) -> str:
        """URL of its API, without a slash at its end."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, unless it runs; gives back once its parts answer.

        Raises:
            RuntimeError: it does not start.
        """
        if not self.processes:
            self._process = started(["server", "--port", str(self._port)], self._settings, self._log)
        assert self._process is not None
        try:
            wait_ready(self.url, self._process)
        except RuntimeError as error:
            raise RuntimeError(f"{error}: what it said is in {self._log}") from error

    def kill(self) -> None:
        """Kill it at once, without a word: one of its workers, or all of it."""
        if not self._killed_child:
            super().kill()
            return
        # multiprocessing has a child more, which serves nobody and follows its resources.
        worker = next(one for one in self.processes if any("spawn_main" in part for part in one.cmdline()))
        worker.kill()
        psutil.wait_procs([worker], timeout=END_S)


def server_settings(
    data: Path, model_url: str, database_url: str, folder: Path, further: Mapping[str, str]
) -> dict[str, str]:
    """Write the settings of a server over the sample's index, that lets every question through to the model.

    Args:
        data: folder of the index.
        further: settings that go before these.
    """
    abstention = folder / "abstention.json"
    abstention.write_text(json.dumps(ABSTENTION), "utf-8")
    return {
        "FANAL_DATA_DIR": str(data),
        "FANAL_DATABASE_URL": database_url,
        "FANAL_ABSTENTION_FILE": str(abstention),
        "FANAL_GENERATOR": "openai",
        "FANAL_MODEL_URL": model_url,
        "FANAL_MODEL_NAME": NAME,
        **further,
    }
