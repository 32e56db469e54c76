"""Bring a database to the tables of this version: an engine goes in, an up-to-date database comes out.

The steps are Alembic's, in `server/store/migrations`; they run whole or not at all, one server at a time.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from ingest.errors import ConfigurationError

FOLDER = Path(__file__).parent / "migrations"

VERSION_TABLE = "fanal_version"
"""Where a database says which step it is at."""

LOCK = 0x46414E414C
"""Number of the advisory lock that PostgreSQL gives to one migration at a time ("FANAL" in ASCII)."""


def bring_up_to_date(engine: Engine, name: str) -> None:
    """Run the steps that are missing; nothing is written when none is.

    Args:
        engine: of SQLite, one that does not enforce foreign keys: to write a table anew it must be dropped.
        name: what to call the database in a message.

    Raises:
        ConfigurationError: a later version of Fanal wrote this database.
    """
    with engine.connect() as connection:
        if _is_current(connection, name):
            return
    with engine.begin() as connection:
        _wait_for_others(connection)
        if not _is_current(connection, name):
            upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the steps up to one of them, in the connection's transaction."""
    command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str = "base") -> None:
    """Undo the steps down to one of them, in the connection's transaction."""
    command.downgrade(_config(connection), to)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _is_current(connection: Connection, name: str) -> bool:
    steps = ScriptDirectory.from_config(_config())
    known = {step.revision for step in steps.walk_revisions()}
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    held = set(context.get_current_heads())
    if not held <= known:
        raise ConfigurationError(
            f"La base des conversations « {name} » a été écrite par une version plus récente de Fanal. "
            "Remettez cette version, ou restaurez la sauvegarde d’avant la mise à jour."
        )
    return held == set(steps.get_heads())


def _wait_for_others(connection: Connection) -> None:
    """Keep other servers from migrating until the transaction ends; SQLite's began by taking the write lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
