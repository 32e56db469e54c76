"""An OpenAI-compatible endpoint that says what a test tells it to, on a port of this machine.

`ScriptedModel.says(...)` queues an answer; each request takes the next one, streamed or whole as it asks. What
was asked is in `requests`.
"""

import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

PATIENCE_S = 30.0
STEP_S = 0.01


@dataclass(frozen=True)
class Script:
    """One answer: its pieces, and what goes wrong with it."""

    pieces: Sequence[str]
    status: int = 200
    pause_s: float = 0.0
    """Wait before each piece."""
    finish: str = "stop"
    breaks_off: bool = False
    """Drop the connection after the last piece."""
    raw: bytes = b""
    """The whole body as it is sent, in place of all this."""
    media_type: str = "text/event-stream"
    """Of the raw body."""
    refusal: str = "refused"
    """What an error says."""
    held: threading.Event | None = None
    """What to wait for before the first piece."""


@dataclass
class ScriptedModel:
    """The endpoint's state, shared with the test."""

    name: str = "modele-de-test"
    base_url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    scripts: deque[Script] = field(default_factory=deque)
    models_page: str = ""
    """A web page to answer in place of the list of models."""
    dropped: threading.Event = field(default_factory=threading.Event)
    """Set when a client closes its connection before the end of an answer."""

    def says(self, *pieces: str, **faults: Any) -> None:
        self.scripts.append(Script(pieces, **faults))

    def states(self, *statements: tuple[str, int, str]) -> None:
        """Queue a well-formed answer: (text, passage number, quote) for each statement, in small pieces."""
        answer = {"abstain": False, "statements": [statement(*parts) for parts in statements]}
        text = json.dumps(answer, ensure_ascii=False)
        self.says(*(text[i : i + 7] for i in range(0, len(text), 7)))

    def repairs(self, text: str, passage: int, quote: str) -> None:
        """Queue a well-formed repair."""
        self.says(json.dumps({"drop": False, **statement(text, passage, quote)}, ensure_ascii=False))

    def forget(self) -> None:
        """Be as new, at the same address."""
        self.requests.clear()
        self.scripts.clear()
        self.dropped.clear()
        self.models_page = ""

    @property
    def prompts(self) -> list[str]:
        """What the user's message of each request said."""
        return [request["messages"][-1]["content"] for request in self.requests]


def statement(text: str, passage: int, quote: str) -> dict[str, Any]:
    return {"text": text, "quotes": [{"passage": passage, "quote": quote}]}


def scripted_app(model: ScriptedModel) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/models")
    async def models() -> Response:
        if model.models_page:
            return HTMLResponse(model.models_page)
        card = {"id": model.name, "object": "model", "created": 0, "owned_by": "test"}
        return JSONResponse({"object": "list", "data": [card]})

    @app.post("/v1/chat/completions")
    async def completions(request: Request) -> Response:
        model.requests.append(await request.json())
        if not model.scripts:
            return JSONResponse({"error": {"message": "nothing to say"}}, status_code=503)
        script = model.scripts.popleft()
        if script.held:
            await _until(script.held)
        if script.status != 200:
            return JSONResponse({"error": {"message": script.refusal}}, status_code=script.status)
        if script.raw:
            return Response(script.raw, media_type=script.media_type)
        if not model.requests[-1].get("stream"):
            await asyncio.sleep(script.pause_s)
            return JSONResponse(_whole(script))
        return StreamingResponse(_events(model, script), media_type="text/event-stream")

    return app


async def _until(event: threading.Event) -> None:
    for _ in range(int(PATIENCE_S / STEP_S)):
        if event.is_set():
            return
        await asyncio.sleep(STEP_S)


def _whole(script: Script) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(script.pieces)}
    return {
        "id": "c",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": script.finish}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


async def _events(model: ScriptedModel, script: Script) -> AsyncIterator[str]:
    try:
        for piece in script.pieces:
            await asyncio.sleep(script.pause_s)
            yield _event(model, {"delta": {"content": piece}, "index": 0, "finish_reason": None})
    except asyncio.CancelledError:
        model.dropped.set()
        raise
    if script.breaks_off:
        raise ConnectionResetError("scripted")
    yield _event(model, {"delta": {}, "index": 0, "finish_reason": script.finish})
    yield _event(model, None)
    yield "data: [DONE]\n\n"


def _event(model: ScriptedModel, choice: dict[str, Any] | None) -> str:
    chunk: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": model.name,
        "choices": [choice] if choice else [],
    }
    if choice is None:
        chunk["usage"] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return f"data: {json.dumps(chunk)}\n\n"


@contextmanager
def running(model: ScriptedModel) -> Iterator[ScriptedModel]:
    """Serve the endpoint from a thread for as long as the context lasts."""
    config = uvicorn.Config(scripted_app(model), log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # from here on a connection waits for the server instead of being refused
        model.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.005)
        yield model
        server.should_exit = True
        thread.join(timeout=10)
