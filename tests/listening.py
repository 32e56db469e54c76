"""A model, an embedder and a reranker on a port of this machine that keep every request they get, to the last word.

The model answers whatever schema it is asked for, with a sentence that holds a placeholder and a quote that is nowhere:
so that a repair is asked for, and a placeholder comes back in the next turn.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from tests.support import WordEmbedder

MODEL = "modele-a-l-ecoute"
SAID = "Le plafond de [PERSONNE_1] est de 40 euros."


@dataclass
class Listening:
    """What was heard, by path: each text once, however deep it stood in a request."""

    heard: dict[str, set[str]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    silent: bool = False
    """Whether the model refuses to answer."""

    def hears(self, path: str, body: object) -> None:
        self.requests[path] = self.requests.get(path, 0) + 1
        self.heard.setdefault(path, set()).update(texts_of(body))

    @property
    def texts(self) -> set[str]:
        return set().union(*self.heard.values())


def texts_of(body: object) -> Iterator[str]:
    """Give every text of a JSON value, keys included."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, Mapping):
        for key, value in body.items():
            yield from texts_of(key)
            yield from texts_of(value)
    elif isinstance(body, list):
        for value in body:
            yield from texts_of(value)


def filled(schema: Mapping[str, Any]) -> Any:
    """Give a value that a schema of Fanal's allows."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: filled(part) for name, part in schema["properties"].items()}
        case "array":
            return [filled(schema["items"])]
        case "integer" | "number":
            return 1
        case "boolean":
            return False
        case _:
            return SAID


def listening_app(listening: Listening) -> FastAPI:
    """Serve `/v1/models`, `/v1/chat/completions`, `/v1/embeddings` and `/v1/rerank`."""
    app = FastAPI()
    embedder = WordEmbedder()

    @app.get("/v1/models")
    def models() -> Response:
        return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    @app.post("/v1/chat/completions")
    async def completions(request: Request) -> Response:
        body = await request.json()
        listening.hears("chat", body)
        if listening.silent:
            return JSONResponse({"error": {"message": "occupé"}}, status_code=503)
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
        text = json.dumps(filled(schema), ensure_ascii=False) if schema else SAID
        return StreamingResponse(_stream(text)) if body.get("stream") else JSONResponse(_whole(text))

    @app.post("/v1/embeddings")
    async def embeddings(request: Request) -> Response:
        body = await request.json()
        listening.hears("embeddings", body)
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        vectors = [embedder.query(text).tolist() for text in texts]
        return JSONResponse({"data": [{"index": at, "embedding": one} for at, one in enumerate(vectors)]})

    @app.post("/v1/rerank")
    async def rerank(request: Request) -> Response:
        body = await request.json()
        listening.hears("rerank", body)
        scores = [{"index": at, "relevance_score": 1 - at / 1000} for at in range(len(body["documents"]))]
        return JSONResponse({"results": scores})

    return app


def _whole(text: str) -> dict[str, Any]:
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
    }


def _stream(text: str) -> Iterator[str]:
    shared = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": MODEL}
    for delta, finish in (({"role": "assistant", "content": text}, None), ({}, "stop")):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        yield f"data: {json.dumps({**shared, 'choices': [choice]})}\n\n"
    yield "data: [DONE]\n\n"
