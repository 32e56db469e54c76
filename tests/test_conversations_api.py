"""Conversations and feedback as other programs see them: whose they are, and what a store that fails costs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from server.converse import NO_HISTORY, NOT_KEPT
from server.history import turns_before
from server.schemas import Answer
from server.store.errors import DatabaseUnavailable
from server.store.models import StoredAnswer
from tests.office import Office, refused
from tests.stores import refusing

pytest_plugins = ["tests.office_fixtures"]


# ---------------------------------------------------------------- the contract


def test_a_question_makes_a_conversation_and_its_answer_is_in_it(office: Office) -> None:
    asked = {"question": "Sous combien de jours répondre à une réclamation ?", "conversation_id": "ma-page:1"}
    answer = Answer.model_validate(office.client.post("/v1/ask", json=asked).json())
    [line] = office.client.get("/v1/conversations").json()
    assert set(line) == {"id", "title", "created_at", "updated_at", "turns"}
    assert (line["id"], line["title"], line["turns"]) == ("ma-page:1", asked["question"], 1)
    assert datetime.fromisoformat(line["created_at"]).utcoffset() == timedelta(0)
    [turn] = office.view("ma-page:1").turns
    assert turn.answer.id == answer.id
    assert turn.answer.statements == answer.statements
    assert turn.feedback is None


def test_what_is_kept_of_a_question_is_masked(office: Office) -> None:
    asked = {"question": "Délai de réponse à la réclamation de marie.d@exemple.fr ?", "conversation_id": "c1"}
    office.client.post("/v1/ask", json=asked)
    found = office.view()
    assert "marie" not in found.model_dump_json()
    assert "[EMAIL_1]" in found.title
    assert "[EMAIL_1]" in found.turns[0].answer.question


def test_a_conversation_of_someone_else_does_not_exist(office: Office) -> None:
    answer = office.kept()
    office.sits("bob", "direction")
    assert office.client.get("/v1/conversations").json() == []
    unknown = refused(office.client.get("/v1/conversations/inconnue"), 404)
    assert refused(office.client.get("/v1/conversations/c1"), 404) == unknown
    assert refused(office.client.delete("/v1/conversations/c1"), 404) == unknown
    assert office.client.delete("/v1/conversations").json() == {"removed": 0}
    opinion = {"answer_id": answer.id, "useful": True}
    refused(office.client.post("/v1/feedback", json=opinion), 404)
    office.sits("alice")
    assert len(office.view().turns) == 1


def test_a_question_in_another_s_conversation_begins_one_of_one_s_own(office: Office) -> None:
    office.kept("Question d’Alice ?")
    office.sits("bob")
    office.client.post("/v1/ask", json={"question": "Délai d’une réclamation ?", "conversation_id": "c1"})
    assert [turn.answer.question for turn in office.view().turns] == ["Délai d’une réclamation ?"]
    office.sits("alice")
    assert [turn.answer.question for turn in office.view().turns] == ["Question d’Alice ?"]


def test_conversations_are_deleted_one_by_one_or_all(office: Office) -> None:
    for number in range(3):
        office.kept(conversation=f"c{number}")
    assert office.client.delete("/v1/conversations/c1").status_code == 204
    refused(office.client.get("/v1/conversations/c1"), 404)
    assert office.client.delete("/v1/conversations").json() == {"removed": 2}
    assert office.client.get("/v1/conversations").json() == []


def test_the_list_can_be_cut_short(office: Office) -> None:
    for number in range(3):
        office.kept(conversation=f"c{number}")
    lines = office.client.get("/v1/conversations", params={"limit": 2}).json()
    assert [line["id"] for line in lines] == ["c2", "c1"]
    detail = refused(office.client.get("/v1/conversations", params={"limit": 0}), 422)
    assert detail == "Le nombre demandé est trop petit : 1 au moins."


def test_an_id_that_cannot_be_one_is_refused(office: Office) -> None:
    assert "La conversation" in refused(office.client.get("/v1/conversations/a%00b"), 422)


@pytest.mark.parametrize("end", ["/", "/%2E", "/./", "//", "/..x", "/a/b"])
def test_an_address_without_an_id_deletes_nothing(office: Office, end: str) -> None:
    for number in range(2):
        office.kept(conversation=f"c{number}")
    refused(office.client.delete(f"/v1/conversations{end}"), 422)
    assert len(office.client.get("/v1/conversations").json()) == 2


@pytest.mark.parametrize("name", [".", "..", ".a", ""])
def test_a_conversation_is_not_named_as_a_folder_is(office: Office, name: str) -> None:
    body = {"question": "Quel délai ?", "conversation_id": name}
    assert "La conversation" in refused(office.client.post("/v1/ask", json=body), 422)


def test_a_conversation_deleted_while_its_answer_is_written_does_not_come_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    retriever = office.parts.retriever
    retrieve = type(retriever).retrieve

    def deleted_meanwhile(self: Any, *args: Any) -> Any:
        office.parts.conversations.delete_all("alice")
        return retrieve(self, *args)

    asked = {"question": "Sous combien de jours répondre à une réclamation ?", "conversation_id": "c1"}
    assert office.client.post("/v1/ask", json=asked).json()["warnings"] == []
    monkeypatch.setattr(type(retriever), "retrieve", deleted_meanwhile)
    answer = Answer.model_validate(office.client.post("/v1/ask", json=asked).json())
    assert answer.passages
    assert answer.warnings == []
    assert office.client.get("/v1/conversations").json() == []
    monkeypatch.undo()
    office.client.post("/v1/ask", json=asked)  # asked after the deletion: it begins anew
    assert len(office.view().turns) == 1


def test_thanks_are_not_what_a_follow_up_is_about(office: Office) -> None:
    for question in ("Sous combien de jours répondre à une réclamation ?", *["Merci !"] * 7):
        body = {"question": question, "conversation_id": "c1"}
        answer = office.client.post("/v1/ask", json=body).json()
        assert (answer["abstention"] == "smalltalk") == (question == "Merci !")
    [turn] = turns_before(office.parts, office.caller, "c1", 6)
    assert turn.question == "Sous combien de jours répondre à une réclamation ?"
    asked = {"question": "Et pour un salarié ?", "conversation_id": "c1"}
    understood = office.client.post("/v1/ask", json=asked).json()["standalone_question"]
    assert "Merci" not in understood
    assert "réclamation" in understood


# ---------------------------------------------------------------- feedback


def test_feedback_is_kept_with_its_answer_and_masked(office: Office) -> None:
    answer = office.kept()
    opinion = {
        "answer_id": answer.id,
        "useful": False,
        "reasons": ["outdated"],
        "comment": "Voir 06 12 34 56 78",
    }
    response = office.client.post("/v1/feedback", json=opinion)
    assert response.status_code == 201
    said = response.json()
    assert said["comment"] == "Voir [TELEPHONE_1]"
    assert office.view().turns[0].feedback is not None
    assert (
        office.client.post("/v1/feedback", json={"answer_id": answer.id, "useful": True}).status_code == 201
    )
    [turn] = office.view().turns
    assert turn.feedback is not None
    assert (turn.feedback.useful, turn.feedback.reasons, turn.feedback.comment) == (True, [], "")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"useful": None}, "L’avis"),
        ({"useful": "oui"}, "L’avis"),
        ({"reasons": ["ennuyeux"]}, "La raison"),
        ({"comment": "x" * 2_001}, "La remarque est trop longue : 2000 caractères au plus."),
        ({"answer_id": ""}, "La réponse est vide."),
        ({"note": 3}, "« note »"),
    ],
)
def test_feedback_that_is_wrong_is_said_in_french(office: Office, wrong: dict[str, Any], said: str) -> None:
    opinion = {"answer_id": office.kept().id, "useful": True, **wrong}
    assert said in refused(office.client.post("/v1/feedback", json=opinion), 422)


# ---------------------------------------------------------------- a store that fails


def test_a_database_that_does_not_answer_is_said_without_naming_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise DatabaseUnavailable("La base des conversations « interne.exemple/fanal » ne répond pas.")

    monkeypatch.setattr(office.parts.conversations._database, "read", down)
    response = office.client.get("/v1/conversations")
    assert "réessayez dans une minute" in refused(response, 503)
    assert "interne" not in response.text
    assert response.json()["retry"] is True


@pytest.mark.parametrize("opens", [True, False])
def test_an_answer_of_another_version_costs_no_more_than_the_history(office: Office, opens: bool) -> None:
    kept = office.kept()
    another = {**kept.model_dump(mode="json"), "later": 1} if opens else {}
    with office.parts.conversations._database.engine.begin() as connection:
        connection.execute(update(StoredAnswer).values(answer=another))
    if opens:
        assert office.last().passages
    else:
        refused(office.client.get("/v1/conversations/c1"), 507)
    body = {"question": "Sous combien de jours répondre à une réclamation ?", "conversation_id": "c1"}
    answer = Answer.model_validate(office.client.post("/v1/ask", json=body).json())
    assert answer.passages
    assert answer.warnings == ([] if opens else [NO_HISTORY])


def test_a_store_that_refuses_costs_no_more_than_the_history(office: Office) -> None:
    body = {"question": "Sous combien de jours répondre à une réclamation ?", "conversation_id": "c1"}
    with refusing(office.parts.conversations._database.engine, "answers"):
        answer = Answer.model_validate(office.client.post("/v1/ask", json=body).json())
    assert answer.passages
    assert answer.warnings == [NOT_KEPT]
    assert office.client.get("/v1/conversations").json() == []
