"""A few cases that stand for many: cases and a count go in, a fixed spread of them over all that they differ by."""

import hashlib
from collections.abc import Iterator, Sequence

from server.case_schemas import Case

LEAST = 6
"""Cases of each way of asking (see `traits`), where there are as many."""


def spread(cases: Sequence[Case], count: int, seed: int) -> list[Case]:
    """Choose about `count` cases, the same each time: some of every way of asking, then of every tag in turn.

    Which ones is a digest of the seed and of each case's id: a case that is added changes few others. They keep their
    order.
    """
    drawn = sorted(cases, key=lambda case: hashlib.sha256(f"{seed}:{case.id}".encode()).digest())
    strata: dict[str, list[Case]] = {}
    for case in drawn:
        for trait in traits(case):
            strata.setdefault(trait, []).append(case)
    chosen: set[str] = {case.id for of_trait in strata.values() for case in of_trait[:LEAST]}
    by_tag = [
        [case for case in drawn if tag in case.tags]
        for tag in sorted({t for case in cases for t in case.tags})
    ]
    for case in _in_turn(by_tag or [drawn]):
        if len(chosen) >= count:
            break
        chosen.add(case.id)
    return [case for case in cases if case.id in chosen]


def traits(case: Case) -> Iterator[str]:
    """Say how a case differs from a plain question: on a day, for a group, with words it must not say…"""
    if case.must_abstain:
        yield f"abstention:{case.abstention or 'unanswerable'}"
    if case.history:
        yield "history"
    if case.as_of is not None:
        yield "as_of"
    if case.groups:
        yield "groups"
    if case.forbidden:
        yield "forbidden"
    if case.kind != "ask":
        yield case.kind


def _in_turn(strata: Sequence[Sequence[Case]]) -> Iterator[Case]:
    """Give the first of each stratum, then the second of each, the smallest stratum first."""
    for place in range(max(map(len, strata), default=0)):
        for stratum in sorted(strata, key=len):
            if place < len(stratum):
                yield stratum[place]
