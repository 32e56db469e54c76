"""A small model beside extracts: what was asked is kept without its passages, told for what it is, and told whole."""

import os
from pathlib import Path

import pytest

from eval import model_report_runs
from eval.model_report_runs import PACE, SUITES, keep, kept, main, writing_with
from eval.model_report_tables import Pair, page
from eval.reporting.markdown import safe
from eval.suites import load_suite
from ingest.errors import ConfigurationError
from server.quality.run_files import LoadedRun
from server.schemas import Mode, Statement
from tests.quality_runs import make_run

CASES = 12


@pytest.fixture
def evaluations(tmp_path: Path) -> Path:
    """Runs of the questions without a model and with one, which was stopped half way; the drafts were not asked."""
    folder = tmp_path / "evaluations"
    made(folder, "20260105-090000-a", "extractive", "done")
    made(folder, "20260105-100000-b", "generative", "interrupted")
    made(folder, "20260104-080000-c", "generative", "done")  # an older one
    return folder


def made(folder: Path, run_id: str, mode: Mode, state: str) -> None:
    make_run(folder, run_id, cases=CASES, mode=mode, state=state, suite=SUITES[0])  # type: ignore[arg-type]


def both(folder: Path) -> Pair:
    return Pair(kept(folder, SUITES[0], "extractive"), kept(folder, SUITES[0], "generative"))


def test_a_run_that_was_stopped_is_kept_for_what_was_asked_and_scored(
    evaluations: Path, tmp_path: Path
) -> None:
    keep(evaluations, tmp_path / "report")
    pair = both(tmp_path / "report")
    assert len(pair.extractive.results) == CASES
    assert len(pair.generative.results) == CASES // 2
    assert all(result.scores for result in pair.generative.results)
    assert [one.case.id for one in pair.shared().extractive.results] == [
        one.case.id for one in pair.generative.results
    ]


def test_what_is_kept_names_the_cited_passages_and_holds_no_text_of_theirs(
    evaluations: Path, tmp_path: Path
) -> None:
    keep(evaluations, tmp_path)
    answers = [one.answer for one in both(tmp_path).extractive.results if one.answer]
    assert answers
    for answer in answers:
        cited = {one.passage_id for said in answer.statements for one in said.citations}
        assert {passage.id for passage in answer.passages} == cited
        assert not any(passage.text for passage in answer.passages)


def test_the_page_says_how_many_cases_it_rests_on(evaluations: Path, tmp_path: Path) -> None:
    keep(evaluations, tmp_path)
    text = page([both(tmp_path)], "## Ce qu’une personne en a lu\n\nRien de bon.")
    assert f"{CASES // 2} cas sur {CASES} posés aux deux : **la mesure n’est pas finie**" in text
    assert "| Citations retrouvées mot pour mot | " in text
    assert "Rappel à 5" not in text  # what was found is the same in both
    assert "Rien de bon." in text
    for result in both(tmp_path).generative.results:
        assert safe(result.case.question) in text
    assert "<script" not in text


def test_what_the_documents_answered_is_told_and_is_no_sentence_of_the_model(
    evaluations: Path, tmp_path: Path
) -> None:
    keep(evaluations, tmp_path)
    pair = both(tmp_path)
    [first, *others] = pair.generative.results
    assert first.answer is not None
    said = Statement(text="Une phrase des documents.", verified=True, citations=[])
    answer = first.answer.model_copy(update={"mode": "extractive", "abstained": False, "statements": [said]})
    fallen = first.model_copy(update={"answer": answer})
    told = page([Pair(pair.extractive, with_results(pair.generative, [fallen, *others]))], "")
    assert "- 1\u00a0cas où le modèle n’a pas répondu, ou pas jusqu’au bout" in told
    assert "Une phrase des documents." not in told


def with_results(run: LoadedRun, results: list) -> LoadedRun:  # type: ignore[type-arg]
    return LoadedRun(run.view, results, run.timings)


def test_nothing_asked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="lancez d’abord « collect »"):
        keep(tmp_path, tmp_path / "report")
    monkeypatch.setattr(model_report_runs, "FOLDER", tmp_path)
    assert main(["write"]) == 2


def test_the_model_is_asked_with_its_own_pace_and_what_was_set_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FANAL_MODEL_CONTEXT", "4096")
    monkeypatch.setenv("FANAL_GENERATOR", "extractive")
    monkeypatch.delenv("FANAL_MODEL_SECONDS", raising=False)
    with writing_with("generative", "http://127.0.0.1:9/v1", "petit"):
        assert os.environ["FANAL_GENERATOR"] == "openai"
        assert os.environ["FANAL_MODEL_CONTEXT"] == "4096"
        assert os.environ["FANAL_MODEL_SECONDS"] == PACE["FANAL_MODEL_SECONDS"]
    assert os.environ["FANAL_GENERATOR"] == "extractive"
    assert "FANAL_MODEL_SECONDS" not in os.environ


def test_the_suites_are_fixed_and_hold_what_they_should() -> None:
    questions, drafts = (load_suite(name).cases for name in SUITES)
    assert (len(questions), len(drafts)) == (50, 10)
    assert sum(case.must_abstain for case in questions) == 13
    assert sum(bool(case.history) for case in questions) == 6
    assert sum(case.as_of is not None for case in questions) == 8
    assert len({case.draft.template for case in drafts if case.draft}) == 7
