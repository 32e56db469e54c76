"""The page's client against a scripted server on a local port: streams, problems, cuts and silences."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, StreamingResponse
from hypothesis import given
from hypothesis import strategies as st

from server.schemas import AskRequest, IngestionRequest, SearchRequest
from tests.browser.scripted_api import (
    ARTICLE,
    BILAN,
    KEPT,
    OVERLOADED,
    SCENES,
    SOURCES,
    run_view,
    scripted_api,
)
from ui.client import (
    AnswerCut,
    AnswerDone,
    ApiError,
    FanalClient,
    PassagesFound,
    ServerUnreachable,
    StatementWritten,
    UnexpectedAnswer,
)
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

    @app.get("/health/ready")
    def ready() -> PlainTextResponse:
        return PlainTextResponse("<html>502 Bad Gateway</html>", 502)

    return app


@pytest.fixture(scope="module")
def broken() -> Iterator[FanalClient]:
    with listening(broken_server()) as client:
        yield client


def test_an_answer_streams_in_as_typed_events_that_end_with_the_whole_answer(client: FanalClient) -> None:
    scene = SCENES["synthèse"]

    events = list(client.ask_stream(AskRequest(question="la synthèse")))

    assert events == [
        PassagesFound(scene.passages),
        *(StatementWritten(statement) for statement in scene.statements),
        AnswerDone(scene),
    ]


def test_the_error_event_raises_its_problem_after_what_came_before_it(client: FanalClient) -> None:
    events = client.ask_stream(AskRequest(question="une panne sur la synthèse"))

    assert isinstance(next(events), PassagesFound)
    assert next(events) == StatementWritten(KEPT)
    with pytest.raises(ApiError, match="Réessayez dans quelques minutes") as raised:
        next(events)
    assert raised.value.problem == OVERLOADED
    assert raised.value.retry


@pytest.mark.parametrize("end", ["brutal", "normal", "silence"])
def test_a_stream_that_ends_or_stalls_before_done_is_reported_as_cut(broken: FanalClient, end: str) -> None:
    events = broken.ask_stream(AskRequest(question=end))

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
            next(client.ask_stream(AskRequest(question="quoi ?")))
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
