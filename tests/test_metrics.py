"""Retrieval metrics, against figures worked out by hand."""

import math

import pytest

from eval.metrics import ndcg, ranked_documents, recall, reciprocal_rank
from server.quality.statistics import estimate, paired_gain

GOLD = frozenset({"a", "b"})


def test_a_document_counts_once_at_its_first_place() -> None:
    assert ranked_documents(["x", "a", "x", "b", "a"]) == ["x", "a", "b"]


@pytest.mark.parametrize(
    ("ranking", "value"), [(["a", "b"], 1.0), (["x", "a"], 0.5), (["x", "y", "a"], 0.0), ([], 0.0)]
)
def test_recall_is_the_share_of_gold_found(ranking: list[str], value: float) -> None:
    assert recall(ranking, GOLD, 2) == value


@pytest.mark.parametrize(
    ("ranking", "value"), [(["b", "x"], 1.0), (["x", "y", "a"], 1 / 3), (["x"] * 12, 0.0)]
)
def test_reciprocal_rank_looks_at_the_first_gold_document(ranking: list[str], value: float) -> None:
    assert reciprocal_rank(ranking, GOLD, 10) == pytest.approx(value)


def test_ndcg_is_one_when_gold_comes_first_and_falls_with_its_places() -> None:
    assert ndcg(["a", "b", "x"], GOLD, 10) == pytest.approx(1.0)
    ideal = 1 + 1 / math.log2(3)
    assert ndcg(["x", "a", "y", "b"], GOLD, 10) == pytest.approx(
        (1 / math.log2(3) + 1 / math.log2(5)) / ideal
    )
    assert ndcg(["a", "x"], frozenset(map(str, range(50))) | {"a"}, 1) == pytest.approx(1.0)


def test_an_interval_holds_its_mean_and_narrows_with_more_questions() -> None:
    few, many = estimate([0.0, 1.0] * 10), estimate([0.0, 1.0] * 1_000)
    assert few.low < few.mean == 0.5 < few.high
    assert many.high - many.low < few.high - few.low
    assert estimate([0.0, 1.0] * 10) == few


def test_a_gain_on_every_question_is_certain() -> None:
    gain = paired_gain([0.4, 0.9, 0.6], [0.3, 0.8, 0.5])
    assert gain.low > 0
    assert gain.mean == pytest.approx(0.1)
