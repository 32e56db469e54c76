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

import psycopg

NAMES = count(1)


def programs() -> Path | None:
    """Find the folder of Debian's newest PostgreSQL programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster:
    """A PostgreSQL server that is running, without a password, for whoever can open its socket."""

    def __init__(self, socket_folder: Path) -> None:
        self._folder = socket_folder

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

    def run(self, statement: str) -> None:
        """Run a statement as the administrator."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running(bin_folder: Path) -> Iterator[Cluster]:
    """Start a server in a folder of its own; one that refuses to run as root runs as `postgres` or `nobody`."""
    folder = Path(tempfile.mkdtemp(prefix="fanal-pg-"))  # short: a socket's path has at most 107 characters
    options: dict[str, str | int] = {"cwd": folder}
    if os.geteuid() == 0:
        account = _account()
        os.chown(folder, account.pw_uid, account.pw_gid)
        options |= {"user": account.pw_uid, "group": account.pw_gid}
    data = folder / "data"

    def run(*command: str) -> None:
        with (folder / "log").open("a") as log:
            subprocess.run(
                [bin_folder / command[0], *command[1:]], check=True, stdout=log, stderr=log, **options
            )  # type: ignore[call-overload]

    try:
        run("initdb", "-D", str(data), "-U", "fanal", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        server = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "server.log"), "-o", server, "start")
        yield Cluster(folder)
        run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
