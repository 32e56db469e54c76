"""What the database refuses, told apart: an error of SQLAlchemy goes in, one of Fanal's comes out."""

import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ingest.errors import ConfigurationError, FanalError, StorageFailed
from server.store.errors import DatabaseUnavailable

_REFUSALS = (IntegrityError, ProgrammingError, DataError, NotSupportedError)
"""The database stands and refuses: a right or a table is missing, or the program is wrong."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CONFLICTS = {"40001", "40P01"}
"""What PostgreSQL answers to transactions that stood in each other's way: serialization failure, deadlock."""

_RESOURCES = "53"
"""First characters of what PostgreSQL answers when its disk is full or its connections are all taken."""

_READ_ONLY = "25006"


def passes(error: BaseException) -> bool:
    """Tell whether the same transaction may succeed at once.

    Two that insert the same row at the same time are in each other's way only once.
    """
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error, IntegrityError) or error.connection_invalidated:
        return True
    return _sqlite_code(error) in _BUSY or _sqlstate(error) in _CONFLICTS


def explain(error: DBAPIError | PoolTimeout, name: str, *, opening: bool = False) -> FanalError:
    """Say what a person can do about it.

    Args:
        name: what to call the database.
        opening: the server is starting: what is damaged must be mended before.
    """
    if isinstance(error, PoolTimeout):
        return DatabaseUnavailable(
            f"Trop de demandes à la fois attendent la base des conversations « {name} »."
        )
    if isinstance(error, _REFUSALS):
        return _explain_refusal(error, name)
    if isinstance(error.orig, sqlite3.Error):
        return _explain_sqlite(error.orig, name, opening=opening)
    return _explain_postgresql(error, name)


def _explain_refusal(error: DBAPIError, name: str) -> FanalError:
    said = str(error.orig).strip().partition("\n")[0]  # the lines below it quote the row
    if isinstance(error, DataError):  # so does its first one
        said = type(error.orig).__name__
    state = _sqlstate(error)
    return StorageFailed(
        f"La base des conversations « {name} » refuse une demande ({f'{said}, {state}' if state else said}) : "
        "vérifiez les droits de l’utilisateur de FANAL_DATABASE_URL sur ses tables, et qu’aucune ne manque."
    )


def _explain_sqlite(error: sqlite3.Error, name: str, *, opening: bool) -> FanalError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return DatabaseUnavailable(
            f"La base des conversations « {name} » est occupée par un autre programme : réessayez."
        )
    if code in _DAMAGED:
        kind = ConfigurationError if opening else StorageFailed
        return kind(
            f"La base des conversations « {name} » est abîmée, ou n’est pas une base SQLite ({error}). Arrêtez le "
            "serveur et restaurez sa sauvegarde, ou renommez le fichier : Fanal en créera une autre, vide."
        )
    return StorageFailed(
        f"La base des conversations « {name} » ne peut pas être lue ou écrite ({error}) : vérifiez la place libre "
        "et les droits du dossier."
    )


def _explain_postgresql(error: DBAPIError, name: str) -> FanalError:
    said = str(error.orig).strip().partition("\n")[0]
    state = _sqlstate(error)
    if state.startswith(_RESOURCES) or state == _READ_ONLY:
        return StorageFailed(f"La base des conversations « {name} » refuse une écriture ({said}).")
    return DatabaseUnavailable(
        f"La base des conversations « {name} » ne répond pas ou refuse la demande ({said}). Vérifiez que PostgreSQL "
        "est démarré, que cette base existe, et l’utilisateur et le mot de passe de FANAL_DATABASE_URL."
    )


def _sqlite_code(error: DBAPIError) -> int:
    return int(getattr(error.orig, "sqlite_errorcode", 0)) & 0xFF


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""
