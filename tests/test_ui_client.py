"""The page's client against a scripted server on a local port: streams, problems, cuts and silences."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse
from hypothesis import given
from hypothesis import strategies as st

from server.schemas import AskRequest, FeedbackRequest, IngestionRequest, SearchRequest
from tests.browser.scenes import ARTICLE, BILAN, CONNECTED, CPF, KEPT, OVERLOADED, SCENES, SOURCES
from tests.browser.scripted_api import run_view, scripted_api
from ui.answer_stream import AnswerDone, AnswerStream, Event, PassagesFound, StatementWritten
from ui.asking import LEFT, Asking
from ui.calls import AnswerCut, ApiError, ServerUnreachable, UnexpectedAnswer
from ui.client import FanalClient
from ui.exchange import Exchange
from ui.sse import SentEvent, read_events


@contextmanager
def listening(app: FastAPI) -> Iterator[FanalClient]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # from here on a connection waits for the server instead of being refused
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        client = FanalClient(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=1.0)
        try:
            yield client
        finally:
            client.close()
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def client() -> Iterator[FanalClient]:
    with listening(scripted_api(pause_s=0)) as client:
        yield client


def ask(client: FanalClient, question: str) -> Iterator[Event]:
    return iter(client.ask(AskRequest(question=question)))


def broken_server() -> FastAPI:
    """A server that fails in the ways real ones do; the question chooses the failure."""
    app = FastAPI()
    release = threading.Event()

    def cut(end: str) -> Iterator[bytes]:
        yield f"event: statement\ndata: {KEPT.model_dump_json()}\n\n".encode()
        if end == "brutal":
            raise ConnectionError("the process was killed")
        if end == "silence":
            release.wait(3)

    @app.post("/v1/ask")
    def ask(request: AskRequest) -> StreamingResponse:
        return StreamingResponse(cut(request.question), media_type="text/event-stream")

    @app.get("/v1/sources")
    def sources() -> list[dict[str, str]]:
        return [{"nom": "une autre version"}]

    @app.get("/v1/documents/{document_id}/pages/{number}")
    def page(document_id: str, number: int) -> PlainTextResponse:
        return PlainTextResponse("une autre version")

    @app.get("/health/ready")
    def ready() -> PlainTextResponse:
        return PlainTextResponse("<html>502 Bad Gateway</html>", 502)

    return app


@pytest.fixture(scope="module")
def broken() -> Iterator[FanalClient]:
    with listening(broken_server()) as client:
        yield client


def test_an_answer_streams_in_as_typed_events_that_end_with_the_whole_answer(client: FanalClient) -> None:
    scene = SCENES["et pour"]

    events = list(ask(client, "et pour un CDD ?"))

    assert events[:-1] == [
        PassagesFound(scene.passages, scene.standalone_question),
        *(StatementWritten(statement) for statement in scene.statements),
    ]
    assert isinstance(events[-1], AnswerDone)
    assert events[-1].answer.statements == scene.statements
    assert events[-1].answer.question == "et pour un CDD ?"


def test_the_error_event_raises_its_problem_after_what_came_before_it(client: FanalClient) -> None:
    events = ask(client, "une panne sur la synthèse")

    assert isinstance(next(events), PassagesFound)
    assert next(events) == StatementWritten(KEPT)
    with pytest.raises(ApiError, match="Réessayez dans quelques minutes") as raised:
        next(events)
    assert raised.value.problem == OVERLOADED
    assert raised.value.retry


@pytest.mark.parametrize("end", ["brutal", "normal", "silence"])
def test_a_stream_that_ends_or_stalls_before_done_is_reported_as_cut(broken: FanalClient, end: str) -> None:
    events = ask(broken, end)

    assert next(events) == StatementWritten(KEPT)
    with pytest.raises(AnswerCut, match="avant la fin de la réponse"):
        next(events)


def test_a_server_that_is_not_there_is_said_in_french() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening: connections are refused
        client = FanalClient(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ServerUnreachable, match="Le serveur de Fanal ne répond pas") as raised:
            client.ready()
        with pytest.raises(ServerUnreachable):
            next(ask(client, "quoi ?"))
        client.close()
    assert raised.value.retry


def test_a_page_of_a_proxy_becomes_a_problem_with_its_status(broken: FanalClient) -> None:
    with pytest.raises(ApiError, match=r"\(code 502\)") as raised:
        broken.ready()
    assert raised.value.problem.status == 502


def test_an_answer_of_another_version_is_named_as_such(broken: FanalClient) -> None:
    with pytest.raises(UnexpectedAnswer, match="même version"):
        broken.sources()


def test_search_sources_and_ready_give_wire_types(client: FanalClient) -> None:
    client.ready()
    assert client.sources() == SOURCES
    assert client.search(SearchRequest(query="destruction", k=2)) == [BILAN, ARTICLE]


def test_a_run_is_started_and_followed(client: FanalClient) -> None:
    asked = IngestionRequest(sources=["qualite"], accept_removals=True)

    started = client.start_ingestion(asked)

    assert started == run_view(asked, is_read=False)
    assert client.ingestion(started.id) == started


def test_a_document_whose_id_holds_a_slash_is_found(client: FanalClient) -> None:
    assert "/" in BILAN.document_id
    assert client.document(BILAN.document_id).passages == [BILAN]


def test_an_unknown_document_raises_the_servers_own_words(client: FanalClient) -> None:
    with pytest.raises(ApiError, match="Ce document n’existe pas") as raised:
        client.document("procedures:inconnu")
    assert raised.value.problem.status == 404


def test_a_page_comes_with_what_is_marked_on_it(client: FanalClient) -> None:
    page = client.page(CPF.document_id, 1, [CONNECTED.citations[0].quote])

    assert page.png.startswith(b"\x89PNG")
    assert (page.pages, page.marked) == (3, 1)
    assert page.top is not None
    assert page.left is not None
    assert 0 < page.top < 0.5
    assert 0 < page.left < 0.2
    assert client.page(CPF.document_id, 2).top is None


def test_a_page_without_its_headers_is_of_another_version(broken: FanalClient) -> None:
    with pytest.raises(UnexpectedAnswer):
        broken.page("x", 1)


def test_conversations_are_listed_opened_rated_and_deleted(client: FanalClient) -> None:
    client.delete_conversations()
    *_, done = ask(client, "Que dit la synthèse ?")
    assert isinstance(done, AnswerDone)
    request = FeedbackRequest(answer_id=done.answer.id, useful=False, reasons=["incomplete"], comment="bref")

    said = client.feedback(request)
    [summary] = client.conversations()
    [turn] = client.conversation(summary.id).turns

    assert (summary.title, summary.turns) == ("Que dit la synthèse ?", 1)
    assert (turn.answer, turn.feedback) == (done.answer, said)
    client.delete_conversation(summary.id)
    assert client.conversations() == []
    with pytest.raises(ApiError, match="n’existe pas"):
        client.conversation(summary.id)


# An answer in a thread of its own


def asking(stream: AnswerStream, question: str = "?", **changes: float) -> Asking[Exchange]:
    started = Asking(stream, Exchange(AskRequest(question=question), date(2026, 11, 22)), **changes)
    started.start()
    return started


def read(asked: Asking, seconds: float = 5.0) -> Exchange:
    """Look at an answer until it ends."""
    exchange, deadline = asked.exchange, time.monotonic() + seconds
    while not exchange.ended and time.monotonic() < deadline:
        asked.wait(exchange.events, 0.2)
    return exchange


def test_an_answer_fills_its_exchange(client: FanalClient) -> None:
    exchange = read(asking(client.ask(AskRequest(question="et pour un CDD ?"))))

    assert exchange.answer is not None
    assert exchange.failure is None
    assert exchange.standalone_question == SCENES["et pour"].standalone_question
    assert exchange.statements == SCENES["et pour"].statements


@pytest.mark.parametrize("question", ["une panne sur la synthèse", "autre"])
def test_a_failure_ends_its_exchange(client: FanalClient, broken: FanalClient, question: str) -> None:
    exchange = read(asking((client if "panne" in question else broken).ask(AskRequest(question=question))))

    assert exchange.failure
    assert exchange.statements == [KEPT]


def test_stopping_closes_the_connection_and_keeps_what_came() -> None:
    app = scripted_api(pause_s=0)
    with listening(app) as client:
        asked = asking(client.ask(AskRequest(question="Réponds lentement sur la synthèse")))
        while not asked.exchange.statements:
            asked.wait(asked.exchange.events, 0.2)

        asked.stop()

        assert app.state.left.wait(1.0)
        assert (asked.exchange.stopped, asked.exchange.failure) == (True, None)
        assert asked.exchange.statements == [KEPT]
        assert client.sources() == SOURCES  # other calls go on


def test_an_answer_that_nobody_looks_at_is_stopped() -> None:
    app = scripted_api(pause_s=0)
    with listening(app) as client:
        asked = asking(client.ask(AskRequest(question="Réponds lentement sur la synthèse")), abandoned_s=0.0)

        assert app.state.left.wait(3.0)
        assert asked.exchange.failure == LEFT


def test_a_question_stopped_before_it_is_sent_asks_nothing_of_the_model() -> None:
    app = scripted_api(pause_s=0)
    with listening(app) as client:
        stream = client.ask(AskRequest(question="Réponds lentement sur la synthèse"))
        stream.stop()
        assert list(stream) == []
        assert app.state.left.wait(1.0)


def in_pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    bounds = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in pairwise(bounds)]


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8")), max_size=4),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(min_value=0), max_size=12),
)
def test_events_are_read_whatever_the_line_ends_and_wherever_the_network_cuts(
    texts: list[str], line_end: str, cuts: list[int]
) -> None:
    events = [SentEvent("statement", json.dumps(text, ensure_ascii=False)) for text in texts]
    stream = "".join(
        f"event: {event.event}{line_end}data: {event.data}{line_end}{line_end}" for event in events
    )

    assert list(read_events(in_pieces(stream.encode(), cuts))) == events


def test_comments_ids_and_unfinished_events_are_left_out() -> None:
    stream = ": ping\n\nid: 7\nretry: 10\ndata: un\ndata:deux\n\nevent: done\ndata: coupé"

    assert list(read_events([stream.encode()])) == [SentEvent("message", "un\ndeux")]


def test_a_byte_order_mark_and_an_event_without_data_are_left_out() -> None:
    assert list(read_events([b"\xef\xbb\xbfdata: un\n\nevent: vide\n\n"])) == [SentEvent("message", "un")]
