"""A PostgreSQL of its own for the load, that can be killed and started again: Debian's programs, a folder, a socket.

It runs as it does in production: each commit is on the disk before it is acknowledged.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psutil

from ingest.errors import ConfigurationError


def programs() -> Path | None:
    """Find the folder of Debian's newest PostgreSQL programs; None when it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Postgres:
    """A server without a password, for whoever can open its socket; `kill` leaves it as a power cut would.

    Raises:
        ConfigurationError: PostgreSQL is not installed.
    """

    name = "postgres"

    def __init__(self) -> None:
        found = programs()
        if found is None:
            raise ConfigurationError("PostgreSQL n’est pas installé (apt install postgresql).")
        self._programs = found
        self._folder = Path(
            tempfile.mkdtemp(prefix="fanal-load-")
        )  # short: a socket's path has 107 characters
        self._as: dict[str, int] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
            self._as = {"user": account.pw_uid, "group": account.pw_gid}
        self._run("initdb", "-D", self._data, "-U", "fanal", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    @property
    def url(self) -> str:
        """URL of its database."""
        return f"postgresql://fanal@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start it, after a kill as well; gives back once it takes connections."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}'"
        log = str(self._folder / "server.log")
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-l", log, "-o", options, "start")

    def kill(self) -> None:
        """Kill all its processes at once, without a word."""
        postmaster = psutil.Process(int((Path(self._data) / "postmaster.pid").read_text("utf-8").split()[0]))
        processes = [postmaster, *postmaster.children()]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=30)

    def close(self) -> None:
        """Stop it and forget its data."""
        subprocess.run(
            [self._programs / "pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop"],
            cwd=self._folder, capture_output=True, check=False, **self._as,
        )  # type: ignore[call-overload]  # fmt: skip
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *options: str) -> None:
        with (self._folder / "log").open("a") as log:
            subprocess.run(
                [self._programs / program, *options],
                check=True,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                **self._as,
            )  # type: ignore[call-overload]
