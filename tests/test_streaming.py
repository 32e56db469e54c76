"""Streams of events: comments in their silences, ahead of slow readers, and stopped when nobody reads."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx
import pytest
from fastapi import FastAPI
from fastapi.sse import KEEPALIVE_COMMENT

from server.errors import ModelBusy
from server.routes import streaming
from server.routes.streaming import EventStream, as_sent, kept_alive
from server.schemas import Problem, QueueEvent
from tests.served import serving
from ui.sse import SentEvent, read_events

SILENCE_S = 0.01


async def test_a_silence_is_filled_with_comments() -> None:
    go_on = asyncio.Event()

    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"first"
        await go_on.wait()
        yield b"last"

    seen: list[bytes] = []
    async with aclosing(kept_alive(pieces(), SILENCE_S)) as stream:
        async for piece in stream:
            seen.append(piece)
            if seen.count(KEEPALIVE_COMMENT) == 3:
                go_on.set()
    assert seen[0] == b"first"
    assert seen[-1] == b"last"
    assert set(seen[1:-1]) == {KEEPALIVE_COMMENT}


async def test_what_writes_does_not_wait_for_who_reads() -> None:
    written = asyncio.Event()

    async def pieces() -> AsyncGenerator[bytes, None]:
        for number in range(5):
            yield b"%d" % number
        written.set()

    async with aclosing(kept_alive(pieces())) as stream:
        assert await anext(stream) == b"0"
        await asyncio.wait_for(written.wait(), 10)
        assert [piece async for piece in stream] == [b"1", b"2", b"3", b"4"]


async def test_what_writes_stops_when_nobody_reads() -> None:
    stopped = asyncio.Event()

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            stopped.set()

    stream = kept_alive(pieces())
    await anext(stream)
    await stream.aclose()
    assert stopped.is_set()


async def test_what_goes_wrong_in_the_writing_is_not_lost() -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"first"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        assert [piece async for piece in kept_alive(pieces())] == [b"first"]


async def test_an_error_of_a_stream_is_an_event() -> None:
    async def events() -> AsyncGenerator[QueueEvent, None]:
        yield QueueEvent(place=2)
        raise ModelBusy

    written = [piece async for piece in as_sent(events(), lambda event: ("queue", event))]
    first, last = read_events(written)
    assert first == SentEvent("queue", '{"place":2}')
    assert last.event == "error"
    problem = Problem.model_validate_json(last.data)
    assert (problem.status, problem.title, problem.retry) == (503, "Le modèle est occupé", True)


def test_a_proxy_that_closes_silent_connections_keeps_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its read timeout is longer than the silence between two comments, and far shorter than the answer's own."""
    monkeypatch.setattr(streaming, "PING_S", 0.02)
    app = FastAPI()

    @app.get("/")
    async def answer() -> EventStream:
        async def pieces() -> AsyncGenerator[bytes, None]:
            await asyncio.sleep(0.6)
            yield b"event: done\ndata: 1\n\n"

        return EventStream(pieces())

    with (
        serving(app) as url,
        httpx.Client(timeout=0.4) as proxy,
        proxy.stream("GET", url) as response,
    ):
        pieces = list(response.iter_bytes())
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["cache-control"] == "no-cache"
    assert b"".join(pieces).startswith(KEEPALIVE_COMMENT * 3)
    assert list(read_events(pieces)) == [SentEvent("done", "1")]
