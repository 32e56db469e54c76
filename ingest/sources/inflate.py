"""What a web server sends, taken out of its compression a little at a time: pieces go in, pieces come out.

An HTTP client inflates each piece whole, as many times over as the server says it was compressed: a kilobyte can
become a gigabyte before anything can be counted.
"""

import zlib
from collections.abc import Iterable, Iterator

from ingest.errors import UnreadableFile

ACCEPTED = "gzip, identity"
"""What to ask for, as `Accept-Encoding`."""

_GZIP = ("gzip", "x-gzip")
_PIECE_BYTES = 65_536


def inflated(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Inflate the body of a response, at most 64 KiB at a time.

    Args:
        pieces: the body as it came.
        encoding: its `Content-Encoding`, "" for none.

    Raises:
        UnreadableFile: another compression than gzip, gzip twice, or a body that is cut or damaged.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return iter(pieces)
    if name not in _GZIP:
        raise UnreadableFile(f"le serveur comprime la page d’une façon qui n’a pas été demandée ({name})")
    return _gunzipped(pieces)


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for piece in pieces:
            waiting = piece
            while waiting:
                yield inflater.decompress(waiting, _PIECE_BYTES)
                waiting = inflater.unconsumed_tail
            if inflater.unused_data:
                break
        yield inflater.flush()
    except zlib.error as error:
        raise UnreadableFile("la page est arrivée abîmée : sa compression ne se lit pas") from error
    if not inflater.eof or inflater.unused_data:
        raise UnreadableFile("la page est arrivée abîmée : sa compression ne se lit pas jusqu’au bout")
