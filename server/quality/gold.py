"""Which passages are gold: a `GoldPassage` and a passage go in, yes or no comes out.

A document is named as people name it (its file, its title, its article), and a quote is compared as people read it: an
index that is cut, embedded or named otherwise keeps the same gold.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from ingest.text import fold
from server.case_schemas import GoldPassage
from server.schemas import Passage

_MARKUP = re.compile(
    r"[\N{SOFT HYPHEN}\u200b-\u200f\u2060\ufeff\ufffe«»“”„‟″＂\"|*]|^[ \t]*(?:-|\d+\.) ", re.MULTILINE
)
"""What shows nothing or differs from a file to the text made of it: quote marks, bars of tables, bullets."""

_SPACE_FOR_LOOKS = re.compile(r"\s+(?!\w)|(?<!\w)\s+")
"""A space that keyboards and formats put or leave out: only one between two words or figures counts."""

_ARTICLE = re.compile(
    r"^(?:art(?:icle)?s?\.?\s+)?(?P<number>(?:l\.?\s?o|[lrda])[\s.*]*\d[\d\s-]*?(?:-[a-z])?)"
    r"(?:\s+d(?:u|e la|e l')?\s*(?P<code>code\s.+))?$"
)
_DRESSING = re.compile(r"[\s.*]")


def matches(gold: GoldPassage, passage: Passage) -> bool:
    """Tell whether a passage is this gold: of the document, and with the quote where one is given."""
    if not is_named(gold.document, passage):
        return False
    return gold.quote is None or holds(passage.text, gold.quote)


def is_named(document: str, passage: Passage) -> bool:
    """Tell whether `document` names the passage's document.

    By its id, file name (with or without its ending), title, or number however it is dotted and spaced ("L. 6323-17-1",
    "article L6323-17-1 du code du travail"). A catalogue has a document a session: its source's name, or the name of a
    file called like its source, stands for all of them.
    """
    wanted = _name(document)
    if wanted in _names(passage.document_id, passage.title):
        return True
    if _name(passage.source) in (wanted, PurePosixPath(wanted).stem):
        return True
    return passage.number is not None and _is_number(wanted, passage)


def writings(document: str) -> frozenset[str]:
    """Give what to look a document up by among `names_of`; `is_named` then tells whether it is the one."""
    wanted = _name(document)
    article = _ARTICLE.match(wanted)
    numbers = {_DRESSING.sub("", wanted), _DRESSING.sub("", article["number"]) if article else ""}
    return frozenset({wanted, PurePosixPath(wanted).stem, *numbers} - {""})


def names_of(passage: Passage) -> frozenset[str]:
    """Give all that a passage's document can be looked up by."""
    number = _DRESSING.sub("", fold(passage.number or ""))
    return _names(passage.document_id, passage.title) | {_name(passage.source), number}


def holds(text: str, quote: str) -> bool:
    """Tell whether `text` holds the quote, whatever the case, accents, spaces, apostrophes, quote marks and bullets.

    A quote never begins or ends inside a word: "possible" is not in "impossible".
    """
    wanted = readable(quote)
    return bool(wanted) and any(_whole(readable(text), wanted))


@lru_cache(maxsize=8_192)
def readable(text: str) -> str:
    """Give the writing under which two quotes are the same."""
    return _SPACE_FOR_LOOKS.sub("", " ".join(_MARKUP.sub(" ", fold(text)).split()))


def _whole(text: str, wanted: str) -> Iterator[bool]:
    """Tell of each place where `wanted` is whether it is there in whole words."""
    at = text.find(wanted)
    while at >= 0:
        yield not _is_inside_word(text, at) and not _is_inside_word(text, at + len(wanted))
        at = text.find(wanted, at + 1)


def _is_inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


@lru_cache(maxsize=8_192)
def _names(document_id: str, title: str) -> frozenset[str]:
    """Give all that a document is called, but for its number."""
    key = document_id.partition(":")[2]
    file = PurePosixPath(key)
    called = {document_id, key, file.name, title}
    if file.suffix:
        called |= {file.stem, str(file.with_suffix(""))}
    return frozenset(_name(one) for one in called if one)


@lru_cache(maxsize=8_192)
def _name(text: str) -> str:
    return " ".join(fold(text).split())


def _is_number(wanted: str, passage: Passage) -> bool:
    number = _DRESSING.sub("", fold(passage.number or ""))
    if _DRESSING.sub("", wanted) == number:
        return True
    article = _ARTICLE.match(wanted)
    if article is None or _DRESSING.sub("", article["number"]) != number:
        return False
    code = article["code"]
    return code is None or any(
        code in _name(above.replace("-", " ")) for above in (passage.source, *passage.path)
    )
