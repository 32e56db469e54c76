"""The sources page's tables and reports: what is up to date, what is not and why, everything escaped."""

import pytest

from ingest.documents import Kind
from server.schemas import IngestionView, SourceReport, SourceSummary
from ui import run_view
from ui.run_view import is_reading, report_html
from ui.source_table import (
    CURRENT,
    MOSTLY_CURRENT,
    NEVER_READ,
    NOT_CURRENT,
    source_table_html,
    standing,
    summary_html,
)


def source(**changes: object) -> SourceSummary:
    base = {
        "name": "a",
        "kind": Kind.LEGAL,
        "documents": 2,
        "passages": 4000,
        "embedded": 4000,
        "failures": 0,
        "last_run": "2026-11-21T05:30:00+00:00",
    }
    return SourceSummary.model_validate({**base, **changes})


def test_a_source_in_preparation_is_up_to_date_and_shows_how_far_it_is() -> None:
    html = source_table_html([source(embedded=1500)])

    assert "<strong>À jour</strong>" in html
    assert '<progress max="4000" value="1500"' in html
    assert "1\u202f500 passages sur 4\u202f000" in html


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, CURRENT),
        ({"stale": 4}, CURRENT),
        ({"failures": 2}, MOSTLY_CURRENT),
        ({"problem": "Le dossier est introuvable."}, NOT_CURRENT),
        ({"failures": 2, "problem": "Le dossier est introuvable."}, NOT_CURRENT),
        ({"last_run": None}, NEVER_READ),
        ({"last_run": None, "problem": "Le dossier est introuvable."}, NOT_CURRENT),
    ],
)
def test_a_word_says_how_a_source_stands(changes: dict[str, object], word: str) -> None:
    assert standing(source(**changes)).word == word


def test_the_reason_and_the_last_whole_reading_stand_below_the_word() -> None:
    details = standing(source(problem="Le dossier est <i>introuvable</i>.", failures=2, set_aside=1)).details

    assert details[0] == "Le dossier est <i>introuvable</i>."
    assert "21\u00a0novembre\u00a02026" in details[1]
    assert details[2] == "2\u00a0fichiers illisibles, dont 1 mis de côté après plusieurs essais."


def test_names_and_problems_are_escaped() -> None:
    html = source_table_html([source(name="<i>", problem="<b>")]) + summary_html(
        [source(name="<i>", problem="x")]
    )

    assert "<i>" not in html
    assert "<b>" not in html


def test_the_source_that_needs_care_comes_first() -> None:
    html = source_table_html(
        [source(name="bonne"), source(name="lue", failures=1), source(name="perdue", problem="x")]
    )

    assert html.index("perdue") < html.index("lue<") < html.index("bonne")


def test_the_summary_names_the_sources_that_are_not_up_to_date() -> None:
    assert "Toutes les sources sont à jour" in summary_html([source()])
    assert "1\u00a0fichier ne peut pas être lu" in summary_html([source(failures=1)])
    assert "1\u00a0source n’est pas à jour sur 2\u00a0: b." in summary_html(
        [source(), source(name="b", problem="x")]
    )


def run(**changes: object) -> IngestionView:
    base = {
        "id": "1",
        "state": "running",
        "stage": "lecture",
        "done": 3,
        "total": 9,
        "reports": [],
        "embedded": 0,
        "to_embed": 0,
    }
    return IngestionView.model_validate({**base, **changes})


def test_a_run_is_followed_until_its_documents_are_read() -> None:
    assert is_reading(run())
    assert not is_reading(run(stage="vecteurs"))
    assert not is_reading(run(state="done"))
    assert "Lecture des documents\u00a0: 3 sur 9" in run_view.progress_html(run())
    assert "max=" not in run_view.progress_html(run(stage="préparation", total=0))


def test_the_report_of_a_run_says_what_changed_or_that_nothing_did() -> None:
    reports = [
        SourceReport(source="a", added=2, renamed=1, removed=1, failures=["<b>.pdf : le fichier est vide"]),
        SourceReport(source="b", unchanged=12),
    ]
    html = report_html(run(stage="vecteurs", reports=reports))

    assert "2\u00a0ajoutés (dont 1\u00a0renommé), 1\u00a0retiré." in html
    assert "rien n’a changé, 12\u00a0documents" in html
    assert "&lt;b&gt;.pdf" in html


def test_a_run_that_failed_says_why() -> None:
    assert "Disque plein" in report_html(run(state="failed", error="Disque plein"))
