"""BM25 in memory, to compare ways of analysing French: texts and an analysis go in, a score for each text comes out.

The index itself holds one analysis, the shipped one; this holds any, for the rows of docs/retrieval.md that precede it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from ingest.sparse import inverse_document_frequency
from ingest.text import STOP_WORDS, fold, stem

K1 = 1.2
B = 0.75
"""Constants of BM25 (Robertson and Zaragoza, 2009), those of Qdrant."""

Analysis = Callable[[str], list[str]]

_WORD = re.compile(r"\w+")


def as_written(text: str) -> list[str]:
    """Split into words, in lower case."""
    return _WORD.findall(text.lower())


def stemmed(text: str) -> list[str]:
    """Split into words without stop words, cut to Snowball's French stems, accents kept."""
    return [_snowball(word) for word in as_written(text) if fold(word) not in STOP_WORDS]


def folded(text: str) -> list[str]:
    """Split into words without accents and stop words, cut to Fanal's stems."""
    return [stem(word) for word in _WORD.findall(fold(text)) if word not in STOP_WORDS]


@cache
def _snowball(word: str) -> str:
    from nltk.stem.snowball import FrenchStemmer  # type: ignore[import-untyped]  # nltk ships no types

    return str(FrenchStemmer().stem(word))


class Bm25:
    """Scores texts that are analysed already, with their own average length."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        counted = [Counter(words) for words in texts]
        self._lengths = np.array([words.total() for words in counted], dtype=np.float64)
        self._lengths = K1 * (1 - B + B * self._lengths / self._lengths.mean())
        holding: dict[str, list[tuple[int, int]]] = {}
        for place, words in enumerate(counted):
            for word, times in words.items():
                holding.setdefault(word, []).append((place, times))
        self._holding = {word: np.array(places).T for word, places in holding.items()}

    def scores(self, words: Iterable[str]) -> npt.NDArray[np.float64]:
        """Score every text for a question's words, each of which counts once."""
        total = np.zeros(len(self._lengths))
        for word in set(words) & self._holding.keys():
            places, times = self._holding[word]
            rarity = inverse_document_frequency(len(places), len(total))
            total[places] += rarity * times * (K1 + 1) / (times + self._lengths[places])
        return total
