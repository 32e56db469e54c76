"""What a web server sends, taken out of its compression a little at a time: pieces go in, pieces come out.

An HTTP client inflates each piece whole, as many times over as the server says it was compressed: a kilobyte can
become a gigabyte before anything can be counted.
"""

import re
import zlib
from collections.abc import Iterable, Iterator

from ingest.errors import UnreadableFile

ACCEPTED = "gzip, identity"
"""What to ask for, as `Accept-Encoding`."""

_GZIP = ("gzip", "x-gzip")
_COMPRESSIONS = frozenset("gzip x-gzip br deflate zstd compress x-compress dcb dcz bzip2 lzma xz".split())
_PADDING = b"\0 \t\r\n"
_MAX_MEMBERS = 1_000
_PIECE_BYTES = 65_536


def inflated(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Inflate the body of a response, at most 64 KiB at a time.

    Args:
        pieces: the body as it came.
        encoding: its `Content-Encoding`, "" for none. A name that is no compression (`utf-8`, `none`) is as good
            as none: servers write them by mistake.

    Raises:
        UnreadableFile: another compression than gzip, gzip twice, or a body that is cut or damaged.
    """
    name = encoding.strip().lower()
    used = [part for part in re.split(r"[\s,;]+", name) if part in _COMPRESSIONS]
    if not used:
        return iter(pieces)
    if len(used) > 1 or used[0] not in _GZIP:
        raise UnreadableFile(f"le serveur comprime la page d’une façon qui n’a pas été demandée ({name})")
    return _gunzipped(pieces)


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Inflate gzip, be it several files in a row or padded at its end."""
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    members = 1
    try:
        for piece in pieces:
            waiting = piece
            while waiting := waiting.lstrip(_PADDING) if inflater.eof else waiting:
                if inflater.eof:
                    inflater, members = zlib.decompressobj(16 + zlib.MAX_WBITS), members + 1
                if members > _MAX_MEMBERS:
                    raise UnreadableFile("la page est comprimée en trop de morceaux")
                yield inflater.decompress(waiting, _PIECE_BYTES)
                waiting = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error as error:
        raise UnreadableFile("la page est arrivée abîmée : sa compression ne se lit pas") from error
    if not inflater.eof:
        raise UnreadableFile("la page est arrivée abîmée : sa compression ne se lit pas jusqu’au bout")
