"""What the quality team has, for tests of rights: runs, cases and feedback that each hold every group's own word."""

import shutil
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from fastapi.testclient import TestClient

from eval.report import write_reports
from server.case_schemas import Case
from server.evaluation_schemas import CaseResult
from tests.quality_runs import make_view, write_run

BEFORE, AFTER = "20260105-090000-droits", "20260106-090000-droits"
"""Runs with a case of each group, which got better from the one to the other; `<group>-seul` has that case alone."""

_DAYS = count()

Asked = Callable[[TestClient], httpx.Response]


def write_runs(folder: Path, words: Mapping[str, str]) -> None:
    """Write what runs leave on disk.

    Args:
        words: by group, the word that it alone may read.
    """
    for name, score in ((BEFORE, 0.0), (AFTER, 1.0)):
        write_run_of(folder / name, words, score)
    for group, word in words.items():
        write_run_of(folder / f"{group}-seul", {group: word}, 1.0)


def write_run_of(folder: Path, words: Mapping[str, str], score: float) -> None:
    """Write a run with a case for each group, asked as a member of it."""
    results = [
        CaseResult(
            case=Case(id=group, question=f"Combien de {word} ?", groups=[group], facts=[word]),
            scores={"fact_recall": score},
        )
        for group, word in words.items()
    ]
    write_run(folder, make_view(folder.name, results, []), results, [])
    write_reports(folder)


def write_cases(client: TestClient, words: Mapping[str, str]) -> None:
    """Keep a case of each group."""
    for group, word in words.items():
        case = {"id": group, "question": f"Combien de {word} ?", "groups": [group], "facts": [word]}
        assert client.post("/v1/cases", json={"case": case}).status_code == 201


def each_group(words: Mapping[str, str], address: str, **body: Any) -> Asked:
    """Ask for what is each group's own, and join what comes."""

    def asked(client: TestClient) -> httpx.Response:
        method = "PATCH" if body else "GET"
        found = [client.request(method, address.format(group), json=body or None) for group in words]
        assert {one.status_code for one in found} <= {200, 403, 404}
        return httpx.Response(200, content=b"\n".join(one.content for one in found))

    return asked


def a_case() -> dict[str, Any]:
    """Give a case that is not kept yet: no two are about the same day."""
    number = next(_DAYS)
    day = date(2000, 1, 1) + timedelta(days=number)
    return {"id": f"cas-{number}", "question": "Quel est le plafond ?", "as_of": str(day)}


def written_case(client: TestClient) -> httpx.Response:
    """Write a case, then what is refused: its question again, and the id of a group's own case."""
    case = a_case()
    kept = client.post("/v1/cases", json={"case": case})
    again = [client.post("/v1/cases", json={"case": case | {"id": name}}) for name in ("autre", "direction")]
    assert {one.status_code for one in again} == {409}
    return httpx.Response(kept.status_code, content=b"\n".join(one.content for one in (kept, *again)))


def deleted_case(client: TestClient) -> httpx.Response:
    """Write a case and delete it."""
    case = a_case()
    client.post("/v1/cases", json={"case": case})
    return client.delete(f"/v1/cases/{case['id']}")


def deleted_run(words: Mapping[str, str]) -> Asked:
    """Write a run of each group and delete them: those of other groups are refused."""

    def asked(client: TestClient) -> httpx.Response:
        app: Any = client.app
        answers = []
        for group, word in words.items():
            folder: Path = app.state.parts.settings.data_dir / "evaluations" / f"{group}-a-supprimer"
            write_run_of(folder, {group: word}, 1.0)
            answers.append(client.delete(f"/v1/evaluations/{folder.name}"))
            assert folder.exists() is (answers[-1].status_code == 403)
            shutil.rmtree(folder, ignore_errors=True)
        assert {one.status_code for one in answers} <= {204, 403}
        return httpx.Response(200, content=b"\n".join(one.content for one in answers))

    return asked


def texts(words: Mapping[str, str]) -> dict[tuple[str, str], Asked]:
    """Give what shows texts, by method and path."""
    return {
        ("GET", "/v1/feedback"): lambda client: client.get("/v1/feedback"),
        ("GET", "/v1/cases"): lambda client: client.get("/v1/cases"),
        ("GET", "/v1/cases/export"): lambda client: client.get("/v1/cases/export"),
        ("PATCH", "/v1/cases/{case_id}"): each_group(words, "/v1/cases/{}", state="accepted"),
        ("GET", "/v1/evaluations/{run_id}"): lambda client: client.get(f"/v1/evaluations/{BEFORE}"),
        ("GET", "/v1/evaluations/{run_id}/cases/{case_id}"): each_group(
            words, f"/v1/evaluations/{BEFORE}/cases/{{}}"
        ),
        ("GET", "/v1/evaluations/{run_id}/report"): each_group(words, "/v1/evaluations/{}-seul/report"),
        ("GET", "/v1/evaluations/{before}/compare/{after}"): lambda client: client.get(
            f"/v1/evaluations/{BEFORE}/compare/{AFTER}"
        ),
    }


def silent(words: Mapping[str, str]) -> dict[tuple[str, str], Asked]:
    """Give what shows no text, by method and path."""
    return {
        ("POST", "/v1/cases"): written_case,
        ("DELETE", "/v1/cases/{case_id}"): deleted_case,
        ("GET", "/v1/configuration"): lambda client: client.get("/v1/configuration"),
        ("GET", "/v1/evaluations"): lambda client: client.get("/v1/evaluations"),
        ("DELETE", "/v1/evaluations/{run_id}"): deleted_run(words),
    }
