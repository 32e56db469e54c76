"""What became of a case, in a word: the same one in the list, in the report and in a comparison."""

from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest

from server.evaluation_schemas import CaseResult
from server.outcome_schemas import OUTCOMES, OutcomeKey, tally
from server.quality.compare import compare
from server.quality.outcomes import outcome_of
from server.quality.run_files import load_run
from server.quality.runs import Runs
from tests.quality_cases import draft_case, make_answer, make_case, mask_case
from tests.quality_runs import make_run


def test_every_outcome_has_its_words() -> None:
    assert [*OUTCOMES] == [*get_args(OutcomeKey)]
    assert [one.rank for one in OUTCOMES.values()] == [*range(len(OUTCOMES))]
    assert {one.key for one in OUTCOMES.values() if one.to_review} == {
        "forbidden", "unmasked", "failed", "answered_wrongly", "off", "abstained_wrongly", "partial",
    }  # fmt: skip


def test_cases_are_counted_the_good_ones_first() -> None:
    counts = tally(["failed", "right", "failed", "answered"])
    assert [(one.key, count) for one, count in counts] == [("right", 1), ("answered", 1), ("failed", 2)]
    assert OUTCOMES["right"].counted(1) == "juste"
    assert OUTCOMES["answered_wrongly"].counted(2) == "ont répondu à tort"


def test_lists_and_comparisons_tell_what_the_whole_result_tells(tmp_path: Path) -> None:
    for name, shift in (("20261122-090000-avant", -0.2), ("20261122-100000-apres", 0.3)):
        make_run(tmp_path, name, cases=120, shift=shift)
    before, after = (load_run(folder) for folder in sorted(tmp_path.glob("2026*")))
    ended = {result.case.id: outcome_of(result) for result in before.results}
    lines = Runs(tmp_path).detail(before.view.id).lines
    assert {line.id: line.outcome for line in lines} == ended
    assert {"right", "failed", "off", "abstained_wrongly"} <= set(ended.values())
    changes = compare(before, after).changes
    assert changes
    assert all(one.outcomes[0] == ended[one.id] for one in changes)
    assert any(one.outcomes[0] != one.outcomes[1] for one in changes)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": "failed"}, "failed"),
        ({"status": "skipped"}, "skipped"),
        ({"scores": {"fact_recall": 1.0}}, "right"),
        ({"scores": {"fact_recall": 0.5}}, "partial"),
        ({"scores": {"fact_recall": 0.0}}, "off"),
        ({"scores": {}}, "answered"),
        ({"scores": {"fact_recall": 1.0, "nothing_forbidden": 0.0}}, "forbidden"),
        ({"case": draft_case(7), "scores": {"draft_fact_recall": 0.5}}, "partial"),
        ({"case": mask_case(19), "scores": {"mask_recall_direct": 0.5}}, "unmasked"),
        ({"case": mask_case(19), "scores": {"mask_recall_direct": 1.0, "mask_precision": 1.0}}, "right"),
    ],
)
def test_what_became_of_a_case(fields: dict[str, Any], expected: str) -> None:
    assert outcome_of(CaseResult(**{"case": make_case(1), **fields})) == expected


@pytest.mark.parametrize(
    ("number", "right", "expected"),
    [(3, True, "abstained_rightly"), (3, False, "answered_wrongly"), (1, True, "answered")],
)
def test_silence_is_right_or_wrong(number: int, right: bool, expected: str) -> None:
    case = make_case(number)
    answer = make_answer(case, Random(1), right=right)
    assert outcome_of(CaseResult(case=case, answer=answer)) == expected
