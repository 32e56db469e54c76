"""Make the secrets of a server: a folder goes in, a file a secret comes out, for `FANAL_SECRETS_DIR` and compose.

`python3 infra/make_secrets.py FOLDER [--group GID]`. Standard library only: it runs before anything is installed. A
file that is there already is left as it is, so that it can be run again after an upgrade. What only the organisation
knows (the client secret that the identity provider gave) is written as a placeholder, which Fanal refuses at start.
"""

import argparse
import base64
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

PLACEHOLDER = "changez-moi"


def main() -> int:
    """Write what is missing; prints the name of each file written, never what is in it."""
    parser = argparse.ArgumentParser(description="Écrit les secrets de Fanal, un par fichier.")
    parser.add_argument("folder", type=Path, help="dossier des secrets, par exemple /etc/fanal/secrets")
    parser.add_argument("--group", type=int, help="numéro du groupe qui peut les lire (10001 avec compose)")
    parser.add_argument(
        "--database-host", default="postgres", help="machine de PostgreSQL (postgres : celle de compose)"
    )
    options = parser.parse_args()
    options.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    _own(options.folder, options.group)
    for name, make in _recipes(options.folder, options.database_host).items():
        target = options.folder / name
        if not target.exists():
            _write(target, make(), options.group)
            print(f"écrit : {target}")
    waiting = sorted(path.name for path in options.folder.iterdir() if PLACEHOLDER in path.read_text("utf-8"))
    if waiting:
        print(f"à remplacer par vos valeurs (« {PLACEHOLDER} ») : {', '.join(waiting)}")
    return 0


def _recipes(folder: Path, database_host: str) -> dict[str, Callable[[], str]]:
    """Give how each secret is made, in the order in which they are: the database's URL holds its password."""

    def database_url() -> str:
        password = (folder / "postgres_password").read_text("utf-8").strip()
        return f"postgresql://fanal:{password}@{database_host}/fanal"

    def random() -> str:
        return secrets.token_urlsafe(36)

    return {
        "postgres_password": random,
        "fanal_database_url": database_url,
        "fanal_qdrant_api_key": random,
        "fanal_drafts_key": lambda: base64.urlsafe_b64encode(os.urandom(32)).decode(),  # a Fernet key
        "fanal_signing_key": random,
        "fanal_model_api_key": random,
        "fanal_cookie_secret": random,
        "fanal_oidc_client_secret": lambda: PLACEHOLDER,
    }


def _write(target: Path, secret: str, group: int | None) -> None:
    """Write a file that nobody else can read at any moment; a placeholder is there to be written over."""
    mode = 0o600 if secret == PLACEHOLDER else 0o400
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
    _own(target, group)


def _own(path: Path, group: int | None) -> None:
    if group is not None:
        os.chown(path, -1, group)
        path.chmod(path.stat().st_mode | (0o050 if path.is_dir() else 0o040))


if __name__ == "__main__":
    sys.exit(main())
