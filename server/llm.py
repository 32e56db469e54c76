"""Talk to a language model behind an OpenAI-compatible endpoint (vLLM first).

Messages go in; pieces of text come out as the model writes them; every failure becomes a `ModelError`.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import BaseModel, ValidationError

from server.errors import ModelMisbehaved, ModelRefused, ModelUnavailable

if TYPE_CHECKING:  # openai takes more than a second to import
    from openai import APIStatusError, AsyncOpenAI

CONNECT_TIMEOUT_S = 5.0
"""An endpoint of the same network that takes longer than this to accept a connection is down."""

MAX_LINE_BYTES = 1_000_000
"""A piece of an answer is a few hundred bytes: a line of this length is no event stream."""

_TOO_LONG = re.compile(
    r"context[ _]?(?:length|window|size)|maximum context|max_model_len|too many tokens", re.I
)
"""How vLLM, llama.cpp, TGI and OpenAI say that a request does not fit."""

Messages = Sequence[Mapping[str, str]]
"""The messages of a request: `role` and `content`."""


class ContextTooLong(ModelRefused):
    """The request is longer than the model's context: a shorter one may pass."""


class Usage(BaseModel):
    """What one call used.

    Args:
        prompt_tokens: that were read, None when the endpoint does not tell; `completion_tokens`: that were written.
        seconds: from the request to the end of what came back, what broke off included.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float = 0.0


def ignore_usage(_usage: Usage) -> None:
    """Keep no count of what is used."""


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta
    finish_reason: str | None = None


class _Chunk(BaseModel):
    choices: list[_Choice]
    usage: Usage | None = None


class _Whole(BaseModel):
    class Choice(BaseModel):
        message: _Delta
        finish_reason: str | None = None

    choices: list[Choice]
    usage: Usage | None = None


class _ServedModel(BaseModel):
    id: str


class _ServedModels(BaseModel):
    data: list[_ServedModel]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call.

    Args:
        max_tokens: longest answer, in tokens.
        total_s: longest wait for the whole answer, in seconds, however regularly its pieces come.
    """

    max_tokens: int = 1_200
    total_s: float = 120.0


def build_client(base_url: str, api_key: str, silence_s: float) -> "AsyncOpenAI":
    """Build the client of an endpoint.

    Args:
        base_url: ends in `/v1`.
        api_key: any text when the endpoint asks for none.
        silence_s: longest wait between two pieces of an answer, in seconds, the first included.
    """
    import openai.resources.chat  # else the client imports it at the first question: half a second, while all wait

    timeout = httpx.Timeout(silence_s, connect=CONNECT_TIMEOUT_S)
    # No retry here: the answer falls back on the documents' sentences at once, and the person may ask again.
    return openai.AsyncOpenAI(
        base_url=base_url, api_key=api_key or "sans-cle", timeout=timeout, max_retries=0
    )


async def check_model(client: "AsyncOpenAI", model: str) -> None:
    """Check that the endpoint answers and serves `model`.

    Raises:
        ModelUnavailable: it cannot be reached.
        ModelRefused: it refuses the key, or does not serve this model.
        ModelMisbehaved: what answers there is no such endpoint (a web page, say).
    """
    with model_errors(client, model):
        response = await client.get("/models", cast_to=httpx.Response)
    try:
        served = _ServedModels.model_validate_json(response.content)
    except ValidationError as error:
        what = f"{client.base_url}models ne rend pas la liste des modèles : l’adresse est sans doute fausse"
        raise ModelMisbehaved(model, what) from error
    if model not in {one.id for one in served.data}:
        raise ModelRefused(404, model)


async def stream_text(
    client: "AsyncOpenAI",
    model: str,
    messages: Messages,
    response_format: Mapping[str, object],
    limits: Limits,
    on_usage: Callable[[Usage], None],
) -> AsyncGenerator[str, None]:
    """Give the pieces of the model's answer as they come; closing the generator closes the connection.

    Args:
        on_usage: is told once what the call used, however it ends.

    Raises:
        ModelUnavailable: unreachable, silent or too slow, before or in the middle of the answer.
        ContextTooLong: the messages do not fit.
        ModelRefused: the endpoint refuses the request.
        ModelMisbehaved: the answer reached `limits.max_tokens`, or the stream itself is broken.
    """
    deadline, is_cut = monotonic() + limits.total_s, False
    request = _request(model, messages, response_format, limits)
    request |= {"stream": True, "stream_options": {"include_usage": True}}
    with model_errors(client, model), _counted(on_usage) as told:
        # Read here rather than by the client, which makes a dozen objects of every token: with fifty
        # answers at once that was most of the server's work.
        async with client.chat.completions.with_streaming_response.create(**request) as response:
            async for data in _events(response.iter_bytes(), model):
                chunk = _chunk(data, model)
                told.append(chunk.usage)
                for choice in chunk.choices:
                    if choice.delta.content:
                        yield choice.delta.content
                    is_cut |= choice.finish_reason == "length"  # what was used is told after it
                if monotonic() > deadline:
                    raise ModelUnavailable(str(client.base_url))
    if is_cut:
        raise ModelMisbehaved(model, "elle n’en finit pas")


async def complete_text(
    client: "AsyncOpenAI",
    model: str,
    messages: Messages,
    response_format: Mapping[str, object],
    limits: Limits,
    on_usage: Callable[[Usage], None],
) -> str:
    """Give the model's whole answer, for a short one that nobody reads while it is written.

    Raises:
        ModelError: as `stream_text`; `ModelUnavailable` when it takes more than `limits.total_s`.
    """
    request = _request(model, messages, response_format, limits)
    with model_errors(client, model), _counted(on_usage) as told:
        try:
            async with asyncio.timeout(limits.total_s):
                raw = await client.chat.completions.with_raw_response.create(**request)
        except TimeoutError as error:
            raise ModelUnavailable(str(client.base_url)) from error
        try:
            read = _Whole.model_validate_json(raw.content)
        except ValidationError as error:
            raise ModelMisbehaved(model, "elle n’a pas la forme attendue") from error
        told.append(read.usage)
    if not read.choices or read.choices[0].finish_reason == "length":
        raise ModelMisbehaved(model, "elle est vide ou n’en finit pas")
    return read.choices[0].message.content or ""


@contextmanager
def _counted(on_usage: Callable[[Usage], None]) -> Iterator[deque[Usage | None]]:
    """Time a call, and tell what it used; the last usage put in what this gives counts: some repeat it as they go."""
    began = monotonic()
    told: deque[Usage | None] = deque(maxlen=1)
    try:
        yield told
    finally:
        usage = next(iter(told), None) or Usage()
        on_usage(usage.model_copy(update={"seconds": monotonic() - began}))


def _request(
    model: str, messages: Messages, response_format: Mapping[str, object], limits: Limits
) -> dict[str, Any]:
    return {
        "model": model,
        "messages": messages,
        "response_format": response_format,
        "temperature": 0,
        "max_tokens": limits.max_tokens,
    }


async def _events(pieces: AsyncIterable[bytes], model: str) -> AsyncGenerator[bytes, None]:
    """Give the data of each server-sent event, up to `[DONE]`; what is no event (a web page) is passed over."""
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                data = line[5:].strip()
                if data == b"[DONE]":
                    return
                yield data
        if len(rest) > MAX_LINE_BYTES:
            raise ModelMisbehaved(model, "le flux n’a pas la forme attendue")


def _chunk(data: bytes, model: str) -> _Chunk:
    try:
        return _Chunk.model_validate_json(data)
    except ValidationError as error:
        raise ModelMisbehaved(model, "le flux n’a pas la forme attendue") from error


@contextmanager
def model_errors(client: "AsyncOpenAI", model: str) -> Iterator[None]:
    """Turn what the client raises into a `ModelError`."""
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        if _is_too_long(error):
            raise ContextTooLong(error.status_code, model) from error
        if error.status_code == 429 or error.status_code >= 500:
            raise ModelUnavailable(str(client.base_url)) from error
        raise ModelRefused(error.status_code, model) from error
    except (openai.APIConnectionError, httpx.HTTPError) as error:
        raise ModelUnavailable(str(client.base_url)) from error
    except (openai.APIError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelMisbehaved(model, "le flux est illisible") from error


def _is_too_long(error: "APIStatusError") -> bool:
    return error.status_code in (400, 413, 422) and _TOO_LONG.search(str(error)) is not None
