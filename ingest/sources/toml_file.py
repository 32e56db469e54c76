"""One TOML file that an organisation writes: its path goes in, its text and its tables come out, or what to correct."""

import itertools
import re
import tomllib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ingest.errors import ConfigurationError
from ingest.sources.mistakes import written_syntax_error

DEEP = 100
"""Brackets within one another that no such file needs, and fewer than Python's reader stops at."""

TOO_DEEP = "des listes ou des tables sont les unes dans les autres, bien trop profondément"
TOO_LONG = "un nombre a bien trop de chiffres : mettez-le entre guillemets"


def read_toml(path: Path, name: str) -> tuple[str, dict[str, Any]]:
    """Read a file.

    Args:
        name: what it is called in a message: "Le fichier des sigles".

    Raises:
        ConfigurationError: it is missing, cannot be read or is no TOML; the message gives the line, in French.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise to_correct(path, name, [_unreadable(error)]) from error
    return text, parsed(text, partial(to_correct, path, name))


def parsed(text: str, wrong: Callable[[Sequence[str]], ConfigurationError]) -> dict[str, Any]:
    """Read the text of a file.

    Args:
        wrong: makes an error of what is to be corrected.

    Raises:
        ConfigurationError: it is no TOML; what `wrong` makes of the line, in French.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise wrong([written_syntax_error(text, str(error))]) from error
    except RecursionError:  # its own traceback is a thousand lines of the same
        raise wrong([f"ligne {_deepest(text)} : {TOO_DEEP}"]) from None
    except ValueError as error:  # Python reads no longer integer (`sys.set_int_max_str_digits`)
        raise wrong([f"ligne {_longest_number(text)} : {TOO_LONG}"]) from error


def _deepest(text: str) -> int:
    """Give the line of the first bracket that is within `DEEP` others, or within the most."""
    depths = itertools.accumulate({"[": 1, "{": 1, "]": -1, "}": -1}.get(character, 0) for character in text)
    at, _ = max(enumerate(depths), key=lambda found: min(found[1], DEEP))
    return text.count("\n", 0, at) + 1


def _longest_number(text: str) -> int:
    longest = max(re.finditer(r"[\d_]+", text), key=lambda found: found.end() - found.start())
    return text.count("\n", 0, longest.start()) + 1


def to_correct(path: Path, name: str, faults: Sequence[str]) -> ConfigurationError:
    """List what is wrong in a file."""
    listed = "\n".join(f"  - {fault}" for fault in faults)
    return ConfigurationError(f"{name} « {path} » est à corriger :\n{listed}")


def _unreadable(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, FileNotFoundError):
        return "le fichier n’existe pas"
    if isinstance(error, UnicodeDecodeError):
        return "enregistrez le fichier en UTF-8"
    return f"le fichier ne peut pas être lu : {error.strerror or error}"
