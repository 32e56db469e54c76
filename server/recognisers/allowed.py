"""The field's own words, which are nobody's name: TOML files go in, the test that keeps them unmasked comes out.

`allowed.toml` ships with Fanal and explains how it is written; an organisation adds its own file. What is wrong in
one of them is said with its line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.sources.toml_file import read_toml, to_correct
from ingest.sources.toml_lines import key_lines
from server.recognisers.phrases import Phrases, pieces_of

NAME = "La liste des mots à ne pas masquer (FANAL_ALLOWED_WORDS_FILE)"
SHIPPED = Path(__file__).with_name("allowed.toml")
TABLE = "mots"

_CODE = re.compile(
    # A ROME code, an RNCP or RS number, an article's number, a level of language, a model number of the CACES
    r"(?:[A-NR]\d{3,4}|(?:RNCP|RS)\s?\d{3,5}|[LRDA]\.?\s?\*?\d{3,4}(?:-\d+)*|[ABC][12]|NS-\d{4}-\d+|[A-Z]{2,3}-\d{2,3})"
)
_WORD = re.compile(r"[^\W_]+")
_LINKS = frozenset("a au aux d de des du en et l la le les ou s un une".split())


class Allowed:
    """Knows the words that are never masked.

    Args:
        words: words and phrases, in any case, with or without accents.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._phrases = Phrases(words)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Find the words of the list in a text."""
        codes = (
            (match.start(), match.end()) for match in re.finditer(rf"(?<!\w){_CODE.pattern}(?!\w)", text)
        )
        return sorted([*self._phrases.spans(text), *codes])

    def covers(self, text: str) -> bool:
        """Tell whether a text is made of words of the list, and of nothing else but articles and prepositions."""
        spans = self.spans(text)
        rest = [
            text[match.start() : match.end()].lower()
            for match in _WORD.finditer(text)
            if not any(start <= match.start() and match.end() <= end for start, end in spans)
        ]
        return bool(spans) and all(word in _LINKS for word in rest)


def load_allowed(own: Path | None = None) -> Allowed:
    """Read the words that ship with Fanal, and an organisation's own.

    Raises:
        ConfigurationError: a file is missing or wrong; the message gives the lines, in French.
    """
    files = [SHIPPED] if own is None else [SHIPPED, own]
    return Allowed(word for file in files for word in _read(file))


def _read(path: Path) -> list[str]:
    text, data = read_toml(path, NAME)
    if faults := [f"ligne {line} : {reason}" for line, reason in _faults(text, data)]:
        raise to_correct(path, NAME, faults)
    return [word for words in data.get(TABLE, {}).values() for word in words]


def _faults(text: str, data: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    lines = key_lines(text)
    for table, themes in data.items():
        if table != TABLE or not isinstance(themes, dict):
            yield lines[(table,)], f"« {table} » n’est pas attendu ici : les mots se mettent sous [{TABLE}]"
            continue
        for theme, words in themes.items():
            if not isinstance(words, list):
                yield (
                    lines[table, theme],
                    f'les mots de « {theme} » s’écrivent en liste : ["un mot", "un autre"]',
                )
                continue
            for at, word in enumerate(words):
                if not isinstance(word, str):
                    yield lines[table, theme, at], "un mot s’écrit entre guillemets"
                elif not pieces_of(word):
                    yield lines[table, theme, at], f"« {word} » n’est pas un mot : il lui faut des lettres"
