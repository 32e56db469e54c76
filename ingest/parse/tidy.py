"""Small text tools of every parser: tidy whitespace, Markdown tables, list marks, decoding, table records."""

import codecs
import re
from collections.abc import Iterable, Sequence
from datetime import date

from ingest.documents import Block

BULLET = re.compile(r"^[•◦▪▫■□●○‣⁃∙·➢➔➤✓✔\uf0b7\uf0a7\uf0d8–—*-]\s+(?=\S)")
NUMBERED = re.compile(r"^(?:\d{1,2}|[a-z])[.)]\s+(?=\S)")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_WEB = ("http", "https")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def tidy(text: str) -> str:
    """Put `text` on one line: runs of blanks become one space, characters that nobody sees go."""
    return " ".join(_UNSEEN.sub("", text).split())


def decode(data: bytes) -> str:
    """Decode a text file: its byte order mark, else UTF-8, else Windows-1252 as old French tools write it."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def decode_as(data: bytes, encoding: str | None) -> str:
    """Decode text whose encoding is declared; one that Python does not know is guessed."""
    try:
        return data.decode(encoding, "replace") if encoding else decode(data)
    except LookupError:
        return decode(data)


def markdown_table(rows: Iterable[Sequence[str]]) -> str:
    """Write rows of cells as a Markdown table, the first row as header; empty rows and columns go.

    Returns:
        The table's lines, or an empty string when no cell holds anything.
    """
    kept = [[tidy(cell).replace("|", "\\|") for cell in row] for row in rows]
    kept = [row for row in kept if any(row)]
    width = max((len(row) for row in kept), default=0)
    kept = [row + [""] * (width - len(row)) for row in kept]
    columns = [index for index in range(width) if any(row[index] for row in kept)]
    lines = ["| " + " | ".join(row[index] for index in columns) + " |" for row in kept]
    return "\n".join([lines[0], "|" + " --- |" * len(columns), *lines[1:]]) if lines else ""


def record(names: Sequence[str], values: Sequence[str]) -> str:
    """Write one row as `name : value ; name : value`, without its empty cells."""
    pairs = ((tidy(name), tidy(value)) for name, value in zip(names, values, strict=False))
    return " ; ".join(f"{name} : {value}" if name else value for name, value in pairs if value)


def first_heading(blocks: Iterable[Block]) -> str | None:
    """Find the title of a text: its first heading of the highest level."""
    return next((block.text for block in blocks if block.kind == "heading" and block.level == 1), None)


def iso_date(text: str | None) -> date | None:
    """Read the day of an ISO date or timestamp; None when `text` is something else."""
    try:
        return date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None


def web_link(href: str | None) -> tuple[str, ...]:
    """Give a link's target, if it is one: a page or a path, neither a script, a mailbox nor a file of a computer."""
    # Browsers ignore control characters within an address: `java\nscript:` runs.
    target = re.sub(r"[\x00-\x1f]+", "", href or "").strip()
    scheme = _SCHEME.match(target)
    wanted = target and not target.startswith("#") and (scheme is None or scheme[1].lower() in _WEB)
    return (target,) if wanted else ()
