"""Write the statements of an answer from passages, with the quotes each rests on.

A question and its passages go in; `ProposedStatement`s come out one at a time, as soon as each is complete,
for `server.verify` to check. `server.extractive` does the same without a model.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import jiter
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from server.errors import ModelMisbehaved
from server.llm import Limits, stream_text
from server.prompts import answer
from server.retrieval import Retrieval
from server.schemas import Mode, Passage
from server.verify import ProposedStatement, Quote

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import CompletionUsage


class Generator(Protocol):
    """What writes an answer."""

    @property
    def mode(self) -> Mode: ...

    @property
    def model(self) -> str:
        """The name of the model, as the answer shows it."""

    def generate(
        self, question: str, passages: Sequence[Passage], retrieval: Retrieval, as_of: date, /
    ) -> AsyncGenerator[ProposedStatement, None]:
        """Give the statements one by one; none at all when the passages do not answer.

        Raises:
            ModelError: no statement could be written, or the answer broke off after those already given.
        """


def ignore_usage(_usage: "CompletionUsage") -> None:
    """Keep no count of the tokens."""


@dataclass(frozen=True, slots=True)
class OpenAIGenerator:
    """Answers written by a model behind any OpenAI-compatible endpoint that supports `json_schema`.

    Args:
        context_chars: passages are left out, the last ones first, so that their texts stay below this.
        on_usage: is given the token counts of each answer.
    """

    client: "AsyncOpenAI"
    model: str
    limits: Limits = field(default_factory=Limits)
    context_chars: int = 16_000
    on_usage: "Callable[[CompletionUsage], None]" = ignore_usage
    mode: Mode = field(default="generative", init=False)

    async def generate(
        self, question: str, passages: Sequence[Passage], _retrieval: Retrieval, as_of: date, /
    ) -> AsyncGenerator[ProposedStatement, None]:
        """See `Generator`. What was complete when an answer breaks off has already been given."""
        parser = StatementParser(self.model)
        messages = self._messages(question, passages, as_of)
        pieces = stream_text(self.client, self.model, messages, _RESPONSE_FORMAT, self.limits, self.on_usage)
        async with aclosing(pieces):
            async for piece in pieces:
                for statement in parser.feed(piece):
                    yield statement
        parser.finish()

    def _messages(self, question: str, passages: Sequence[Passage], as_of: date) -> list[dict[str, str]]:
        fitting = _fitting(passages, self.context_chars)
        return [
            {"role": "system", "content": answer.SYSTEM},
            {"role": "user", "content": answer.user_message(question, fitting, as_of)},
        ]


_RESPONSE_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "reponse", "strict": True, "schema": answer.SCHEMA},
}


def _fitting(passages: Sequence[Passage], context_chars: int) -> list[Passage]:
    """Keep the first passages whose texts fit, and at least one."""
    kept: list[Passage] = []
    size = 0
    for passage in passages:
        size += len(passage.text)
        if kept and size > context_chars:
            break
        kept.append(passage)
    return kept


class _Quote(BaseModel):
    passage: int
    quote: str


class _Statement(BaseModel):
    text: Annotated[str, AfterValidator(str.strip), Field(min_length=1)]
    quotes: list[_Quote]


class _Answer(BaseModel):
    abstain: bool = False
    statements: list[Any] = []


class StatementParser:
    """Reads an answer while it is being written, and gives each statement when its object closes."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._text = ""
        self._seen = 0
        self._unreadable = 0

    def feed(self, piece: str) -> Iterator[ProposedStatement]:
        """Add a piece of the answer; give the statements that it completes."""
        if not self._text:  # some models open with "```json"
            piece = piece[piece.find("{") :] if "{" in piece else ""
        searched = len(self._text)
        self._text += piece
        for at in range(searched, len(self._text)):
            if self._text[at] == "}":
                # Closing the array and the answer here makes a whole JSON text only where a statement ends.
                yield from self._new_statements(_read_answer(f"{self._text[: at + 1]}]}}"))

    def finish(self) -> None:
        """Check the end of the answer.

        Raises:
            ModelMisbehaved: it is empty, is no whole answer, holds statements that cannot be read, or takes
                back by `abstain` those it has given.
        """
        if not self._text:
            raise ModelMisbehaved(self._model, "elle est vide")
        read = _read_answer(self._text[: self._text.rfind("}") + 1])
        # An endpoint that ignores the schema writes its own keys: that is no abstention.
        if read is None or not (read.abstain or "statements" in read.model_fields_set):
            raise ModelMisbehaved(self._model, "son JSON est incomplet ou n’a pas la forme demandée")
        if read.abstain and self._seen:
            raise ModelMisbehaved(self._model, "elle répond et dit ne pas pouvoir répondre")
        if self._unreadable:
            raise ModelMisbehaved(self._model, "certaines de ses phrases sont illisibles")

    def _new_statements(self, read: "_Answer | None") -> Iterator[ProposedStatement]:
        if read is None or read.abstain:
            return
        new, self._seen = read.statements[self._seen :], max(self._seen, len(read.statements))
        for raw in new:
            try:
                statement = _Statement.model_validate(raw)
            except ValidationError:
                self._unreadable += 1
                continue
            quotes = tuple(Quote(quote.passage, quote.quote) for quote in statement.quotes)
            yield ProposedStatement(statement.text, quotes)


def _read_answer(text: str) -> _Answer | None:
    try:
        return _Answer.model_validate(jiter.from_json(text.encode("utf-8", "replace")))
    except ValueError:  # no JSON; pydantic's ValidationError is one too
        return None
