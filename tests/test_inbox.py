"""The inbox of the quality team, `GET /v1/feedback`: what it shows of an answer, to whom, and what it tells nobody."""

from datetime import date, timedelta
from typing import Any

import pytest

from server.case_schemas import FeedbackItem
from server.history import LOST, WITHHELD
from server.quality.inbox import RESERVED
from server.schemas import Answer, FeedbackRequest
from tests.office import OPEN, Office, refused
from tests.office import RESERVED as SECRET
from tests.stores import keep

pytest_plugins = ["tests.office_fixtures"]


def comment(office: Office, answer: Answer, *, useful: bool = False, comment: str = "Trop vague.") -> None:
    body = {"answer_id": answer.id, "useful": useful, "reasons": ["wrong"], "comment": comment}
    assert office.client.post("/v1/feedback", json=body).status_code == 201


def inbox(office: Office, **query: Any) -> list[FeedbackItem]:
    response = office.client.get("/v1/feedback", params=query)
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "private, no-store"
    return [FeedbackItem.model_validate(one) for one in response.json()]


def asked(office: Office, question: str, conversation: str = "c1", **fields: Any) -> Answer:
    """Keep an answer of whoever sits there, from the open document."""
    passages = [office.passage("délais")]
    conversations = office.parts.conversations
    return keep(conversations, question, office.caller.user, conversation, passages=passages, **fields)


def test_everybody_s_feedback_is_there_the_newest_first(office: Office) -> None:
    first = asked(office, "Quel délai ?")
    comment(office, first, useful=True, comment="Parfait.")
    office.sits("bob")
    second = asked(office, "Quel recours ?")
    comment(office, second)
    asked(office, "Sans avis ?")
    found = inbox(office)
    assert [one.answer.question for one in found] == ["Quel recours ?", "Quel délai ?"]
    assert [one.comment for one in found] == ["Trop vague.", "Parfait."]
    assert found[0].answer.statements == second.statements
    assert (found[0].reasons, found[0].case_id) == (["wrong"], None)
    assert [one.useful for one in inbox(office, useful="false")] == [False]
    assert [one.useful for one in inbox(office, useful="true")] == [True]
    assert [one.answer_id for one in inbox(office, limit=1)] == [second.id]
    tomorrow = date.today() + timedelta(days=2)
    assert inbox(office, since=str(tomorrow)) == []
    assert len(inbox(office, since=str(date.today() - timedelta(days=2)))) == 2


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "since=hier", "useful=peut-être"])
def test_a_wrong_query_is_said_in_french(office: Office, query: str) -> None:
    assert refused(office.client.get(f"/v1/feedback?{query}"), 422)


def test_what_was_typed_comes_masked_and_nothing_says_who_typed_it(office: Office) -> None:
    office.sits("camille.kerbrat")
    question = {"question": "Quel délai pour Fatima Benali ?", "conversation_id": "fatima-benali"}
    answer = Answer.model_validate(office.client.post("/v1/ask", json=question).json())
    comment(office, answer, comment="Fatima Benali attend, 06 39 98 11 22.")
    office.sits("bob")
    [item] = inbox(office)
    shown = item.model_dump_json().casefold()
    for name in ("fatima", "benali", "39 98", "kerbrat"):
        assert name not in shown
    assert "[PERSONNE_1]" in item.answer.question
    assert item.comment == "[PERSONNE_1] attend, [TELEPHONE_1]."
    office.parts.conversations.delete_all("camille.kerbrat")


def test_feedback_goes_with_its_conversation(office: Office) -> None:
    comment(office, asked(office, "Quel délai ?"))
    office.client.delete("/v1/conversations/c1")
    assert inbox(office) == []


def test_an_answer_is_shown_without_what_the_reader_may_not_read(office: Office) -> None:
    office.sits("alice", "direction")
    answer = office.kept("Quel budget pour les deux recrutements ?")
    comment(office, answer, comment="Les deux recrutements sont datés d’hier.")
    office.sits("carole", "direction")
    [whole] = inbox(office)
    assert (whole.answer.statements, whole.answer.question) == (answer.statements, answer.question)
    office.sits("bob")
    [item] = inbox(office)
    assert (item.answer.question, item.comment, item.reasons) == (RESERVED, "", ["wrong"])
    assert [statement.text for statement in item.answer.statements] == [OPEN, WITHHELD]
    assert item.answer.warnings == [LOST]
    assert "recrutements" not in item.model_dump_json()


def test_who_asked_reads_their_own_question_again(office: Office) -> None:
    office.sits("alice", "direction")
    comment(office, office.kept("Quel budget ?"), comment="À revoir.")
    office.sits("alice")
    [item] = inbox(office)
    assert (item.answer.question, item.comment) == ("Quel budget ?", "À revoir.")
    assert SECRET not in item.model_dump_json()


def test_a_follow_up_of_a_reserved_answer_is_reserved_too(office: Office) -> None:
    office.sits("alice", "direction")
    office.kept("Quel budget ?")
    follow_up = asked(
        office, "Et les deux recrutements ?", standalone_question="Quand sont les deux recrutements ?"
    )
    bare = asked(office, "Et les deux recrutements, alors ?")
    for answer in (follow_up, bare):
        comment(office, answer, comment="Les recrutements ?")
    office.sits("bob")
    found = inbox(office)
    assert [one.answer.question for one in found] == [RESERVED, RESERVED]
    assert "recrutements" not in "".join(one.model_dump_json() for one in found)


def test_an_answer_that_another_replaced_keeps_its_feedback(office: Office) -> None:
    first = asked(office, "Quel délai ?")
    comment(office, first)
    keep(office.parts.conversations, "Quel délai ?", replaces=first.id, passages=[office.passage("délais")])
    assert [one.answer_id for one in inbox(office)] == [first.id]


def test_reading_it_is_in_the_audit_without_content(office: Office) -> None:
    comment(office, asked(office, "Quel délai ?"))
    office.sits("bob")
    inbox(office)
    last = [line.act for line in office.parts.audit.lines()][-1]
    assert (last.act, last.actor, last.object_id, last.counts) == ("feedback_read", "bob", "", {"items": 1})


def test_an_opinion_that_changes_comes_again(office: Office) -> None:
    answer, other = asked(office, "Quel délai ?"), asked(office, "Quel recours ?")
    for one in (answer, other):
        office.parts.conversations.give_feedback(
            "alice", FeedbackRequest(answer_id=one.id, useful=True, comment="Bien.")
        )
    comment(office, answer, comment="Non, finalement.")
    assert [one.comment for one in inbox(office)] == ["Non, finalement.", "Bien."]
