"""`python -m server`: start the API."""

import argparse
import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from server.settings import ServerSettings


def main() -> int:
    """Read the options, start the server and run it until it is stopped."""
    options = _parser().parse_args()
    from pydantic import ValidationError

    from server.settings import ServerSettings

    given = {name: value for name, value in vars(options).items() if value is not None}
    try:
        settings = ServerSettings(**given)
    except ValidationError as error:
        lines = "\n".join(
            f"  - {' '.join(f'FANAL_{str(part).upper()} :' for part in fault['loc'])} "
            f"{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        )
        print(f"Réglages à corriger :\n{lines}", file=sys.stderr)
        return 2
    return _serve(settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m server", description="Démarre l’API de Fanal.")
    parser.add_argument(
        "--host", help="adresse d’écoute (127.0.0.1 ; aucune autre tant que la connexion est coupée)"
    )
    parser.add_argument("--port", type=int, help="port TCP (8000)")
    return parser


def _plain(record: logging.LogRecord) -> bool:
    """Cut the traceback of a refused start down to its message, when that message was written for a person."""
    last = record.getMessage().strip().rpartition("\n")[2]
    if last.startswith(("ingest.errors.", "server.errors.")):
        record.msg, record.args = last.partition(": ")[2], ()
    return True


def _serve(settings: "ServerSettings") -> int:
    import uvicorn

    from server.app import create_app

    logging.getLogger("uvicorn.error").addFilter(_plain)
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="info")
    return 0


if __name__ == "__main__":
    sys.exit(main())
