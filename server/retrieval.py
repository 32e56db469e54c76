"""What a retriever hands to the rest of the ask path: passages, best first, and how well they fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.embed import Vectors
from server.schemas import Conflict, Passage


@dataclass(frozen=True, slots=True)
class Signals:
    """What the dense side found by itself, which fusion hides; for `server.abstain`.

    Args:
        cosines: of the passages nearest to the question, best first, one a heading.
        embedder: name of the model that they come from.
        vector: the question's; shape (dimension,).
        embed: embeds another text as the question was; raises `SourceUnavailable` or `EmbeddingFailed`.
    """

    cosines: Sequence[float]
    embedder: str
    vector: Vectors
    embed: Callable[[str], Vectors]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The passages found for a question.

    Args:
        passages: best first.
        coverage: share, in [0, 1], of the question's informative terms (weighted by their rarity in the
            whole index) that the best passages contain; low when the documents do not answer.
        weights: rarity weight of each term of the question, as `ingest.text.terms` writes it.
        warnings: what the reader should know of this search, in French.
        conflicts: passages that give different figures for the same thing.
        signals: what the dense side found by itself; None without it.
    """

    passages: list[Passage]
    coverage: float
    weights: Mapping[str, float]
    warnings: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    signals: Signals | None = None
