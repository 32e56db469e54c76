"""What a lost right takes away from the history: of its reader, and of the model that a follow-up is rewritten by."""

import pytest

from ingest.chunk import chunk_document
from ingest.documents import EVERYONE
from ingest.index import SearchFilter
from server.history import LOST, WITHHELD, turns_before
from server.retrieve import passage_of
from server.schemas import Conflict, Statement
from tests.office import OPEN, RESERVED, Office
from tests.stores import answer_to
from tests.support import make_document

pytest_plugins = ["tests.office_fixtures"]


def test_who_may_still_read_sees_all(office: Office) -> None:
    office.sits("alice", "direction")
    kept = office.kept()
    assert office.last() == kept


def test_a_lost_group_takes_the_passage_and_its_statement_away(office: Office) -> None:
    office.sits("alice", "direction")
    kept = office.kept()
    office.sits("alice")
    answer = office.last()
    assert [passage.text for passage in answer.passages] == [OPEN]
    first, second = answer.statements
    assert first == kept.statements[0]
    assert second == Statement(text=WITHHELD, verified=False, citations=[])
    assert answer.warnings == [LOST]
    assert answer.question == kept.question
    assert "recrutements" not in office.view().model_dump_json()
    office.sits("alice", "direction")
    assert office.last() == kept  # nothing was taken out of the store


def test_a_document_that_was_restricted_since_is_no_longer_shown(office: Office) -> None:
    office.kept()
    office.sits("alice", "direction")
    office.restrict("délais", "rh")
    assert [statement.text for statement in office.last().statements] == [WITHHELD, RESERVED]
    office.restrict("délais")
    assert [statement.text for statement in office.last().statements] == [WITHHELD, RESERVED]


def test_a_document_that_was_opened_since_is_shown(office: Office) -> None:
    office.kept()
    office.restrict("budget", EVERYONE)
    assert [statement.text for statement in office.last().statements] == [OPEN, RESERVED]


def test_a_text_that_changed_when_it_was_opened_is_judged_as_it_was_then(office: Office) -> None:
    office.kept()
    public = make_document(
        "budget", "# Budget", "Le budget est public."
    )  # the same place in the same document
    index, name = office.parts.index, office.parts.store.embedder.name
    index.upsert(chunk_document(public, 1_800), {}, name)
    assert [statement.text for statement in office.last().statements] == [OPEN, WITHHELD]
    office.sits("alice", "direction")
    assert [statement.text for statement in office.last().statements] == [OPEN, RESERVED]


def test_a_passage_that_left_the_index_is_judged_as_it_was_then(office: Office) -> None:
    office.kept()
    for key in ("délais", "budget"):
        office.parts.index.delete(SearchFilter(groups=None, document_id=f"essai:{key}"))
    assert [statement.text for statement in office.last().statements] == [OPEN, WITHHELD]
    office.sits("alice", "direction")
    assert [statement.text for statement in office.last().statements] == [OPEN, RESERVED]


def test_a_passage_that_left_its_document_is_judged_by_what_is_left_of_it(office: Office) -> None:
    long = make_document("long", "# Un", "Un premier texte. " * 90, "# Deux", "Un second texte. " * 90)
    index, name = office.parts.index, office.parts.store.embedder.name
    index.upsert(chunk_document(long, 1_800), {}, name)
    shown = [passage_of(hit) for hit in index.passages(SearchFilter(groups=None, document_id="essai:long"))]
    assert len(shown) > 1
    answer = answer_to("Long ?", passages=[shown[-1]])
    office.parts.conversations.record("alice", answer, None, {shown[-1].id: (EVERYONE,)})
    index.delete(SearchFilter(groups=None, document_id="essai:long", from_ordinal=1))
    index.set_groups([shown[0].id], ["rh"])  # shortened and restricted by the same run
    assert office.last().passages == []


def test_a_passage_of_which_nothing_is_known_is_not_shown(office: Office) -> None:
    answer = answer_to("Perdu ?", passages=[office.passage("délais")])
    office.parts.conversations.record("alice", answer, None, {})
    assert office.last().passages == answer.passages
    office.parts.index.delete(SearchFilter(groups=None, document_id="essai:délais"))
    assert office.last().passages == []


def test_what_is_said_beside_the_passages_goes_with_them(office: Office) -> None:
    office.sits("alice", "direction")
    open_passage, reserved = office.passage("délais"), office.passage("budget")
    uncited = Statement(text="Deux recrutements sont prévus.", verified=False, citations=[])
    answer = answer_to(
        "Quel budget ?",
        passages=[open_passage.model_copy(update={"legal_basis_of": [reserved.id]}), reserved],
        conflicts=[Conflict(newer=open_passage.id, older=reserved.id, explanation="Deux, et non trois.")],
        statements=[uncited],
    )
    groups = {open_passage.id: (EVERYONE,), reserved.id: ("direction",)}
    office.parts.conversations.record("alice", answer, None, groups)
    assert office.last() == answer
    office.sits("alice")
    left = office.last()
    assert left.conflicts == []
    assert left.passages[0].legal_basis_of == []
    assert [statement.text for statement in left.statements] == [WITHHELD]


def test_a_follow_up_that_was_rewritten_from_what_is_lost_is_shown_as_it_was_typed(office: Office) -> None:
    office.sits("alice", "direction")
    office.kept("Quel budget ?", standalone_question="Quel budget en 2026 ?")
    follow_up = answer_to(
        "Et ensuite ?",
        passages=[office.passage("délais")],
        standalone_question="Et après les deux recrutements ?",
    )
    office.parts.conversations.record("alice", follow_up, None, {})
    office.sits("alice")
    first, second = office.view().turns
    assert first.answer.standalone_question == "Quel budget en 2026 ?"
    assert second.answer.standalone_question is None
    assert second.answer.question == "Et ensuite ?"


def test_a_model_reads_no_more_of_the_history_than_its_reader(office: Office) -> None:
    office.sits("alice", "direction")
    first = office.kept("Quel budget ?")
    office.kept("Et après ?", standalone_question="Et après les deux recrutements ?")
    turns = turns_before(office.parts, office.caller, "c1", 6)
    assert [(turn.question, turn.answer) for turn in turns] == [
        ("Quel budget ?", f"{OPEN} {RESERVED}"),
        ("Et après les deux recrutements ?", f"{OPEN} {RESERVED}"),
    ]
    assert turns_before(office.parts, office.caller, "c1", 6, before=first.id) == []
    office.sits("alice")
    turns = turns_before(office.parts, office.caller, "c1", 6)
    assert [(turn.question, turn.answer) for turn in turns] == [("Quel budget ?", OPEN), ("Et après ?", OPEN)]
    office.sits("bob", "direction")
    assert turns_before(office.parts, office.caller, "c1", 6) == []


REWRITTEN = "Et après les deux recrutements ?"


@pytest.mark.parametrize("asked_since", [1, 7])
@pytest.mark.parametrize("replaced", [True, False], ids=["replaced", "shown"])
def test_an_answer_that_is_no_longer_seen_still_takes_its_rewritings_with_it(
    office: Office, asked_since: int, replaced: bool
) -> None:
    office.sits("alice", "direction")
    first = office.kept("Quel budget ?")
    for number in range(asked_since):
        passages = [office.passage("délais")]
        follow_up = answer_to(f"Et {number} ?", passages=passages, standalone_question=REWRITTEN)
        office.parts.conversations.record("alice", follow_up, None, {passages[0].id: (EVERYONE,)})
    if replaced:
        again = answer_to("Quel budget ?", passages=[office.passage("délais")])
        office.parts.conversations.record("alice", again, first.id, {again.passages[0].id: (EVERYONE,)})
    assert turns_before(office.parts, office.caller, "c1", 6)[-1].question == REWRITTEN
    office.sits("alice")
    assert "recrutements" not in office.view().model_dump_json()
    turns = turns_before(office.parts, office.caller, "c1", 6)
    assert turns[-1].question == f"Et {asked_since - 1} ?"
    assert "recrutements" not in str(turns)
    body = {"question": "Et pour un salarié ?", "conversation_id": "c1"}
    assert "recrutements" not in office.client.post("/v1/ask", json=body).text


def test_a_replacement_is_not_withheld_for_the_text_of_what_it_replaced(office: Office) -> None:
    office.sits("alice", "direction")
    first = office.kept("Quel budget ?")
    public = make_document("budget", "# Budget", "Le budget est public.")
    index, name = office.parts.index, office.parts.store.embedder.name
    index.upsert(chunk_document(public, 1_800), {}, name)
    again = answer_to("Quel budget ?", passages=[office.passage("budget")])
    office.parts.conversations.record("alice", again, first.id, {again.passages[0].id: (EVERYONE,)})
    office.sits("alice")
    assert office.last() == again


def test_every_group_is_asked_for_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        office.kept(f"Question {number} ?")
    calls: list[int] = []
    get = office.parts.index.get
    monkeypatch.setattr(office.parts.index, "get", lambda ids: (calls.append(len(ids)), get(ids))[1])
    office.view()
    assert calls == [2]
