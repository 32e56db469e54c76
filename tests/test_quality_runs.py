"""The runs of a folder: listed, opened, deleted, whatever state they are in and whatever name is asked for."""

import json
from pathlib import Path

import pytest

from server.quality.errors import RunDamaged, RunUnderWay, RunUnknown
from server.quality.run_files import load_run
from server.quality.runs import Runs
from tests.quality_cases import HOSTILE_ID
from tests.quality_runs import hold, make_run

OLD, NEW = "20260105-090000-echantillon", "20260106-090000-echantillon"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    evaluations = tmp_path / "evaluations"
    make_run(evaluations, OLD, cases=12)
    return evaluations


def test_runs_are_listed_the_newest_first_beside_what_is_no_run(folder: Path) -> None:
    make_run(folder, NEW, cases=4, judged=True)
    (folder / "answers").mkdir()
    (folder / "judges").mkdir()
    (folder / "notes.txt").write_text("rien")

    listing = Runs(folder).listing()

    assert [run.id for run in listing.runs] == [NEW, OLD]
    assert not listing.broken
    assert {"fact_recall", "faithfulness"} <= {info.name for info in listing.catalogue}


def test_a_folder_that_is_not_there_holds_no_run(tmp_path: Path) -> None:
    assert Runs(tmp_path / "absent").listing().runs == []


@pytest.mark.parametrize("content", [None, "", '{"id": "2026', '{"id": 3}', "\x00"])
def test_a_broken_run_is_told_apart_and_hides_no_other(folder: Path, content: str | None) -> None:
    broken = folder / NEW
    broken.mkdir()
    if content is not None:
        (broken / "run.json").write_text(content)

    listing = Runs(folder).listing()

    assert [run.id for run in listing.runs] == [OLD]
    assert [one.id for one in listing.broken] == [NEW]
    assert "run.json" in listing.broken[0].reason


def test_a_copied_run_goes_by_the_name_of_its_folder(folder: Path) -> None:
    (folder / OLD).rename(folder / "copie")

    assert [run.id for run in Runs(folder).list()] == ["copie"]


def test_a_run_says_how_far_it_is_and_a_line_being_written_does_not_count(folder: Path) -> None:
    make_run(folder, NEW, cases=10, state="running")
    progress = folder / NEW / "progress.jsonl"
    lines = progress.read_bytes().splitlines(keepends=True)
    progress.write_bytes(b"".join([*lines, lines[0], lines[1][:40]]))
    runs = Runs(folder)

    with hold(folder / NEW):
        (run, _) = runs.list()
        detail = runs.detail(NEW)
        with pytest.raises(RunUnderWay):
            runs.load(NEW)
        with pytest.raises(RunUnderWay):
            runs.delete(NEW)

    assert (run.state, run.done, run.cases) == ("running", 5, 10)
    assert detail.lines == []


def test_a_run_whose_program_was_killed_is_interrupted_and_can_be_deleted(folder: Path) -> None:
    make_run(folder, NEW, cases=10, state="running")
    runs = Runs(folder)

    assert runs.list()[0].state == "interrupted"
    runs.delete(NEW)

    assert [run.id for run in runs.list()] == [OLD]


def test_a_run_that_has_just_begun_is_no_broken_one(folder: Path) -> None:
    (folder / NEW).mkdir()
    with hold(folder / NEW):
        assert Runs(folder).listing().broken == []


def test_a_detail_has_a_line_for_each_case_in_their_order(folder: Path) -> None:
    detail = Runs(folder).detail(OLD)
    results = load_run(folder / OLD).results

    assert [line.id for line in detail.lines] == [result.case.id for result in results]
    assert detail.lines[0].question == results[0].case.question
    assert detail.lines[3].scores == results[3].scores
    assert [info.name for info in detail.catalogue] == [metric.name for metric in detail.metrics]


def test_a_run_that_is_written_again_is_read_again(folder: Path) -> None:
    runs = Runs(folder)
    assert runs.detail(OLD).title == "Organisation d’exemple"
    path = folder / OLD / "run.json"
    path.write_text(path.read_text().replace("Organisation d’exemple", "Autre titre"))

    assert runs.detail(OLD).title == "Autre titre"
    assert runs.list()[0].title == "Autre titre"


def test_one_case_is_found_with_its_timing(folder: Path) -> None:
    runs = Runs(folder)
    results = {result.case.id: result for result in load_run(folder / OLD).results}

    for case_id in (HOSTILE_ID, "cas-0001", "note-0007", "cas-0011"):
        found = runs.case(OLD, case_id)
        assert found.result == results[case_id]
        assert found.timing is not None
        assert found.timing.case_id == case_id


@pytest.mark.parametrize("case_id", ["cas-9999", "cas-000", "", '"', ".*"])
def test_a_case_that_is_not_there_is_unknown(folder: Path, case_id: str) -> None:
    with pytest.raises(RunUnknown, match="cas"):
        Runs(folder).case(OLD, case_id)


def test_a_damaged_case_is_said_and_leaves_the_others(folder: Path) -> None:
    cases = folder / OLD / "cases.jsonl"
    lines = cases.read_bytes().splitlines(keepends=True)
    row = json.loads(lines[2])
    lines[2] = json.dumps({**row, "status": "unheard-of"}).encode() + b"\n"
    cases.write_bytes(b"".join(lines))
    runs = Runs(folder)

    with pytest.raises(RunDamaged):
        runs.case(OLD, "cas-0002")
    with pytest.raises(RunDamaged, match="ligne 3"):
        runs.load(OLD)
    assert runs.case(OLD, "cas-0001").result.case.id == "cas-0001"


@pytest.mark.parametrize(
    "run_id",
    ["..", "../evaluations", f"../evaluations/{OLD}", "/etc", "", ".", "answers", "a\x00b", "x" * 65, f"{OLD}/",
     ".supprime-1", "é", f"{OLD}\n"],
)  # fmt: skip
def test_no_name_leads_outside_the_folder(folder: Path, run_id: str) -> None:
    (folder / "answers").mkdir()
    runs = Runs(folder)

    for read in (runs.path, runs.detail, runs.load, runs.delete):
        with pytest.raises(RunUnknown):
            read(run_id)
    assert (folder / OLD / "run.json").exists()


def test_a_link_is_no_run(folder: Path, tmp_path: Path) -> None:
    make_run(tmp_path / "elsewhere", NEW, cases=2)
    (folder / NEW).symlink_to(tmp_path / "elsewhere" / NEW)
    runs = Runs(folder)

    assert [run.id for run in runs.list()] == [OLD]
    with pytest.raises(RunUnknown):
        runs.delete(NEW)
    assert (tmp_path / "elsewhere" / NEW / "run.json").exists()


def test_a_report_is_found_once_it_is_written(folder: Path) -> None:
    runs = Runs(folder)
    with pytest.raises(RunUnknown, match="eval report"):
        runs.report(OLD, "html")
    (folder / OLD / "report.html").write_text("<!DOCTYPE html>")

    assert runs.report(OLD, "html") == folder / OLD / "report.html"


def test_a_deleted_run_is_gone_whole_with_what_a_stopped_server_left(folder: Path) -> None:
    make_run(folder, NEW, cases=3)
    left = folder / ".supprime-0123456789abcdef"
    left.mkdir()
    (left / "run.json").write_text("{}")
    runs = Runs(folder)
    runs.list()

    runs.delete(NEW)

    assert [path.name for path in folder.iterdir()] == [OLD]
    assert [run.id for run in runs.list()] == [OLD]
    with pytest.raises(RunUnknown):
        runs.detail(NEW)
