"""The conversations as they are kept, on SQLite and on PostgreSQL: whose they are, in which order, and their end."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from ingest.errors import StorageFailed
from server.schemas import Answer, FeedbackRequest
from server.store.conversations import TITLE_CHARS, Conversations, title_of
from server.store.database import Database
from server.store.models import StoredAnswer
from tests.passages import make_passage
from tests.stores import START, Clock, answer_to, keep

pytest_plugins = ["tests.store_fixtures"]


def questions(conversations: Conversations, owner: str = "alice", conversation: str = "c1") -> list[str]:
    found = conversations.view(owner, conversation)
    return [turn.answer.question for turn in found.turns] if found else []


def feedback(answer: Answer, **fields: Any) -> FeedbackRequest:
    return FeedbackRequest(answer_id=answer.id, **{"useful": True, **fields})


# ---------------------------------------------------------------- what comes back


def test_an_answer_comes_back_as_it_was_kept(conversations: Conversations) -> None:
    passage = make_passage("Le délai est de « 15 jours » — voir l’annexe.", "p-é", valid_from="2026-01-01")
    kept = keep(
        conversations,
        "Quel délai ?",
        passages=[passage],
        standalone_question="Quel est le délai de réponse ?",
        prompt_version="3",
        energy_wh=0.25,
        warnings=["Réponse établie d’après les textes du 22/11/2026."],
    )
    found = conversations.view("alice", "c1")
    assert found is not None
    [turn] = found.turns
    assert turn.answer == kept
    assert turn.groups == {"p-é": ("*",)}
    assert turn.feedback is None
    assert (found.id, found.title) == ("c1", "Quel délai ?")
    assert found.created_at == found.updated_at == START


def test_times_are_in_utc_whatever_zone_they_came_in(database: Database) -> None:
    paris = START.astimezone(timezone(timedelta(hours=1)))
    conversations = Conversations(database, lambda: paris)
    keep(conversations, "Quel délai ?")
    [line] = conversations.summaries("alice")
    assert line.created_at == START
    assert line.created_at.tzinfo == UTC


def test_characters_that_a_database_refuses_do_not_lose_the_answer(conversations: Conversations) -> None:
    passage = make_passage("Un \x00 et un \ud800 dans un PDF abîmé.", "p1")
    keep(conversations, "Et \x00 ?", passages=[passage], owner="al\x00ice")
    found = conversations.view("al\x00ice", "c1")
    assert found is not None
    answer = found.turns[0].answer
    assert answer.question == "Et \ufffd ?"
    [citation] = answer.statements[0].citations
    assert answer.passages[0].text[citation.start : citation.end] == citation.quote
    assert conversations.give_feedback("alice", FeedbackRequest(answer_id="\x00", useful=True)) is None


def test_an_answer_that_an_earlier_version_kept_still_opens() -> None:
    """What is on disk outlives the code: this is the shape of the first release, never to be edited."""
    first = json.loads(
        '{"id":"a1","conversation_id":"c1","question":"Quel délai ?","as_of":"2026-11-22","mode":"extractive",'
        '"abstained":false,"statements":[{"text":"Quinze jours.","verified":true,"citations":[{"passage_id":"p1",'
        '"quote":"Quinze jours","start":0,"end":12}]}],"passages":[{"id":"p1","document_id":"essai:p1","kind":'
        '"procedure","source":"essai","title":"Délais","path":["Délais"],"text":"Quinze jours.","score":1.0,'
        '"status":"en_vigueur"}],"warnings":[],"model":"extractive","timings":{"total":12.5}}'
    )
    assert Answer.model_validate(first).statements[0].text == "Quinze jours."


def test_what_a_later_version_added_to_an_answer_is_passed_over(
    conversations: Conversations, database: Database
) -> None:
    kept = keep(conversations, "Quel délai ?")
    rewrite_answers(
        database, lambda answer: answer | {"later": 1, "passages": [{**answer["passages"][0], "x": 2}]}
    )
    assert [turn.answer for turn in conversations.recent("alice", "c1", 6)] == [kept]


def test_an_answer_that_cannot_be_read_is_said(conversations: Conversations, database: Database) -> None:
    keep(conversations, "Quel délai ?")
    rewrite_answers(database, lambda answer: answer | {"mode": "later"})
    with pytest.raises(StorageFailed, match=r"autre version de Fanal .* \(mode : literal_error\)"):
        conversations.view("alice", "c1")


def rewrite_answers(database: Database, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    def work(session: Session) -> None:
        for row in session.scalars(select(StoredAnswer)):
            row.answer = change(row.answer)

    database.write(work)


# ---------------------------------------------------------------- order and replacement


def test_turns_come_back_in_the_order_they_were_asked(conversations: Conversations, clock: Clock) -> None:
    asked = [f"Question {number} ?" for number in range(12)]
    for question in asked:
        keep(conversations, question)
        clock.forward(seconds=-1)  # a clock that is set back does not turn a conversation over
    assert questions(conversations) == asked
    assert [turn.answer.question for turn in conversations.recent("alice", "c1", 3)] == asked[-3:]


def test_an_answer_asked_for_again_takes_the_place_of_the_first(conversations: Conversations) -> None:
    first = keep(conversations, "Quel délai ?")
    keep(conversations, "Et pour un CDD ?")
    again = keep(conversations, "Quel délai ?", replaces=first.id)
    third = keep(
        conversations, "Quel délai ?", replaces=first.id
    )  # asked from a page that still shows the first
    found = conversations.view("alice", "c1")
    assert found is not None
    assert found.turns[0].answer.id == third.id
    assert len(found.turns) == 2
    assert conversations.summaries("alice")[0].turns == 2
    assert conversations.give_feedback("alice", feedback(again)) is not None


def test_what_came_before_an_answer_leaves_it_and_the_rest_out(conversations: Conversations) -> None:
    keep(conversations, "Un ?")
    second = keep(conversations, "Deux ?")
    keep(conversations, "Trois ?")
    before = conversations.recent("alice", "c1", 6, before=second.id)
    assert [turn.answer.question for turn in before] == ["Un ?"]
    everything = conversations.recent("alice", "c1", 6, before="inconnue")
    assert [turn.answer.question for turn in everything] == ["Un ?", "Deux ?", "Trois ?"]


def test_smalltalk_is_not_among_what_came_before(conversations: Conversations) -> None:
    keep(conversations, "Quel délai ?")
    keep(conversations, "Quel tarif ?", abstained=True, abstention="unanswerable", passages=[])
    for _ in range(3):
        keep(conversations, "Merci !", abstained=True, abstention="smalltalk", passages=[])
    before = conversations.recent("alice", "c1", 2)
    assert [turn.answer.question for turn in before] == ["Quel délai ?", "Quel tarif ?"]
    assert len(questions(conversations)) == 5


def test_the_passages_of_a_conversation_are_those_of_replaced_answers_too(
    conversations: Conversations,
) -> None:
    first = keep(conversations, "Quel délai ?", passages=[make_passage("Premier texte.", "p1")])
    keep(conversations, "Et après ?", passages=[make_passage("Deuxième texte.", "p2")])
    keep(conversations, "Quel délai ?", replaces=first.id, passages=[make_passage("Dernier texte.", "p3")])
    keep(conversations, "Secret ?", owner="bob", passages=[make_passage("Texte de Bob.", "p4")])
    shown = conversations.passages("alice", "c1")
    assert {(passage.position, passage.id, passage.groups) for passage in shown} == {
        (0, "p1", ("*",)), (1, "p2", ("*",)), (0, "p3", ("*",)),
    }  # fmt: skip


def test_an_answer_of_another_conversation_is_not_replaced(conversations: Conversations) -> None:
    mine = keep(conversations, "Un ?")
    theirs = keep(conversations, "Secret ?", owner="bob")
    keep(conversations, "Deux ?", conversation="c2", replaces=mine.id)
    keep(conversations, "Trois ?", conversation="c2", replaces=theirs.id)
    keep(conversations, "Quatre ?", conversation="c2", replaces="inconnue")
    keep(conversations, "Cinq ?", replaces=theirs.id)  # their conversation has the same id
    assert questions(conversations) == ["Un ?", "Cinq ?"]
    assert questions(conversations, "bob") == ["Secret ?"]
    assert questions(conversations, conversation="c2") == ["Deux ?", "Trois ?", "Quatre ?"]


def test_an_answer_kept_twice_is_there_once(conversations: Conversations) -> None:
    answer = keep(conversations, "Quel délai ?")
    conversations.record("alice", answer, None, {})
    assert questions(conversations) == ["Quel délai ?"]


# ---------------------------------------------------------------- whose they are


def test_the_same_id_is_another_conversation_for_another_owner(conversations: Conversations) -> None:
    answer = answer_to("À moi ?")
    conversations.record("alice", answer, None, {})
    conversations.record("bob", answer.model_copy(update={"question": "À lui ?"}), None, {})
    assert questions(conversations, "alice") == ["À moi ?"]
    assert questions(conversations, "bob") == ["À lui ?"]
    assert conversations.delete("bob", "c1")
    assert questions(conversations, "alice") == ["À moi ?"]
    assert [line.title for line in conversations.summaries("alice")] == ["À moi ?"]
    assert conversations.summaries("bob") == []


def test_what_is_another_s_does_not_exist(conversations: Conversations) -> None:
    answer = keep(conversations, "À moi ?")
    assert conversations.view("bob", "c1") is None
    assert conversations.recent("bob", "c1", 6) == []
    assert conversations.recent("alice", "inconnue", 6) == []
    assert not conversations.delete("bob", "c1")
    assert conversations.delete_all("bob") == 0
    assert conversations.give_feedback("bob", feedback(answer)) is None
    assert questions(conversations) == ["À moi ?"]


# ---------------------------------------------------------------- lists and titles


def test_the_list_begins_with_the_conversation_last_asked_in(
    conversations: Conversations, clock: Clock
) -> None:
    for number in range(4):
        clock.forward(minutes=1)
        keep(conversations, f"Question {number} ?", conversation=f"c{number}")
    clock.forward(minutes=1)
    keep(conversations, "Et pour un CDD ?", conversation="c1")
    lines = conversations.summaries("alice", limit=3)
    assert [(line.id, line.turns) for line in lines] == [("c1", 2), ("c3", 1), ("c2", 1)]
    assert lines[0].title == "Question 1 ?"
    assert lines[0].updated_at - lines[0].created_at == timedelta(minutes=3)


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Quel délai ?", "Quel délai ?"),
        ("Quel\n\n  délai\t?", "Quel délai ?"),
        ("mot " * 30, "mot " * 19 + "mot…"),
        ("m" * 200, "m" * 79 + "…"),
    ],
)
def test_a_title_is_cut_between_words(question: str, title: str) -> None:
    assert title_of(question) == title


@given(st.text(min_size=1))
def test_a_title_is_short_and_one_line(question: str) -> None:
    title = title_of(question)
    assert len(title) <= TITLE_CHARS + 1
    assert "\n" not in title


# ---------------------------------------------------------------- the end


def test_a_conversation_that_was_deleted_is_not_begun_again_by_a_late_answer(
    conversations: Conversations,
) -> None:
    assert not conversations.holds("alice", "c1")
    keep(conversations, "Quel délai ?")
    assert conversations.holds("alice", "c1")
    assert not conversations.holds("bob", "c1")
    conversations.delete("alice", "c1")
    assert not conversations.record("alice", answer_to("Et après ?"), None, {}, begins=False)
    assert conversations.count() == 0
    assert conversations.record("alice", answer_to("Et après ?"), None, {})
    assert conversations.record("alice", answer_to("Et enfin ?"), None, {}, begins=False)
    assert questions(conversations) == ["Et après ?", "Et enfin ?"]


def test_all_of_a_person_s_conversations_go_at_once(conversations: Conversations) -> None:
    for number in range(3):
        keep(conversations, "Quel délai ?", conversation=f"c{number}")
    keep(conversations, "Quel délai ?", owner="bob")
    assert conversations.delete_all("alice") == 3
    assert conversations.summaries("alice") == []
    assert conversations.count() == 1


def test_a_purge_takes_what_nobody_has_asked_in_since(
    conversations: Conversations, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.store.conversations.PURGED_AT_ONCE", 2)
    for number in range(5):
        keep(conversations, "Vieille ?", conversation=f"vieille{number}", owner=f"personne{number}")
    keep(conversations, "Reprise ?", conversation="reprise")
    clock.forward(days=30)
    keep(conversations, "Encore ?", conversation="reprise")
    assert conversations.purge(START) == 0
    assert conversations.purge(START + timedelta(days=1)) == 5
    assert questions(conversations, conversation="reprise") == ["Reprise ?", "Encore ?"]
    assert conversations.count() == 1


# ---------------------------------------------------------------- at the same time


def test_twenty_people_and_pages_write_at_once(conversations: Conversations, database: Database) -> None:
    ready = threading.Barrier(20)

    def ask(number: int) -> None:
        ready.wait(timeout=30)
        for turn in range(5):
            keep(conversations, f"{number}-{turn}", conversation="c" if number % 2 else f"c{number}")

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(20)))
    together = questions(conversations, conversation="c")
    assert sorted(together) == sorted(f"{number}-{turn}" for number in range(1, 20, 2) for turn in range(5))
    for number in range(1, 20, 2):
        assert [q for q in together if q.startswith(f"{number}-")] == [f"{number}-{t}" for t in range(5)]
    turns = {line.id: line.turns for line in conversations.summaries("alice")}
    assert turns == {"c": 50} | {f"c{number}": 5 for number in range(0, 20, 2)}
    places = select(StoredAnswer.position).where(StoredAnswer.conversation_id == "c")
    assert sorted(database.read(lambda session: session.scalars(places).all())) == list(range(50))


def test_the_same_answer_is_judged_by_many_pages_at_once(conversations: Conversations) -> None:
    answer = keep(conversations, "Quel délai ?")
    with ThreadPoolExecutor(8) as pool:
        given_back = list(
            pool.map(
                lambda n: conversations.give_feedback("alice", feedback(answer, comment=str(n))), range(8)
            )
        )
    assert all(given_back)
    found = conversations.view("alice", "c1")
    assert found is not None
    assert found.turns[0].feedback in given_back
