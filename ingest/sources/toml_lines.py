"""Where each key of a TOML stands: a text that `tomllib` reads goes in, the line of every key comes out.

`tomllib` gives the values without their places, and a message that names a line is worth a minute's search to
the administrator. This walks the same grammar, keeps the keys, and skips the values.
"""

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_BASIC, _LITERAL = r'"(?:[^"\\\n]|\\.)*"', r"'[^'\n]*'"
_KEY = re.compile(rf"[A-Za-z0-9_-]+|{_BASIC}|{_LITERAL}")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}' + rf"|'''(?:[^']|'{{1,2}}(?!'))*'{{3,5}}|{_BASIC}|{_LITERAL}",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}\n#]*")


def key_lines(text: str) -> dict[Path, int]:
    """Find the line, from 1, on which each key, table and element of a list begins.

    Args:
        text: a valid TOML document; what comes of another one is not defined.

    Returns:
        Lines by path: `("source", 1, "columns", "title")` is `title` in the `[source.columns]` of the second
        `[[source]]`.
    """
    lines: dict[Path, int] = {}
    for path, line in _Walk(text).found():
        for length in range(1, len(path) + 1):
            lines.setdefault(path[:length], line)
    return lines


class _Walk:
    """A walk through a document, from its first character to its last."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._at = 0
        self._sizes: dict[Path, int] = {}
        self._line, self._counted = 1, 0

    def found(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        self._take(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                line, table = self._line_here(), self._header()
                yield table, line
            else:
                yield from self._pair(table)
            self._take(_BLANK)

    def _header(self) -> Path:
        """Read `[a.b]` or `[[a.b]]`; a list of tables on the way stands for its last one."""
        is_list = self._text.startswith("[[", self._at)
        self._at += 2 if is_list else 1
        names = self._dotted()
        self._at += 2 if is_list else 1
        path: Path = ()
        for name in names[:-1]:
            path = self._last((*path, name))
        path = (*path, names[-1])
        if not is_list:
            return path
        self._sizes[path] = self._sizes.get(path, 0) + 1
        return self._last(path)

    def _last(self, path: Path) -> Path:
        return (*path, self._sizes[path] - 1) if path in self._sizes else path

    def _pair(self, above: Path) -> Iterator[tuple[Path, int]]:
        line = self._line_here()
        path = (*above, *self._dotted())
        self._at += 1  # the sign =
        yield path, line
        yield from self._value(path)

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._take(_SPACES)
        opening = self._text[self._at]
        if opening == "[":
            yield from self._list(path)
        elif opening == "{":
            yield from self._inline_table(path)
        elif opening in "\"'":
            self._take(_STRING)
        else:
            self._take(_BARE)

    def _list(self, path: Path) -> Iterator[tuple[Path, int]]:
        for index, _ in enumerate(self._members("]")):
            element = (*path, index)
            yield element, self._line_here()
            yield from self._value(element)

    def _inline_table(self, path: Path) -> Iterator[tuple[Path, int]]:
        for _ in self._members("}"):
            yield from self._pair(path)

    def _members(self, closing: str) -> Iterator[None]:
        """Stop at the beginning of each member, and after the closing bracket at the end."""
        self._at += 1
        self._take(_BLANK)
        while self._text[self._at] != closing:
            yield
            self._take(_BLANK)
            self._at += self._text[self._at] == ","
            self._take(_BLANK)
        self._at += 1

    def _dotted(self) -> list[str]:
        names = []
        while True:
            self._take(_SPACES)
            names.append(_plain(self._take(_KEY)))
            self._take(_SPACES)
            if self._text[self._at] != ".":
                return names
            self._at += 1

    def _take(self, what: re.Pattern[str]) -> str:
        found = what.match(self._text, self._at)
        if found is None:
            raise ValueError(f"not a TOML document: character {self._at}")
        self._at = found.end()
        return found[0]

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line


def _plain(key: str) -> str:
    """Take a key out of its quotes, escapes included."""
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key
