"""Cohen's kappa, against values worked out by hand, and what must hold whatever the verdicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.agreement import Table, interval, kappa, ranking, tabulate

VERDICTS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # 35 of 50 agree (0.7); by chance 25/50 * 30/50 + 25/50 * 20/50 = 0.5; (0.7 - 0.5) / 0.5
        (Table(20, 5, 10, 15), 0.4),
        # 60 of 100 agree; by chance 0.7 * 0.6 + 0.3 * 0.4 = 0.54; 0.06 / 0.46
        (Table(45, 25, 15, 15), 0.06 / 0.46),
        # the same 60 of 100; by chance 0.6 * 0.3 + 0.4 * 0.7 = 0.46; 0.14 / 0.54
        (Table(25, 35, 5, 35), 0.14 / 0.54),
        # 90 of 100 agree and kappa is below 0: nearly all are good (the paradox of prevalence)
        (Table(90, 5, 5, 0), (0.9 - 0.905) / 0.095),
        (Table(30, 0, 0, 20), 1.0),
        (Table(0, 25, 25, 0), -1.0),
        (Table(25, 25, 25, 25), 0.0),
    ],
)
def test_kappa_is_what_it_is_by_hand(table: Table, expected: float) -> None:
    assert kappa(table) == pytest.approx(expected)


@pytest.mark.parametrize("table", [Table(0, 0, 0, 0), Table(12, 0, 0, 0), Table(0, 0, 0, 12)])
def test_without_anything_to_tell_apart_there_is_no_kappa(table: Table) -> None:
    assert kappa(table) is None
    assert interval(table) is None


def test_one_rater_who_always_says_the_same_agrees_no_more_than_chance() -> None:
    assert kappa(Table(30, 20, 0, 0)) == pytest.approx(0.0)


@given(VERDICTS)
def test_kappa_does_not_care_who_is_first_nor_what_good_is_called(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [one for one, _ in pairs], [two for _, two in pairs]
    table = tabulate(first, second)
    assert table.size == len(pairs)
    assert kappa(table) == pytest.approx(kappa(tabulate(second, first)))
    assert kappa(table) == pytest.approx(
        kappa(tabulate([not one for one in first], [not two for two in second]))
    )
    assert kappa(table) is None or -1 <= (kappa(table) or 0.0) <= 1


def test_raters_are_of_the_same_answers() -> None:
    assert tabulate([True, True, False, False], [True, False, True, False]) == Table(1, 1, 1, 1)
    with pytest.raises(ValueError, match="argument 2"):
        tabulate([True], [True, False])


def test_the_interval_holds_kappa_and_narrows_with_answers() -> None:
    few, many = Table(20, 5, 10, 15), Table(200, 50, 100, 150)
    (low, high), (lower, higher) = interval(few) or (0, 0), interval(many) or (0, 0)
    assert low < 0.4 < high
    assert low < lower < 0.4 < higher < high
    assert interval(few) == (low, high)  # the same draw each time
    # Fleiss, Cohen and Everitt (1969) give a standard error of 0.127 for `few`: 0.4 ± 0.25
    assert (low, high) == (pytest.approx(0.15, abs=0.03), pytest.approx(0.65, abs=0.03))


def test_with_one_odd_answer_out_there_is_no_interval() -> None:
    assert interval(Table(9, 0, 0, 1)) is None  # a third of the draws have no bad answer left


def test_ranking_needs_no_threshold() -> None:
    assert ranking([0.9, 0.8, 0.3, 0.1], [True, True, False, False]) == 1.0
    assert ranking([0.5, 0.5], [True, False]) == 0.5
    assert ranking([0.9, 0.2, 0.4], [True, True, False]) == 0.5
    assert ranking([0.9], [True]) is None
