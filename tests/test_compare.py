"""Two runs compared: what chance explains is no change, what differs for another reason is not compared."""

from argparse import Namespace
from pathlib import Path

import pytest

from eval.commands import compare as command
from eval.comparison_report import comparison_markdown, comparison_page, in_short, is_worse
from eval.run_names import run_folder
from ingest.errors import ConfigurationError
from server.case_schemas import Case
from server.comparison_schemas import Comparison, MetricChange
from server.configuration_schemas import IndexState
from server.evaluation_schemas import CaseResult
from server.quality.catalogue import JUDGED
from server.quality.compare import compare
from server.quality.run_files import LoadedRun, load_run
from tests.quality_cases import HOSTILE_ID, make_case
from tests.quality_results import make_result
from tests.quality_runs import make_configuration, make_run, make_view

BEFORE, AFTER = "20260105-090000-echantillon", "20260106-090000-echantillon"


def loaded(results: list[CaseResult], run_id: str = BEFORE, **fields: object) -> LoadedRun:
    return LoadedRun(make_view(run_id, results, []).model_copy(update=fields), results, {})


def results_of(cases: int = 60, *, shift: float = 0.0, judged: bool = False) -> list[CaseResult]:
    return [make_result(make_case(number), shift=shift, judged=judged) for number in range(cases)]


def metric(comparison: Comparison, name: str) -> MetricChange:
    return next(one for one in comparison.metrics if one.name == name)


@pytest.fixture(scope="module")
def worse() -> Comparison:
    return compare(loaded(results_of(120)), loaded(results_of(120, shift=-0.35), AFTER))


def test_a_run_compared_with_itself_has_not_changed() -> None:
    run = loaded(results_of())
    comparison = compare(run, run)

    assert {one.verdict for one in comparison.metrics} == {"same"}
    assert {one.difference for one in comparison.metrics} == {0.0}
    assert (comparison.changes, comparison.unchanged) == ([], 60)
    assert comparison.differences == []
    assert in_short(comparison) == "Aucune mesure n’a changé plus que par hasard."


def test_what_got_much_worse_is_said_worse_with_the_worst_cases_first(worse: Comparison) -> None:
    fact = metric(worse, "fact_recall")

    assert fact.verdict == "worse"
    assert fact.low is not None
    assert fact.high is not None
    assert fact.low <= (fact.difference or 0) <= fact.high < 0
    assert fact.adjusted_p is not None
    assert fact.adjusted_p >= (fact.p_value or 0)
    verdicts = [change.verdict for change in worse.changes]
    assert verdicts == sorted(verdicts, key=["worse", "mixed", "better"].index)
    assert is_worse(worse)
    assert in_short(worse).startswith("Moins bien : ")


def test_the_same_change_the_other_way_is_better(worse: Comparison) -> None:
    better = compare(loaded(results_of(120, shift=-0.35)), loaded(results_of(120), AFTER))

    assert metric(better, "fact_recall").verdict == "better"
    assert metric(better, "fact_recall").difference == -(metric(worse, "fact_recall").difference or 0)
    assert not is_worse(better)


def test_one_case_that_fails_its_fact_proves_nothing() -> None:
    before, after = results_of(), results_of()
    changed = next(one for one in after if one.scores.get("fact_recall") == 1.0)
    changed.scores["fact_recall"] = 0.0
    comparison = compare(loaded(before), loaded(after, AFTER))

    assert metric(comparison, "fact_recall").verdict == "same"
    assert [change.id for change in comparison.changes] == [changed.case.id]
    assert comparison.changes[0].changes == {"fact_recall": (1.0, 0.0)}
    assert not is_worse(comparison)


def test_more_noise_is_worse_though_the_figure_went_up() -> None:
    before, after = results_of(judged=True), results_of(judged=True)
    for result in after:
        if "noise_sensitivity" in result.scores:
            result.scores["noise_sensitivity"] += 0.2
    comparison = compare(loaded(before), loaded(after, AFTER))

    assert metric(comparison, "noise_sensitivity").verdict == "worse"
    assert {change.verdict for change in comparison.changes} == {"worse"}


def test_cases_that_changed_or_are_in_one_run_only_are_told_apart() -> None:
    before, after = results_of(10), results_of(12)[1:]
    after[0] = after[0].model_copy(
        update={"case": after[0].case.model_copy(update={"facts": ["Autre fait"]})}
    )
    after[0].scores["fact_recall"] = 0.0
    comparison = compare(loaded(before), loaded(after, AFTER))

    assert comparison.only_before == [HOSTILE_ID]
    assert comparison.only_after == ["cas-0010", "cas-0011"]
    assert comparison.rewritten == ["cas-0001"]
    assert comparison.unchanged == 8
    assert comparison.changes == []


def test_a_case_that_ends_no_more_is_worse_and_comes_first() -> None:
    before, after = results_of(), results_of()
    place = next(place for place, one in enumerate(after) if one.status == "done")
    after[place] = CaseResult(case=after[place].case, status="failed", error="Panne.")
    other = next(one for one in after if one.scores.get("fact_recall") == 1.0)
    other.scores["fact_recall"] = 0.0
    comparison = compare(loaded(before), loaded(after, AFTER))

    assert comparison.changes[0].status == ("done", "failed")
    assert comparison.changes[0].verdict == "worse"
    assert "Cas en échec après et non avant : 1. Ils comptent comme de mauvaises réponses après." in (
        comparison.warnings
    )
    assert is_worse(comparison)


def wrongly_answered(number: int) -> CaseResult:
    """Give a question without an answer that was answered all the same."""
    return CaseResult(
        case=Case(id=f"sans-{number}", question=f"Question sans réponse {number} ?", must_abstain=True),
        scores={"abstention_accuracy": 0.0},
        counts={"abstention_recall": (0, 1)},
    )


def rightly_silent(number: int) -> CaseResult:
    case = Case(id=f"silence-{number}", question=f"Autre question sans réponse {number} ?", must_abstain=True)
    counts = {"abstention_recall": (1, 1), "abstention_precision": (1, 1)}
    return CaseResult(case=case, scores={"abstention_accuracy": 1.0}, counts=counts)


def test_cases_that_were_wrong_and_are_skipped_make_nothing_better() -> None:
    wrong = [wrongly_answered(number) for number in range(18)]
    silent = [rightly_silent(number) for number in range(54)]
    skipped = [CaseResult(case=one.case, status="skipped", error="Hors sujet.") for one in wrong]
    comparison = compare(loaded([*silent, *wrong]), loaded([*silent, *skipped], AFTER))

    assert {one.verdict for one in comparison.metrics} == {"same"}
    assert {one.cases for one in comparison.metrics} == {54}
    assert [one.status for one in comparison.changes] == [("done", "skipped")] * 18
    assert comparison.unchanged == 54
    assert "Cas non tentés dans l’une des deux évaluations : 18. Ils ne sont pas comparés." in (
        comparison.warnings
    )
    assert is_worse(comparison)


def test_nothing_in_common_is_said_and_compares_nothing() -> None:
    comparison = compare(loaded(results_of(3)), loaded(results_of(6)[3:], AFTER, suite="autre"))

    assert comparison.metrics == []
    assert any("aucun cas en commun" in text for text in comparison.warnings)
    assert any("« autre »" in text for text in comparison.warnings)
    assert in_short(comparison) == "Rien n’a pu être comparé."


def test_scores_of_two_judges_are_not_compared(tmp_path: Path) -> None:
    make_run(tmp_path, BEFORE, cases=40, judged=True)
    make_run(tmp_path, AFTER, cases=40, judged=True, self_judged=True)
    comparison = compare(load_run(tmp_path / BEFORE), load_run(tmp_path / AFTER))

    for name in JUDGED:
        assert metric(comparison, name).difference is None
        assert metric(comparison, name).cases == 0
        assert metric(comparison, name).before is not None
    assert metric(comparison, "fact_recall").difference == 0.0
    assert any("modele-juge-14b" in text and "ne sont pas comparées" in text for text in comparison.warnings)
    assert any("gonflées" in text for text in comparison.warnings)
    assert not any(set(change.changes) & set(JUDGED) for change in comparison.changes)


def test_what_changed_in_the_configuration_is_said_in_french() -> None:
    run = loaded(results_of(5))
    other = make_configuration(
        "generative",
        prompt_versions={"answer": "answer-8", "followup": "followup-3"},
        index=IndexState(documents=85, passages=640, dense_share=0.5, digest="ffff" * 16),
        embedder="autre-modele",
        settings={"conflict_share": "0.6"},
    )
    after = loaded(run.results, AFTER, configuration=other, seed=2)

    assert compare(run, after).differences == [
        "Mode : extractif → génératif",
        "Modèle de rédaction : extractif → modele-de-redaction-8b",
        "Consigne « answer » : answer-7 → answer-8",
        "Index : 84 documents, 612 passages, 100\u202f% de vecteurs → "
        "85 documents, 640 passages, 50\u202f% de vecteurs",
        "Modèle de vecteurs : multilingual-e5-small → autre-modele",
        "Réglage « conflict_share » : 0.5 → 0.6",
        "Réglage « passages » : 10 → rien",
        "Graine : 1 → 2",
    ]


def test_the_comparison_reads_as_markdown_and_as_a_page(worse: Comparison) -> None:
    before, after = loaded(results_of(120)), loaded(results_of(120, shift=-0.35), AFTER)
    markdown, page = comparison_markdown(worse), comparison_page(worse, before, after)

    assert "| Faits attendus dits | " in markdown
    assert "moins bien" in markdown
    assert f'<li id="cas-{worse.changes[0].id}">' in page
    assert "<script" not in page
    assert "<img" not in page + markdown


def test_the_command_compares_the_last_two_runs_and_fails_on_worse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FANAL_DATA_DIR", str(tmp_path))
    make_run(tmp_path / "evaluations", BEFORE, cases=120)
    make_run(tmp_path / "evaluations", AFTER, cases=120, shift=-0.35)
    written = {"html": tmp_path / "out" / "c.html", "md": tmp_path / "out" / "c.md"}
    options = Namespace(before="avant-dernier", after="dernier", fail_on_worse=True, **written)

    assert command.run(options) == 1
    assert "moins bien" in capsys.readouterr().out
    assert all(path.stat().st_size for path in written.values())
    assert command.run(Namespace(**{**vars(options), "before": AFTER, "html": None, "md": None})) == 0


def test_runs_are_named_by_id_beginning_rank_or_folder(tmp_path: Path) -> None:
    make_run(tmp_path / "runs", BEFORE, cases=2)
    make_run(tmp_path / "runs", AFTER, cases=2, state="interrupted")
    root = tmp_path / "runs"

    assert run_folder(root, BEFORE) == run_folder(root, "20260105") == run_folder(root, "dernier")
    assert run_folder(tmp_path / "none", str(root / AFTER)) == root / AFTER
    for name in ("2026", "avant-dernier", "inconnue", ""):
        with pytest.raises(ConfigurationError):
            run_folder(root, name)
