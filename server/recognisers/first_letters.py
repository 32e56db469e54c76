"""The letters that a pattern can begin with, so that a choice of hundreds is not tried whole at every word.

A pattern of the word lists goes in (groups, choices, classes, options, look-around); a set of characters comes out.
"""

import re

_ATOM = re.compile(r"\\.|\[[^\]]*\]|\(\?<?[=!]|\(\?:|.", re.DOTALL)
_QUANTIFIER = re.compile(r"\?|\*|\+|\{(\d+)(?:,\d*)?\}")
_MOST_LETTERS = 6
_DIGITS = frozenset("0123456789")


def first_letters(pattern: str) -> frozenset[str] | None:
    """Give the characters that a match of `pattern` may begin with; None when it may be any, or empty."""
    found: set[str] = set()
    for choice in _choices(pattern):
        letters, empty = _of_sequence(choice)
        if letters is None or empty:
            return None
        found |= letters
    return frozenset(found)


def by_first_letter(choices: list[str]) -> str:
    """Write a choice among patterns so that most are tried only where their first letter stands.

    Those with one of few first letters come after the others, and keep their order among them.
    """
    letters = [_few(first_letters(choice)) for choice in choices]
    known = sorted({letter for some in letters if some is not None for letter in some})
    branches = [
        rf"(?={re.escape(letter)})(?:{'|'.join(_beginning_with(letter, choices, letters))})"
        for letter in known
    ]
    anywhere = [choice for choice, some in zip(choices, letters, strict=True) if some is None]
    return "|".join([*anywhere, *branches])


def _few(letters: frozenset[str] | None) -> frozenset[str] | None:
    # A pattern is written again under each of its letters: one that begins with many would only take room.
    return None if letters is None or len(letters) > _MOST_LETTERS else letters


def _beginning_with(letter: str, choices: list[str], letters: list[frozenset[str] | None]) -> list[str]:
    return [
        choice for choice, some in zip(choices, letters, strict=True) if some is not None and letter in some
    ]


def _choices(pattern: str) -> list[str]:
    """Split a pattern at the bars outside its groups."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(pattern):
        atom = _ATOM.match(pattern, at)
        assert atom is not None  # `.` matches whatever is left
        text = atom.group()
        depth += text.startswith("(")
        depth -= text == ")"
        if text == "|" and depth == 0:
            parts.append(pattern[start:at])
            start = atom.end()
        at = atom.end()
    return [*parts, pattern[start:]]


def _of_sequence(pattern: str) -> tuple[frozenset[str] | None, bool]:
    """Give the first letters of a pattern without bars outside its groups, and whether it may be empty."""
    found: set[str] = set()
    at = 0
    while at < len(pattern):
        letters, may_be_empty, at = _of_atom(pattern, at)
        quantifier = _QUANTIFIER.match(pattern, at)
        if quantifier is not None:
            at = quantifier.end()
            may_be_empty = may_be_empty or quantifier.group()[0] in "?*" or quantifier[1] == "0"
        if letters is None:
            return None, False
        found |= letters
        if not may_be_empty:
            return frozenset(found), False
    return frozenset(found), True


def _of_atom(pattern: str, at: int) -> tuple[frozenset[str] | None, bool, int]:
    atom = _ATOM.match(pattern, at)
    assert atom is not None
    text, end = atom.group(), atom.end()
    if text.startswith("("):
        close = _closing(pattern, end)
        if text != "(?:":  # look-around takes no room
            return frozenset(), True, close + 1
        return *_of_group(pattern[end:close]), close + 1
    if text == r"\d":
        return _DIGITS, False, end
    if text.startswith(("[", "\\")):
        return None, False, end
    return frozenset(text), False, end


def _of_group(inside: str) -> tuple[frozenset[str] | None, bool]:
    found: set[str] = set()
    empty = False
    for choice in _choices(inside):
        letters, may_be_empty = _of_sequence(choice)
        if letters is None:
            return None, False
        found |= letters
        empty = empty or may_be_empty
    return frozenset(found), empty


def _closing(pattern: str, at: int) -> int:
    depth = 1
    while True:
        atom = _ATOM.match(pattern, at)
        assert atom is not None
        depth += atom.group().startswith("(")
        depth -= atom.group() == ")"
        if depth == 0:
            return at
        at = atom.end()
