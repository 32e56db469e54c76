"""A run that a judge marks: its scores, what it said, how far it agrees with people, and nothing asked twice."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from eval.judging.calibrate import Calibration, MetricAgreement, write
from eval.judging.wordings import VERSION
from eval.run import RunOptions, run
from server.evaluation_schemas import CaseResult
from server.quality.catalogue import JUDGED
from tests.evaluating import case, organisation, use, write_cases
from tests.scripted_judge import ScriptedJudge, judge_app
from tests.served import serving


@pytest.mark.slow  # an index, two runs and ragas' import
def test_a_judged_run_shows_scores_reasons_and_agreement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = organisation(tmp_path)
    use(monkeypatch, settings)
    fact = "Toute réclamation reçoit une réponse sous cinq jours ouvrés."
    answered = case("reclamation").model_copy(update={"facts": [fact]})
    suite = write_cases(tmp_path / "essai.jsonl", answered, case("inconnu"))
    known = {"faithfulness": MetricAgreement(kappa=0.7, low=0.5, high=0.9, cases=60)}
    script = ScriptedJudge()
    with serving(judge_app(script)) as url:
        kept = Calibration(model=script.name, url=url, prompts=VERSION, labels="x", threshold=0.5, answers=60,
                           metrics=known, judged=[], labelled_by="organisation")  # fmt: skip
        write(kept, settings.data_dir)
        options = RunOptions(str(suite), judge=f"{url}/v1", judge_model=script.name)
        view = run(options, Console(file=StringIO()))
        asked = len(script.requests)
        again = run(options, Console(file=StringIO()))
        assert len(script.requests) == asked > 0
    values = {one.name: one for one in view.metrics if one.name in JUDGED}
    assert set(values) == set(JUDGED)
    assert values["faithfulness"].value == 1.0
    assert values["faithfulness"].agreement is not None
    assert values["faithfulness"].agreement.kappa == 0.7
    assert values["context_recall"].agreement is None
    assert all(one.cases == 1 for one in values.values())  # the silence is not judged
    assert view.judge is not None
    assert (view.judge.failures, view.judge.calls) == (0, asked)
    lines = [settings.data_dir / "evaluations" / one.id / "cases.jsonl" for one in (view, again)]
    assert lines[0].read_bytes() == lines[1].read_bytes()
    judged = CaseResult.model_validate_json(lines[0].read_text("utf-8").splitlines()[0])
    assert any("est dans les passages" in verdict.text for verdict in judged.verdicts)
