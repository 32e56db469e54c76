"""From the bytes of a file to the blocks of a document: one module a format family.

`parse_file` is the door; the parsers behind it are imported when a file of their format comes.
"""

from ingest.parse.file import parse_bytes, parse_file
from ingest.parse.parsed import Limits, ParsedFile

__all__ = ["Limits", "ParsedFile", "parse_bytes", "parse_file"]
