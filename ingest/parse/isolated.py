"""A process that reads files: a path goes in, its blocks come out, whatever the file does to whoever reads it.

A file that hangs, eats the memory or crashes a library written in C takes this process with it and nothing
else: the reader starts another one and names the file. One process reads all the files, one after the other.
"""

import contextlib
import multiprocessing
import os
import resource
import shutil
import signal
import tempfile
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.errors import FanalError, UnreadableFile
from ingest.parse.file import parse_file
from ingest.parse.parsed import IMPATIENT_PAGES, MEGABYTE, Limits, ParsedFile, ReadFile
from ingest.parse.scratch import Scratch

_START_SECONDS = 60.0
_OCR_SUFFIXES = (".pdf", ".eml")
_RETIRE_SHARE = 0.5
_NICE = 5

Outcome = ParsedFile | FanalError


@dataclass(frozen=True, slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    scratch: Scratch


class FileReader:
    """Reads files in a process of its own, which is started at the first one and again after each failure.

    For one thread at a time. Close it, or use it as a context manager, to end the process.

    Args:
        parse: what reads a file there; a function of a module, since the process imports it by name.
    """

    def __init__(self, parse: ReadFile = parse_file) -> None:
        self._parse = parse
        self._worker: _Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and the programs that it runs."""
        worker, self._worker = self._worker, None
        if worker is not None:
            _end(worker)

    def read(self, path: Path, limits: Limits) -> ParsedFile:
        """Read a file; the arguments and the errors are those of `parse_file`.

        Raises:
            UnreadableFile: as for `parse_file`, and when the file takes longer or more memory than its limits,
                or ends the process.
            LoadLater: a long scan, and the limits ask not to wait for it.
        """
        outcome = self._outcome(path, limits)
        if isinstance(outcome, FanalError):
            raise outcome
        return outcome

    def _outcome(self, path: Path, limits: Limits) -> Outcome:
        seconds = _allowed_seconds(path, limits)
        if self._worker is None or not self._worker.process.is_alive():
            self.close()
            self._worker = _start(self._parse)
        try:
            self._worker.connection.send((path, limits))
            if self._worker.connection.poll(seconds):
                return self._received()
        except (EOFError, ConnectionError):
            self.close()
            return UnreadableFile(
                "la lecture du fichier s'est interrompue brutalement, il est endommagé ou demande trop de mémoire :"
                " ouvrez-le dans son logiciel et enregistrez-le à nouveau, ou découpez-le"
            )
        except BaseException:
            # An answer that nobody waits for any more would be taken for that of the next file.
            self.close()
            raise
        self.close()
        return UnreadableFile(
            f"la lecture du fichier a dépassé {seconds:g} secondes :"
            " découpez-le ou simplifiez-le, ou allongez ce délai dans les réglages"
        )

    def _received(self) -> Outcome:
        assert self._worker is not None  # its only caller has just written to it
        outcome: Outcome
        outcome, is_last = self._worker.connection.recv()
        if is_last:
            self.close()
        return outcome


def _allowed_seconds(path: Path, limits: Limits) -> float:
    """The time of a file: that of its reading, and that of its OCR where it may have any."""
    if not limits.ocr or path.suffix.lower() not in _OCR_SUFFIXES:
        return limits.max_seconds
    if limits.patient:
        return limits.max_seconds + limits.max_ocr_seconds
    return limits.max_seconds + min(IMPATIENT_PAGES * limits.ocr_seconds_per_page, limits.max_ocr_seconds)


def _start(parse: ReadFile) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    # What a killed process leaves behind is deleted with this folder.
    scratch = Scratch()
    process = context.Process(target=_serve, args=(theirs, parse, str(scratch.path)), daemon=True)
    process.start()
    theirs.close()
    worker = _Worker(process, ours, scratch)
    # Its own process group exists once it says that it is ready.
    ready = ours.poll(_START_SECONDS)
    if not ready:
        _end(worker)
        raise UnreadableFile(
            "le processus de lecture ne démarre pas : la machine manque de mémoire ou de temps"
        )
    with contextlib.suppress(EOFError):
        ours.recv()
    return worker


def _end(worker: _Worker) -> None:
    if worker.process.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.kill()
    worker.process.join()
    worker.process.close()
    worker.connection.close()
    worker.scratch.close()


def _serve(connection: Connection, parse: ReadFile, folder: str) -> None:
    """Read the files whose paths come, until the other end closes."""
    # A group of its own: killed with the programs it runs (tesseract), and deaf to the terminal's Ctrl-C.
    os.setsid()
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    tempfile.tempdir = folder
    connection.send(None)
    with contextlib.suppress(EOFError):
        while True:
            path, limits = connection.recv()
            _limit_memory(limits.max_memory_bytes)
            outcome = _read(parse, path, limits)
            # What this file leaves in memory would count against the next.
            is_last = _held_bytes() > _RETIRE_SHARE * limits.max_memory_bytes
            connection.send((outcome, is_last))


def _read(parse: ReadFile, path: Path, limits: Limits) -> Outcome:
    try:
        return parse(path, limits)
    except FanalError as error:
        return error
    except MemoryError:
        return UnreadableFile(
            f"la lecture du fichier demande plus de {limits.max_memory_bytes // MEGABYTE} Mo de mémoire :"
            " découpez-le ou simplifiez-le, ou augmentez cette limite dans les réglages"
        )


def _limit_memory(count: int) -> None:
    """Bound the process's own data, and that of each program it runs."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (count, most))


def _held_bytes() -> int:
    """The data that the process holds, as `RLIMIT_DATA` counts it (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    return pages * resource.getpagesize()


def _end_with_parent(folder: str) -> None:
    """End this process, what it runs and its files when its parent is gone, even killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(folder, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)
