"""What became of a case, in a word for a person who reads hundreds: a `CaseResult` goes in, an `Outcome` comes out.

It only tells cases apart in a list: figures come from the metrics. What a judge said does not enter it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from server.evaluation_schemas import CaseResult

Tone = Literal["good", "caution", "bad", "neutral"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A way for a case to end.

    Args:
        label: in French, of one case.
        plural: of several, after their number.
        rank: its place in a list where what most needs a person comes first.
    """

    key: str
    label: str
    plural: str
    tone: Tone
    rank: int


_ALL = [
    Outcome("forbidden", "Texte interdit", "textes interdits lus", "bad", 0),
    Outcome("unmasked", "Donnée non masquée", "données non masquées", "bad", 1),
    Outcome("failed", "Échec", "échecs", "bad", 2),
    Outcome("answered_wrongly", "A répondu à tort", "ont répondu à tort", "bad", 3),
    Outcome("off", "Attendu absent", "sans rien de l’attendu", "bad", 4),
    Outcome("abstained_wrongly", "S’est tu à tort", "se sont tus à tort", "caution", 5),
    Outcome("partial", "Incomplet", "incomplets", "caution", 6),
    Outcome("skipped", "Non tenté", "non tentés", "neutral", 7),
    Outcome("answered", "A répondu", "ont répondu, sans fait attendu à vérifier", "neutral", 8),
    Outcome("abstained_rightly", "S’est tu à raison", "se sont tus à raison", "good", 9),
    Outcome("right", "Juste", "justes", "good", 10),
]
OUTCOMES: Final[Mapping[str, Outcome]] = {one.key: one for one in _ALL}
TO_REVIEW: Final = frozenset(one.key for one in _ALL if one.tone in ("bad", "caution"))


def outcome_of(result: CaseResult) -> Outcome:
    """Tell what became of a case."""
    return OUTCOMES[_key(result)]


def tally(results: Sequence[CaseResult]) -> list[tuple[Outcome, int]]:
    """Count cases by outcome, the good ones first, as a bar shows them."""
    counts = Counter(outcome_of(result) for result in results)
    return sorted(counts.items(), key=lambda pair: -pair[0].rank)


def _key(result: CaseResult) -> str:
    if result.status != "done":
        return result.status
    scores = result.scores
    if scores.get("nothing_forbidden", 1.0) < 1:
        return "forbidden"
    if result.case.kind == "mask":
        masked = min(scores.get(name, 1.0) for name in ("mask_recall_direct", "mask_recall_special"))
        return "unmasked" if masked < 1 else _completeness([scores.get("mask_precision")])
    if result.case.kind == "draft":
        return _completeness([score for name, score in scores.items() if name.startswith("draft_")])
    if result.answer is not None and result.answer.abstained:
        return "abstained_rightly" if result.case.must_abstain else "abstained_wrongly"
    if result.case.must_abstain:
        return "answered_wrongly"
    return _completeness([scores.get("fact_recall")])


def _completeness(scores: Sequence[float | None]) -> str:
    known = [score for score in scores if score is not None]
    if not known:
        return "answered"
    if min(known) >= 1:
        return "right"
    return "partial" if max(known) > 0 else "off"
