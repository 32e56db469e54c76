"""What a newcomer reads of the page « Qualité » in five seconds: outcomes, missed thresholds, why a case went wrong."""

import re

import pytest

from server.case_schemas import Case
from server.evaluation_schemas import (
    CaseLine,
    CaseResult,
    GateVerdict,
    MetricGroup,
    MetricValue,
    RunDetail,
)
from server.outcome_schemas import OUTCOMES
from server.quality.catalogue import CATALOGUE
from server.quality.outcomes import outcome_of
from tests.browser.scenes import ARTICLE, BILAN, KEPT, answer
from tests.quality_cases import make_case
from tests.quality_results import make_result
from tests.quality_runs import make_run
from ui.answer_view import references_of
from ui.quality import words
from ui.quality.case_diagnosis import diagnosis, expected_passages
from ui.quality.case_html import scores_html
from ui.quality.case_lines import begin, filtered, first_metric, line_html, to_review
from ui.quality.case_page import exchange_of, with_expected
from ui.quality.case_text import CaseText, candidates, prose_lines
from ui.quality.own_cases import expects_nothing
from ui.quality.run_html import configuration_html, groups_html, short_digests, thresholds_html
from ui.quality.run_summary import in_short, outcomes_html, tenths, unusual_html
from ui.quality.runs_list import run_html, suite_titles
from ui.quality.state import Filters, QualityState

RESULTS = [make_result(make_case(number), shift=-0.2) for number in range(120)]


def line_of(result: CaseResult) -> CaseLine:
    return CaseLine(
        id=result.case.id,
        kind=result.case.kind,
        question=result.case.question,
        tags=result.case.tags,
        must_abstain=result.case.must_abstain,
        abstained=result.answer.abstained if result.answer else None,
        status=result.status,
        outcome=outcome_of(result),
        scores=result.scores,
    )


LINES = [line_of(result) for result in RESULTS]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDetail:
    view = make_run(tmp_path_factory.mktemp("runs"), cases=120, shift=-0.2)
    return RunDetail(**view.model_dump(), catalogue=list(CATALOGUE.values()), lines=LINES)


# Thresholds


def missed(metric: str, value: float, threshold: float, reason: str = "") -> str:
    verdict = GateVerdict(
        metric=metric, bound="min", threshold=threshold, value=value, passed=False, reason=reason
    )
    return words.gate_line(verdict, CATALOGUE)


def test_a_missed_threshold_has_a_name_what_was_measured_and_why(run: RunDetail) -> None:
    verdict = GateVerdict(
        metric="recall_at_5", bound="min", threshold=0.9, value=0.862, passed=False, reason="bas"
    )
    html = thresholds_html(run.model_copy(update={"gate": [verdict]}))
    assert "Rappel à 5\u00a0: 86\u00a0%, il faut au moins 90\u00a0% (bas)" in html


@pytest.mark.parametrize(
    ("value", "threshold", "said"),
    [
        (0.8996, 0.9, ": 89,96\u00a0%, il faut au moins 90\u00a0%"),
        (0.897, 0.9, ": 89,7\u00a0%, il faut au moins 90\u00a0%"),
        (0.84, 0.85, ": 84\u00a0%, il faut au moins 85\u00a0%"),
    ],
)
def test_rounding_never_contradicts_a_verdict(value: float, threshold: float, said: str) -> None:
    assert said in missed("recall_at_5", value, threshold)


def test_a_threshold_on_fallbacks_is_named() -> None:
    assert missed("run.fallback", 3, 0).startswith("Réponses que le modèle n’a pas écrites\u00a0: 3,")


# Five seconds


def test_a_run_begins_with_what_became_of_its_cases(run: RunDetail) -> None:
    html = outcomes_html(run)
    assert "Ce que sont devenus les 120\u00a0cas" in html
    assert f"Voir {len(to_review(LINES))}\u00a0cas à revoir" in html
    assert outcomes_html(run.model_copy(update={"state": "running"})) == ""


@pytest.mark.parametrize(
    ("value", "cases", "said"),
    [
        (0.67, 305, "environ 7 faits attendus sur 10"),
        (0.11, 305, "environ 1 fait attendu sur 10"),
        (1.0, 305, "tous les faits attendus"),
        (0.99, 305, "presque tous les faits attendus"),
        (0.0, 305, "aucun fait attendu"),
        (0.5, 4, "environ 5 faits attendus sur 10 (sur 4\u00a0cas seulement)"),
    ],
)
def test_a_share_is_said_as_people_do(value: float, cases: int, said: str) -> None:
    assert tenths(MetricValue(name="fact_recall", value=value, cases=cases), "fait attendu") == said


def test_nothing_is_said_of_what_is_not_measured(run: RunDetail) -> None:
    silence = MetricValue(name="abstention_accuracy", value=0.9, cases=100)
    only = run.model_copy(update={"metrics": [silence]})
    assert in_short(only) == "Fanal se tait ou répond à raison environ 9 fois sur 10."
    assert in_short(run.model_copy(update={"metrics": []})) == ""
    assert in_short(only) in run_html(only, CATALOGUE)


def test_a_half_built_index_and_fallbacks_are_told(run: RunDetail) -> None:
    assert run.configuration is not None
    index = run.configuration.index.model_copy(update={"dense_share": 0.3546})
    half = run.model_copy(
        update={"configuration": run.configuration.model_copy(update={"index": index}), "fallback": 2}
    )
    html = unusual_html(half)
    assert "35,4\u00a0% des passages seulement" in html
    assert "2\u00a0réponses n’ont pas été écrites par le modèle" in html
    whole = index.model_copy(update={"dense_share": 1.0})
    usual = half.configuration.model_copy(update={"index": whole}) if half.configuration else None
    assert unusual_html(half.model_copy(update={"configuration": usual, "fallback": 0})) == ""


def test_cases_that_were_not_asked_are_counted_on_the_card(run: RunDetail) -> None:
    some = run.model_copy(update={"cases": 40, "skipped": 3})
    assert "37\u00a0posés sur 40\u00a0cas" in run_html(some, CATALOGUE)
    assert "posés" not in run_html(run.model_copy(update={"skipped": 0}), CATALOGUE)
    assert "posés" not in run_html(some.model_copy(update={"state": "running"}), CATALOGUE)


def test_suites_are_named_by_their_title(run: RunDetail) -> None:
    other = run.model_copy(update={"suite": "b"})
    assert suite_titles([run]) == {"": "Toutes", "echantillon": "Organisation d’exemple"}
    assert suite_titles([run, other])["b"] == "Organisation d’exemple (b)"


def test_digests_are_short_and_for_the_administrator(run: RunDetail) -> None:
    assert short_digests("index " + "ab" * 32) == "index abababab"
    html = configuration_html(run)
    assert "Pour l’administrateur" in html
    assert not re.search(r"[0-9a-f]{16}", html)


def test_tags_show_the_plain_share_and_no_figure_of_four_cases(run: RunDetail) -> None:
    share = MetricValue(name="abstention_accuracy", value=0.9, low=0.8, high=1.0, cases=9)
    both = [share, MetricValue(name="balanced_accuracy", value=0.7, cases=9)]
    groups = [
        MetricGroup(tag="hors-sujet", cases=9, metrics=[share]),
        MetricGroup(tag="suivi", cases=9, metrics=both),
        MetricGroup(tag="rare", cases=4, metrics=both),
    ]
    html = groups_html(run.model_copy(update={"groups": groups}))
    assert "hors sujet" in html
    assert html.count("moins de 5 cas\u00a0: non montré") == 1
    assert CATALOGUE["balanced_accuracy"].label not in html
    assert html.count("90\u00a0%") == 2
    whole = groups_html(run.model_copy(update={"groups": groups[1:]}))
    assert CATALOGUE["balanced_accuracy"].label in whole


# The list of cases


def test_the_list_begins_with_the_cases_to_review_the_worst_first() -> None:
    filters = Filters()
    begin(filters, LINES)
    assert filters.shown == "review"
    ranks = [OUTCOMES[line.outcome].rank for line in filtered(LINES, filters)]
    assert ranks == sorted(ranks)
    assert 0 < len(ranks) < len(LINES)
    right = [line for line in LINES if line.outcome == "right"]
    begin(fine := Filters(), right)
    assert fine.shown == "all"
    begin(chosen := Filters(shown="failed"), LINES)
    assert chosen.shown == "failed"


def test_nothing_at_all_is_said_in_a_word_too() -> None:
    off = next(line for line in LINES if line.scores.get("fact_recall") == 0)
    html = line_html(off, dict(CATALOGUE), Filters(shown="review"))
    assert '<strong class="fanal-bad">0\u00a0% (nul)</strong>' in html
    assert OUTCOMES[off.outcome].label in html
    assert first_metric(["recall_at_5", "fact_recall"]) == "fact_recall"
    assert first_metric(["recall_at_5"]) == "recall_at_5"


def test_what_is_said_beside_a_button_is_said_once() -> None:
    state = QualityState(beside="<p>non</p>")
    assert (state.take_beside(), state.take_beside()) == ("<p>non</p>", "")


# A case


def case_result(**scores: float) -> CaseResult:
    given = answer([KEPT], [ARTICLE, BILAN])
    gold = {"document": BILAN.document_id, "quote": BILAN.text[:20].replace("’", "'")}
    return CaseResult.model_validate({
        "case": {"id": "c", "question": "Q ?", "gold": [gold], "facts": ["un fait"]},
        "answer": {name: value for name, value in given.model_dump().items()
                   if name in ("mode", "model", "abstained", "statements", "passages")},
        "scores": scores,
        "verdicts": [{"metric": "mrr_at_10", "text": "Passage attendu trouvé au rang 2", "good": True}],
    })  # fmt: skip


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"mrr_at_10": 0.5, "citation_recall": 0.0},
         "Le passage attendu est trouvé au rang 2, mais la réponse ne le cite pas."),
        ({"mrr_at_10": 0.0, "citation_recall": 0.0},
         "Le passage attendu n’est pas parmi les dix premiers trouvés, et la réponse s’appuie sur d’autres."),
        ({"mrr_at_10": 1.0, "citation_recall": 1.0, "fact_recall": 0.5},
         "Le passage attendu est trouvé au rang 1 ; la réponse le cite et ne dit qu’une partie de ce qui est attendu."),
        ({"fact_recall": 1.0}, "La réponse dit tout ce qui est attendu."),
        ({"nothing_forbidden": 0.0}, "La réponse dit un texte interdit."),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_case_says_where_it_went_wrong(scores: dict[str, float], said: str) -> None:
    assert diagnosis(case_result(**scores)) == said


def test_the_expected_passage_is_marked_with_its_rank() -> None:
    result = case_result(mrr_at_10=0.5)
    refs = with_expected(references_of(exchange_of("cas", result), ""), result)
    assert [one.title for one in refs.passages.values()] == [
        ARTICLE.title,
        f"Attendu (rang 2) · {BILAN.title}",
    ]


def test_a_second_rank_is_not_green() -> None:
    second = scores_html(case_result(mrr_at_10=0.5), list(CATALOGUE.values()))
    first = scores_html(case_result(mrr_at_10=1.0), list(CATALOGUE.values()))
    assert 'class="fanal-good"' not in second
    assert 'class="fanal-good"' in first


def test_a_quote_is_found_across_the_cells_of_a_table() -> None:
    result = case_result()
    result.case.gold[0].quote = "Brisecombe 9 h"
    assert result.answer is not None
    result.answer.passages[1].text = TABLE
    assert expected_passages(result) == {BILAN.id: 2}
    result.case.gold[0].document = "a-file-of-many-sheets.xml"
    assert expected_passages(result) == {}
    result.scores["mrr_at_10"] = 0.5
    assert expected_passages(result) == {BILAN.id: 2}


# The organisation's own cases


TABLE = "| Agence | Horaire |\n| --- | :---: |\n| Brisecombe | 9 h |"


def test_the_head_of_a_table_is_never_offered() -> None:
    assert prose_lines(TABLE) == ["| Brisecombe | 9 h |"]
    passage = BILAN.model_copy(update={"text": TABLE})
    quotes = ["| --- | :---: |", "| Agence | Horaire |", "Brisecombe | 9 h"]
    cited = [KEPT.citations[0].model_copy(update={"quote": quote, "start": 0, "end": 1}) for quote in quotes]
    for citation, offered in zip(cited, ["Brisecombe | 9 h"] * 3, strict=True):
        statement = KEPT.model_copy(update={"citations": [citation]})
        [gold] = candidates(answer([statement], [passage]), ticked=False)
        assert gold.quote == offered


def test_a_case_that_expects_nothing_is_to_be_completed() -> None:
    assert expects_nothing(Case(id="a", question="Q ?"))
    assert not expects_nothing(Case(id="a", question="Q ?", must_abstain=True))
    assert not expects_nothing(CaseText(base=Case(id="a"), question="Q ?", facts="un fait").case())
