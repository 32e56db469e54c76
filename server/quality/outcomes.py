"""What became of a case, in a word for a person who reads hundreds: its result goes in, an `OutcomeKey` comes out.

It only tells cases apart in a list: figures come from the metrics. What a judge said does not enter it.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from server.case_schemas import CaseKind
from server.evaluation_schemas import CaseStatus
from server.outcome_schemas import OutcomeKey


class _Case(Protocol):
    @property
    def kind(self) -> CaseKind: ...
    @property
    def must_abstain(self) -> bool: ...


class _Answer(Protocol):
    @property
    def abstained(self) -> bool: ...


class Ended(Protocol):
    """The little of a `CaseResult` that tells how it ended."""

    @property
    def case(self) -> _Case:
        """What was asked."""

    @property
    def answer(self) -> _Answer | None:
        """What was answered, where it was a question."""

    @property
    def status(self) -> CaseStatus:
        """Whether it was tried, and came to an end."""

    @property
    def scores(self) -> Mapping[str, float]:
        """Its scores, by metric."""


def outcome_of(result: Ended) -> OutcomeKey:
    """Tell what became of a case."""
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


def _completeness(scores: Sequence[float | None]) -> OutcomeKey:
    known = [score for score in scores if score is not None]
    if not known:
        return "answered"
    if min(known) >= 1:
        return "right"
    return "partial" if max(known) > 0 else "off"
