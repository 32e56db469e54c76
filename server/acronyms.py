"""Acronyms: a question goes in, the words that say the same thing come out, both ways.

"VAE" also looks for "validation des acquis de l'expérience", and the other way round. The list is a TOML file that
the organisation edits (`sample/acronyms.toml` explains it); what is wrong in it is said with its line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.sources.toml_file import read_toml, to_correct
from ingest.sources.toml_lines import key_lines
from ingest.text import fold, terms

ANY_CASE = "acronymes"
"""Table of the acronyms that are no word: "vae" is one too."""

CAPITALS = "en_capitales"
"""Table of those that are words as well: "cap", "are" and "rs" are acronyms in capitals only."""

NAME = "Le fichier des sigles (FANAL_ACRONYMS_FILE)"
_SHAPE = re.compile(r"[^\W_][\w’'&./-]{0,19}")


@dataclass(frozen=True, slots=True)
class Acronym:
    """An acronym and what it stands for.

    Args:
        short: as it is written ("VAE").
        meanings: what it stands for, the usual one first.
        any_case: whether it is one in lower case too.
    """

    short: str
    meanings: tuple[str, ...]
    any_case: bool


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a question also says.

    Args:
        text: words to search besides the question's own, "" when there are none.
        synonyms: for a term of the question, the sets of terms each of which says the same thing.
    """

    text: str
    synonyms: Mapping[str, tuple[frozenset[str], ...]]


class Acronyms:
    """Knows the acronyms of an organisation.

    Args:
        known: none makes every expansion empty.
    """

    def __init__(self, known: Sequence[Acronym] = ()) -> None:
        self._known = [
            (one, _pattern(one), tuple(terms(one.short)), [tuple(terms(m)) for m in one.meanings])
            for one in known
        ]

    def expand(self, question: str) -> Expansion:
        """Give what the acronyms of a question stand for, and the acronyms of what it spells out."""
        own = terms(question)
        in_capitals = question.isupper()  # a whole question in capitals says nothing of "CAP"
        added: list[str] = []
        synonyms: dict[str, list[frozenset[str]]] = {}
        for one, pattern, short, meanings in self._known:
            if pattern.search(question) and (one.any_case or not in_capitals):
                added += [
                    text for text, words in zip(one.meanings, meanings, strict=True) if not _holds(own, words)
                ]
                for term in short:
                    synonyms.setdefault(term, []).extend(map(frozenset, meanings))
            for words in meanings:
                if short and _holds(own, words):  # "AS" is a stop word: it finds nothing by itself
                    added.append(one.short)
                    for term in words:
                        synonyms.setdefault(term, []).append(frozenset(short))
        wanted = [text for text in dict.fromkeys(added) if not _holds(own, tuple(terms(text)))]
        return Expansion(" ; ".join(wanted), {term: tuple(sets) for term, sets in synonyms.items()})


def load_acronyms(path: Path) -> Acronyms:
    """Read the list of acronyms.

    Raises:
        ConfigurationError: the file is missing or wrong; the message gives the lines, in French.
    """
    text, data = read_toml(path, NAME)
    if faults := [f"ligne {line} : {reason}" for line, reason in _faults(text, data)]:
        raise to_correct(path, NAME, faults)
    return Acronyms(
        [
            Acronym(short, _meanings(value), table == ANY_CASE)
            for table, entries in data.items()
            for short, value in entries.items()
        ]
    )


def _pattern(one: Acronym) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(one.short)}(?!\w)", re.IGNORECASE if one.any_case else 0)


def _holds(words: Sequence[str], run: Sequence[str]) -> bool:
    """Tell whether `run` stands in `words`, in one piece."""
    return any(tuple(words[at : at + len(run)]) == tuple(run) for at in range(len(words) - len(run) + 1))


def _faults(text: str, data: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    lines = key_lines(text)
    seen: dict[str, int] = {}
    for table, entries in data.items():
        if table not in (ANY_CASE, CAPITALS) or not isinstance(entries, dict):
            yield (
                lines[(table,)],
                f"« {table} » n’est pas attendu ici : un sigle se met sous [{ANY_CASE}] ou [{CAPITALS}]",
            )
            continue
        for short, value in entries.items():
            line = lines[table, short]
            yield from ((line, reason) for reason in _entry_faults(short, value))
            if (first := seen.setdefault(fold(short), line)) != line:
                yield (
                    line,
                    f"« {short} » est déjà à la ligne {first} : mettez ses deux sens dans une seule liste",
                )


def _entry_faults(short: str, value: object) -> Iterator[str]:
    if not _SHAPE.fullmatch(short):
        yield f"« {short} » n’est pas un sigle : des lettres et des chiffres, sans espace"
    meanings = value if isinstance(value, list) else [value]
    if not meanings or not all(isinstance(one, str) for one in meanings):
        yield f'ce que veut dire « {short} » s’écrit entre guillemets, ou en liste : ["un sens", "un autre"]'
    elif not all(terms(str(one)) for one in meanings):
        yield f"il manque ce que veut dire « {short} »"


def _meanings(value: str | list[str]) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,)
