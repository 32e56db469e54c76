"""What the metrics of one family find in a case: scores, counts and the reasons for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from server.evaluation_schemas import Verdict

SHOWN = 160
"""Characters of a sentence or a passage that a verdict quotes."""


@dataclass(frozen=True, slots=True)
class Found:
    """Scores of a case, as `CaseResult` holds them."""

    scores: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    verdicts: Sequence[Verdict] = ()


def joined(parts: Iterable[Found]) -> Found:
    """Put together what several families found."""
    scores: dict[str, float] = {}
    counts: dict[str, tuple[int, int]] = {}
    verdicts: list[Verdict] = []
    for part in parts:
        scores |= part.scores
        counts |= part.counts
        verdicts += part.verdicts
    return Found(scores, counts, verdicts)


def scored(**values: float | None) -> dict[str, float]:
    """Keep the metrics that say something of this case."""
    return {name: value for name, value in values.items() if value is not None}


def share(hits: int, total: int) -> float | None:
    """Give the share; None of nothing."""
    return hits / total if total else None


def shown(text: str) -> str:
    """Write a text as a verdict quotes it: on one line, cut when it is long."""
    line = " ".join(text.split())
    return f"« {line if len(line) <= SHOWN else f'{line[: SHOWN - 1]}…'} »"
