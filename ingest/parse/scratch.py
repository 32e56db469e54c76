"""The folder of a reading process's own files: nothing goes in, a folder comes out that no kill leaves for good.

Its owner holds a lock on it, which the system releases however the owner ends: the next one to start deletes the
folders that nobody holds. A lock, not a process id: two containers that share a folder do not share those.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

_PREFIX = "fanal-lecture-"
_YOUNG_SECONDS = 60.0  # another reader may be about to lock a folder that it has just made


class Scratch:
    """A temporary folder, made and locked; the one who makes it closes it.

    Args:
        parent: where it stands; the system's temporary folder by default.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = parent or Path(tempfile.gettempdir())
        _sweep(parent)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        self._lock = _open(self.path)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Delete the folder, what it holds included; what cannot be deleted goes at a later sweep."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _sweep(parent: Path) -> None:
    """Delete the folders whose owners are gone; those of other users stay."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            _delete_unlocked(folder)


def _delete_unlocked(folder: Path) -> None:
    if time.time() - folder.lstat().st_mtime < _YOUNG_SECONDS:
        return
    lock = _open(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
