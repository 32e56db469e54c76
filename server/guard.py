"""What must never be shown as an answer: the model's own instructions, and a text in another language.

The text of a statement goes in, a yes or a no comes out. Neither needs a model: a passage that talks a model
into reciting its instructions, or into answering in another language, gets it through no further than here.
"""

import re
from functools import lru_cache

from ingest.text import fold
from server.prompts import answer, draft, followup, repair

LEAKED_WORDS = 8
"""Words in a row that a statement shares with the instructions by reciting them, not by chance: no eight words of
the sample's or the law's texts are in a row there."""

MIN_WORDS = 6
"""A shorter text may be a title, a name or an acronym: its language is not judged."""

MIN_LETTERS = 12
"""Letters of another alphabet that are no quoted word."""

_WORDS = re.compile(r"\w+")
_LETTERS = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[a-zà-öø-ÿœ]", re.IGNORECASE)
_ASIDE = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"|\[[A-Z_]+_\d+\]|https?://\S+")

_FRENCH = frozenset(
    """
    les du aux au et est sont ont une cette ces cet ce leur leurs elle elles ils il nous vous je qui dont ne pas plus
    peut peuvent doit doivent pour par sur dans avec sans sous entre chez selon lorsque tout toute tous toutes comme
    mais donc aucun aucune avant apres pendant depuis jusqu etre avoir fait faut d l qu n s ou
    """.split()
)
"""Small words of French that its neighbours do not write."""

_OTHER = frozenset(
    """
    the of and to is was were be been it its this that these those with for from by at not must may can should shall
    will has have had you your they their which who when there any all if does do are
    el los las del al unos unas esta este estos estas por para con como pero puede pueden debe deben lo cuando donde
    hay tiene tienen
    der die das und ist sind nicht ein eine einer eines den dem zu im mit auf von werden wird kann muss oder
    gli della delle degli dei nel nella alla che di sono per non può puo deve anche questo questa
    uma dos ao nao sao pode pelo pela
    """.split()
)
"""Small words of English, Spanish, German, Italian and Portuguese that French does not write."""


def leaks(text: str) -> bool:
    """Tell whether `text` recites the instructions that a model is given: `LEAKED_WORDS` of them in a row."""
    words = _words(text)
    return any(
        tuple(words[i : i + LEAKED_WORDS]) in _instructed() for i in range(len(words) - LEAKED_WORDS + 1)
    )


def is_foreign(text: str) -> bool:
    """Tell whether `text` is clearly in another language than French, by its small words and its alphabet.

    What stands between quote marks, placeholders and addresses are not judged, nor a text of few words.
    """
    bare = _ASIDE.sub(" ", text)
    letters = _LETTERS.findall(bare)
    if len(letters) >= MIN_LETTERS and 2 * sum(map(bool, map(_LATIN.match, letters))) < len(letters):
        return True
    words = _words(bare)
    french = sum(word in _FRENCH for word in words)
    other = sum(word in _OTHER for word in words)
    return len(words) >= MIN_WORDS and other >= 2 and other > french


_INSTRUCTIONS = (
    answer.SYSTEM,
    repair.SYSTEM,
    followup.SYSTEM,
    draft.SYSTEM,
    draft.ADVICE_SYSTEM,
    draft.REPAIR_SYSTEM,
)


@lru_cache(maxsize=1)
def _instructed() -> frozenset[tuple[str, ...]]:
    """Give every run of `LEAKED_WORDS` words of the instructions."""
    runs: set[tuple[str, ...]] = set()
    for prompt in _INSTRUCTIONS:
        words = _words(prompt)
        runs.update(tuple(words[i : i + LEAKED_WORDS]) for i in range(len(words) - LEAKED_WORDS + 1))
    return frozenset(runs)


def _words(text: str) -> list[str]:
    return _WORDS.findall(fold(text))
