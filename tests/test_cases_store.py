"""Cases and the inbox as they are kept, on SQLite and on PostgreSQL alike."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text, update

from ingest.errors import StorageFailed
from server.case_schemas import Case, CaseView, GoldPassage
from server.schemas import FeedbackRequest
from server.store.audit import Audit
from server.store.cases import Cases, digest_of
from server.store.conversations import Conversations
from server.store.database import Database
from server.store.errors import CaseChanged, CaseExists
from server.store.inbox import Inbox
from server.store.migrate import downgrade, upgrade
from server.store.models import StoredCase
from tests.stores import START, Clock, keep

pytest_plugins = ["tests.store_fixtures"]

NOBODY = frozenset[str]()
DIRECTION = frozenset({"direction"})


@pytest.fixture
def cases(database: Database, clock: Clock) -> Cases:
    return Cases(database, clock)


def a_case(name: str = "delai", question: str = "Quel délai de réponse ?", **fields: Any) -> Case:
    return Case(id=name, question=question, **fields)


def add(cases: Cases, case: Case, groups: frozenset[str] = NOBODY, **fields: Any) -> CaseView:
    values: dict[str, Any] = {"readers": case.groups, "origin": "written", "state": "accepted"}
    return cases.add(case, actor="alice", groups=groups, **(values | fields))


def change(cases: Cases, name: str, groups: frozenset[str] = NOBODY, **fields: Any) -> CaseView:
    found = cases.change(name, actor="bob", groups=groups, **fields)
    assert found is not None
    return found


def written(audit: Audit) -> list[tuple[str, str]]:
    return [(line.act.act, line.act.actor) for line in audit.lines()]


# ---------------------------------------------------------------- cases


def test_a_case_comes_back_as_it_was_kept(cases: Cases, clock: Clock) -> None:
    case = a_case(
        as_of=date(2026, 11, 22),
        history=["Comment réclamer ?"],
        facts=["Cinq jours ouvrés."],
        gold=[GoldPassage(document="délais.pdf", quote="sous cinq jours 🏮 ouvrés")],
        tags=["réclamation"],
    )
    kept = add(cases, case, answer_id="a1", origin="feedback")
    assert kept.case == case
    assert (kept.state, kept.origin, kept.answer_id, kept.revision) == ("accepted", "feedback", "a1", 1)
    assert kept.created_at == kept.decided_at == START
    clock.forward(hours=1)
    other = add(cases, a_case("budget", "Quel budget ?"), state="proposed")
    assert other.decided_at is None
    assert cases.views(NOBODY) == [other, kept]
    assert cases.views(NOBODY, "proposed") == [other]
    assert cases.accepted() == [case]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ({}, {"question": " quel DÉLAI de  réponse?"}, True),
        ({"question": "Qu'est-ce qu'un bilan ?"}, {"question": "Qu’est-ce qu’un bilan"}, True),
        ({"facts": ["Cinq jours."]}, {"facts": ["Dix jours."], "tags": ["x"]}, True),
        ({"groups": ["rh", "direction"]}, {"groups": ["direction", "rh"]}, True),
        ({}, {"as_of": date(2025, 1, 1)}, False),
        ({}, {"groups": ["direction"]}, False),
        ({}, {"history": ["Et à Lyon ?"]}, False),
        ({}, {"question": "Quel délai de recours ?"}, False),
    ],
)
def test_what_makes_two_cases_the_same(first: Any, second: Any, same: bool) -> None:
    asked = {"question": "Quel délai de réponse ?"}
    found = [digest_of(a_case(name, **(asked | fields))) for name, fields in (("a", first), ("b", second))]
    assert (found[0] == found[1]) is same


def test_the_same_question_is_refused_and_the_other_case_is_named(cases: Cases) -> None:
    add(cases, a_case(), state="rejected")
    with pytest.raises(CaseExists, match=r"« delai » pose déjà cette question.*écarté"):
        add(cases, a_case("autre", "Quel délai de réponse"))
    with pytest.raises(CaseExists, match="« delai » est déjà pris"):
        add(cases, a_case(question="Quel budget ?"))
    assert len(cases.views(NOBODY)) == 1


def test_a_question_may_not_become_that_of_another_case(cases: Cases) -> None:
    add(cases, a_case())
    add(cases, a_case("budget", "Quel budget ?"))
    with pytest.raises(CaseExists, match="« delai »"):
        change(cases, "budget", case=a_case("budget"))
    assert change(cases, "delai", case=a_case(facts=["Cinq jours."])).revision == 2  # itself is no other


def test_two_who_write_the_same_at_once_make_one_case(cases: Cases) -> None:
    def write(number: int) -> bool:
        try:
            add(cases, a_case(f"cas-{number}"))
        except CaseExists:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(write, range(4)))
    assert sorted(made) == [False, False, False, True]


def test_a_decision_has_its_time_and_can_be_taken_back(cases: Cases, clock: Clock) -> None:
    add(cases, a_case(), state="proposed", origin="generated")
    clock.forward(days=1)
    accepted = change(cases, "delai", state="accepted")
    assert (accepted.state, accepted.decided_at) == ("accepted", START + timedelta(days=1))
    assert change(cases, "delai", state="accepted") == accepted
    assert change(cases, "delai", state="proposed").decided_at is None
    assert cases.accepted() == []


def test_a_change_of_another_revision_is_refused(cases: Cases) -> None:
    add(cases, a_case())
    assert change(cases, "delai", case=a_case(facts=["Cinq jours."]), revision=1).revision == 2
    with pytest.raises(CaseChanged, match="entre-temps"):
        change(cases, "delai", case=a_case(facts=["Dix jours."]), state="rejected", revision=1)
    [kept] = cases.views(NOBODY)
    assert (kept.case.facts, kept.state, kept.revision) == (["Cinq jours."], "accepted", 2)
    assert change(cases, "delai", case=kept.case, revision=2).revision == 2  # nothing changed


def test_a_case_is_there_for_its_readers_alone(cases: Cases) -> None:
    reserved = a_case("budget", "Quel budget ?", groups=["direction"], facts=["Deux recrutements."])
    add(cases, reserved, DIRECTION, answer_id="a1")
    assert cases.views(NOBODY) == []
    assert cases.get("budget", NOBODY) is None
    assert cases.accepted(NOBODY) == []
    assert cases.of_answers(["a1"], NOBODY) == {}
    assert cases.change("budget", actor="bob", groups=NOBODY, state="rejected") is None
    assert not cases.delete("budget", actor="bob", groups=NOBODY)
    assert cases.accepted(DIRECTION) == cases.accepted() == [reserved]
    assert cases.of_answers(["a1", "a2"], DIRECTION) == {"a1": "budget"}
    kept = cases.get("budget", DIRECTION)
    assert kept is not None
    assert kept.readers == DIRECTION


def test_the_same_question_of_a_case_that_one_may_not_read_does_not_name_it(cases: Cases) -> None:
    add(cases, a_case("zirconium"), DIRECTION, readers=DIRECTION)
    with pytest.raises(CaseExists, match="que vous ne pouvez pas lire") as refused:
        add(cases, a_case("autre"))
    assert "zirconium" not in str(refused.value)


def test_the_first_case_that_was_made_of_an_answer_is_given(cases: Cases, clock: Clock) -> None:
    for name in ("premier", "second"):
        add(cases, a_case(name, f"{name} ?"), answer_id="a1")
        clock.forward(minutes=1)
    assert cases.of_answers(["a1"], NOBODY) == {"a1": "premier"}
    assert cases.of_answers([], NOBODY) == {}


def test_each_act_has_its_line_without_content(cases: Cases, audit: Audit) -> None:
    add(cases, a_case("marie-kerbrat"), state="proposed")
    change(cases, "marie-kerbrat", state="accepted")
    change(cases, "marie-kerbrat", case=a_case("marie-kerbrat", facts=["Cinq jours."]), state="rejected")
    with pytest.raises(CaseExists):
        add(cases, a_case())
    assert cases.delete("marie-kerbrat", actor="carole", groups=NOBODY)
    assert not cases.delete("marie-kerbrat", actor="carole", groups=NOBODY)
    assert written(audit) == [
        ("case_created", "alice"),
        ("case_accepted", "bob"),
        ("case_edited", "bob"),
        ("case_rejected", "bob"),
        ("case_deleted", "carole"),
    ]
    told = str(list(audit.lines()))
    assert "marie" not in told
    assert "délai" not in told


def test_what_a_later_version_added_is_passed_over_and_what_it_changed_is_said(
    cases: Cases, database: Database
) -> None:
    case = a_case()
    add(cases, case)
    later = case.model_dump(mode="json") | {"added": "plus tard"}
    database.write(lambda session: session.execute(update(StoredCase).values(case=later)))
    assert cases.accepted() == [case]
    database.write(lambda session: session.execute(update(StoredCase).values(case=later | {"question": 3})))
    with pytest.raises(StorageFailed, match=r"autre version de Fanal.*question"):
        cases.accepted()


def test_the_step_goes_down_without_touching_what_was_there(
    cases: Cases, conversations: Conversations, database: Database
) -> None:
    keep(conversations, "Quel délai ?")
    add(cases, a_case())
    with database.engine.begin() as connection:
        downgrade(connection, "0002")
    assert "cases" not in inspect(database.engine).get_table_names()
    assert conversations.count() == 1
    with database.engine.begin() as connection:
        upgrade(connection)
    assert cases.views(NOBODY) == []


# ---------------------------------------------------------------- the inbox


def test_the_inbox_holds_everybody_s_feedback_the_newest_first(
    conversations: Conversations, database: Database, clock: Clock
) -> None:
    inbox = Inbox(database)
    answers = {}
    for owner, useful in (("alice", False), ("bob", True), ("carole", False)):
        answers[owner] = keep(conversations, f"Question de {owner} ?", owner, "c1")
        given = FeedbackRequest(answer_id=answers[owner].id, useful=useful, reasons=["wrong"], comment="Vu.")
        conversations.give_feedback(owner, given)
        clock.forward(days=1)
    keep(conversations, "Sans avis ?", "alice", "c1")
    found = inbox.newest(10)
    assert [one.owner for one in found] == ["carole", "bob", "alice"]
    assert [one.turn.answer for one in found] == [answers[one.owner] for one in found]
    assert (found[0].feedback.comment, found[0].feedback.reasons) == ("Vu.", ["wrong"])
    assert [len(one.shown) for one in found] == [1, 1, 2]
    assert [one.owner for one in inbox.newest(10, useful=False)] == ["carole", "alice"]
    assert [one.owner for one in inbox.newest(10, since=START + timedelta(days=1))] == ["carole", "bob"]
    assert [one.owner for one in inbox.newest(1)] == ["carole"]


def test_feedback_leaves_the_inbox_with_its_conversation_and_its_case_stays(
    cases: Cases, conversations: Conversations, database: Database
) -> None:
    inbox = Inbox(database)
    answer = keep(conversations, "Quel délai pour [PERSONNE_1] ?")
    conversations.give_feedback("alice", FeedbackRequest(answer_id=answer.id, useful=False))
    assert inbox.of_answer(answer.id) is not None
    add(cases, a_case(question=answer.question), answer_id=answer.id)
    conversations.delete("alice", "c1")
    assert inbox.newest(10) == []
    assert inbox.of_answer(answer.id) is None
    assert [view.case.question for view in cases.views(NOBODY)] == ["Quel délai pour [PERSONNE_1] ?"]


def test_a_deleted_case_is_gone_from_the_file(cases: Cases, database: Database) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps dead rows until it vacuums")
    add(cases, a_case(facts=["Un fait à oublier."]))
    with database.engine.connect() as connection:
        path = connection.execute(text("PRAGMA database_list")).one()[2]
    assert "fait à oublier".encode() in in_the_files_of(path)
    cases.delete("delai", actor="alice", groups=NOBODY)
    assert "fait à oublier".encode() not in in_the_files_of(path)


def in_the_files_of(path: str) -> bytes:
    return b"".join(Path(f"{path}{tail}").read_bytes() for tail in ("", "-wal"))
