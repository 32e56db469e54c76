"""The wait for the model as the page tells it: events in, a sentence out, and nothing left once the turn has come."""

from datetime import date

import httpx
import pytest

from server.schemas import AskRequest, PassagesEvent, QueueEvent
from tests.browser.scenes import BILAN, answer
from ui.answer_stream import AnswerDone, AnswerStream, PassagesFound
from ui.answer_view import head_html, references_of
from ui.assistant_stream import AssistantProgress
from ui.draft_stream import DraftProgress
from ui.exchange import Exchange
from ui.queue_place import Queued, waiting_html, waiting_sentence


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (1, "Le modèle est occupé\u00a0: votre tour est le prochain."),
        (2, "Le modèle est occupé\u00a0: vous êtes 2e dans la file."),
        (21, "Le modèle est occupé\u00a0: vous êtes 21e dans la file."),
    ],
)
def test_a_place_is_said_in_french(place: int, said: str) -> None:
    assert waiting_sentence(place) == said
    assert 'role="status"' in waiting_html(place)


def test_the_stream_of_an_answer_tells_places_and_passes_over_comments() -> None:
    body = "".join(
        f": ping\n\nevent: {name}\ndata: {data.model_dump_json()}\n\n"
        for name, data in (
            ("passages", PassagesEvent(passages=[BILAN])),
            ("queue", QueueEvent(place=2)),
            ("done", answer([], [BILAN])),
        )
    )
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    with httpx.Client(transport=transport, base_url="http://fanal") as http:
        events = list(AnswerStream(http, http.build_request("POST", "/v1/ask")))
    assert [type(event) for event in events] == [PassagesFound, Queued, AnswerDone]
    assert events[1] == Queued(2)


def test_a_question_that_waits_says_so_until_something_else_comes() -> None:
    exchange = Exchange(AskRequest(question="Combien de temps ?"), date(2026, 11, 22))
    exchange.add(Queued(3))
    assert waiting_sentence(3) in head_html(exchange, references_of(exchange, ""))
    exchange.add(Queued(0))
    assert "occupé" not in head_html(exchange, references_of(exchange, ""))
    exchange.add(Queued(1))
    exchange.add(PassagesFound([BILAN]))  # the wait was given up: the documents' own sentences come
    assert exchange.place == 0


@pytest.mark.parametrize("progress", [DraftProgress(), AssistantProgress()])
def test_drafts_and_assistants_know_their_place(progress: DraftProgress | AssistantProgress) -> None:
    progress.add(Queued(4))
    assert (progress.place, progress.events, progress.ended) == (4, 1, False)
    progress.add(Queued(0))
    assert progress.place == 0
