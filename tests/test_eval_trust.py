"""Whether a run can be believed: a model that died, one that changed behind its name, a run that is taken up again."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from eval.run import RunOptions, run
from eval.run_asking import ANOTHER_ANSWER
from eval.run_folder import begin
from server.case_schemas import Case
from server.evaluation_schemas import RunView, Verdict
from server.quality.run_files import load_run
from server.settings import ServerSettings
from tests.evaluating import COMPLAINTS, case, organisation, use, write_cases
from tests.scripted_model import ScriptedModel
from tests.test_eval_resume import an_asked, view_of

QUOTE = "Toute réclamation reçoit une réponse sous cinq jours ouvrés."
ASKED = (case("reclamation"), Case(id="delai", question="Quel est le délai de réponse à une réclamation ?"))

Measure = Callable[..., RunView]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return organisation(tmp_path_factory.mktemp("organisation"))


@pytest.fixture
def measure(settings: ServerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Run a suite of two questions, one after the other."""
    use(monkeypatch, settings)
    suite = write_cases(tmp_path / "confiance.jsonl", *ASKED)

    def measured(**options: object) -> RunView:
        return run(RunOptions(str(suite), concurrency=1, **options), Console(file=StringIO()))  # type: ignore[arg-type]

    return measured


@pytest.fixture
def written(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    """The model writes the answers."""
    model.forget()
    for name, value in (("GENERATOR", "openai"), ("MODEL_URL", model.base_url), ("MODEL_NAME", model.name)):
        monkeypatch.setenv(f"FANAL_{name}", value)
    return model


def answers(written: ScriptedModel, text: str = QUOTE, times: int = 2) -> None:
    for _ in range(times):
        written.states((text, 1, QUOTE))


def test_answers_that_a_dead_model_did_not_write_are_counted_and_said_first(
    measure: Measure, written: ScriptedModel
) -> None:
    view = measure()  # it is listed, and fails on each question
    assert (view.configuration is not None, view.done, view.fallback) == (True, 2, 2)
    assert view.warnings[0].startswith("2 réponses sur 2 ne sont pas de")
    assert written.name in view.warnings[0]


def test_what_the_model_wrote_is_no_fallback(measure: Measure, written: ScriptedModel) -> None:
    answers(written)
    view = measure(use_cache=False)
    assert (view.fallback, view.warnings) == (0, [])


def test_a_run_without_a_model_has_no_fallback_and_says_what_it_took_from_the_cache(measure: Measure) -> None:
    measure(use_cache=False)
    view = measure()
    assert (view.fallback, view.usage.cached) == (0, 2)
    assert any(one.startswith("2 réponses reprises d’une mesure d’avant") for one in view.warnings)


def test_a_model_that_changed_behind_its_name_is_asked_everything_again(
    measure: Measure, written: ScriptedModel
) -> None:
    answers(written)
    measure(use_cache=False, fresh=True)
    answers(written, times=1)
    same = measure(fresh=True)
    assert same.usage.cached == 1, "one was asked again, and came out the same"
    assert ANOTHER_ANSWER not in same.warnings
    written.forget()
    answers(written, text="Une réclamation reçoit une réponse sous cinq jours ouvrés.")
    other = measure(fresh=True)
    assert other.usage.cached == 0
    assert ANOTHER_ANSWER in other.warnings


def test_a_model_that_died_is_not_answered_for_by_the_cache(measure: Measure, written: ScriptedModel) -> None:
    answers(written)
    measure(use_cache=False, fresh=True)
    written.forget()
    view = measure(fresh=True)
    assert (view.fallback, view.usage.cached) == (2, 0)


def test_a_model_that_is_held_to_thresholds_is_asked_everything(
    measure: Measure, written: ScriptedModel, tmp_path: Path
) -> None:
    answers(written)
    measure(use_cache=False, fresh=True)
    answers(written)
    thresholds = tmp_path / "seuils.toml"
    thresholds.write_text("[run]\ncases_min = 1\n", "utf-8")
    view = measure(fresh=True, thresholds=thresholds)
    assert view.usage.cached == 0
    assert not written.scripts, "both were asked"


def test_a_judgement_of_another_answer_or_of_a_failure_is_not_kept(tmp_path: Path) -> None:
    folder = begin(tmp_path, "essai", view_of)
    now = [an_asked(one).result for one in ("reclamation", "transport", "budget", "inconnu")]
    judged = [
        one.model_copy(update={"verdicts": [Verdict(metric="faithfulness", text="Lu.")]}) for one in now
    ]
    folder.note_judged(judged[0])
    folder.note_judged(judged[1].model_copy(update={"status": "failed", "error": "Erreur 500"}))
    other = judged[2].case.model_copy(update={"question": COMPLAINTS})
    folder.note_judged(judged[2].model_copy(update={"case": other}))
    folder.note_judged(judged[3].model_copy(update={"unscored": {"faithfulness": "le juge est injoignable"}}))
    assert folder.judged(now) == {"reclamation": judged[0]}
    folder.close()


def test_what_a_run_writes_is_its_owners_alone(measure: Measure, settings: ServerSettings) -> None:
    view = measure(use_cache=False)
    folder = settings.data_dir / "evaluations"
    written = [folder, *folder.rglob("*")]
    assert load_run(folder / view.id).results
    assert any("answers" in path.parts and path.is_file() for path in written)
    assert [path for path in written if path.stat().st_mode & 0o077] == []
