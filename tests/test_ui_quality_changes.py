"""Two runs side by side on the page « Qualité »: what may have changed, and how each case ended in both."""

import pytest

from server.evaluation_schemas import CaseChange, MetricChange
from server.quality.catalogue import CATALOGUE
from ui.quality.case_change import change_html, ends_of, kind_of
from ui.quality.comparison import hint_of


@pytest.mark.parametrize(
    ("name", "low", "high", "verdict", "said"),
    [
        ("fact_recall", 0.04, 0.3, "same", "Peut-être mieux, à confirmer avec plus de cas"),
        ("fact_recall", -0.3, -0.04, "same", "Peut-être moins bien, à confirmer avec plus de cas"),
        ("noise_sensitivity", 0.04, 0.3, "same", "Peut-être moins bien, à confirmer avec plus de cas"),
        ("fact_recall", -0.1, 0.3, "same", ""),
        ("fact_recall", 0.04, 0.3, "better", ""),
    ],
)
def test_an_interval_without_zero_is_a_hint(
    name: str, low: float, high: float, verdict: str, said: str
) -> None:
    fields = {
        "name": name,
        "before": 0.5,
        "after": 0.6,
        "low": low,
        "high": high,
        "cases": 22,
        "verdict": verdict,
    }
    assert hint_of(MetricChange.model_validate(fields), CATALOGUE[name]) == said


@pytest.mark.parametrize(
    ("changes", "status", "kind", "ends"),
    [
        ({"fact_recall": (1.0, 0.0)}, ("done", "done"), "worse", ("Juste", "Rien de l’attendu")),
        ({"abstention_precision": (0.0, None)}, ("done", "done"), "worse", ("S’est tu, à tort", "A répondu")),
        ({"abstention_recall": (0.0, 1.0)}, ("done", "done"), "worse", ("A répondu, à tort", "S’est tu, à raison")),
        ({"mrr_at_10": (1.0, 0.5)}, ("done", "done"), "worse", None),
        ({"fact_recall": (1.0, 0.0)}, ("done", "failed"), "worse", ("Juste", "En panne")),
        ({}, ("done", "skipped"), "apart", ("Fait", "Non posé")),
    ],
)  # fmt: skip
def test_a_case_is_named_by_how_it_ended(
    changes: dict[str, tuple[float | None, float | None]],
    status: tuple[str, str],
    kind: str,
    ends: tuple[str, str] | None,
) -> None:
    change = CaseChange.model_validate(
        {"id": "c", "question": "Q", "changes": changes, "verdict": "worse", "status": status}
    )
    assert (kind_of(change), ends_of(change)) == (kind, ends)


def test_only_the_measures_that_tell_are_shown() -> None:
    moved = dict.fromkeys(
        ["fact_recall", "citation_precision", "recall_at_10", "mrr_at_10", "ndcg_at_10"], (1.0, 0.0)
    )
    change = CaseChange.model_validate({"id": "c", "question": "Q", "changes": moved, "verdict": "worse"})
    shown, _, folded = change_html(change, CATALOGUE).partition("<details")
    assert "Faits attendus dits" in shown
    assert CATALOGUE["mrr_at_10"].label not in shown
    assert "2\u00a0autres mesures" in folded
