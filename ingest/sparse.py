"""The sparse side: from a text to its BM25 vector, the same for an embedded index and for a server.

In: passages and questions. Out: `SparseVector`s, whose values Qdrant multiplies by the inverse document frequency
of their terms when it searches.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.documents import Chunk, headings
from ingest.text import terms

AVERAGE_TERMS = 130.0
"""Terms of an average passage, headings counted twice, for BM25's length normalisation (code du travail)."""


EXPANSION = 0.15
"""Weight of a word that the question does not say, but an acronym of its stands for: the three of "compte personnel de
formation" are not worth more than the one that was asked for (docs/retrieval-links.md)."""


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Indices and values of the terms that a text holds."""

    indices: list[int]
    values: list[float]


class SparseEncoder:
    """BM25 vectors of French text; Qdrant itself multiplies by the inverse document frequency.

    The words are analysed by `ingest.text.terms` (elisions, accents, stop words, stems, article numbers);
    Qdrant's BM25 gives them their weights, so that an embedded index and a server hold the same vectors.
    """

    def __init__(self, average_terms: float = AVERAGE_TERMS) -> None:
        from qdrant_edge import Bm25, Bm25Config, DisabledStemmer, StopwordsSet, TokenizerType

        self._bm25 = Bm25(
            Bm25Config(
                avg_len=average_terms,
                tokenizer=TokenizerType.Whitespace,
                stopwords=StopwordsSet(),
                stemmer=DisabledStemmer(),
            )
        )

    def document(self, chunk: Chunk) -> SparseVector:
        """Encode a passage: its headings twice (measured: worth more than anything else), then its text."""
        heading = " ".join(headings(chunk.path))
        number = chunk.document.number or ""
        words = terms(heading) * 2 + terms(number) + terms(chunk.text)
        vector = self._bm25.embed_document(" ".join(words))
        return SparseVector(vector.indices, vector.values)

    def query(self, text: str, expansion: str = "") -> SparseVector:
        """Encode a question, each different term once; what its words stand for weighs `EXPANSION` each."""
        asked = terms(text)
        own = self.terms(asked)
        added = self.terms([word for word in dict.fromkeys(terms(expansion)) if word not in asked])
        weighed = {
            index: EXPANSION * value for index, value in zip(added.indices, added.values, strict=True)
        } | dict(zip(own.indices, own.values, strict=True))
        return SparseVector(list(weighed), list(weighed.values()))

    def terms(self, words: Sequence[str]) -> SparseVector:
        """Encode terms that are analysed already."""
        vector = self._bm25.embed_query(" ".join(words))
        return SparseVector(vector.indices, vector.values)


def inverse_document_frequency(holding: int, total: int) -> float:
    """Weigh a term that `holding` passages of `total` hold (Robertson and Spärck Jones, as Qdrant does)."""
    return math.log(1.0 + (total - holding + 0.5) / (holding + 0.5))
