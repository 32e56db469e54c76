"""The conversation on the page: a question asked again, and conversations that have gone in the meantime."""

from datetime import date

import pytest
from httpx import Client, MockTransport, Response

from server.schemas import AskRequest, Problem
from tests.browser.scenes import BILAN, KEPT, SCENES
from ui.answer_stream import AnswerDone, PassagesFound, StatementWritten
from ui.client import FanalClient
from ui.exchange import Exchange
from ui.history import ALL, answer_confirmation, delete_conversation, open_conversation
from ui.state import PageState

DAY = date(2026, 11, 22)
CONVERSATION = "c-1"


def answered(identifier: str) -> Exchange:
    exchange = Exchange(AskRequest(question="Quel délai ?"), DAY)
    exchange.add(AnswerDone(SCENES["synthèse"].model_copy(update={"id": identifier})))
    return exchange


# Asked again


def test_an_answer_that_was_stopped_still_gives_way_to_the_one_that_is_kept() -> None:
    first = answered("a-1").again(CONVERSATION)
    assert first.request.replaces == "a-1"
    first.add(PassagesFound([BILAN]))
    first.add(StatementWritten(KEPT))
    first.stopped = True

    second = first.again(CONVERSATION)

    assert (second.request.replaces, second.request.conversation_id) == ("a-1", CONVERSATION)
    second.add(AnswerDone(SCENES["synthèse"].model_copy(update={"id": "a-2"})))
    assert second.again(CONVERSATION).request.replaces == "a-2"


def test_a_question_without_an_answer_replaces_nothing() -> None:
    stopped = Exchange(
        AskRequest(question="Quel délai ?", as_of=DAY, sources=["procedures"]), DAY, stopped=True
    )
    again = stopped.again(CONVERSATION)

    assert again.request.replaces is None
    assert (again.request.question, again.request.sources) == ("Quel délai ?", ["procedures"])
    assert (again.statements, again.ended) == ([], False)
    assert again.key != stopped.key


# Gone in the meantime


def refusing(status: int) -> FanalClient:
    """Give a client whose server has the same problem with each call."""
    problem = Problem(title="Impossible", status=status, detail="Le serveur le dit.", retry=False)
    answer = MockTransport(lambda _: Response(status, content=problem.model_dump_json()))
    client = FanalClient("http://fanal.invalid")
    client._http = Client(base_url="http://fanal.invalid", transport=answer)
    return client


def page() -> PageState:
    state = PageState(exchanges=[answered("a-1")], conversation_id=CONVERSATION, history=[])
    state.confirm(CONVERSATION)
    return state


def test_deleting_what_is_gone_already_takes_it_off_the_page_and_the_list() -> None:
    state = page()
    delete_conversation(refusing(404), state, CONVERSATION)

    assert state.history is None, "the list is asked for again"
    assert (state.exchanges, state.conversation_id, state.notice) == ([], None, "")


@pytest.mark.parametrize("target", [CONVERSATION, ALL])
def test_a_deletion_that_fails_is_said_and_leaves_the_page(target: str) -> None:
    state = page()
    delete_conversation(refusing(507), state, target)

    assert "La suppression n’a pas eu lieu" in state.notice
    assert (len(state.exchanges), state.conversation_id) == (1, CONVERSATION)
    assert state.history is None
    assert state.confirming is None


def test_a_conversation_that_cannot_be_opened_any_more_leaves_the_list() -> None:
    state = page()
    open_conversation(refusing(404), state, "c-2")

    assert "ne peut pas être ouverte" in state.notice
    assert state.history is None
    assert state.conversation_id == CONVERSATION


def test_a_late_cancel_of_a_question_that_has_left_the_page_is_ignored() -> None:
    state = page()
    answer_confirmation(refusing(404), state, False, CONVERSATION, "1")
    assert state.confirming is None
    state.confirm(CONVERSATION)

    answer_confirmation(refusing(404), state, False, CONVERSATION, "1")
    assert state.is_confirming(CONVERSATION, "2"), "the same conversation, asked about again"
    answer_confirmation(refusing(404), state, False, "c-2", "2")
    assert state.is_confirming(CONVERSATION, "2"), "another conversation"


@pytest.mark.parametrize(("target", "number"), [("c-2", "1"), (CONVERSATION, "0"), (ALL, "1")])
def test_only_the_question_on_the_page_can_be_agreed_to(target: str, number: str) -> None:
    state = page()
    answer_confirmation(refusing(404), state, True, target, number)

    assert state.confirming is not None
    assert len(state.exchanges) == 1

    answer_confirmation(refusing(404), state, True, CONVERSATION, "1")
    assert (state.confirming, state.exchanges) == (None, [])
