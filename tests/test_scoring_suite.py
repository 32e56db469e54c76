"""The figures of a run: pooled as they should be, with intervals, groups and what lacks."""

from typing import Any

import pytest

from eval.scoring import aggregate, score
from eval.scoring.aggregate import Figures
from server.evaluation_schemas import CaseResult, CaseTiming, MetricValue, TokenUsage
from server.quality.catalogue import CATALOGUE
from server.quality.suite_figures import POOLED, paired_parts
from tests.scored import asked, beside, result_of, sound


def case_of(number: int, *, right: bool, tags: tuple[str, ...] = (), **fields: Any) -> CaseResult:
    """Give a case answered as it should be, or the contrary."""
    case = asked(id=f"cas-{number}", tags=list(tags), **fields)
    answers = case.must_abstain is not right
    return score(result_of(case, *([sound()] if answers else [])))


def suite() -> list[CaseResult]:
    """Give twelve questions of which nine are answered, and eight without an answer of which six are left so."""
    with_answer = [case_of(n, right=n < 9, tags=("facile", "a")) for n in range(12)]
    without = [case_of(20 + n, right=n < 6, tags=("absent",), must_abstain=True) for n in range(8)]
    return with_answer + without


def by_name(figures: Figures) -> dict[str, MetricValue]:
    return {value.name: value for value in figures.metrics}


def test_abstention_is_told_apart_in_the_suite() -> None:
    found = by_name(aggregate(suite(), []))
    assert found["abstention_accuracy"].value == pytest.approx(15 / 20)
    assert found["abstention_precision"].value == pytest.approx(6 / 9)
    assert found["abstention_recall"].value == pytest.approx(6 / 8)
    assert found["balanced_accuracy"].value == pytest.approx((9 / 12 + 6 / 8) / 2)
    assert {name: found[name].cases for name in ("abstention_accuracy", "abstention_precision")} == {
        "abstention_accuracy": 20,
        "abstention_precision": 9,
    }


def test_each_figure_has_an_interval_that_holds_it_and_the_order_of_the_catalogue() -> None:
    metrics = aggregate(suite(), []).metrics
    for one in metrics:
        assert one.value is not None and one.low is not None and one.high is not None  # noqa: PT018
        assert 0 <= one.low <= one.value <= one.high <= 1
        assert one.high - one.low > 0.02
    assert [one.name for one in metrics] == [
        name for name in CATALOGUE if name in {one.name for one in metrics}
    ]


def test_who_always_answers_has_half_of_the_balanced_accuracy() -> None:
    results = [case_of(n, right=True) for n in range(9)] + [case_of(9, right=False, must_abstain=True)]
    found = by_name(aggregate(results, []))
    assert found["abstention_accuracy"].value == 0.9
    assert found["balanced_accuracy"].value == 0.5
    assert "abstention_precision" not in found  # nothing was left unanswered


def test_tags_have_figures_of_their_own_from_five_cases_on() -> None:
    results = [*suite(), *(case_of(40 + n, right=True, tags=("rare", "rare")) for n in range(4))]
    groups = aggregate(results, []).groups
    assert [(one.tag, one.cases) for one in groups] == [("a", 12), ("absent", 8), ("facile", 12)]
    assert by_name_of(groups[1].metrics)["abstention_recall"] == pytest.approx(6 / 8)


def by_name_of(metrics: list[MetricValue]) -> dict[str, float | None]:
    return {one.name: one.value for one in metrics}


def test_a_server_that_starts_to_fail_never_looks_better() -> None:
    before = suite()
    hard = [one for one in before if one.scores["abstention_accuracy"] == 0]
    after = [
        score(CaseResult(case=one.case, status="failed", error="Erreur 500")) if one in hard else one
        for one in before
    ]
    was, became = by_name(aggregate(before, [])), by_name(aggregate(after, []))
    for name, value in became.items():
        if name not in ("abstention_precision", "quotes_verified", "citation_precision"):
            assert (value.value or 0) <= (was[name].value or 0), name
    assert became["recall_at_5"].cases == was["recall_at_5"].cases


def test_what_the_judge_did_not_score_is_counted_and_left_out_of_the_mean() -> None:
    judged = [
        one.model_copy(update={"scores": {**one.scores, "faithfulness": 0.5}})
        if n % 4
        else one.model_copy(update={"unscored": {"faithfulness": "pas de nombre"}})
        for n, one in enumerate(suite())
    ]
    figures = aggregate(judged, [])
    found = by_name(figures)["faithfulness"]
    assert (found.value, found.cases, found.failures) == (0.5, 15, 5)
    assert any("le juge n’a pas noté 5 cas" in line for line in figures.missing)
    lost = [one.model_copy(update={"unscored": {"faithfulness": "panne"}}) for one in suite()]
    nothing = by_name(aggregate(lost, []))["faithfulness"]
    assert (nothing.value, nothing.cases, nothing.failures) == (None, 0, 20)


def test_times_are_of_what_was_really_asked_and_use_is_summed() -> None:
    timings = [
        CaseTiming(case_id=f"c{n}", timings={"total": 10.0 * n}, tokens=TokenUsage(prompt=100, completion=10))
        for n in range(1, 101)
    ]
    cached = CaseTiming(case_id="vu", timings={"total": 1e6}, energy_wh=0.5, cached=True)
    figures = aggregate([], [*timings, cached])
    assert [(one.stage, one.p50, one.p95, one.cases) for one in figures.latencies] == [
        ("total", 505.0, 950.5, 100)
    ]
    assert (figures.usage.prompt_tokens, figures.usage.completion_tokens) == (10_000, 1_000)
    assert (figures.usage.energy_wh, figures.usage.cached) == (0.5, 1)


def test_what_was_not_measured_is_said() -> None:
    bare = [score(result_of(asked(gold=[], facts=[]), sound()))]
    skipped = CaseResult(case=asked(), status="skipped")
    figures = aggregate([*bare, skipped], [CaseTiming(case_id="cas-1", cached=True)])
    said = " ".join(figures.missing)
    for words in (
        "1 cas sur 2 : non essayés",
        "Sans juge",
        "Fidélité (jugée)",
        "Passages attendus : aucun pour 1 cas sur 1",
        "Faits attendus : aucun pour 1 cas sur 1",
        "Aucune question sans réponse",
        "les temps ne sont pas mesurés",
        "Jetons",
        "Énergie",
    ):
        assert words in said
    assert aggregate([], []).missing == []


def test_figures_are_the_same_each_time_and_whatever_the_order() -> None:
    results = suite()
    assert aggregate(results, []) == aggregate(list(results), [])
    assert by_name_of(aggregate(results[::-1], []).metrics) == pytest.approx(
        by_name_of(aggregate(results, []).metrics)
    )


def test_two_runs_are_paired_by_case_and_pooled_figures_keep_their_absent_cases() -> None:
    before = {one.case.id: one for one in suite()}
    after = {id_: score(result_of(one.case, sound(), beside())) for id_, one in before.items()}  # answers all
    was, became = paired_parts("abstention_precision", before, after)
    assert (was.sum(axis=0).tolist(), became.sum(axis=0).tolist()) == ([6.0, 9.0], [0.0, 0.0])
    quotes = paired_parts("citation_precision", before, after)
    assert len(quotes[0]) == len(quotes[1]) == 9  # those answered both times
    assert set(CATALOGUE) >= POOLED
