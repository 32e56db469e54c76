"""What `python -m eval` ends with: 1 is for a threshold alone, and a person is told how to go on."""

from io import StringIO

import pytest
from rich.console import Console

from eval import history
from eval.__main__ import main
from server.evaluation_schemas import JudgeInfo, MetricValue, RunSummary
from tests.test_eval_resume import view_of


def raising(error: BaseException) -> object:
    def run(*_: object) -> None:
        raise error

    return run


def test_a_fault_of_the_program_does_not_end_as_a_threshold_that_is_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("eval.history.show", raising(KeyError("quelque chose")))
    monkeypatch.setattr("sys.argv", ["eval", "history"])
    assert main() == 3
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "KeyError: 'quelque chose'" in said
    assert said.rstrip().endswith("reprend la mesure.")


@pytest.mark.parametrize(("options", "said"), [([], "la même commande pour"), (["--fresh"], "sans --fresh")])
def test_who_stops_a_run_is_told_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    monkeypatch.setattr("eval.run.run", raising(KeyboardInterrupt()))
    monkeypatch.setattr("sys.argv", ["eval", "run", "smoke", *options])
    assert main() == 130
    assert said in capsys.readouterr().err


def judged(*, by_itself: bool) -> RunSummary:
    judge = JudgeInfo(model="m", url="http://juge.exemple/v1", prompts="fr-1", is_generator=by_itself)
    metrics = [MetricValue(name=name, value=0.5, cases=1) for name in ("faithfulness", "recall_at_10")]
    return view_of("20260105-090000-essai").model_copy(update={"judge": judge, "metrics": metrics})


def test_the_history_marks_what_a_model_said_of_itself() -> None:
    console = Console(file=StringIO(), width=200)
    console.print(history.table_of("essai", [judged(by_itself=False), judged(by_itself=True)]))
    assert isinstance(console.file, StringIO)
    written = console.file.getvalue()
    assert written.count("0,500 †") == 1, "the judged figure of one run, and no other"
    assert "† : le modèle s’est noté lui-même" in " ".join(written.split())


def test_the_history_of_runs_that_others_judged_has_no_mark() -> None:
    assert history.table_of("essai", [judged(by_itself=False)]).caption is None
