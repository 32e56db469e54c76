"""What a report says in words: how often, how far people agree, and a run in short."""

from pathlib import Path

from eval.reporting import wording
from eval.reporting.summary import summarise
from server.evaluation_schemas import Agreement, MetricValue
from server.quality.run_files import LoadedRun, load_run
from tests.quality_runs import make_run


def of_cases(value: float, cases: int) -> MetricValue:
    return MetricValue(name="abstention_accuracy", value=value, cases=cases)


def test_a_run_in_short_says_what_its_figures_are_of(tmp_path: Path) -> None:
    make_run(tmp_path, "20260105-090000-echantillon", cases=60)
    metrics = [of_cases(0.88, 64), MetricValue(name="fact_recall", value=0.75, cases=40)]
    kept = load_run(tmp_path / "20260105-090000-echantillon")
    said = summarise(LoadedRun(kept.view.model_copy(update={"metrics": metrics}), kept.results, {})).in_short
    assert said == (
        "L’assistant répond ou se tait à raison environ 9 fois sur 10 ; à une question qui a sa réponse dans les "
        "documents, il dit 75\u202f% des faits attendus, silences compris."
    )


def test_how_often_and_how_far_people_agree_is_said_in_words() -> None:
    assert [wording.often(of_cases(value, 30)) for value in (0.88, 1.0, 0.97, 0.0, 0.03)] == [
        "environ 9 fois sur 10", "à chaque fois", "presque toujours", "jamais", "presque jamais",
    ]  # fmt: skip
    assert wording.often(of_cases(1.0, 3)) == "dans 100\u202f% de 3\u00a0cas seulement"
    assert wording.often(of_cases(0.0, 29)) == "dans 0\u202f% de 29\u00a0cas seulement"
    assert wording.agreement(None) == "juge non étalonné"
    assert wording.agreement(Agreement(kappa=None, cases=60)) == "étalonnage du juge sans résultat"
    assert wording.agreement(Agreement(kappa=-0.1, cases=60)).startswith("accord faible")
    assert wording.agreement(Agreement(kappa=0.85, cases=60)).startswith("accord très bon")
