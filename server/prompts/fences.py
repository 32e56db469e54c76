"""Keep data apart from instructions in a prompt: marks that no document can write, and texts without tricks.

A text goes in; what the model reads of it comes out. Nothing that a reader would see is taken away, so that
a quote copied from it is still found in the passage.
"""

import hashlib
import re
import unicodedata

_MARK = re.compile(r"#([0-9a-f]{16})#")


def fence_of(*enclosed: str) -> str:
    """Derive a mark from all that it encloses: a text that holds its own digest cannot be written."""
    digest = hashlib.sha256()
    for text in enclosed:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\x00")
    return f"#{digest.hexdigest()[:16]}#"


def readable(text: str) -> str:
    """Take out what a reader cannot see (zero-width, bidi and tag characters) and unmake what looks like a mark."""
    if not text.isascii() or not text.isprintable():
        text = "".join(char for char in text if _is_seen(char))
    return _MARK.sub(r"# \1 #", text)


def one_line(text: str) -> str:
    """Write a title, a path, a number or an earlier turn on one line: a line of its own could pass for a mark."""
    return " ".join(readable(text).split())


def _is_seen(char: str) -> bool:
    # Cf: format, Cc: control, Cs: lone surrogates, Co: private use.
    return char in "\n\t" or unicodedata.category(char) not in ("Cf", "Cc", "Cs", "Co")
