"""Serving: settings go in, requests are answered until the process is told to stop; an exit status comes out.

One process answers by itself. With `FANAL_WORKERS` above 1 this process only watches: it binds the port, starts that
many workers by uvicorn's supervisor, and starts again one that dies or hangs. SIGTERM drains: no new connection is
taken, and what is being answered has `DRAIN_S` to end.
"""

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from ingest.collections import live_generation
from ingest.embed import open_embedder
from ingest.errors import FanalError, SourceUnavailable
from server.settings import ServerSettings
from server.store.database import Database, open_database
from server.store.errors import DatabaseUnavailable
from server.store.opening import open_stores

logger = logging.getLogger(__name__)

DRAIN_S = 30
"""How long answers that are being written may go on after SIGTERM, in seconds."""

KEEP_ALIVE_S = 75
"""How long a connection may stay open without a request, in seconds: longer than clients keep theirs (httpx 5, nginx
60), or a request that goes out while it is being closed is lost. With uvicorn's own 5 s, one in 220 broke under load;
it could not be shown that this was why."""

HUNG_S = 30
"""How long a worker may give no sign of life before it is killed, in seconds: loading a model takes some."""

SWITCH_S = 0.001
"""How long a thread that computes keeps the others waiting, in seconds. With Python's own 5 ms the event loop, which
writes all answers, loses that much at each turn; with 0.2 ms what is won is lost in turns."""

LOOK_S = 2.0
"""Seconds between two looks for a server that a starting worker waits for."""


def serve(settings: ServerSettings) -> int:
    """Serve until told to stop; gives the exit status: 0 stopped, 2 refused, 3 a worker could not start."""
    if settings.workers > 1:
        return _serve_by_workers(settings)
    _quieten()
    uvicorn.run(_app(settings), **_options(settings))
    return 0


def worker_app() -> FastAPI:
    """Make the app in a worker, from its environment; what it needs and is away is waited for."""
    _quieten()
    settings = ServerSettings()
    _wait_for_servers(settings)
    return _app(settings)


def _app(settings: ServerSettings) -> FastAPI:
    """Make the app, for a process that does nothing else."""
    from server.app import create_app

    app = create_app(settings)
    started = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with started(app) as state:
            # What is loaded stays: without this the collector reads a million objects, now and then, while all wait.
            gc.collect()
            gc.freeze()
            sys.setswitchinterval(SWITCH_S)
            yield state

    app.router.lifespan_context = lifespan
    return app


def _options(settings: ServerSettings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "log_level": "info",
        "timeout_graceful_shutdown": DRAIN_S,
        "timeout_keep_alive": KEEP_ALIVE_S,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": sorted(settings.trusted_proxies),
    }


def _serve_by_workers(settings: ServerSettings) -> int:
    """Check and migrate once, then start the workers: what one would refuse, all would, again and again."""
    try:
        _check(settings)
    except FanalError as error:
        print(f"Erreur : {error}", file=sys.stderr)
        return 2
    os.environ |= {"FANAL_HOST": settings.host, "FANAL_PORT": str(settings.port)}  # options go before
    config = uvicorn.Config(
        "server.serving:worker_app",
        factory=True,
        workers=settings.workers,
        timeout_worker_healthcheck=HUNG_S,
        **_options(settings),
    )
    supervisor = _Supervisor(config, [config.bind_socket()])
    supervisor.run()
    return STARTUP_FAILURE if supervisor.failed else 0


class _Supervisor(Multiprocess):
    """uvicorn's own, which stops when a worker cannot start; it then says so."""

    @property
    def failed(self) -> bool:
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)


def _check(settings: ServerSettings) -> None:
    """Open what workers open: the tables are made, and the key of the drafts, before two of them would.

    Raises:
        FanalError: of what the workers would be refused.
    """
    key = settings.drafts_key.get_secret_value() if settings.drafts_key else None
    open_stores(settings.database, key, settings.data_dir).close()
    with closing(open_database(settings.database)) as database:
        _check_connections(settings, database)
    live_generation(settings)


def _check_connections(settings: ServerSettings, database: Database) -> None:
    with database.engine.connect() as connection:
        most, kept_back = (
            int(connection.scalar(text(f"SHOW {name}")) or 0)
            for name in ("max_connections", "superuser_reserved_connections")
        )
    wanted = settings.workers * settings.database_connections
    if wanted > most - kept_back:
        logger.warning(
            "%d workers may ask for %d connections, and PostgreSQL gives %d: lower FANAL_DATABASE_CONNECTIONS, or "
            "raise max_connections",
            settings.workers, wanted, most - kept_back,
        )  # fmt: skip


def _wait_for_servers(settings: ServerSettings) -> None:
    """Wait for PostgreSQL, Qdrant and the embeddings: a worker that fails to start stops all the others."""
    with _ended_by_signals():
        while True:
            try:
                open_database(settings.database).close()
                live_generation(settings)
                if settings.embedder == "openai":
                    open_embedder(settings)
                return
            except (DatabaseUnavailable, SourceUnavailable) as error:
                logger.error("a worker waits to start: %s", error)
                time.sleep(LOOK_S)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let signals end the process at once: uvicorn's own handlers wait for an app that is not there yet."""
    former = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _quieten() -> None:
    logging.getLogger("uvicorn.error").addFilter(_plain)
    logging.getLogger("uvicorn.access").addFilter(_without_query)


def _plain(record: logging.LogRecord) -> bool:
    """Cut the traceback of a refused start down to its message, when that message was written for a person."""
    last = record.getMessage().strip().rpartition("\n")[2]
    if last.startswith(("ingest.errors.", "server.errors.", "server.store.errors.")):
        record.msg, record.args = last.partition(": ")[2], ()
    return True


def _without_query(record: logging.LogRecord) -> bool:
    """Leave out of the access log what follows the path: quotes of documents are asked for by address."""
    match record.args:
        case (client, method, str(address), *rest):
            record.args = (client, method, address.partition("?")[0], *rest)
    return True
