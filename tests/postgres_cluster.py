"""A private PostgreSQL: a folder goes in, a server on a socket in it comes out, and stops with the tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from eval.load.postgres import programs as programs

NAMES = count(1)


class Cluster:
    """A PostgreSQL server, without a password, for whoever can open its socket."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self._bin, self._folder = bin_folder, folder
        self._options: dict[str, str | int] = {"cwd": folder}
        if os.geteuid() == 0:
            account = _account()
            os.chown(folder, account.pw_uid, account.pw_gid)
            self._options |= {"user": account.pw_uid, "group": account.pw_gid}

    def url(self, database: str) -> str:
        return f"postgresql://fanal@/{database}?host={self._folder}"

    def make(self) -> str:
        """Make an empty database; gives its URL."""
        name = f"essai{next(NAMES)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.partition("?")[0].rpartition("/")[2]
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str) -> list[Any]:
        """Run a statement as the administrator; gives its rows."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def hang_up(self, url: str) -> int:
        """End all connections to a database from its side; gives how many there were."""
        name = url.partition("?")[0].rpartition("/")[2]
        return len(
            self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608
        )

    def create(self) -> None:
        """Make the server's files."""
        self._program(
            "initdb", "-D", self._data, "-U", "fanal", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"
        )

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}' -c fsync=off"
        log = str(self._folder / "server.log")
        self._program("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop it: `immediate` is a crash, `fast` ends what runs."""
        self._program("pg_ctl", "-D", self._data, "-m", how, "-w", "stop")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _program(self, name: str, *arguments: str) -> None:
        with (self._folder / "log").open("a") as log:
            subprocess.run(
                [self._bin / name, *arguments], check=True, stdout=log, stderr=log, **self._options
            )  # type: ignore[call-overload]


@contextmanager
def running(bin_folder: Path) -> Iterator[Cluster]:
    """Start a server in a folder of its own; one that refuses to run as root runs as `postgres` or `nobody`."""
    folder = Path(tempfile.mkdtemp(prefix="fanal-pg-"))  # short: a socket's path has at most 107 characters
    try:
        cluster = Cluster(bin_folder, folder)
        cluster.create()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
