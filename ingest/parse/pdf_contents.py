"""Tables of contents of a PDF: the lines of its pages go in, those of its contents are taken out.

An entry is a line that ends with a page number, after dots that lead to it or below the word "Sommaire"; there
the numbers must be those of pages, and never go back.
"""

import re
from collections.abc import Sequence

from ingest.parse.pdf_lines import Line

_TITLE = re.compile(
    r"(?:\d+[.)]?\s*)?(?:sommaire|table des mati[eè]res|table des (?:figures|illustrations|annexes))\s*:?",
    re.IGNORECASE,
)
_LED = re.compile(r"\S.*?(?:(?:\.\s?){4,}|(?:…\s?){2,}|(?:[·_]\s?){4,})\s*\d{1,4}$")
_NUMBERED = re.compile(r"(\S.*[^\W\d_].*\s)?(\d{1,4})$")
_FEWEST = 3
_MAX_LINES = 3
_UNNUMBERED_PAGES = 20


def without_contents(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """Drop the entries of tables of contents, and their title."""
    kept: list[list[Line]] = []
    in_contents = False
    for lines in pages:
        dropped, in_contents = _contents(lines, in_contents, len(pages) + _UNNUMBERED_PAGES)
        kept.append([line for at, line in enumerate(lines) if at not in dropped])
    return kept


def _contents(lines: list[Line], in_contents: bool, highest: int) -> tuple[set[int], bool]:
    """Give the places of a page's entries, and whether its contents may go on on the next page."""
    led = {at for at, line in enumerate(lines) if _LED.match(line.text)}
    dropped = led if len(led) >= _FEWEST or (in_contents and led) else set()
    title = next((at for at, line in enumerate(lines) if _TITLE.fullmatch(line.text)), None)
    if title is not None:
        entries = _below(lines, title + 1, highest)
        dropped = dropped | entries | {title} if len(entries) >= _FEWEST else dropped
    return dropped, bool(dropped) and max(dropped) >= len(lines) - _MAX_LINES


def _below(lines: list[Line], start: int, highest: int) -> set[int]:
    """The entries below the title; a long one takes up to `_MAX_LINES` lines, its number at the end of the last."""
    entries: set[int] = set()
    pending: list[int] = []
    page = 0
    for at in range(start, len(lines)):
        pending.append(at)
        numbered = _NUMBERED.match(lines[at].text)
        # A number far from its title is a line of its own.
        titled = numbered is not None and (numbered[1] or len(pending) > 1)
        if numbered and titled and page <= int(numbered[2]) <= highest:
            entries.update(pending)
            page, pending = int(numbered[2]), []
        elif len(pending) >= _MAX_LINES:
            break
    return entries
