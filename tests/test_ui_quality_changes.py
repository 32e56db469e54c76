"""Two runs side by side on the page « Qualité »: what may have changed, and how each case ended in both."""

import pytest

from server.comparison_schemas import CaseChange, MetricChange
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


def changed(**fields: object) -> CaseChange:
    """Make a case that changed; what it does not say is a right answer that became wrong."""
    known = {"id": "c", "question": "Q", "changes": {}, "verdict": "worse", "status": ("done", "done")}
    return CaseChange.model_validate({**known, "outcomes": ("right", "off"), **fields})


@pytest.mark.parametrize(
    ("outcomes", "status", "kind", "ends"),
    [
        (("right", "off"), ("done", "done"), "worse", ("Juste", "Rien de l’attendu")),
        (("abstained_wrongly", "answered"), ("done", "done"), "worse", ("S’est tu, à tort", "A répondu")),
        (("partial", "partial"), ("done", "done"), "worse", None),
        (("right", "failed"), ("done", "failed"), "worse", ("Juste", "En panne")),
        (("right", "skipped"), ("done", "skipped"), "apart", ("Juste", "Non posé")),
    ],
)
def test_a_case_is_named_by_how_it_ended(
    outcomes: tuple[str, str], status: tuple[str, str], kind: str, ends: tuple[str, str] | None
) -> None:
    change = changed(outcomes=outcomes, status=status)
    assert (kind_of(change), ends_of(change)) == (kind, ends)


def test_only_the_measures_that_tell_are_shown() -> None:
    moved = dict.fromkeys(
        ["fact_recall", "citation_precision", "recall_at_10", "mrr_at_10", "ndcg_at_10"], (1.0, 0.0)
    )
    change = changed(changes=moved)
    shown, _, folded = change_html(change, CATALOGUE).partition("<details")
    assert "Faits attendus dits" in shown
    assert CATALOGUE["mrr_at_10"].label not in shown
    assert "2\u00a0autres mesures" in folded
