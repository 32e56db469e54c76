"""What a retriever hands to the rest of the ask path: passages, best first, and how well they fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.schemas import Passage


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The passages found for a question.

    Args:
        passages: best first.
        coverage: share, in [0, 1], of the question's informative terms (weighted by their rarity in the
            whole index) that the best passages contain; low when the documents do not answer.
        weights: rarity weight of each term of the question, as `ingest.text.terms` writes it.
        warnings: what the reader should know of this search, in French.
    """

    passages: list[Passage]
    coverage: float
    weights: Mapping[str, float]
    warnings: list[str] = field(default_factory=list)
