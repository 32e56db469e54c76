"""What became of each case of a run, in a word: a `CaseLine` goes in, an `Outcome` comes out.

The categories are those of the HTML report (`eval.reporting.outcomes`), which the page may not import; a test holds
both together.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from server.evaluation_schemas import CaseLine

Tone = Literal["good", "caution", "bad", "neutral"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A way for a case to end.

    Args:
        label: in French, of one case.
        singular: after the number 0 or 1.
        plural: of several, after their number.
        rank: its place in a list where what most needs a person comes first.
        is_review: whether a person should look at it.
    """

    key: str
    label: str
    singular: str
    plural: str
    tone: Tone
    rank: int
    is_review: bool = False


_ALL = [
    Outcome("forbidden", "Texte interdit", "dit un texte interdit", "disent un texte interdit", "bad", 0, True),
    Outcome("unmasked", "Donnée non masquée", "laisse une donnée lisible", "laissent une donnée lisible",
            "bad", 1, True),
    Outcome("failed", "En panne", "en panne", "en panne", "bad", 2, True),
    Outcome("answered_wrongly", "A répondu, à tort", "a répondu à tort", "ont répondu à tort", "bad", 3, True),
    Outcome("off", "Rien de l’attendu", "sans rien de l’attendu", "sans rien de l’attendu", "bad", 4, True),
    Outcome("abstained_wrongly", "S’est tu, à tort", "s’est tu à tort", "se sont tus à tort", "caution", 5, True),
    Outcome("partial", "Incomplet", "incomplet", "incomplets", "caution", 6),
    Outcome("skipped", "Non posé", "non posé", "non posés", "neutral", 7),
    Outcome("answered", "A répondu", "a répondu, sans fait attendu à vérifier",
            "ont répondu, sans fait attendu à vérifier", "neutral", 8),
    Outcome("abstained_rightly", "S’est tu, à raison", "s’est tu à raison", "se sont tus à raison", "good", 9),
    Outcome("right", "Juste", "juste", "justes", "good", 10),
]  # fmt: skip
OUTCOMES: Final = {one.key: one for one in _ALL}


def outcome_of(line: CaseLine) -> Outcome:
    """Tell what became of a case."""
    return OUTCOMES[_key(line)]


def tally(lines: Sequence[CaseLine]) -> list[tuple[Outcome, int]]:
    """Count cases by outcome, the good ones first, as a bar shows them."""
    counts = Counter(_key(line) for line in lines)
    return [(one, counts[one.key]) for one in reversed(_ALL) if counts[one.key]]


def to_review(lines: Sequence[CaseLine]) -> list[CaseLine]:
    """Give the cases that a person should look at, the worst first."""
    kept = [line for line in lines if outcome_of(line).is_review]
    return sorted(kept, key=lambda line: outcome_of(line).rank)


def _key(line: CaseLine) -> str:
    if line.status != "done":
        return line.status
    scores = line.scores
    if scores.get("nothing_forbidden", 1.0) < 1:
        return "forbidden"
    if line.kind == "mask":
        masked = min(scores.get(name, 1.0) for name in ("mask_recall_direct", "mask_recall_special"))
        return "unmasked" if masked < 1 else completeness([scores.get("mask_precision")])
    if line.kind == "draft":
        return completeness([score for name, score in scores.items() if name.startswith("draft_")])
    if line.abstained:
        return "abstained_rightly" if line.must_abstain else "abstained_wrongly"
    if line.must_abstain:
        return "answered_wrongly"
    return completeness([scores.get("fact_recall")])


def completeness(scores: Sequence[float | None]) -> str:
    """Name the outcome of an answer that had these notes."""
    known = [score for score in scores if score is not None]
    if not known:
        return "answered"
    if min(known) >= 1:
        return "right"
    return "partial" if max(known) > 0 else "off"
