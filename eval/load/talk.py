"""One exchange with the server: what a person sends goes in, an `Exchange` comes out, checked.

An answer is right when its `done` event came, holds all the statements that came one by one, each verified, and each of
their citations is a slice of its passage; a draft, when all the sections that came are in it and its quotes are slices
of the notes. Nothing is asked again here: what goes wrong is written down.
"""

import json
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx

from eval.load.records import Exchange

TIMEOUT = httpx.Timeout(180, connect=10)
"""Longest silence of the server, in seconds."""

STREAM = {"Accept": "text/event-stream"}
NOT_KEPT = "n’a pas pu être enregistrée"
"""In the warning of an answer that the history does not hold: the server did not acknowledge it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An exchange, and the last event when it is the one that was waited for."""

    exchange: Exchange
    done: Mapping[str, Any] | None

    @property
    def kept(self) -> bool:
        """Whether the server says that it keeps the answer or the draft."""
        return self.done is not None and not any(NOT_KEPT in one for one in self.exchange.warnings)


async def ask(client: httpx.AsyncClient, exchange: Exchange, body: Mapping[str, Any]) -> Answered:
    """Ask a question, statement by statement."""
    return await _streamed(client, "/v1/ask", exchange, body)


async def draft(client: httpx.AsyncClient, exchange: Exchange, body: Mapping[str, Any]) -> Answered:
    """Have a synthesis drafted, section by section."""
    return await _streamed(client, "/v1/drafts", exchange, body)


async def give_feedback(client: httpx.AsyncClient, exchange: Exchange, body: Mapping[str, Any]) -> Answered:
    """Say whether an answer was useful."""
    done: Mapping[str, Any] | None = None
    try:
        response = await client.post("/v1/feedback", json=body)
        exchange.status = response.status_code
        if response.is_success:
            done = response.json()
        else:
            _note_problem(exchange, response.content)
    except httpx.HTTPError as error:
        exchange.error = exchange.said = type(error).__name__
    exchange.ended = time.monotonic()
    return Answered(exchange, done)


async def _streamed(
    client: httpx.AsyncClient, path: str, exchange: Exchange, body: Mapping[str, Any]
) -> Answered:
    done: Mapping[str, Any] | None = None
    pieces: list[Mapping[str, Any]] = []
    try:
        async with client.stream("POST", path, json=body, headers=STREAM) as response:
            exchange.status = response.status_code
            if not response.is_success:
                _note_problem(exchange, await response.aread())
            else:
                done = await _read(response, exchange, pieces)
    except httpx.HTTPError as error:
        exchange.error = exchange.said = type(error).__name__
    exchange.ended = time.monotonic()
    if done is not None and exchange.error is None:
        exchange.error = (
            fault_of_draft(done, pieces) if path == "/v1/drafts" else fault_of_answer(done, pieces)
        )
    return Answered(exchange, done)


async def _read(
    response: httpx.Response, exchange: Exchange, pieces: list[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """Read the events up to the last; gives the data of `done`, None when it did not come."""
    done: Mapping[str, Any] | None = None
    queued: float | None = None
    async with aclosing(_events(response)) as events:
        async for name, data in events:
            if name == "queue" and data["place"]:
                queued = queued or time.monotonic()
                exchange.place = max(exchange.place or 0, int(data["place"]))
                continue
            if queued is not None:
                exchange.waited, queued = exchange.waited + time.monotonic() - queued, None
            exchange.opened = exchange.opened or time.monotonic()
            if name in ("statement", "section"):
                exchange.first = exchange.first or time.monotonic()
                pieces.append(data)
            elif name == "done":
                done = data
            elif name == "error":
                exchange.error, exchange.said = f"event {data.get('status')}", _said(data)
    exchange.statements = len(pieces)
    if done is None:
        exchange.error = exchange.error or "no done"
        return None
    exchange.mode, exchange.warnings, exchange.timings = done["mode"], done["warnings"], done["timings"]
    if "queue" in exchange.timings:  # the server's clock has no part of what an event takes to come
        exchange.waited = exchange.timings["queue"] / 1_000
    return done


async def _events(response: httpx.Response) -> AsyncGenerator[tuple[str, Any], None]:
    """Give the name and the data of each server-sent event; comments are passed over."""
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            yield name, json.loads(line[5:])


def _note_problem(exchange: Exchange, content: bytes) -> None:
    exchange.error = f"status {exchange.status}"
    try:
        exchange.said = _said(json.loads(content))
    except (json.JSONDecodeError, UnicodeDecodeError):
        exchange.said = content[:200].decode("utf-8", "replace")


def _said(problem: Mapping[str, Any]) -> str:
    return f"{problem.get('title')} : {problem.get('detail')}"


def fault_of_answer(done: Mapping[str, Any], pieces: list[Mapping[str, Any]]) -> str | None:
    """Say what is wrong with an answer, None for nothing.

    Args:
        done: data of its last event, `server.schemas.Answer`.
        pieces: statements that came before it.
    """
    if done["abstained"]:
        return "abstained"
    if done["statements"] != pieces:
        return "statements lost"
    passages = {passage["id"]: passage["text"] for passage in done["passages"]}
    for statement in done["statements"]:
        if not statement["verified"]:
            return "not verified"
        if not all(_holds(one, passages.get(one["passage_id"], "")) for one in statement["citations"]):
            return "citation wrong"
    return None


def fault_of_draft(done: Mapping[str, Any], pieces: list[Mapping[str, Any]]) -> str | None:
    """Say what is wrong with a draft, None for nothing.

    Args:
        done: data of its last event, `server.draft_schemas.DraftView`.
        pieces: sections that came before it.
    """
    came, held = (
        {one["id"]: one["text"] for one in pieces},
        {one["id"]: one["text"] for one in done["sections"]},
    )
    if came != held:
        return "sections lost"
    notes = {note["number"]: note["masked"] for note in done["notes"]}
    passages = {passage["id"]: passage["text"] for passage in done["passages"]}
    for sentence in _sentences(done):
        if not sentence["verified"]:
            return "not verified"
        if not all(_holds(one, notes.get(one["sentence"], "")) for one in sentence["sources"]):
            return "quote wrong"
        if not all(_holds(one, passages.get(one["passage_id"], "")) for one in sentence["citations"]):
            return "citation wrong"
    return None


def _sentences(draft: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (sentence for section in draft["sections"] for sentence in section["sentences"])


def _holds(citation: Mapping[str, Any], text: str) -> bool:
    return bool(citation["quote"]) and text[citation["start"] : citation["end"]] == citation["quote"]
