"""Intervals and tests of figures: how often they hold is tried on drawn data, with fixed seeds."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.quality.statistics import (
    EXACT,
    SEED,
    Floats,
    difference_of,
    estimate,
    estimate_of,
    figure,
    holm,
    relative_gain,
    scores,
    share_of,
)

SIDES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30)


def pooled(rng: np.random.Generator) -> Floats:
    """Draw forty texts of one to twenty names, each hidden with a chance of its text's own."""
    names = rng.integers(1, 21, size=40)
    return np.column_stack([rng.binomial(names, rng.beta(8, 2, size=40)), names]).astype(np.float64)


def silences(rng: np.random.Generator) -> Floats:
    """Draw questions with and without an answer, as balanced accuracy counts them."""
    right = rng.random(80) < 0.85
    with_answer = np.arange(80) < 60
    return np.column_stack([right & with_answer, with_answer, right & ~with_answer, ~with_answer]).astype(
        np.float64
    )


def covered(draw: Callable[[np.random.Generator], Floats], truth: float) -> float:
    rng = np.random.default_rng(SEED)
    found = [estimate_of(draw(rng)) for _ in range(1_000)]
    return sum(one.low <= truth <= one.high for one in found) / len(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        (lambda rng: scores(rng.random(60) < 0.7), 0.7),
        (lambda rng: scores(rng.random(40) < 0.9), 0.9),
        (lambda rng: scores(rng.beta(2, 1, size=60)), 2 / 3),
        (pooled, 0.8),
        (silences, 0.85),
    ],
    ids=["shares", "high shares", "scores", "pooled", "balanced"],
)
def test_an_interval_holds_the_truth_about_nineteen_times_in_twenty(
    draw: Callable[[np.random.Generator], Floats], truth: float
) -> None:
    assert 0.925 <= covered(draw, truth) <= 0.985


@pytest.mark.parametrize("high", [0.5, 0.9])
def test_an_interval_is_that_of_another_program(high: float) -> None:
    from scipy import stats

    values = (np.random.default_rng(SEED).random(50) < high).astype(np.float64)
    other = stats.bootstrap((values,), np.mean, n_resamples=5_000, rng=np.random.default_rng(SEED))
    low, high = other.confidence_interval
    found = estimate(values)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.021), pytest.approx(high, abs=0.021))


def test_thirty_nine_questions_leave_an_interval_of_a_quarter() -> None:
    few = share_of(scores([1.0] * 30 + [0.0] * 9))
    assert 0.2 < few.high - few.low < 0.3


@pytest.mark.parametrize(("cases", "low"), [(5, 0.478), (20, 0.832), (39, 0.910), (500, 0.9926)])
def test_perfect_scores_do_not_prove_that_the_next_will_be(cases: int, low: float) -> None:
    assert share_of(scores([1.0] * cases)).low == pytest.approx(low, abs=5e-4)  # Clopper and Pearson's tables
    assert share_of(scores([0.0] * cases)).high == pytest.approx(1 - low, abs=5e-4)


@pytest.mark.parametrize(("cases", "around"), [(5, 0.607), (20, 0.304), (100, 0.136)])
def test_equal_scores_do_not_prove_that_the_next_will_be_equal(cases: int, around: float) -> None:
    found = share_of(scores([0.5] * cases))
    assert found.mean == 0.5
    assert found.low == pytest.approx(max(0.0, 0.5 - around), abs=5e-4)
    assert found.high == pytest.approx(min(1.0, 0.5 + around), abs=5e-4)
    third = share_of(scores([1 / 3] * cases))  # a mean that rounding moves from one draw to another
    assert third.high - third.low > around


@pytest.mark.parametrize("cases", [1, 4])
def test_a_few_equal_scores_have_no_interval(cases: int) -> None:
    found = share_of(scores([0.5] * cases))
    assert found.mean == 0.5
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_a_pooled_figure_is_of_all_the_names_not_of_the_texts() -> None:
    parts = np.array([[1.0, 1.0], [0.0, 9.0]])
    assert figure(parts) == pytest.approx(0.1)
    assert estimate(parts[:, 0] / parts[:, 1]).mean == pytest.approx(0.5)


def test_a_figure_of_nothing_is_none() -> None:
    assert math.isnan(figure(np.array([[0.0, 0.0]])))
    found = estimate_of(np.array([[0.0, 0.0], [0.0, 0.0]]))
    assert math.isnan(found.mean)
    assert math.isnan(found.low)
    assert difference_of(np.zeros((3, 2)), np.zeros((3, 2))).p_value == 1.0


def test_draws_without_a_case_that_counts_are_left_out() -> None:
    found = estimate_of(np.array([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]]))
    assert found.mean == 0.5
    assert (found.low, found.high) == (0.0, 1.0)


@given(SIDES)
@settings(max_examples=30)
def test_a_comparison_turned_round_is_the_same_with_its_sign_changed(
    pairs: list[tuple[float, float]],
) -> None:
    before, after = scores([one for one, _ in pairs]), scores([other for _, other in pairs])
    there, back = difference_of(before, after), difference_of(after, before)
    assert there.p_value == back.p_value
    assert there.change.mean == pytest.approx(-back.change.mean, abs=1e-12)
    assert there.change.low == pytest.approx(-back.change.high, abs=1e-12)
    assert 0 < there.p_value <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
@settings(max_examples=30)
def test_nothing_changed_is_certain(values: list[float]) -> None:
    found = difference_of(scores(values), scores(values))
    assert found.p_value == 1.0
    assert (found.change.mean, found.change.low, found.change.high) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("differing", [3, 8, EXACT])
def test_all_gains_alike_are_as_rare_as_a_run_of_heads(differing: int) -> None:
    before = [0.0] * differing + [0.5] * 40
    after = [1.0] * differing + [0.5] * 40
    assert difference_of(scores(before), scores(after)).p_value == pytest.approx(2 / 2**differing)


@pytest.mark.parametrize("cases", [9, 60])
def test_the_p_value_is_that_of_another_program(cases: int) -> None:
    from scipy import stats

    rng = np.random.default_rng(SEED)
    before, after = rng.random(cases), rng.random(cases) + 0.08
    other = stats.permutation_test(
        (after, before),
        lambda x, y, axis: (x - y).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
    )
    assert difference_of(scores(before), scores(after)).p_value == pytest.approx(other.pvalue, abs=0.01)


def test_chance_is_seldom_taken_for_a_change() -> None:
    rng = np.random.default_rng(SEED)
    drawn = [(rng.random(30) < 0.7, rng.random(30) < 0.7) for _ in range(200)]
    p_values = [difference_of(scores(one), scores(other)).p_value for one, other in drawn]
    assert np.mean(np.array(p_values) < 0.05) <= 0.07


def test_a_precision_is_compared_by_exchanging_cases() -> None:
    before = np.array([[1.0, 1.0]] * 10 + [[0.0, 0.0]] * 10)
    after = np.array([[1.0, 1.0]] * 10 + [[0.0, 1.0]] * 10)
    found = difference_of(before, after)
    assert (found.before, found.after) == (1.0, 0.5)
    assert found.p_value == pytest.approx(2 / 2**10)


def test_holm_holds_the_first_to_the_whole_and_keeps_their_order() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])  # worked out by hand
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_never_makes_a_change_surer(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(one <= other <= 1 for one, other in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    assert [adjusted[place] for place in order] == sorted(adjusted)


def test_two_runs_of_other_cases_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same cases"):
        difference_of(scores([1.0]), scores([1.0, 0.0]))


def test_a_ratio_of_means_less_one() -> None:
    assert relative_gain([0.5, 0.5], [0.4, 0.4]).mean == pytest.approx(0.25)
