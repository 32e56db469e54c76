"""The server's settings, for commands that read what is on disk and need none of the server."""

from pydantic import ValidationError

from ingest.errors import ConfigurationError
from server.settings import ServerSettings


def server_settings() -> ServerSettings:
    """Read the environment; raises `ConfigurationError`."""
    try:
        return ServerSettings()
    except ValidationError as error:
        faults = "\n".join(
            f"  - {' '.join(f'FANAL_{str(part).upper()} :' for part in fault['loc'])} "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        raise ConfigurationError(f"Réglages à corriger :\n{faults}") from error
