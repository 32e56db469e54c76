"""Server-sent events: bytes of a response in, `SentEvent`s out.

Source: the WHATWG HTML standard, "Interpreting an event stream". Lines end at CR, LF or CRLF only:
`str.splitlines` would also cut at U+2028 or U+0085, which a passage may hold.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event: its type ("message" when the stream names none) and its data, lines joined by LF."""

    event: str
    data: str


def read_events(chunks: Iterable[bytes]) -> Iterator[SentEvent]:
    """Give each event of a stream as soon as it is complete; one that the end cuts off is dropped.

    Ids, retry delays, comments and unknown fields are read and left out.
    """
    event, data = "", list[str]()
    for line in _lines(chunks):
        if not line:
            if data:
                yield SentEvent(event or "message", "\n".join(data))
            event, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    decode = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode
    pending, after_cr = "", False
    for chunk in chunks:
        text = decode(chunk)
        if not text:
            continue
        if after_cr:  # this LF ends the line that the former chunk's CR has ended already
            text = text.removeprefix("\n")
        after_cr = text.endswith("\r")
        *lines, pending = _LINE_END.split(pending + text)
        yield from lines
