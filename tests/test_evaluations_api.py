"""`/v1/evaluations` as other programs see it: runs, cases, comparisons and reports, and who may read what of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eval.report import write_reports
from server.case_schemas import Case, GoldPassage
from server.comparison_schemas import Comparison
from server.evaluation_schemas import AnswerRecord, CaseDetail, CaseResult, RunDetail, RunList, Verdict
from server.quality.run_rights import FORBIDDEN_WITHHELD, RESERVED, RESERVED_CASE
from server.schemas import Passage
from tests.office import OPEN, Office, refused
from tests.office import RESERVED as SECRET
from tests.quality_runs import hold, make_configuration, make_run, make_view, write_run

pytest_plugins = ["tests.office_fixtures"]

BEFORE, AFTER = "20260105-090000-echantillon", "20260106-090000-echantillon"
RUNNING = "20260106-180000-echantillon"
RIGHTS = "20260107-090000-droits"
CASES = 12


@pytest.fixture(scope="module")
def folder(app_client: Any) -> Iterator[Path]:
    """The folder of runs, with two that everybody may read and one that is under way."""
    folder: Path = app_client.app.state.parts.settings.data_dir / "evaluations"
    make_run(folder, BEFORE, cases=CASES)
    make_run(folder, AFTER, cases=CASES, shift=-0.5)
    make_run(folder, RUNNING, cases=CASES, state="running")
    write_reports(folder / BEFORE)
    with hold(folder / RUNNING):
        yield folder
    shutil.rmtree(folder)


@pytest.fixture
def bench(office: Office, folder: Path) -> Iterator[Office]:
    """The office, where somebody sits who is of the groups that the sample's cases are asked as."""
    office.sits("alice", "direction", "bilans")
    yield office
    shutil.rmtree(folder / RIGHTS, ignore_errors=True)


def got(office: Office, address: str = "") -> Any:
    response = office.client.get(f"/v1/evaluations{address}")
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "private, no-store"
    return response.json()


def detail(office: Office, run_id: str = RIGHTS) -> RunDetail:
    return RunDetail.model_validate(got(office, f"/{run_id}"))


def case(office: Office, case_id: str, run_id: str = RIGHTS) -> CaseDetail:
    return CaseDetail.model_validate(got(office, f"/{run_id}/cases/{case_id}"))


# ---------------------------------------------------------------- the contract


def test_the_runs_are_listed_the_newest_first_and_one_under_way_says_how_far_it_is(bench: Office) -> None:
    found = RunList.model_validate(got(bench))
    assert [run.id[:15] for run in found.runs] == ["20260106-180000", "20260106-090000", "20260105-090000"]
    running = found.runs[0]
    assert (running.state, running.done, running.cases) == ("running", CASES // 2, CASES)
    assert {info.name for info in found.catalogue} >= {"recall_at_5", "fact_recall"}


def test_a_run_that_cannot_be_read_hides_no_other(bench: Office, folder: Path) -> None:
    (folder / RIGHTS).mkdir()
    (folder / RIGHTS / "run.json").write_text('{"id": 3', "utf-8")
    found = RunList.model_validate(got(bench))
    assert [run.id for run in found.broken] == [RIGHTS]
    assert len(found.runs) == 3
    response = bench.client.get(f"/v1/evaluations/{RIGHTS}")
    assert found.broken[0].reason == "Le fichier run.json est abîmé : ce n’est pas du JSON, ou il est coupé."
    assert "abîmé" in refused(response, 422)
    assert str(folder) not in response.text


def test_a_run_has_its_figures_and_a_line_for_each_case(bench: Office) -> None:
    found = detail(bench, BEFORE)
    assert len(found.lines) == found.cases == CASES
    assert all(line.question != RESERVED for line in found.lines)
    one = case(bench, found.lines[1].id, BEFORE)
    assert (one.result.case.question, one.withheld) == (found.lines[1].question, None)
    assert one.result.answer is not None
    assert one.timing is not None


def test_two_runs_are_compared(bench: Office) -> None:
    found = Comparison.model_validate(got(bench, f"/{BEFORE}/compare/{AFTER}"))
    assert (found.before.id, found.after.id) == (BEFORE, AFTER)
    assert {change.verdict for change in found.changes} >= {"worse"}
    assert found.unchanged + len(found.changes) == CASES


@pytest.mark.parametrize(
    ("written_as", "media_type", "shown"),
    [
        ("html", "text/html; charset=utf-8", "inline"),
        ("md", "text/markdown; charset=utf-8", "attachment"),
        ("json", "application/json", "attachment"),
    ],
)
def test_a_report_is_sent_whole_and_can_reach_nothing(
    bench: Office, folder: Path, written_as: str, media_type: str, shown: str
) -> None:
    response = bench.client.get(f"/v1/evaluations/{BEFORE}/report", params={"format": written_as})
    assert response.status_code == 200
    assert response.content == (folder / BEFORE / f"report.{written_as}").read_bytes()
    assert response.headers["content-type"] == media_type
    assert response.headers["content-disposition"] == f'{shown}; filename="{BEFORE}.{written_as}"'
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "private, no-store"
    policy = response.headers["content-security-policy"].split("; ")
    assert {"sandbox allow-scripts allow-popups", "default-src 'none'", "img-src data:"} <= set(policy)


@pytest.mark.parametrize(
    "address",
    [
        "/20260101-000000-inconnue",
        f"/{BEFORE}/cases/inconnu",
        f"/{BEFORE}/cases/..%2F..%2Ffanal.sqlite",
        f"/{BEFORE}/compare/inconnue",
        f"/inconnue/compare/{BEFORE}",
        f"/{AFTER}/report",
        "/inconnue/report",
        "/..%2F..%2Fetc",
        "/%2e%2e",
        "/answers",
    ],
)
def test_what_is_not_there_is_said_in_french(bench: Office, address: str) -> None:
    detail = refused(bench.client.get(f"/v1/evaluations{address}"), 404)
    assert "n’existe pas" in detail or "n’a pas" in detail


@pytest.mark.parametrize("address", [f"/{BEFORE}/report?format=pdf", f"/{BEFORE}/report?format=../run.json"])
def test_another_format_is_refused(bench: Office, address: str) -> None:
    assert "Le format" in refused(bench.client.get(f"/v1/evaluations{address}"), 422)


def test_a_run_under_way_has_no_comparison_and_no_report_and_is_not_deleted(bench: Office) -> None:
    client = bench.client
    assert detail(bench, RUNNING).lines == []
    assert "pas terminée" in refused(client.get(f"/v1/evaluations/{BEFORE}/compare/{RUNNING}"), 409)
    assert client.get(f"/v1/evaluations/{RUNNING}/report").status_code == 404
    assert "en cours" in refused(client.delete(f"/v1/evaluations/{RUNNING}"), 409)
    assert len(got(bench)["runs"]) == 3


def test_a_deleted_run_is_gone_and_the_audit_says_who_did_it(bench: Office, folder: Path) -> None:
    write_rights(bench, folder, [result("a")])
    assert bench.client.delete(f"/v1/evaluations/{RIGHTS}").status_code == 204
    assert not (folder / RIGHTS).exists()
    assert "n’existe pas" in refused(bench.client.delete(f"/v1/evaluations/{RIGHTS}"), 404)
    acts = [one.act for one in bench.parts.audit.lines() if one.act.act == "evaluation_deleted"]
    assert [(act.actor, act.object_id) for act in acts if act.object_id == RIGHTS] == [("alice", RIGHTS)]


# ---------------------------------------------------------------- rights


def result(name: str, *passages: Passage, **fields: Any) -> CaseResult:
    """Give what a case gave: an answer that says what its passages do."""
    asked = Case(id=name, question=f"Question {name} ?", **fields)
    answer = AnswerRecord(
        mode="extractive", model="extractif", abstained=not passages, statements=[], passages=[*passages]
    )
    said = "; ".join(passage.text for passage in passages)
    verdicts = [Verdict(metric="fact_recall", text=said), Verdict(metric="nothing_forbidden", text=said)]
    return CaseResult(case=asked, answer=answer, scores={"fact_recall": 0.5}, verdicts=verdicts)


def write_rights(office: Office, folder: Path, results: list[CaseResult], **fields: Any) -> None:
    """Write the run of these results, and a report that says it all."""
    view = make_view(RIGHTS, results, []).model_copy(update=fields)
    write_run(folder / RIGHTS, view, results, [])
    write_reports(folder / RIGHTS)


def reserved_result(office: Office, name: str = "budget") -> CaseResult:
    gold = [GoldPassage(document="Budget", quote=SECRET)]
    shown = [office.passage("délais"), office.passage("budget")]
    return result(name, *shown, groups=["direction"], gold=gold, facts=[SECRET], forbidden=[SECRET])


def test_a_case_of_another_group_is_a_number_and_its_scores(bench: Office, folder: Path) -> None:
    write_rights(bench, folder, [reserved_result(bench), result("delais", bench.passage("délais"))])
    assert case(bench, "budget").result == reserved_result(bench)
    bench.sits("bob")
    assert [line.question for line in detail(bench).lines] == [RESERVED, "Question delais ?"]
    found = case(bench, "budget")
    assert found.withheld == RESERVED_CASE
    assert found.result == CaseResult(
        case=Case(id="budget", question=RESERVED, groups=["direction"]), scores={"fact_recall": 0.5}
    )
    everything = [bench.client.get(f"/v1/evaluations/{RIGHTS}{tail}").text for tail in ("", "/cases/budget")]
    assert "recrutements" not in "".join(everything)
    assert case(bench, "delais").withheld is None


def test_a_passage_that_was_restricted_since_takes_its_case_away(bench: Office, folder: Path) -> None:
    bench.sits("bob")
    write_rights(bench, folder, [result("delais", bench.passage("délais"))])
    assert OPEN in str(case(bench, "delais").result.verdicts)
    bench.restrict("délais", "rh")
    assert case(bench, "delais").withheld == RESERVED_CASE
    assert "réservés" in refused(bench.client.get(f"/v1/evaluations/{RIGHTS}/report"), 403)


def test_a_server_elsewhere_answered_as_whoever_it_took_the_runner_for(bench: Office, folder: Path) -> None:
    asked_as = make_configuration(groups=["direction"])
    gone = bench.passage("budget").model_copy(update={"id": "ailleurs", "document_id": "ailleurs:budget"})
    write_rights(
        bench, folder, [result("budget", gone)], endpoint="http://127.0.0.1:9", configuration=asked_as
    )
    assert case(bench, "budget").withheld is None
    bench.sits("bob")
    assert case(bench, "budget").withheld == RESERVED_CASE
    assert [line.question for line in detail(bench).lines] == [RESERVED]


def test_what_must_not_be_said_is_shown_to_who_is_of_all_groups(
    bench: Office, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = bench.parts.settings.sources_file
    section = '[[source]]\nname = "direction"\nkind = "procedure"\nfolder = "d"\ngroups = ["direction"]\n'
    monkeypatch.setattr(bench.parts.settings, "sources_file", sources.with_name("reserves.toml"))
    bench.parts.settings.sources_file.write_text(section, "utf-8")
    write_rights(bench, folder, [result("delais", bench.passage("délais"), forbidden=["recrutements"])])
    assert case(bench, "delais").result.case.forbidden == ["recrutements"]
    bench.sits("bob")
    found = case(bench, "delais")
    assert (found.withheld, found.result.case.forbidden) == (FORBIDDEN_WITHHELD, [])
    assert [one.metric for one in found.result.verdicts] == ["fact_recall"]
    assert bench.client.get(f"/v1/evaluations/{RIGHTS}/report").status_code == 403


@pytest.mark.parametrize("written_as", ["html", "md", "json"])
def test_a_report_with_another_group_s_texts_is_refused(bench: Office, folder: Path, written_as: str) -> None:
    write_rights(bench, folder, [reserved_result(bench)])
    address = f"/v1/evaluations/{RIGHTS}/report?format={written_as}"
    assert bench.client.get(address).status_code == 200
    bench.sits("bob")
    response = bench.client.get(address)
    assert "groupes dont vous n’êtes pas" in refused(response, 403)
    assert response.json()["title"] == "Réservé"


def test_a_run_with_another_group_s_texts_is_deleted_by_who_may_read_its_report(
    bench: Office, folder: Path
) -> None:
    write_rights(bench, folder, [reserved_result(bench)])
    acts = len([*bench.parts.audit.lines()])
    bench.sits("bob")
    assert "groupes dont vous n’êtes pas" in refused(bench.client.delete(f"/v1/evaluations/{RIGHTS}"), 403)
    assert (folder / RIGHTS / "cases.jsonl").exists()
    assert len([*bench.parts.audit.lines()]) == acts
    bench.sits("alice", "direction")
    assert bench.client.delete(f"/v1/evaluations/{RIGHTS}").status_code == 204
    (folder / RIGHTS).mkdir()
    (folder / RIGHTS / "run.json").write_text("{", "utf-8")
    bench.sits("bob")
    assert (
        bench.client.delete(f"/v1/evaluations/{RIGHTS}").status_code == 204
    )  # there is nothing in it to read


def test_a_comparison_has_no_question_of_another_group(bench: Office, folder: Path) -> None:
    write_rights(bench, folder, [reserved_result(bench)])
    after = "20260108-090000-droits"
    better = reserved_result(bench).model_copy(update={"scores": {"fact_recall": 1.0}})
    write_run(folder / after, make_view(after, [better], []), [better], [])
    try:
        questions = []
        for groups in (["direction"], []):
            bench.sits("bob", *groups)
            found = Comparison.model_validate(got(bench, f"/{RIGHTS}/compare/{after}"))
            questions.append([change.question for change in found.changes])
        assert questions == [["Question budget ?"], [RESERVED]]
    finally:
        shutil.rmtree(folder / after)
