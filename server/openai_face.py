"""Chat clients' messages as a question in its conversation, and answers in OpenAI's shape.

The last message of the person is the question; what they said before it, and what was answered, is its history.
A chat client keeps its conversations itself: nothing is kept here. Its system messages are its own business:
they never reach the model, whose rules are Fanal's.
"""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Literal
from uuid import uuid4

from pydantic import ValidationError

from ingest.errors import FanalError
from server import ask as path
from server.abstain import smalltalk
from server.conversation import Turn
from server.converse import TURNS
from server.footnotes import Footnotes, without_footnotes
from server.mask import Masker, unmask
from server.openai_schemas import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionChunk,
    ChatRequest,
    Choice,
    ChunkChoice,
    ErrorBody,
    ErrorDetails,
    Message,
    Usage,
)
from server.problems import explain
from server.schemas import MAX_QUESTION_CHARS, Answer, AskRequest

MODEL = "fanal"
"""The one model that there is, whatever writes the answers behind it."""

CHARS_PER_TOKEN = 4
"""For the usage that clients show: Fanal counts no tokens of a question, which no model may ever read."""

_CHORE = re.compile(
    r"\s*(?:#+ task:|(?:please )?(?:provide|generate|create|write) (?:a|an|the) [^.\n]{0,40}\btitle\b)", re.I
)
"""How Open WebUI and LibreChat ask, behind the person's back, for a title, tags or follow-up questions."""


class ChatRefused(FanalError):
    """A chat client asks for what Fanal does not do, or asks nothing.

    Args:
        message: what is wrong, in French.
        param: the field at fault.
        status: HTTP status.
    """

    def __init__(self, message: str, param: str | None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.param, self.code, self.status = param, code, status

    @property
    def body(self) -> ErrorBody:
        """The error in OpenAI's shape."""
        return error_body(self.status, str(self), self.param, self.code)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a chat client asks.

    Args:
        history: the turns before the question, oldest first, masked.
        restore: what was masked in them, by placeholder.
        prompt_chars: length of all that was sent, in characters.
    """

    question: AskRequest
    history: list[Turn]
    restore: Mapping[str, str]
    prompt_chars: int


def read(request: ChatRequest, masker: Masker) -> Asked:
    """Find the question and its history in a chat client's messages.

    Raises:
        ChatRefused: another model, several answers, a forced tool, no question, or one that is too long.
    """
    check_model(request.model)
    if request.n not in (None, 1):
        raise ChatRefused("Fanal ne donne qu’une réponse : « n » vaut 1.", "n")
    if request.tool_choice not in (None, "auto", "none"):
        raise ChatRefused(
            "Fanal n’appelle pas d’outil : « tool_choice » vaut « auto » ou « none ».", "tool_choice"
        )
    last = max((at for at, message in enumerate(request.messages) if message.role == "user"), default=-1)
    if last < 0:
        raise ChatRefused("Il manque la question : un message de rôle « user ».", "messages")
    question = _question(request, request.messages[last])
    history, restore = _history(request.messages[:last], masker)
    return Asked(question, history, restore, sum(len(_text(message)) for message in request.messages))


def check_model(name: str) -> None:
    """Check that a client names the model that there is.

    Raises:
        ChatRefused: it names another.
    """
    if name != MODEL:
        message = f"Le modèle « {name[:100]} » n’existe pas ici : demandez « {MODEL} »."
        raise ChatRefused(message, "model", "model_not_found", status=404)


def _question(request: ChatRequest, message: Message) -> AskRequest:
    if isinstance(message.content, list) and any(part.type != "text" for part in message.content):
        raise ChatRefused("Fanal ne lit que du texte : ni image, ni son, ni fichier joint.", "messages")
    text = _text(message)
    if _CHORE.match(text):
        refusal = "Fanal ne répond qu’aux questions des personnes : il ne fait ni titre, ni étiquette de conversation."
        raise ChatRefused(refusal, "messages", "unsupported_task")
    try:
        return AskRequest(question=text, **request.fanal.model_dump())
    except ValidationError as error:
        code = "context_length_exceeded" if len(text) > MAX_QUESTION_CHARS else None
        raise ChatRefused(explain(error), "messages", code) from error


def _history(messages: Sequence[Message], masker: Masker) -> tuple[list[Turn], dict[str, str]]:
    """Give the last turns, masked, and what was masked in them; a "merci" says nothing of what comes after it."""
    latest = (at for at in reversed(range(len(messages))) if _asks(messages[at]))
    turns: list[Turn] = []
    restore: dict[str, str] = {}
    for at in sorted(islice(latest, TURNS)):
        replies = takewhile(lambda message: message.role != "user", messages[at + 1 :])
        answer = " ".join(without_footnotes(_text(reply)) for reply in replies if reply.role == "assistant")
        question = _masked(_text(messages[at]), masker, restore)
        turns.append(Turn(question, _masked(answer, masker, restore)))
    return turns, restore


def _asks(message: Message) -> bool:
    return message.role == "user" and not smalltalk(_text(message))


def _masked(text: str, masker: Masker, restore: dict[str, str]) -> str:
    masked = masker.mask_beginning(text, MAX_QUESTION_CHARS, about="question", known=restore)
    restore.update(masked.restore)
    return masked.text


def _text(message: Message) -> str:
    """Give the text of a message; its parts are joined as paragraphs."""
    if isinstance(message.content, list):
        return "\n".join(part.text for part in message.content if part.text)
    return message.content or ""


@dataclass(slots=True)
class Completion:
    """One answer on its way to a chat client.

    Args:
        links_base: address of the server, for links to documents.
    """

    asked: Asked
    links_base: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    pieces: list[str] = field(default_factory=list)
    notes: Footnotes = field(default_factory=Footnotes)

    def take(self, event: path.Event) -> str:
        """Give the text that an event adds to the answer, with what was masked in the history put back."""
        match event:
            case path.Waiting():
                return ""  # chat clients know no queue
            case path.PassagesFound(_, standalone):
                piece = self.notes.understood(standalone)
            case path.StatementReady(statement):
                piece = self.notes.statement(statement)
            case path.Done(answer):
                piece = self.notes.closing(answer, self.links_base)
        self.pieces.append(unmask(piece, self.asked.restore))
        return self.pieces[-1]

    def chunk(self, content: str | None = None, *, first: bool = False, last: bool = False) -> str:
        """Write a piece of the stream as JSON: the role comes first, then content, then why it ends."""
        delta: dict[Literal["role", "content"], str] = {"role": "assistant"} if first else {}
        if content is not None:
            delta["content"] = content
        return self._chunk([ChunkChoice(delta=delta, finish_reason="stop" if last else None)])

    def usage_chunk(self) -> str:
        """Write the last piece of the stream, for a client that asked for it: the tokens used."""
        return self._chunk([], self.usage)

    def whole(self, answer: Answer) -> ChatCompletion:
        """Give the answer in one piece."""
        choice = Choice(message=AssistantMessage(content="".join(self.pieces)))
        return ChatCompletion(
            id=self.id, created=self.created, model=MODEL, choices=[choice], usage=self.usage, fanal=answer
        )

    @property
    def usage(self) -> Usage:
        """Estimate the tokens of what was sent and of what was answered."""
        prompt = math.ceil(self.asked.prompt_chars / CHARS_PER_TOKEN)
        answer = math.ceil(sum(map(len, self.pieces)) / CHARS_PER_TOKEN)
        return Usage(prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer)

    def _chunk(self, choices: list[ChunkChoice], usage: Usage | None = None) -> str:
        chunk = ChatCompletionChunk(
            id=self.id, created=self.created, model=MODEL, choices=choices, usage=usage
        )
        return chunk.model_dump_json()


def error_body(status: int, message: str, param: str | None = None, code: str | None = None) -> ErrorBody:
    """Write an error in OpenAI's shape, with the type that its clients expect of that status."""
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    return ErrorBody(error=ErrorDetails(message=message, type=kind, param=param, code=code))
