"""Parsers that fail as a hostile file makes a library fail; a reading process imports them by name."""

import os
import signal
import subprocess
import time
from pathlib import Path

from ingest.documents import Block
from ingest.parse import Limits, ParsedFile


def by_name(path: Path, limits: Limits) -> ParsedFile:
    """Do what the file's name asks: hang, eat memory, crash, leave a program behind; read it otherwise."""
    match path.stem:
        case "hang":
            time.sleep(600)
        case "memory":
            bytearray(2 * limits.max_memory_bytes)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "bug":
            raise RuntimeError("not in any list")
        case "program":
            program = subprocess.Popen(["sleep", "600"])
            path.with_suffix(".pid").write_text(str(program.pid))
            time.sleep(600)
    return ParsedFile(str(os.getpid()), (Block("paragraph", "lu"),))
