"""Talk to a language model behind an OpenAI-compatible endpoint (vLLM first).

Messages go in; pieces of text come out as the model writes them; every failure becomes a `ModelError`.
"""

import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from server.errors import ModelMisbehaved, ModelRefused, ModelUnavailable

if TYPE_CHECKING:  # openai takes more than a second to import
    from openai import AsyncOpenAI
    from openai.types import CompletionUsage

CONNECT_TIMEOUT_S = 5.0
"""An endpoint of the same network that takes longer than this to accept a connection is down."""


class _Read(BaseModel):
    """What is read of an answer: the client itself checks nothing of what it receives."""

    model_config = ConfigDict(from_attributes=True)


class _Delta(_Read):
    content: str | None = None


class _Choice(_Read):
    delta: _Delta
    finish_reason: str | None = None


class _Chunk(_Read):
    choices: list[_Choice]


class _ServedModel(_Read):
    id: str


class _ServedModels(_Read):
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
    from openai import AsyncOpenAI

    timeout = httpx.Timeout(silence_s, connect=CONNECT_TIMEOUT_S)
    # No retry here: the answer falls back on the documents' sentences at once, and the person may ask again.
    return AsyncOpenAI(base_url=base_url, api_key=api_key or "sans-cle", timeout=timeout, max_retries=0)


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
    messages: Sequence[Mapping[str, str]],
    response_format: Mapping[str, object],
    limits: Limits,
    on_usage: "Callable[[CompletionUsage], None]",
) -> AsyncGenerator[str, None]:
    """Give the pieces of the model's answer as they come; closing the generator closes the connection.

    Raises:
        ModelUnavailable: unreachable, silent or too slow, before or in the middle of the answer.
        ModelRefused: the endpoint refuses the request.
        ModelMisbehaved: the answer reached `limits.max_tokens`, or the stream itself is broken.
    """
    from openai.types import CompletionUsage

    deadline = monotonic() + limits.total_s
    request: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "response_format": response_format,
        "temperature": 0,
        "max_tokens": limits.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    with model_errors(client, model):
        async with await client.chat.completions.create(**request) as stream:
            async for chunk in stream:
                choices = _choices(chunk, model)
                if isinstance(chunk.usage, CompletionUsage):
                    on_usage(chunk.usage)
                for choice in choices:
                    if choice.delta.content:
                        yield choice.delta.content
                    if choice.finish_reason == "length":
                        raise ModelMisbehaved(model, "elle n’en finit pas")
                if monotonic() > deadline:
                    raise ModelUnavailable(str(client.base_url))


def _choices(chunk: object, model: str) -> list[_Choice]:
    try:
        return _Chunk.model_validate(chunk).choices
    except ValidationError as error:
        raise ModelMisbehaved(model, "le flux n’a pas la forme attendue") from error


@contextmanager
def model_errors(client: "AsyncOpenAI", model: str) -> Iterator[None]:
    """Turn what the client raises into a `ModelError`."""
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        if error.status_code == 429 or error.status_code >= 500:
            raise ModelUnavailable(str(client.base_url)) from error
        raise ModelRefused(error.status_code, model) from error
    except (openai.APIConnectionError, httpx.HTTPError) as error:
        raise ModelUnavailable(str(client.base_url)) from error
    except (openai.APIError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelMisbehaved(model, "le flux est illisible") from error
