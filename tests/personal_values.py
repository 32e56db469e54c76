"""Values of the marked corpus in what a person types, and how one that leaked is found, however it is written."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eval.masking_corpus import Sentence
from server.mask import About, Masker

SHORTEST = 6
"""Characters of a value that is looked for, its two blanks included: shorter ones stand anywhere."""

LONG_NUMBER = 8
"""Digits of a number that is looked for however it is spaced."""

_ESCAPE = re.compile(r"\\+(?:u([0-9a-f]{4})|[nrt])")
"""A character as JSON writes it, or Python in a log; a letter after "\\n" would else be read with its "n"."""

_OWN = re.compile(
    r"\b(?=[0-9-]*[a-f])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16})\b"
    r"|\b(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:\.\d+)?"
    r'|"[a-z_]+":\s*-?\d+(?:\.\d+)?(?=\s*[,}])'
)
"""A UUID or a digest, the moment of an act, a number of JSON: none is a person's, though "1953" stands in one of them,
and "17 11" in another."""

_PLACEHOLDER = re.compile(r"\[[A-Z_]+_\d+\]")
"""What stands in place of a value: "45 a" is no age in "[PERSONNE_45] a mis à jour"."""


def plainly(text: str) -> str:
    """Write a text as lower-case words of letters and digits: a value that leaks is found however it is written."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(character for character in decomposed if not unicodedata.combining(character))
    words = " ".join(re.findall(r"[^\W_]+", kept))
    return f" {words} "


def bare(text: str) -> str:
    """Take out of a text what Fanal itself puts there: escapes, identifiers, moments, numbers and placeholders.

    What stands on both sides of one of them is not read as one value.
    """
    read = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else "\n", text)
    return _PLACEHOLDER.sub(" masqué ", _OWN.sub(" ôté ", read))


@dataclass(frozen=True)
class Text:
    """What a person types, and what masking hides of it."""

    typed: str
    hidden: frozenset[str]
    """Values written plainly, between blanks."""
    open: str
    """What masking leaves in the open, written plainly."""
    values: int
    """How many there are that are long enough to be looked for."""


def texts_of(corpus: Sequence[Sentence], chars: int, masker: Masker, about: About) -> list[Text]:
    """Put sentences together into texts of at most so many characters, and tell what is masked of each."""
    texts: list[list[Sentence]] = [[]]
    for one in corpus:
        if sum(len(other.text) + 1 for other in [*texts[-1], one]) > chars:
            texts.append([])
        texts[-1].append(one)
    return [text_of(some, masker, about) for some in texts]


def text_of(sentences: Sequence[Sentence], masker: Masker, about: About) -> Text:
    typed = "\n".join(one.text for one in sentences)
    left = plainly(masker.mask(typed, about=about).text)
    gold = {plainly(one.text[span.start : span.end]) for one in sentences for span in one.gold}
    values = frozenset(value for value in gold if len(value) >= SHORTEST)
    return Text(typed, frozenset(value for value in values if value not in left), left, len(values))


def leaked(values: Iterable[str], texts: Iterable[str]) -> set[str]:
    """Give the values that stand in a text, as words of it or, for long numbers, as digits in a row."""
    plain = " ".join(plainly(bare(text)) for text in texts)
    digits = re.sub(r"[^a-z0-9]", "", plain)
    return {
        value
        for value in values
        if value in plain
        or (sum(map(str.isdigit, value)) >= LONG_NUMBER and value.replace(" ", "") in digits)
    }


def written_in(data: bytes) -> str:
    """Read the texts of a file of any kind."""
    written = data.translate(None, b"\0")  # an index is nearly all zeros
    return b" ".join(re.findall(rb"[^\x00-\x1f\x7f]{6,}", written)).decode("utf-8", "ignore")
