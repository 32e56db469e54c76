"""A page of a PDF as a picture with quotes marked: a path, a page number and the quotes go in, a PNG comes out.

pdfium is written in C, is not thread-safe, and reads files that nobody vouches for: it runs in a process of its
own, one page at a time, which a bad page may hang, fill or crash without harm to the server.
"""

import contextlib
import io
import math
import multiprocessing
import os
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import BoundedSemaphore, Lock

import pypdfium2
import pypdfium2.raw as pdfium
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from PIL import Image, ImageChops

from ingest.errors import FanalError, SourceUnavailable
from ingest.parse.pdf_lines import Box, shown_boxes
from server.pdf_quotes import find_ranges
from server.problems import NotFound

WIDTH = 1_000
"""Width of a picture, in pixels, where its other limits allow it."""
MAX_HEIGHT = 2_400
MAX_SCALE = 4.0
"""Most pixels a point: a stamp of a page is not blown up to a thousand pixels."""
MARK = (255, 230, 154)
"""Colour of a marked quote (the page's own `--fanal-mark`); what is printed there stays as dark as it was."""

MAX_SECONDS = 20
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
WAIT_S = 5.0
"""How long a page waits for those before it."""
MAX_WAITING = 4
"""Pages that wait at once for the one that is being drawn; each holds a thread."""
_MARGIN = 1.0
_SAME_LINE = 0.5
_SAME_WORDS = 3.0

BROKEN = (
    "Cette page ne peut pas être affichée : le PDF est endommagé, protégé ou trop lourd. Ouvrez l’original."
)
NO_SUCH_PAGE = "Ce document n’a pas de page {number} : il en compte {pages}."
BUSY = "D’autres pages sont en train d’être affichées. Réessayez dans quelques secondes."


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as its reader sees it.

    Args:
        png: the picture.
        pages: how many pages the document has.
        marked: how many places are marked; a quote that runs over three lines makes three.
        top: where the uppermost mark begins, as a share of the picture's height; None without a mark.
        left: where that mark begins, as a share of the picture's width.
    """

    png: bytes
    pages: int
    marked: int
    top: float | None
    left: float | None


def render_page(path: Path, number: int, quotes: Sequence[str]) -> PageImage:
    """Draw a page, its forms as they were filled in, with the quotes marked.

    Args:
        number: the page, from 1.

    Raises:
        NotFound: the document has no such page, or pdfium cannot read it.
    """
    try:
        with closing(pypdfium2.PdfDocument(path)) as document:
            document.init_forms()
            pages = len(document)
            if not 1 <= number <= pages:
                raise NotFound(NO_SUCH_PAGE.format(number=number, pages=pages))
            with closing(document[number - 1]) as page:
                boxes = _line_boxes(page, quotes) if quotes else []
                return _drawn(page, pages, boxes)
    except (pypdfium2.PdfiumError, MemoryError, OSError) as error:
        raise NotFound(BROKEN) from error


def _drawn(page: pypdfium2.PdfPage, pages: int, boxes: Sequence[Box]) -> PageImage:
    width, height = page.get_size()
    scale = min(WIDTH / max(width, 1.0), MAX_HEIGHT / max(height, 1.0), MAX_SCALE)
    with closing(page.render(scale=scale)) as bitmap:
        picture = bitmap.to_pil().convert("RGB")
    for box in boxes:
        _mark(picture, box, scale)
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=False, compress_level=6)
    if not boxes:
        return PageImage(written.getvalue(), pages, 0, None, None)
    first = min(boxes, key=lambda box: box[1])
    left, top = first[0] * scale / picture.width, first[1] * scale / picture.height
    return PageImage(written.getvalue(), pages, len(boxes), top, left)


def _mark(picture: Image.Image, box: Box, scale: float) -> None:
    left, top, right, bottom = (edge * scale for edge in box)
    area = (
        max(0, math.floor(left - _MARGIN)),
        max(0, math.floor(top - _MARGIN)),
        min(picture.width, math.ceil(right + _MARGIN)),
        min(picture.height, math.ceil(bottom + _MARGIN)),
    )
    if area[0] < area[2] and area[1] < area[3]:
        under = picture.crop(area)
        picture.paste(ImageChops.multiply(under, Image.new("RGB", under.size, MARK)), area[:2])


def _line_boxes(page: pypdfium2.PdfPage, quotes: Sequence[str]) -> list[Box]:
    """Give a box for each line of each quote, in points from the top left corner of the page as it is shown."""
    with closing(page.get_textpage()) as textpage:
        raw = textpage.raw
        chars = [chr(pdfium.FPDFText_GetUnicode(raw, index)) for index in range(textpage.count_chars())]
        lines: list[Box] = []
        for first, end in find_ranges(chars, quotes):
            run: list[Box] = []
            for box in _char_boxes(page, raw, [at for at in range(first, end) if not chars[at].isspace()]):
                if run and _continues(run[-1], box):
                    run[-1] = _joined(run[-1], box)
                else:
                    run.append(box)
            lines += run
    return lines


def _char_boxes(page: pypdfium2.PdfPage, raw: pdfium.FPDF_TEXTPAGE, indexes: Sequence[int]) -> Iterator[Box]:
    rect, shown = pdfium.FS_RECTF(), shown_boxes(page)
    for index in indexes:
        if pdfium.FPDFText_GetLooseCharBox(raw, index, rect) and rect.right > rect.left:
            yield shown(rect.left, rect.bottom, rect.right, rect.top)


def _continues(line: Box, box: Box) -> bool:
    """Tell whether a character goes on a line: beside its end, at its height."""
    height = min(line[3] - line[1], box[3] - box[1])
    overlap = min(line[3], box[3]) - max(line[1], box[1])
    gap = max(box[0] - line[2], line[0] - box[2])
    return overlap >= _SAME_LINE * height and gap <= _SAME_WORDS * height


def _joined(line: Box, box: Box) -> Box:
    return (
        min(line[0], box[0]),
        min(line[1], box[1]),
        max(line[2], box[2]),
        max(line[3], box[3]),
    )


class PageRenderer:
    """Draws pages in a process of its own, which is started at the first one and again after each failure.

    Any thread may call it; pages are drawn one after the other, and few may wait. Close it to end the process.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._places = BoundedSemaphore(1 + MAX_WAITING)
        self._threads = CapacityLimiter(1 + MAX_WAITING)
        self._worker: tuple[BaseProcess, Connection] | None = None

    async def rendered(self, path: Path, number: int, quotes: Sequence[str]) -> PageImage:
        """Draw a page in a thread of its own: those that everything else runs in are never held by pages.

        Raises:
            NotFound: as `render` does.
            SourceUnavailable: too many other pages are waiting, which is said at once, or they take too long.
        """
        if not self._places.acquire(blocking=False):
            raise SourceUnavailable(BUSY)
        try:
            return await run_sync(self.render, path, number, quotes, limiter=self._threads)
        finally:
            self._places.release()

    def render(self, path: Path, number: int, quotes: Sequence[str]) -> PageImage:
        """Draw a page; the arguments and the errors are those of `render_page`.

        Raises:
            NotFound: as for `render_page`, and when the page takes longer or more memory than its limits, or
                ends the process.
            SourceUnavailable: the pages before it take too long.
        """
        if not self._lock.acquire(timeout=WAIT_S):
            raise SourceUnavailable(BUSY)
        try:
            outcome = self._outcome(path, number, quotes)
        finally:
            self._lock.release()
        if isinstance(outcome, FanalError):
            raise outcome
        return outcome

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _outcome(self, path: Path, number: int, quotes: Sequence[str]) -> PageImage | FanalError:
        if self._worker is None:
            self._worker = _start()
        _, connection = self._worker
        try:
            connection.send((path, number, tuple(quotes)))
            outcome: PageImage | FanalError = connection.recv()
        except (EOFError, ConnectionError):
            self._end()
            return NotFound(BROKEN)
        return outcome

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            process, connection = worker
            process.kill()
            process.join()
            process.close()
            connection.close()


def _start() -> tuple[BaseProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _serve(connection: Connection) -> None:
    """Draw the pages that are asked for, until the other end closes; a page that takes too long ends it all."""
    # Deaf to the terminal's Ctrl-C, which the server takes; the alarm stops pdfium, where no Python runs.
    os.setsid()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, most))
    with contextlib.suppress(EOFError):
        while True:
            path, number, quotes = connection.recv()
            signal.alarm(MAX_SECONDS)
            outcome: PageImage | FanalError
            try:
                outcome = render_page(path, number, quotes)
            except FanalError as error:
                outcome = error
            signal.alarm(0)
            connection.send(outcome)
