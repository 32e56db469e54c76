"""The gate: what a file of thresholds may say, and what a run must show to hold it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from eval.gate import Threshold, read_thresholds, table, verdicts
from eval.suites import FOLDER
from ingest.errors import ConfigurationError
from server.evaluation_schemas import Latency, MetricGroup, MetricValue, RunView


def run_of(**fields: Any) -> RunView:
    values: dict[str, Any] = {
        "id": "20261122-120000-essai",
        "suite": "essai",
        "title": "Essai",
        "suite_digest": "0" * 64,
        "state": "done",
        "started_at": datetime(2026, 11, 22, tzinfo=UTC),
        "cases": 40,
        "done": 40,
        "seed": 1,
        "metrics": [MetricValue(name="recall_at_5", value=0.9, low=0.8, high=0.95, cases=40)],
    }
    return RunView.model_validate({**values, **fields})


def read(folder: Path, text: str) -> list[Threshold]:
    (folder / "seuils.toml").write_text(text, "utf-8")
    return read_thresholds(folder / "seuils.toml")


def only(run: RunView, folder: Path, text: str) -> Any:
    """Give the verdict of the one threshold of a file."""
    return verdicts(run, read(folder, text))[-1]


def test_a_file_says_what_figures_must_reach(tmp_path: Path) -> None:
    text = """
        [run]
        skipped_max = 2
        [metrics.recall_at_5]
        min = 0.8
        [metrics.faithfulness]
        min = 0.7
        failures_max = 3
        cases_min = 30
        [tags."sous réserve".nothing_forbidden]
        min = 1
        [latency.total]
        p95_max = 1500
    """
    assert read(tmp_path, text) == [
        Threshold("run.failed", "max", 0),
        Threshold("run.fallback", "max", 0),
        Threshold("run.skipped", "max", 2),
        Threshold("recall_at_5", "min", 0.8),
        Threshold("faithfulness", "min", 0.7, None, 3, 30),
        Threshold("nothing_forbidden", "min", 1, "sous réserve"),
        Threshold("latency.total.p95", "max", 1500),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[metric.recall_at_5]\nmin = 1", "ligne 1 : « metric » n’existe pas ici : écrivez « metrics »"),
        (
            "\n[metrics.recall_at5]\nmin = 1",
            "ligne 2 : « recall_at5 » n’existe pas ici : écrivez « recall_at_5 »",
        ),
        ("[metrics.recall_at_5]\nminimum = 1", "ligne 1 : un seuil est une table avec « min », « max »"),
        (
            "[metrics.recall_at_5]\nmin = 85",
            "ligne 2 : « min » ne peut pas valoir « 85 » ; attendu : un nombre",
        ),
        ('[metrics.recall_at_5]\nmin = "0.8"', "ligne 2 : « min » ne peut pas valoir « 0.8 »"),
        ("[metrics.recall_at_5]\nmin = true", "ligne 2 : « min » ne peut pas valoir « True »"),
        ("[metrics.recall_at_5]\nmin = nan", "ligne 2 : « min » ne peut pas valoir « nan »"),
        ("[metrics.recall_at_5]\nmin = 0.9\nmax = 0.8", "ligne 1 : « min » dépasse « max »"),
        (
            "[metrics.recall_at_5]\nmin = 0.9\nfailures_max = -1",
            "ligne 3 : « failures_max » ne peut pas valoir",
        ),
        (
            "[metrics.recall_at_5]\nmin = 0.9\ncases_min = 0.5",
            "ligne 3 : « cases_min » ne peut pas valoir",
        ),
        ("[run]\nfail_max = 0", "ligne 2 : « fail_max » n’existe pas ici : écrivez « failed_max »"),
        ("[run]\ncases_min = 1.5", "ligne 2 : « cases_min » ne peut pas valoir « 1.5 »"),
        ("[latency.total]\np99_max = 3", "ligne 2 : « p99_max » n’existe pas ici"),
        ("[latency.total]\np95_max = 0", "ligne 2 : « p95_max » ne peut pas valoir « 0 »"),
        ("[latency]\ntotal = 3", "ligne 2 : une étape est une table"),
        ("[tags]\nreserve = 1", "ligne 2 : une étiquette, puis une mesure"),
        ("[tags.reserve.rien]\nmin = 1", "ligne 1 : « rien » n’existe pas ici"),
        ("run = 1", "ligne 1 : « run » est une table"),
        ("", "il ne fixe aucun seuil : il laisserait tout passer"),
        ("[run\n", "ligne 1"),
    ],
)
def test_a_mistake_in_the_file_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, text)
    assert "seuils.toml" in str(raised.value)
    assert said in str(raised.value)


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, "[run]\nfail_max = 0\n[metrics.rappel]\nmin = 1\n[metrics.recall_at_5]\nmin = 2\n")
    assert [line.split(" : ")[0].strip() for line in str(raised.value).splitlines()[1:]] == [
        "- ligne 2",
        "- ligne 3",
        "- ligne 6",
    ]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="n’existe pas"):
        read_thresholds(tmp_path / "rien.toml")


@pytest.mark.parametrize(("least", "held"), [(0.9, True), (0.89, True), (0.91, False)])
def test_a_figure_is_held_to_its_threshold(tmp_path: Path, least: float, held: bool) -> None:
    found = only(run_of(), tmp_path, f"[metrics.recall_at_5]\nmin = {least}")
    assert (found.passed, found.value, bool(found.reason)) == (held, 0.9, not held)


def test_a_figure_may_be_too_high(tmp_path: Path) -> None:
    noise = [MetricValue(name="noise_sensitivity", value=0.4, cases=10)]
    assert not only(run_of(metrics=noise), tmp_path, "[metrics.noise_sensitivity]\nmax = 0.3").passed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[metrics.faithfulness]\nmin = 0", "aucun cas ne donne de note"),
        ("[tags.reserve.recall_at_5]\nmin = 0", "moins de 5 cas portent l’étiquette « reserve »"),
        ("[tags.date.faithfulness]\nmin = 0", "aucun cas ne donne de note"),
        ("[latency.total]\np95_max = 9999", "aucune question n’a été posée"),
    ],
)
def test_what_was_not_measured_does_not_hold(tmp_path: Path, text: str, reason: str) -> None:
    run = run_of(groups=[MetricGroup(tag="date", cases=6, metrics=[])])
    found = only(run, tmp_path, text)
    assert (found.passed, found.value) == (False, None)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("allowed", "held"), [("", False), ("failures_max = 11", False), ("failures_max = 12", True)]
)
def test_scores_that_a_judge_did_not_give_are_not_passed_over(
    tmp_path: Path, allowed: str, held: bool
) -> None:
    judged = [MetricValue(name="faithfulness", value=1.0, cases=13, failures=12)]
    found = only(run_of(metrics=judged), tmp_path, f"[metrics.faithfulness]\nmin = 0.8\n{allowed}")
    assert (found.passed, found.value) == (held, 1.0)
    assert ("12 notes manquent sur 25" in found.reason) is not held


def test_cases_that_failed_do_not_hold_unless_the_file_lets_them(tmp_path: Path) -> None:
    found = verdicts(run_of(failed=1), read(tmp_path, "[metrics.recall_at_5]\nmin = 0.5"))
    assert [one.metric for one in found if not one.passed] == ["run.failed"]
    assert only(run_of(failed=1), tmp_path, "[run]\nfailed_max = 1").passed


@pytest.mark.parametrize("name", ["skipped", "fallback"])
def test_cases_without_an_answer_of_the_model_do_not_hold_either(tmp_path: Path, name: str) -> None:
    run = run_of(**{name: 1})
    found = verdicts(run, read(tmp_path, "[metrics.recall_at_5]\nmin = 0.5"))
    assert [one.metric for one in found if not one.passed] == [f"run.{name}"]
    assert only(run, tmp_path, f"[run]\n{name}_max = 1").passed


@pytest.mark.parametrize(
    ("cases", "wanted", "held"), [(4, "", False), (5, "", True), (4, "cases_min = 4", True)]
)
def test_a_mean_of_a_few_cases_tells_nothing(tmp_path: Path, cases: int, wanted: str, held: bool) -> None:
    metrics = [MetricValue(name="citation_precision", value=1.0, cases=cases)]
    found = only(run_of(metrics=metrics), tmp_path, f"[metrics.citation_precision]\nmin = 0.5\n{wanted}")
    assert (found.passed, found.value) == (held, 1.0)
    assert ("il en faut 5" in found.reason) is not held


def test_an_assistant_that_goes_silent_is_not_better_for_what_it_still_says(tmp_path: Path) -> None:
    text = "[metrics.citation_precision]\nmin = 0.5\ncases_min = 36"
    silent = [MetricValue(name="citation_precision", value=0.7, cases=29)]
    found = only(run_of(metrics=silent), tmp_path, text)
    assert not found.passed
    assert "29 cas seulement ont une note ; il en faut 36" in found.reason


def test_a_run_that_was_interrupted_does_not_hold(tmp_path: Path) -> None:
    found = verdicts(run_of(state="interrupted", done=30), read(tmp_path, "[metrics.recall_at_5]\nmin = 0.5"))
    assert [(one.metric, one.value, one.threshold) for one in found if not one.passed] == [
        ("run.cases", 30, 40)
    ]
    assert "terme" in found[0].reason


def test_skipped_cases_are_not_cases_that_were_tried(tmp_path: Path) -> None:
    assert not only(run_of(skipped=1), tmp_path, "[run]\ncases_min = 40").passed
    assert only(run_of(skipped=1), tmp_path, "[run]\ncases_min = 39").passed


def test_a_tag_and_a_stage_are_held_to_their_own(tmp_path: Path) -> None:
    metric = MetricValue(name="recall_at_5", value=0.5, cases=6)
    run = run_of(
        groups=[MetricGroup(tag="date", cases=6, metrics=[metric])],
        latencies=[Latency(stage="total", p50=80, p95=200, cases=40)],
    )
    found = only(run, tmp_path, "[tags.date.recall_at_5]\nmin = 0.8")
    assert (found.tag, found.value, found.passed) == ("date", 0.5, False)
    assert only(run, tmp_path, "[latency.total]\np95_max = 200").passed
    assert not only(run, tmp_path, "[latency.total]\np50_max = 79").passed


def test_the_console_says_which_figure_lacks_how_much(tmp_path: Path) -> None:
    text = "[metrics.recall_at_5]\nmin = 0.95\n[metrics.faithfulness]\nmin = 0.5"
    console = Console(width=200, record=True, file=(tmp_path / "dev").open("w"))
    console.print(table(verdicts(run_of(), read(tmp_path, text))))
    shown = console.export_text()
    console.file.close()
    assert "MANQUÉ  Rappel à 5 (recall_at_5)" in shown
    assert "il manque 5,0\u00a0points" in shown
    assert "rien n’a été mesuré" in shown
    assert "tenu" in shown


ANSWERED = {"recall_at_5", "quotes_verified", "nothing_forbidden", "balanced_accuracy"}
PROMISED = {
    "smoke": ANSWERED,
    "sample": ANSWERED,
    "injection": {"nothing_forbidden", "quotes_verified", "abstention_accuracy"},
    "masking": {"mask_recall_direct", "mask_recall_special", "mask_precision"},
    "drafts": {"draft_sourced", "draft_nothing_invented", "draft_fact_recall"},
}
"""What the thresholds of each suite must hold."""


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.thresholds.toml")), ids=lambda path: path.name)
def test_the_thresholds_that_ship_can_be_read(path: Path) -> None:
    names = {one.metric for one in read_thresholds(path)}
    suite = path.name.partition(".")[0]
    assert {"run.cases", *PROMISED[suite]} <= names
