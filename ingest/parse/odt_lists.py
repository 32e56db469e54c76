"""The numbers of an OpenDocument text's lists: its XML goes in, what each item of a list begins with comes out.

People cite the steps of a procedure by their numbers.
"""

from typing import Any

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE_NAME = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}name"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"


class ListNumbers:
    """Counts the items of the lists of one document, which are to be given in its order.

    Args:
        roots: its `content.xml` and `styles.xml`, whose list styles say which lists are numbered, from what.
    """

    def __init__(self, *roots: Any) -> None:
        levels = (
            level
            for root in roots
            for level in root.iter(f"{_TEXT}list-level-style-number")
            if level.get(f"{_TEXT}level") == "1"
        )
        self._starts = {
            str(level.getparent().get(_STYLE_NAME)): _number(level.get(f"{_TEXT}start-value"), 1)
            for level in levels
        }
        self._next: dict[str, int] = {}

    def marks(self, numbered: Any) -> list[str]:
        """What each element of a `text:list` begins with: `3. `, or nothing where it has no number."""
        style = str(numbered.get(f"{_TEXT}style-name"))
        if style not in self._starts:
            return [""] * len(numbered)
        number = self._first(numbered, style)
        marks: list[str] = []
        for item in numbered:
            if item.tag != f"{_TEXT}list-item":
                marks.append("")
                continue
            number = _number(item.get(f"{_TEXT}start-value"), number)
            marks.append(f"{number}. ")
            number += 1
        self._next[f"style {style}"] = number
        self._next[f"list {numbered.get(_XML_ID)}"] = number
        return marks

    def _first(self, numbered: Any, style: str) -> int:
        """Where a list begins: anew, or after the one it continues."""
        start = self._starts[style]
        if continued := numbered.get(f"{_TEXT}continue-list"):
            return self._next.get(f"list {continued}", start)
        follows = numbered.get(f"{_TEXT}continue-numbering") == "true"
        return self._next.get(f"style {style}", start) if follows else start


def _number(value: str | None, otherwise: int) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 9 else otherwise
