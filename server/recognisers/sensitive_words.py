"""The word lists of the special categories: from a TOML file to patterns over the plain and the spelt form of a text.

A list holds expressions, one a line, in French as it is written: accents, capitals, doubled letters and y do not
matter, a space also stands for a hyphen or for nothing between the parts of a compound. `(a|b)` is a choice, `x?` an
option, `~` any ending of the word, and `{name}` one of the file's own pieces; what stands before a ` > ` is context.

A word that says something of a person only where it is said of one ("noire", "pratiquante", "bi") is an `attribute`:
`words/clauses.toml` tells what leads to it and what goes on after it.
"""

import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from server.recognisers.first_letters import by_first_letter
from server.recognisers.folding import plain, spelt

_PIECE = re.compile(r"\{([a-z_]+)\}")
_ENDING = r"\w{0,12}"
_BETWEEN = r"(?:[ \n-]{1,2})"
_CHOICE_AFTER_LETTER = re.compile(r"([a-z])\(([a-z|]+)\)")
_CONTEXT = " > "
_CLASS = re.compile(r"(\[[^\]]*\])")
_DOUBLED_OPTION = re.compile(r"([a-z])\1\?")


@dataclass(frozen=True, slots=True)
class WordList:
    """The expressions of one special category, as patterns with one group, named after it.

    Args:
        type: the category: an entity type.
        personal: what always says something of someone, over the spelt form.
        topical: what does so unless it is a matter of work or study, over the spelt form.
        attribute: what does so where it is said of a person, over the spelt form.
        capitals: acronyms, over the plain form, where case tells.
        not_after: what comes before a topic of work or study, up to where it begins.
        not_before: what comes after an expression that means something else.
    """

    type: str
    personal: re.Pattern[str] | None
    topical: re.Pattern[str] | None
    attribute: re.Pattern[str] | None
    capitals: re.Pattern[str] | None
    not_after: re.Pattern[str] | None
    not_before: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Clauses:
    """Where an attribute of a person stands, over the spelt form.

    Args:
        begins: what comes before it, up to where it begins: a clause, or words that lead to what somebody is.
        ends: what comes after it, from its end: the end of a clause, or words that go on about somebody.
    """

    begins: re.Pattern[str]
    ends: re.Pattern[str]


def read_clauses() -> Clauses:
    """Read `words/clauses.toml`."""
    tables = tomllib.loads(_file("clauses").read_text(encoding="utf-8"))
    begins = _context(tables["begins"], {}, r"(?:\A|[.;:,(\n/+!?*>]|(?<=[ \n])-|(?<!\w)(?:{}))[ \n]*\Z")
    ends = _context(tables["ends"], {}, r"[ \n]*(?:\Z|[.;:,)\n/+!?=*]|-[ \n]|(?<!\w)(?:{})(?!\w))")
    assert begins is not None, "a list that is not empty"
    assert ends is not None, "a list that is not empty"
    return Clauses(begins, ends)


def read_word_lists(name: str) -> list[WordList]:
    """Read the lists of `words/{name}.toml`, one for each of its tables."""
    tables = tomllib.loads(_file(name).read_text(encoding="utf-8"))
    pieces: dict[str, str] = {}
    for key, value in tables.pop("pieces", {}).items():
        pieces[_expression(key)] = _with_pieces(_expression(value), pieces)
    return [_word_list(kind, table, pieces) for kind, table in tables.items()]


def _file(name: str) -> Traversable:
    return resources.files("server.recognisers") / "words" / f"{name}.toml"


def _word_list(kind: str, table: dict[str, str], pieces: dict[str, str]) -> WordList:
    tail = _with_pieces(_expression(table["tail"]), pieces) if "tail" in table else ""
    return WordList(
        type=kind,
        personal=_any_of(kind, table.get("personal", ""), pieces, tail),
        topical=_any_of(kind, table.get("topical", ""), pieces, tail),
        attribute=_any_of(kind, table.get("attribute", ""), pieces, ""),
        capitals=_capitals(kind, table.get("capitals", "")),
        not_after=_context(table.get("not_after", ""), pieces, r"(?<!\w)(?:{})$"),
        not_before=_context(table.get("not_before", ""), pieces, r"[ \n]?(?:{})(?!\w)"),
    )


def _any_of(kind: str, lines: str, pieces: dict[str, str], tail: str) -> re.Pattern[str] | None:
    whole = [_with_pieces(_expression(line), pieces) for line in _lines(lines) if _CONTEXT not in line]
    if not whole:
        return None
    partial = [line.split(_CONTEXT) for line in _lines(lines) if _CONTEXT in line]
    choices = [
        rf"{_with_pieces(_expression(before), pieces)}{_BETWEEN}(?P<{kind}_{at}>"
        rf"{_with_pieces(_expression(value), pieces)})"
        for at, (before, value) in enumerate(partial, start=1)
    ]
    # The longest first: an alternation takes the first that holds, not the longest.
    found = by_first_letter(sorted(whole, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{'|'.join([*choices, rf'(?P<{kind}>(?:{found}){tail})'])})(?!\w)")


def _capitals(kind: str, lines: str) -> re.Pattern[str] | None:
    choices = sorted((_spaced(line) for line in _lines(lines)), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?P<{kind}>{'|'.join(choices)})(?!\w)") if choices else None


def _context(lines: str, pieces: dict[str, str], frame: str) -> re.Pattern[str] | None:
    choices = [_with_pieces(_expression(line), pieces) for line in _lines(lines)]
    return re.compile(frame.replace("{}", "|".join(choices))) if choices else None


def _lines(lines: str) -> list[str]:
    return [line for line in (line.split("#")[0].strip() for line in lines.splitlines()) if line]


def _expression(line: str) -> str:
    """Turn an expression of a list into a pattern over the spelt form."""
    folded = plain(line).text.lower()
    # "opérée?" has a doubled letter whose second is optional: spelt, there is one, and always.
    written = spelt(plain(_DOUBLED_OPTION.sub(r"\1", folded))).text
    return _spaced(_CHOICE_AFTER_LETTER.sub(_single_across, written).replace("~", _ENDING))


def _single_across(match: re.Match[str]) -> str:
    """Take the doubled letter away that a choice begins with: "personnel(le|s)" is spelt "personel(e|s)"."""
    letter, choices = match.groups()
    return f"{letter}({'|'.join(choice.removeprefix(letter) for choice in choices.split('|'))})"


def _spaced(text: str) -> str:
    """Let a space be a hyphen or a line's end, and no group capture: the only named one is the value's."""
    outside = _CLASS.split(text)
    for at in range(0, len(outside), 2):
        ungrouped = re.sub(r"\((?!\?)", "(?:", outside[at])
        outside[at] = ungrouped.replace(" ", _BETWEEN).replace("'", "' ?").replace(r"\w+", r"\w{1,30}")
    return "".join(outside)


def _with_pieces(pattern: str, pieces: dict[str, str]) -> str:
    return _PIECE.sub(lambda match: f"(?:{pieces[match[1]]})", pattern)
