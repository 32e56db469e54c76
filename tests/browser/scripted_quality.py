"""The real server over runs, feedback and cases made for the tests of the page « Qualité », and faults by script.

with quality_server(folder) as (app, url):
    app.state.faults["/v1/cases"] = (507, "Le disque du serveur est plein.")   # until it is taken out again
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from eval.report import write_reports
from ingest.documents import EVERYONE
from server.access import Caller
from server.app import create_app
from server.case_schemas import Case, GoldPassage
from server.dependencies import Parts
from server.quality.run_files import LOCK
from server.schemas import Answer, FeedbackRequest, Passage, Problem, Reason, Statement
from server.settings import ServerSettings
from tests.browser.scenes import ARTICLE, BILAN, CONNECTED, CPF, DESTROYED, KEPT, OLD_NOTE
from tests.quality_runs import make_run
from tests.served import serving

FIRST, SECOND, JUDGED = (
    "20261005-083000-echantillon",
    "20261102-083000-echantillon",
    "20261120-083000-echantillon",
)
SUITE_CASES = 200
BIG, RUNNING, BROKEN = "20261101-090000-grand", "20261122-083000-echantillon", "20261001-090000-cassee"
BIG_CASES = 1_000
EMPTY = 200
"""The status of a fault that is none: what is said is the whole answer."""
OWNER = Caller(frozenset()).user

WRONG = "Combien de temps garde-t-on la synthèse d’un bilan ?"
SILENT = "Quel est le montant de la prime de Noël des conseillers ?"
USEFUL = "Qui valide une inscription sur le compte formation ?"


@contextmanager
def quality_server(folder: Path) -> Iterator[tuple[FastAPI, str]]:
    """Serve runs, feedback and proposed cases; gives the application and its address."""
    (folder / "sources.toml").write_text("", "utf-8")
    make_runs(folder / "data" / "evaluations")
    settings = ServerSettings(
        data_dir=folder / "data",
        local_groups=frozenset({"direction"}),
        sources_file=folder / "sources.toml",
        embed_in_background=False,
        _env_file=None,
    )
    app = create_app(settings)
    app.state.faults = {}
    app.add_middleware(Faults, by_path=app.state.faults)
    with serving(app) as url, held(folder / "data" / "evaluations" / RUNNING):
        fill(app.state.parts)
        yield app, url


@contextmanager
def held(run: Path) -> Iterator[None]:
    """Hold a run as the program that makes it does."""
    with (run / LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Faults:
    """Answers by script where a test says so, in place of the server that it stands before.

    Args:
        by_path: the beginning of an address, then the status and what is said.
    """

    def __init__(self, app: ASGIApp, by_path: dict[str, tuple[int, str]]) -> None:
        self._app, self._by_path = app, by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        fault = next((fault for start, fault in self._by_path.items() if path.startswith(start)), None)
        if fault is None or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, said = fault
        problem = Problem(title="Impossible", status=status, detail=said)
        content = said if status == EMPTY else problem.model_dump_json()
        await Response(content, status, media_type="application/json")(scope, receive, send)


def make_runs(folder: Path) -> None:
    """Leave a weak run, a better one, one that judged itself, one of a thousand cases, one under way, a broken one."""
    make_run(folder, FIRST, cases=SUITE_CASES, shift=-0.22)
    make_run(folder, SECOND, cases=SUITE_CASES, seed=2)
    make_run(
        folder,
        JUDGED,
        cases=SUITE_CASES,
        seed=3,
        mode="generative",
        judged=True,
        self_judged=True,
        shift=0.08,
    )
    make_run(folder, BIG, cases=BIG_CASES, suite="grand", title="Toutes les questions", passages=2)
    make_run(folder, RUNNING, cases=SUITE_CASES, state="running", started_at=datetime.now(UTC))
    for run_id in (FIRST, SECOND, JUDGED):
        write_reports(folder / run_id)
    (folder / BROKEN).mkdir()
    (folder / BROKEN / "run.json").write_text("{", "utf-8")


def fill(parts: Parts) -> None:
    """Keep three opinions and three cases that wait for a person."""
    for number, (question, useful, reasons, comment, passages, statements) in enumerate(_opinions(), start=1):
        answer = _answer(number, question, passages, statements)
        groups = {passage.id: (EVERYONE,) for passage in passages}
        parts.conversations.record(OWNER, answer, None, groups)
        given = FeedbackRequest(answer_id=answer.id, useful=useful, reasons=reasons, comment=comment)
        parts.conversations.give_feedback(OWNER, given)
    for number, (question, passage, quote) in enumerate(_proposals(), start=1):
        case = Case(
            id=f"propose-{number}",
            question=question,
            facts=[quote] if quote else [],
            gold=[GoldPassage(document=passage.document_id, quote=quote)] if quote else [],
            must_abstain=not quote,
            tags=["engendré"],
        )
        parts.cases.add(
            case, actor=OWNER, groups=frozenset(), readers=frozenset(), origin="generated", state="proposed",
            answer_id=None,
        )  # fmt: skip


def _opinions() -> list[tuple[str, bool, list[Reason], str, list[Passage], list[Statement]]]:
    return [
        (
            WRONG, False, ["outdated", "incomplete"], "La note de 2019 ne vaut plus depuis mars.",
            [BILAN, ARTICLE, OLD_NOTE], [KEPT, DESTROYED],
        ),
        (SILENT, False, ["should_abstain"], "Rien de tel dans nos procédures.", [CPF], [CONNECTED]),
        (USEFUL, True, [], "", [CPF, ARTICLE], [CONNECTED]),
    ]  # fmt: skip


def _proposals() -> list[tuple[str, Passage, str]]:
    return [
        (
            "Que deviennent les notes d’entretien à la fin d’un bilan ?",
            BILAN,
            "Les notes d’entretien et les tests sont détruits dès la clôture du bilan.",
        ),
        (
            "Qui connaît le mot de passe du compte formation ?",
            CPF,
            "Il ne se connecte jamais à sa place et ne connaît ni son mot de passe ni son numéro de sécurité sociale.",
        ),
        ("Quel est le prix de la cantine ?", CPF, ""),
    ]


def _answer(number: int, question: str, passages: list[Passage], statements: list[Statement]) -> Answer:
    return Answer(
        id=f"{number:08x}-0000-4000-8000-00000000000{number}",
        conversation_id=f"c-{number}",
        question=question,
        as_of=date(2026, 11, 20),
        mode="extractive",
        abstained=False,
        statements=statements,
        passages=passages,
        warnings=[],
        model="extractif",
        timings={"total": 240.0},
    )
