"""The wire types of the OpenAI-compatible face: what chat clients send to `/v1/chat/completions`, and get.

They follow OpenAI's reference of that address. What a client sends and Fanal does not use (temperature, stop,
seed, user…) is accepted and ignored, and so are fields that do not exist yet.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from server.schemas import Answer, Scope

MAX_MESSAGES = 2_000
"""Longest conversation that is read; only its last turns count."""


MAX_TEXT_CHARS = 1_000_000
"""Longest text of a message; of what was said before the question, only the beginning of each is read."""

ReceivedText = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARS)]
"""A text that can be written again: JSON can hold halves of characters, which a bound makes pydantic refuse."""


class _Received(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ContentPart(_Received):
    """A piece of a message; only those of type `text` can be read."""

    type: str = "text"
    text: ReceivedText | None = None


class Message(_Received):
    """A message of the conversation; what a tool said, and calls to tools, are not read."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: ReceivedText | list[ContentPart] | None = None


class StreamOptions(_Received):
    """What a client wants in the stream beside the answer."""

    include_usage: bool | None = None


class ChatRequest(_Received):
    """Body of `POST /v1/chat/completions`.

    Args:
        n: how many answers; only one can be had.
        tool_choice: a tool that the answer must call cannot be had either.
        fanal: not OpenAI's: the day, the kinds and the sources that the question is about.
    """

    model: ReceivedText
    messages: Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    tool_choice: str | dict[str, object] | None = None
    fanal: Scope = Scope()

    @property
    def wants_usage(self) -> bool:
        """Whether the stream ends with the tokens used."""
        return bool(self.stream_options and self.stream_options.include_usage)


class Usage(BaseModel):
    """Tokens of the question and of the answer, as an estimate."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AssistantMessage(BaseModel):
    """The answer, as text."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(BaseModel):
    """The one answer of a completion."""

    index: int = 0
    message: AssistantMessage
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class ChatCompletion(BaseModel):
    """Answer of `POST /v1/chat/completions`; `fanal` is not OpenAI's: the answer of `POST /v1/ask`."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    fanal: Answer


class ChunkChoice(BaseModel):
    """The one choice of a piece of a stream; `delta` holds the role, or content, or nothing at the end."""

    index: int = 0
    delta: dict[Literal["role", "content"], str]
    logprobs: None = None
    finish_reason: Literal["stop"] | None = None


class ChatCompletionChunk(BaseModel):
    """A piece of a streamed answer; the one that holds the usage has no choice."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None = None


class ModelCard(BaseModel):
    """A line of `GET /v1/models`; `created` is not known."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "fanal"


class ModelList(BaseModel):
    """Answer of `GET /v1/models`."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class ErrorDetails(BaseModel):
    """What went wrong, in French, and the field at fault."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorBody(BaseModel):
    """An error in OpenAI's shape."""

    error: ErrorDetails
