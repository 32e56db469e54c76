"""Write the statements of an answer from passages, with the quotes each rests on.

A question, its passages and the turns before it go in; `ProposedStatement`s come out one at a time, as soon as
each is complete, for `server.verify` to check. `server.extractive` does the same without a model.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from ingest.text import terms
from server.answer_parser import StatementForm, StatementParser, read_object
from server.conversation import Turn
from server.errors import ModelError, ModelMisbehaved
from server.guard import is_foreign, leaks
from server.llm import ContextTooLong, Limits, Messages, Usage, complete_text, ignore_usage, stream_text
from server.prompts import answer, repair
from server.retrieval import Retrieval
from server.schemas import Mode, Passage
from server.verify import ProposedStatement

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CHARS_PER_TOKEN = 3.0
"""Fewer than any tokenizer in use gives for French (3.3 to 4.5): what is estimated to fit does fit."""

REPAIR_LIMITS = Limits(max_tokens=400, total_s=20.0)
REPAIR_SHARE = 1 / 6
"""Share of the wait for a whole answer that a repair may take where that is more: a slow model repairs slowly."""

REPAIR_PASSAGES = 3
"""Passages shown again to repair a statement: those that it cites, then those that share most words with it."""

MAX_TURNS = 6
MAX_TURN_CHARS = 600
"""What a prompt repeats of the turns before: the last ones, their answers cut short."""


class Generator(Protocol):
    """What writes an answer."""

    @property
    def mode(self) -> Mode: ...

    @property
    def model(self) -> str:
        """The name of the model, as the answer shows it."""

    @property
    def prompt_version(self) -> str | None:
        """The version of the instructions; None without a model."""

    def generate(
        self,
        question: str,
        passages: Sequence[Passage],
        retrieval: Retrieval,
        as_of: date,
        /,
        history: Sequence[Turn] = (),
    ) -> AsyncGenerator[ProposedStatement, None]:
        """Give the statements one by one; none at all when the passages do not answer.

        Args:
            history: the turns before the question, oldest first; the question stands alone already.

        Raises:
            ModelError: no statement could be written, or the answer broke off after those already given.
        """

    async def repair(
        self, question: str, proposed: ProposedStatement, passages: Sequence[Passage], as_of: date, /
    ) -> ProposedStatement | None:
        """Write once more a statement that could not be verified; None when there is nothing better to say."""


@dataclass(frozen=True, slots=True)
class OpenAIGenerator:
    """Answers written by a model behind any OpenAI-compatible endpoint that supports `json_schema`.

    Args:
        context: the model's context length in tokens, prompt and answer. Passages are left out, the last ones
            first, so that they fit by a conservative estimate; earlier turns get the room that is left.
        on_usage: is told what each call used.
    """

    client: "AsyncOpenAI"
    model: str
    limits: Limits = field(default_factory=Limits)
    context: int = 8_192
    on_usage: Callable[[Usage], None] = ignore_usage
    mode: Mode = field(default="generative", init=False)
    prompt_version: str | None = field(default=answer.PROMPT_VERSION, init=False)

    async def generate(
        self,
        question: str,
        passages: Sequence[Passage],
        _retrieval: Retrieval,
        as_of: date,
        /,
        history: Sequence[Turn] = (),
    ) -> AsyncGenerator[ProposedStatement, None]:
        """See `Generator`. What was complete when an answer breaks off has already been given."""
        limits = replace(self.limits, max_tokens=self._answer_tokens)
        room = self._room(question, limits)
        fitting = fitting_passages(passages, room)
        turns = fitting_turns(history, room - sum(map(_size, fitting)))
        try:
            messages = _messages(answer.SYSTEM, answer.user_message(question, fitting, as_of, turns))
            async with aclosing(self._statements(messages, limits)) as statements:
                async for statement in statements:
                    yield statement
        except ContextTooLong:  # refused before the first piece: nothing has been given
            half = fitting[: max(1, len(fitting) // 2)]
            messages = _messages(answer.SYSTEM, answer.user_message(question, half, as_of))
            async with aclosing(self._statements(messages, limits)) as statements:
                async for statement in statements:
                    yield statement

    async def repair(
        self, question: str, proposed: ProposedStatement, passages: Sequence[Passage], as_of: date, /
    ) -> ProposedStatement | None:
        """See `Generator`. A model that fails, is slow or finds nothing leaves the statement as it was."""
        shown = {number: passages[number - 1] for number in _nearest(proposed, passages)}
        messages = _messages(repair.SYSTEM, repair.user_message(question, proposed, shown, as_of))
        limits = patient(REPAIR_LIMITS, self.limits, REPAIR_SHARE)
        try:
            text = await complete_text(
                self.client, self.model, messages, _REPAIR_FORMAT, limits, self.on_usage
            )
            repaired = StatementForm.model_validate_json(read_object(text)).proposed()
        except (ModelError, ValidationError):  # an empty text, which comes with `drop`, is one too
            return None
        return None if is_foreign(repaired.text) or leaks(repaired.text) else repaired

    async def _statements(
        self, messages: Messages, limits: Limits
    ) -> AsyncGenerator[ProposedStatement, None]:
        parser = StatementParser(self.model)
        pieces = stream_text(self.client, self.model, messages, _ANSWER_FORMAT, limits, self.on_usage)
        async with aclosing(pieces):
            async for piece in pieces:
                for statement in parser.feed(piece):
                    if is_foreign(statement.text):
                        raise ModelMisbehaved(self.model, "elle n’est pas en français")
                    yield statement
        parser.finish()

    @property
    def _answer_tokens(self) -> int:
        """A short context still leaves most of its room to the passages."""
        return min(self.limits.max_tokens, self.context // 3)

    def _room(self, question: str, limits: Limits) -> int:
        """Give how many characters the passages and the earlier turns may take."""
        instructions = len(answer.SYSTEM) + len(question) + _FRAME_CHARS
        return int((self.context - limits.max_tokens) * CHARS_PER_TOKEN) - instructions


_FRAME_CHARS = 300
"""The lines of a prompt that are neither instructions nor data, and the marks of the model's own template."""

_HEADER_CHARS = 120
"""The marks and the numbers around one passage."""


def patient(limits: Limits, whole: Limits, share: float) -> Limits:
    """Give the limits of a smaller call, with at least this share of the wait for a whole answer."""
    return replace(limits, total_s=max(limits.total_s, share * whole.total_s))


def _format(name: str, schema: dict[str, object]) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


_ANSWER_FORMAT = _format("reponse", answer.SCHEMA)
_REPAIR_FORMAT = _format("phrase", repair.SCHEMA)


def _messages(system: str, user: str) -> Messages:
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def fitting_passages(passages: Sequence[Passage], room: int) -> list[Passage]:
    """Keep the first passages that fit in `room` characters, and at least one."""
    kept: list[Passage] = []
    for passage in passages:
        room -= _size(passage)
        if kept and room < 0:
            break
        kept.append(passage)
    return kept


def fitting_turns(history: Sequence[Turn], room: int) -> list[Turn]:
    """Keep the last turns that fit in `room` characters, their answers cut short, oldest first."""
    kept: list[Turn] = []
    for turn in reversed(history[-MAX_TURNS:]):
        short = Turn(turn.question[:MAX_TURN_CHARS], turn.answer[:MAX_TURN_CHARS])
        room -= len(short.question) + len(short.answer) + _HEADER_CHARS
        if room < 0:
            break
        kept.append(short)
    return kept[::-1]


def _size(passage: Passage) -> int:
    return len(passage.text) + sum(map(len, passage.path)) + len(passage.title) + _HEADER_CHARS


def _nearest(proposed: ProposedStatement, passages: Sequence[Passage]) -> list[int]:
    """Give the numbers of the passages to repair a statement from, in the order of the answer's."""
    cited = [quote.passage for quote in proposed.quotes if 0 < quote.passage <= len(passages)]
    words = set(terms(" ".join([proposed.text, *(quote.text for quote in proposed.quotes)])))
    shared = {number: len(words & set(terms(p.text))) for number, p in enumerate(passages, start=1)}
    ranked = [*cited, *sorted(shared, key=lambda number: -shared[number])]
    return sorted(list(dict.fromkeys(ranked))[:REPAIR_PASSAGES])
