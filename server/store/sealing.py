"""Sealing what is personal before it is kept: a text goes in, bytes that only the right keys open come out.

Each draft has a data key of its own, which is kept in the database wrapped by a master key that never is: without
either of them the draft cannot be read, so that deleting a data key makes every older copy of its draft unreadable.
Both are Fernet's (AES-128 in CBC with an HMAC-SHA256: https://github.com/fernet/spec).
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ingest.errors import ConfigurationError, StorageFailed
from server.store.errors import DraftDamaged, DraftsKeyWrong

KEY_FILE = "drafts.key"
"""The master key's file in the data folder, where no setting gives one."""

HOW_TO_MAKE_ONE = (
    "faites-en une par : python -c "
    '"from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


class Keyring:
    """The master keys.

    Args:
        keys: as Fernet writes them (32 bytes in URL-safe base64); the first wraps, all of them open.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._current = Fernet(keys[0])
        self._all = MultiFernet([Fernet(key) for key in keys])

    def new(self) -> tuple[Fernet, bytes]:
        """Make a data key; gives it, and as it may be kept."""
        key = Fernet.generate_key()
        return Fernet(key), self._current.encrypt(key)

    def open(self, wrapped: bytes) -> Fernet:
        """Give a data key that was kept; raises `DraftsKeyWrong` when no master key opens it."""
        try:
            return Fernet(self._all.decrypt(wrapped))
        except InvalidToken:
            raise DraftsKeyWrong(
                "Une synthèse est scellée par une autre clé que celles de ce serveur : donnez à FANAL_DRAFTS_KEY "
                "toutes les clés en usage, la même liste sur chaque serveur. Rien n’est perdu."
            ) from None

    def renewed(self, wrapped: bytes) -> bytes | None:
        """Wrap a data key by the current master key; None when it is already, raises as `open` does."""
        try:
            self._current.decrypt(wrapped)
        except InvalidToken:
            self.open(wrapped)
            return self._all.rotate(wrapped)
        return None


def seal(key: Fernet, text: str) -> bytes:
    """Seal a text."""
    return key.encrypt(text.encode())


def unseal(key: Fernet, sealed: bytes) -> str:
    """Give a sealed text back.

    Raises:
        DraftDamaged: it is not what this key sealed: it was damaged, or another's was put in its place.
    """
    try:
        return key.decrypt(sealed).decode()
    except InvalidToken:
        raise DraftDamaged(
            "Une synthèse gardée est abîmée et ne peut pas être lue : restaurez la sauvegarde de la base."
        ) from None


def open_keyring(setting: str | None, folder: Path, *, sealed: int) -> Keyring:
    """Gather the master keys: those of the setting first, then that of the data folder's file.

    Args:
        setting: keys by commas or spaces, the current one first; None: the file's, which is made when it is missing.
        folder: the data folder.
        sealed: how many drafts are sealed already: then no new key is made, which could not open them.

    Raises:
        ConfigurationError: a key is none.
        DraftsKeyWrong: drafts are sealed and there is no key at all.
        StorageFailed: the file cannot be read or written.
    """
    path = folder / KEY_FILE
    keys = _written(setting)
    try:
        if path.exists():
            path.chmod(0o600)
            keys.append(path.read_text("ascii").strip())
        elif not keys:
            if sealed:
                raise DraftsKeyWrong(
                    f"La clé des synthèses manque, et {sealed} sont scellées : remettez FANAL_DRAFTS_KEY, ou le "
                    f"fichier « {path} » depuis sa sauvegarde. Rien n’est perdu, rien n’a été changé."
                )
            keys.append(_made(path))
    except (OSError, UnicodeError) as error:
        raise StorageFailed(
            f"La clé des synthèses « {path} » ne peut pas être lue ou écrite ({error}) : vérifiez les droits du "
            "dossier."
        ) from error
    return _keyring(keys, path)


def _written(setting: str | None) -> list[str]:
    return [key for key in re.split(r"[\s,;]+", setting or "") if key]


def _keyring(keys: list[str], path: Path) -> Keyring:
    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ConfigurationError(
                f"FANAL_DRAFTS_KEY, ou le fichier « {path} », tient une clé qui n’en est pas une (32 octets en "
                f"base64) : corrigez-la, ou s’il n’y a encore aucune synthèse, {HOW_TO_MAKE_ONE}"
            ) from None
    return Keyring(keys)


def _made(path: Path) -> str:
    """Write a new key whole or not at all, for its owner alone; another server that was faster has made it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".drafts-key-")  # its rights are 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{Fernet.generate_key().decode()}\n")
            file.flush()
            os.fsync(file.fileno())  # what it seals is lost with it
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    return path.read_text("ascii").strip()
