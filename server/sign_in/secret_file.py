"""The secret that signs tickets: the setting, or else a file of the data folder, made at the first start."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from pydantic import SecretStr

from ingest.errors import StorageFailed

SECRET_FILE = "signing.key"  # noqa: S105 - the name of the file

SECRET_BYTES = 32


def signing_secret(setting: SecretStr | None, folder: Path) -> str:
    """Give the secret.

    Args:
        setting: `FANAL_SIGNING_KEY`, None for the file's.
        folder: the data folder.

    Raises:
        StorageFailed: the file cannot be read or written.
    """
    if setting is not None:
        return setting.get_secret_value()
    path = folder / SECRET_FILE
    try:
        if not path.exists():
            _make(path)
        return path.read_text("ascii").strip()
    except (OSError, UnicodeError) as error:
        raise StorageFailed(
            f"La clé des liens « {path} » ne peut pas être lue ou écrite ({error}) : vérifiez les droits du dossier."
        ) from error


def _make(path: Path) -> None:
    """Write a secret whole or not at all, for its owner alone; another process that was faster has made it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".signing-key-")  # its rights are 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(SECRET_BYTES)}\n")
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
