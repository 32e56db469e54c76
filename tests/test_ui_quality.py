"""The page « Qualité » without a browser: figures in words, what is typed of a case, lists, and its guide."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from server.case_schemas import Case, CaseView, FeedbackItem, GoldPassage
from server.comparison_schemas import MetricChange
from server.evaluation_schemas import (
    Agreement,
    BrokenRun,
    CaseDetail,
    CaseLine,
    GateVerdict,
    MetricUnit,
    MetricValue,
    RunDetail,
    RunList,
)
from server.quality.catalogue import CATALOGUE
from tests.browser.scenes import ARTICLE, BILAN, KEPT, answer
from tests.quality_runs import make_run
from ui.quality import words
from ui.quality.case_html import expected_html, scores_html
from ui.quality.case_lines import filtered, neighbours
from ui.quality.case_text import CaseText, CaseTextError, GoldText, feedback_case_id, new_case_id
from ui.quality.review import next_view
from ui.quality.run_html import metrics_html, thresholds_html, warnings_html
from ui.quality.runs_list import broken_html, headlines, run_html
from ui.quality.state import Filters, QualityState
from ui.quality.trends import chart, trend_sentence, with_a_past

DOCS = Path(__file__).parents[1] / "docs"
GUIDE = (DOCS / "guide-qualite.md").read_text("utf-8")
PICTURES = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", GUIDE)
MAX_BYTES = 150_000
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


# Figures in words


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (None, "share", "—"),
        (0.8, "share", "80\u00a0%"),
        (0.998, "share", "99,8\u00a0%"),
        (0.0, "share", "0\u00a0%"),
        (412.4, "ms", "412\u00a0ms"),
        (1240.0, "ms", "1,2\u00a0s"),
        (1500.0, "tokens", "1\u202f500\u00a0jetons"),
        (0.126, "Wh", "0,13\u00a0Wh"),
    ],
)
def test_a_figure_has_its_unit(value: float | None, unit: MetricUnit, said: str) -> None:
    assert words.figure(value, unit) == said


def test_a_difference_has_its_sign_and_its_interval() -> None:
    change = MetricChange(name="x", before=0.8, after=0.77, difference=-0.03, low=-0.06, high=0.001, cases=9)
    assert words.points(change.difference) == "−3\u00a0points"
    assert words.points_interval(change) == "entre −6 et +0,1\u00a0point"
    assert words.points(0.01) == "+1\u00a0point"
    assert words.points(None) == "—"


def test_thirty_nine_cases_are_imprecise_and_a_thousand_are_not() -> None:
    few = MetricValue(name="x", value=0.93, low=0.85, high=1.0, cases=39)
    many = MetricValue(name="x", value=0.93, low=0.91, high=0.95, cases=1000)
    assert [words.is_imprecise(one) for one in (few, many)] == [True, False]
    assert words.margin(few) == "±\u00a07,5\u00a0points"
    assert not words.is_imprecise(MetricValue(name="x", value=None, cases=0))
    assert words.is_imprecise(MetricValue(name="x", value=0.5, cases=1))  # no interval at all


@pytest.mark.parametrize(
    ("kappa", "word"),
    [(-0.1, "nul"), (0.15, "très faible"), (0.31, "faible"), (0.5, "moyen"), (0.9, "très bon")],
)
def test_an_agreement_is_said_in_a_word(kappa: float, word: str) -> None:
    said = words.agreement_sentence(Agreement(kappa=kappa, low=0.0, high=1.0, cases=63, failures=2))
    assert f"personnes\u00a0: {word} (kappa" in said
    assert "63\u00a0réponses, 2\u00a0échecs" in said


def test_a_judge_that_was_never_compared_with_people_says_so() -> None:
    assert "non étalonné" in words.agreement_sentence(None)
    assert "non étalonné" in words.agreement_sentence(Agreement(kappa=None, cases=0))


@pytest.mark.parametrize(
    ("metric", "bound", "threshold", "value", "said"),
    [
        ("recall_at_5", "min", 0.8, 0.71, "Rappel à 5\u00a0: 71\u00a0%, il faut au moins 80\u00a0%"),
        (
            "latency.retrieve.p95",
            "max",
            900,
            1200,
            "Temps de 95 % des cas, chercher les passages\u00a0: 1,2\u00a0s",
        ),
        ("run.failed", "max", 0, 3, "Cas en panne\u00a0: 3, il faut au plus 0"),
        ("fact_recall", "min", 0.5, None, "Faits attendus dits\u00a0: —"),
    ],
)
def test_a_threshold_is_said_in_words(
    metric: str, bound: str, threshold: float, value: float | None, said: str
) -> None:
    fields = {"metric": metric, "bound": bound, "threshold": threshold, "value": value, "passed": False}
    assert said in words.gate_line(GateVerdict.model_validate(fields), CATALOGUE)


# A run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDetail:
    view = make_run(tmp_path_factory.mktemp("runs"), cases=60, judged=True, self_judged=True, shift=-0.3)
    return RunDetail(**view.model_dump(), catalogue=list(CATALOGUE.values()), lines=[])


def test_each_measure_has_its_interval_and_each_judged_one_its_agreement(run: RunDetail) -> None:
    html = metrics_html(run)
    assert html.count('data-testid="metric"') == len(run.metrics)
    judged = [value for value in run.metrics if CATALOGUE[value.name].family == "judged"]
    assert html.count('data-testid="agreement"') == len(judged) > 0
    assert html.count('data-testid="failures"') == sum(bool(value.failures) for value in run.metrics) > 0


def test_a_judge_that_marks_its_own_answers_is_told_first(run: RunDetail) -> None:
    html = warnings_html(run)
    assert html.index("jugé lui-même") < html.index("gonflées")
    assert "0,26" in html
    assert warnings_html(run.model_copy(update={"judge": None, "warnings": [], "missing": []})) == ""


def test_thresholds_that_fail_are_named_and_those_that_hold_are_folded(run: RunDetail) -> None:
    html = thresholds_html(run)
    assert "ne sont pas tenus sur 3" in html
    assert "Les seuils tenus (1)" in html
    assert thresholds_html(run.model_copy(update={"gate": []})) == ""


def test_the_list_escapes_what_it_shows_and_names_what_is_broken(run: RunDetail) -> None:
    hostile = run.model_copy(update={"title": "<script>x</script>", "id": "a|b"})
    assert "<script>" not in run_html(hostile, CATALOGUE)
    broken = broken_html(RunList(runs=[], catalogue=[], broken=[BrokenRun(id="<b>", reason="illisible")]))
    assert "&lt;b&gt;" in broken
    assert broken_html(RunList(runs=[], catalogue=[])) == ""
    assert headlines(run)[0].name == "fact_recall"


def test_trends_are_of_suites_that_were_run_twice(run: RunDetail) -> None:
    later = run.model_copy(update={"id": "b", "started_at": NOW})
    other = run.model_copy(update={"id": "c", "suite": "autre"})
    half = run.model_copy(update={"id": "d", "state": "running"})
    past = with_a_past([later, half, other, run])
    assert [one.id for one in past["echantillon"]] == [run.id, "b"]
    assert list(past) == ["echantillon"]
    found = [(one, one.metrics[0]) for one in past["echantillon"]]
    assert "en 2 évaluations" in trend_sentence(found)
    drawn = chart(found, "dit").to_dict()
    assert len(drawn["layer"]) == 3


# The cases of a run


def line(number: int, **fields: object) -> CaseLine:
    base = {
        "id": f"cas-{number}", "kind": "ask", "question": f"Où est l’été {number} ?", "tags": ["suivi"],
        "must_abstain": False, "abstained": False, "status": "done", "scores": {"fact_recall": number / 10},
        "outcome": "answered",
    }  # fmt: skip
    return CaseLine.model_validate(base | fields)


LINES = [
    line(9),
    line(1, tags=["date"]),
    line(2, status="failed", abstained=None, scores={}),
    line(3, abstained=True),
    line(4, must_abstain=True),
    line(5, unscored=["faithfulness"]),
]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(), [9, 1, 2, 3, 4, 5]),
        (Filters(shown="failed"), [2]),
        (Filters(shown="silence"), [3, 4]),
        (Filters(shown="unscored"), [5]),
        (Filters(shown="below", metric="fact_recall", limit=0.4), [1, 3]),
        (Filters(tag="date"), [1]),
        (Filters(text="ete 3"), [3]),
        (Filters(text="CAS-9"), [9]),
    ],
)
def test_cases_are_filtered(filters: Filters, ids: list[int]) -> None:
    assert [one.id for one in filtered(LINES, filters)] == [f"cas-{number}" for number in ids]


def test_a_case_has_neighbours_in_the_list_that_was_filtered() -> None:
    assert neighbours(LINES, "cas-1") == ("cas-9", "cas-2", 2)
    assert neighbours(LINES, "cas-9") == (None, "cas-1", 1)


def test_scores_say_why_and_what_lacks() -> None:
    detail = CaseDetail.model_validate(
        {
            "result": {
                "case": {"id": "c", "question": "<b>?", "facts": ["<i>"], "gold": [{"document": "<u>"}]},
                "scores": {"fact_recall": 0.0},
                "unscored": {"faithfulness": "le juge n’a rien rendu"},
                "verdicts": [{"metric": "fact_recall", "text": "Manque : <i>"}],
            }
        }
    )
    html = scores_html(detail.result, list(CATALOGUE.values()))
    assert "&lt;i&gt;" in html
    assert "Fidélité (jugée)" in html
    assert "le juge n’a rien rendu" in html
    expected = expected_html(detail.result.case)
    assert "&lt;u&gt;" in expected
    assert "<u>" not in expected


# A case as it is typed


def feedback(**fields: object) -> FeedbackItem:
    base = {"answer_id": "0a1b2c3d-0000", "useful": False, "reasons": ["incomplete"], "comment": "", "created_at": NOW,
            "answer": answer([KEPT], [BILAN, ARTICLE])}  # fmt: skip
    return FeedbackItem.model_validate(base | fields)


def test_a_case_of_a_comment_is_filled_in() -> None:
    text = CaseText.of_feedback(feedback(reasons=["unclear"]))
    assert [(gold.title, gold.kept) for gold in text.gold] == [
        (BILAN.title, True),
        (ARTICLE.title, False),
        ("", True),
    ]
    case = text.case()
    assert case.as_of == date(2026, 11, 22)
    assert case.gold == [GoldPassage(document=BILAN.document_id, quote=KEPT.citations[0].quote)]
    assert case.tags == ["retour"]


@pytest.mark.parametrize("reason", ["incomplete", "wrong", "bad_citation", "outdated", "off_topic"])
def test_what_a_wrong_answer_cites_is_offered_but_not_ticked(reason: str) -> None:
    text = CaseText.of_feedback(feedback(reasons=[reason]))
    assert text.case().gold == []
    assert text.gold[0].title == BILAN.title


def test_an_answer_that_should_not_have_been_given_makes_a_case_of_silence() -> None:
    case = CaseText.of_feedback(feedback(reasons=["should_abstain"])).case()
    assert case.must_abstain
    assert case.abstention == "unanswerable"
    assert case.gold == []


def test_a_case_comes_back_as_it_was_typed() -> None:
    case = Case(
        id="c-1", question="Q ?", history=["Avant ?"], as_of=date(2026, 1, 2), groups=["direction"], facts=["a", "b"],
        gold=[GoldPassage(document="PR-031", quote="mots"), GoldPassage(document="PR-032")], forbidden=["x"],
        tags=["t", "u"],
    )  # fmt: skip
    assert CaseText.of_case(case).case() == case


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"question": " "}, "Écrivez la question"),
        ({"must_abstain": True, "facts": "un fait"}, "à la fois"),
        ({"gold": (GoldText(quote="mots"),)}, "dans quel document"),
        ({"tags": "x" * 65}, "trop long"),
        ({"facts": "x" * 2_001}, "trop long"),
    ],
)
def test_what_is_no_case_yet_says_what_to_write(typed: dict[str, object], said: str) -> None:
    text = CaseText(**{"base": Case(id="c"), "question": "Q ?", **typed})  # type: ignore[arg-type]  # what varies
    with pytest.raises(CaseTextError, match=said):
        text.case()


def test_ids_are_new_and_hold_no_figure_of_somebody() -> None:
    assert new_case_id({"cas-001", "cas-003"}) == "cas-004"
    made = feedback_case_id("0612345678-0000-4000-8000-000000000000")
    assert not any(sign.isdigit() for sign in made)
    assert Case(id=made).id == made
    assert feedback_case_id("1b") != feedback_case_id("2b")


def test_a_case_that_is_put_off_comes_last() -> None:
    views = [
        CaseView(case=Case(id=f"c-{number}"), origin="generated", state="proposed", created_at=NOW)
        for number in range(3)
    ]
    assert next_view(views, []).case.id == "c-0"
    assert next_view(views, ["c-0"]).case.id == "c-1"
    assert next_view(views, ["c-0", "c-1", "c-2"]).case.id == "c-0"
    assert next_view(views, ["c-1", "c-2", "c-0"]).case.id == "c-1"


def test_a_form_with_something_typed_is_not_replaced() -> None:
    state = QualityState()
    state.open_form(CaseText(base=Case(id="a")))
    assert state.form is not None
    state.form.text = CaseText(base=Case(id="a"), question="Tapé")
    state.open_form(CaseText(base=Case(id="b")))
    assert state.form.text.question == "Tapé"
    assert "en cours d’écriture" in state.notice


# The guide


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_measure_is_explained_in_the_guide(name: str) -> None:
    rows = [line for line in GUIDE.splitlines() if line.startswith(f"| **{CATALOGUE[name].label}** |")]
    assert len(rows) == 1, CATALOGUE[name].label
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert len(cells) == 5
    assert all(len(cell) > 3 for cell in cells)


@pytest.mark.parametrize(("said", "path"), PICTURES)
def test_each_picture_of_the_guide_is_there_small_and_described(said: str, path: str) -> None:
    picture = (DOCS / path).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < MAX_BYTES
    assert len(said) > 10


def test_no_picture_is_left_without_a_use() -> None:
    there = {f"images/{picture.name}" for picture in (DOCS / "images").glob("qualite-*.png")}
    assert there == {path for _, path in PICTURES}


@pytest.mark.parametrize("word", ["± 0,08", "0,26", "0,67", "kappa", "cinq choses", "deux clics", "seuil"])
def test_the_guide_warns_of_the_known_traps(word: str) -> None:
    assert word in GUIDE
