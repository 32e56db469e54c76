"""The database: a URL goes in, transactions come out; what it or its disk refuses is said in French.

SQLite (the default, one file in the data folder) and PostgreSQL. Calls are synchronous and may come from several
threads; other processes may use the same database.
"""

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from ingest.errors import ConfigurationError, StorageFailed
from server.store.failures import explain, passes
from server.store.migrate import bring_up_to_date

logger = logging.getLogger(__name__)

WAIT_S = 5.0
"""How long SQLite waits for the writes of others before it gives up; each transaction is tried `ATTEMPTS` times."""

ATTEMPTS = 3

SCRUB_AGAIN_S = 30.0
"""How long after a reader stood in the way what was deleted is taken out of SQLite's journal again."""

CONNECTIONS = 15
"""Connections to PostgreSQL of one process, when nothing else is asked."""

KEPT_CONNECTIONS = 5
"""Of these, those that stay open while nobody asks anything."""

POOL_S = 10.0
"""How long a request waits for a connection that others hold."""

POSTGRESQL_LIMITS = {
    "connect_timeout": "5",  # seconds
    "tcp_user_timeout": "15000",  # milliseconds: a network that swallows packets is a failure too
    "options": "-c statement_timeout=15000",
}
"""How long PostgreSQL may keep an answer from its reader; what the URL says itself goes before."""

T = TypeVar("T")
_WRITES = "fanal_writes"


class Database:
    """An up-to-date database.

    Args:
        engine: of SQLAlchemy.
        name: what to call it in a message: a file, or the host and database, never a password.

    Its methods raise `StorageFailed` when the disk refuses, and `DatabaseUnavailable` when the database does not
    answer or others keep it busy.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self._writing = engine.execution_options(**{_WRITES: True})
        self._lock = threading.Lock()
        self._again: threading.Timer | None = None
        self._closed = False

    def read(self, work: Callable[[Session], T]) -> T:
        """Give what `work` finds, in one transaction."""
        return _tried(partial(_once, self.engine, work), self.name)

    def write(self, work: Callable[[Session], T]) -> T:
        """Give what `work` gives once what it did is kept; another program in its way makes it run again."""
        return _tried(partial(_once, self._writing, work), self.name)

    def scrub(self) -> None:
        """Take what was deleted out of SQLite's journal too; what stands in the way makes it be tried again later."""
        if self.engine.dialect.name == "sqlite" and not self._scrubbed():
            self._scrub_later()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            self._closed = True
            if self._again is not None:
                self._again.cancel()
        self.engine.dispose()

    def _scrubbed(self) -> bool:
        try:
            done = _tried(self._empty_journal, self.name)
        except StorageFailed as error:  # the deletion itself is kept: it must not be told as failed
            logger.error("what was deleted stays in the journal, which will be emptied later: %s", error)
            return False
        if not done:
            logger.warning(
                "what was deleted stays in the journal, which will be emptied later: it is being read"
            )
        return done

    def _scrub_later(self) -> None:
        with self._lock:
            if self._closed or (self._again is not None and self._again.is_alive()):
                return
            self._again = threading.Timer(SCRUB_AGAIN_S, self._scrub_again)
            self._again.daemon = True
            self._again.start()

    def _scrub_again(self) -> None:
        with self._lock:
            self._again = None
            if self._closed:
                return
        self.scrub()

    def _empty_journal(self) -> bool:
        with closing(self.engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy, *_ = cursor.fetchone() or (1,)
            return not busy


def open_database(url: str, *, wait_s: float = WAIT_S, connections: int = CONNECTIONS) -> Database:
    """Open the database, made and migrated when need be; two servers may do so at once.

    Args:
        url: as SQLAlchemy writes it, `postgresql://…` or `sqlite:///…`; SQLite's folder is made when missing.
        wait_s: seconds that SQLite waits for the writes of others.
        connections: to PostgreSQL, at most.

    Raises:
        ConfigurationError: the URL is none, the file is no database, or a later version of Fanal wrote it.
        StorageFailed: the folder cannot be written.
        DatabaseUnavailable: PostgreSQL does not answer, or refuses the connection.
    """
    address = _address(url)
    sqlite = address.get_backend_name() == "sqlite"
    name = str(address.database) if sqlite else f"{address.host or 'localhost'}/{address.database}"
    if sqlite:
        _make_private(Path(name))
        migrating = _sqlite(address, wait_s, foreign_keys=False, poolclass=NullPool)
        engine = _sqlite(address, wait_s)
    else:
        engine = migrating = _postgresql(address, connections)
    try:
        _tried(
            partial(bring_up_to_date, migrating.execution_options(**{_WRITES: True}), name),
            name,
            opening=True,
        )
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, name)


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # Without its cause: that one quotes the address, and a password with it.
        raise ConfigurationError(
            "FANAL_DATABASE_URL n’est pas une adresse de base : écrivez postgresql://utilisateur@hôte/base, ou "
            "sqlite:////dossier/fanal.sqlite ; dans un mot de passe, « @ » s’écrit %40."
        ) from None
    if address.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return _postgresql_address(address)
    if address.drivername in ("sqlite", "sqlite+pysqlite") and address.database not in (None, "", ":memory:"):
        if address.query or str(address.database).startswith("file:"):
            raise ConfigurationError(
                "FANAL_DATABASE_URL : une base SQLite s’écrit sqlite:/// suivi du chemin d’un fichier, sans "
                "« file: » et sans rien après « ? »."
            )
        return address
    raise ConfigurationError(
        f"FANAL_DATABASE_URL : « {address.drivername} » n’est pas une base que Fanal sait tenir ; il connaît "
        "postgresql:// et sqlite:/// suivi d’un fichier."
    )


def _postgresql_address(address: URL) -> URL:
    """Add the limits; raises `ConfigurationError` when a part that is shown holds the end of a password."""
    if any("@" in part for part in (address.host or "", address.database or "", *address.query)):
        raise ConfigurationError(
            "FANAL_DATABASE_URL : l’adresse tient plusieurs « @ » ; écrivez le « @ » du mot de passe %40."
        )
    missing = {key: value for key, value in POSTGRESQL_LIMITS.items() if key not in address.query}
    return address.set(drivername="postgresql+psycopg").update_query_dict(missing)


def _make_private(path: Path) -> None:
    """Make the file, for its owner alone; SQLite gives the files beside it the same rights."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StorageFailed(
            f"La base des conversations « {path} » ne peut pas être ouverte en écriture ({error.strerror}) : "
            "vérifiez la place libre et les droits du dossier."
        ) from error


def _sqlite(address: URL, wait_s: float, *, foreign_keys: bool = True, **options: Any) -> Engine:
    engine = create_engine(
        address,
        connect_args={"timeout": wait_s},
        hide_parameters=True,
        json_serializer=partial(json.dumps, ensure_ascii=False),
        **options,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # else the module begins its transactions itself, and too late
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and then writes can fail at once, without waiting: it says so beforehand.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(address: URL, connections: int) -> Engine:
    kept = min(KEPT_CONNECTIONS, connections)
    return create_engine(
        address,
        hide_parameters=True,
        json_serializer=partial(json.dumps, ensure_ascii=False),
        pool_pre_ping=True,  # a connection that was killed is made again before it is used
        pool_timeout=POOL_S,
        pool_size=kept,
        max_overflow=connections - kept,
    )


def _once(engine: Engine, work: Callable[[Session], T]) -> T:
    with Session(engine) as session, session.begin():
        return work(session)


def _tried(work: Callable[[], T], name: str, *, opening: bool = False) -> T:
    """Run `work`, again while what stops it passes; what remains is told in French."""
    attempts = Retrying(
        retry=retry_if_exception(passes),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.05, max=1),
        reraise=True,
    )
    try:
        return attempts(work)
    except (DBAPIError, PoolTimeout) as error:
        raise explain(error, name, opening=opening) from error
