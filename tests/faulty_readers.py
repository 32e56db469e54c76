"""Readers that do what a library written in C can do: end the process that they run in."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest.parse import Limits
from ingest.sources.records import Records


def scanned_or_dead(path: Path, limits: Limits) -> bool:
    """End the process at a file that says "kill"; any other is a scan."""
    if b"kill" in path.read_bytes():
        os.abort()
    return True


def sessions_or_dead(path: Path, limits: Limits, columns: Mapping[str, str] | None) -> Records[Any]:
    """End the process."""
    os.abort()


def never_ends(path: Path, limits: Limits) -> Records[Any]:
    """Take the time that a hostile file can take."""
    time.sleep(600)
    raise AssertionError(path)
