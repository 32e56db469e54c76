"""What readers think of an answer, as it is kept: one opinion an answer, gone with its conversation."""

from datetime import timedelta
from typing import Any

from server.schemas import Answer, FeedbackRequest
from server.store.conversations import Conversations
from tests.stores import START, Clock, keep

pytest_plugins = ["tests.store_fixtures"]


def feedback(answer: Answer, **fields: Any) -> FeedbackRequest:
    return FeedbackRequest(answer_id=answer.id, **{"useful": True, **fields})


def test_feedback_replaces_what_was_thought_before(conversations: Conversations, clock: Clock) -> None:
    answer = keep(conversations, "Quel délai ?")
    conversations.give_feedback("alice", feedback(answer, comment="Parfait."))
    clock.forward(hours=1)
    given_last = conversations.give_feedback(
        "alice", feedback(answer, useful=False, reasons=["wrong", "outdated", "wrong"], comment="Faux.")
    )
    found = conversations.view("alice", "c1")
    assert found is not None
    assert found.turns[0].feedback == given_last
    assert given_last is not None
    assert given_last.reasons == ["wrong", "outdated"]
    assert not given_last.useful
    assert given_last.created_at == START + timedelta(hours=1)


def test_feedback_goes_with_its_conversation(conversations: Conversations) -> None:
    answer = keep(conversations, "Quel délai ?")
    conversations.give_feedback("alice", feedback(answer))
    assert conversations.delete("alice", "c1")
    conversations.record("alice", answer, None, {})
    found = conversations.view("alice", "c1")
    assert found is not None
    assert found.turns[0].feedback is None
