"""Write sections with a model: the notes go in by windows that fit its context, what it proposes for each comes out.

Notes of any length are cut into windows of whole sentences; sections go by groups, so that an answer fits too. A window
that fails gives nothing and stops no other; a model that is down is not asked again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from server.draft_schemas import TemplateSection
from server.drafting.answer import (
    ModelDraft,
    NotedSentence,
    RepairedSentence,
    read_advice,
    read_draft,
    read_repairs,
)
from server.drafting.types import DraftSource
from server.errors import ModelError, ModelMisbehaved, ModelUnavailable
from server.generate import CHARS_PER_TOKEN, OpenAIGenerator, fitting_passages, patient
from server.llm import ContextTooLong, Limits, Messages, stream_text
from server.notes import NumberedSentence
from server.placeholders import placeholders_of
from server.prompts import draft as prompt
from server.schemas import Passage
from server.verify import ProposedStatement

GROUP = 4
"""Sections that one request fills: their sentences, with their quotes, fit in one answer."""

WINDOW_CHARS = 12_000
"""Most characters of notes in one request, whatever the context: the middle of a longer text is read badly, and what is
drafted from it does not fit in an answer."""

ANSWER_TOKENS = 4_000
SENTENCE_CHARS = 10
"""The number of a sentence, and the end of its line."""

PLACEHOLDER_CHARS = 10
"""What a placeholder costs beyond its characters: tokenizers cut capitals and brackets into small pieces."""

FRAME_CHARS = 500
"""The lines of a prompt that are neither instructions nor data, and the marks of the model's own template."""

FEWEST_CHARS = 1_000
"""Room that notes always get: with less, a request that may be refused as too long is still tried."""

FAILURES = 2
"""Unusable answers after which a model is not asked any more for this draft."""

REPAIR_LIMITS = Limits(max_tokens=1_500, total_s=40.0)
REPAIR_SHARE = 1 / 3
"""Share of the wait for a whole answer that a repair may take where that is more."""

REPAIRED = 8
"""Sentences of one group that are asked for once more."""


@dataclass(frozen=True, slots=True)
class WindowDraft:
    """What was proposed from one window of the notes; None when the model failed on it."""

    sentences: Sequence[NumberedSentence]
    draft: ModelDraft | None


@dataclass(frozen=True, slots=True)
class AdviceDraft:
    """What was proposed for an advice section from the passages that were shown; `whole` if it came to its end."""

    statements: list[ProposedStatement]
    shown: list[Passage]
    whole: bool


class Writing:
    """One draft being written.

    Args:
        source: what is drafted.
        generator: the model.
        parallel: requests at its endpoint at once.
    """

    def __init__(self, source: DraftSource, generator: OpenAIGenerator, parallel: int) -> None:
        self._source = source
        self._generator = generator
        self._places = asyncio.Semaphore(parallel)
        self._failures = 0
        self.error: ModelError | None = None
        """The last failure; None while all went well."""
        self.down = False
        """Whether the model is not asked any more."""

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._generator.model

    async def write(
        self, sections: Sequence[TemplateSection], questions: Mapping[int, str]
    ) -> list[WindowDraft]:
        """Propose sentences for a group of sections, from each window of the notes, in order."""
        room = self._room(sections, questions)
        windows = fitting_windows(self._source.sentences, room)
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(self._window(window, sections, questions)) for window in windows]
        return [part for task in asked for part in task.result()]

    async def repair(
        self, faulty: Mapping[int, NotedSentence], sentences: Sequence[NumberedSentence]
    ) -> list[RepairedSentence]:
        """Write once more sentences that could not be verified; none when the model fails."""
        if self.down:
            return []
        written = {
            number: (one.text, [source.quote for source in one.sources])
            for number, one in list(faulty.items())[:REPAIRED]
        }
        messages = _messages(prompt.REPAIR_SYSTEM, prompt.repair_message(written, sentences))
        limits = patient(REPAIR_LIMITS, self._generator.limits, REPAIR_SHARE)
        try:
            text, _ = await self._answer(messages, _format("phrases", prompt.REPAIR_SCHEMA), limits)
        except ModelError:  # the sentences stay as they were, and are marked
            return []
        return read_repairs(text)

    async def advise(
        self, section: TemplateSection, project: str, passages: Sequence[Passage]
    ) -> AdviceDraft:
        """Propose the statements of an advice section.

        Raises:
            ModelError: it failed, or is down.
        """
        if self.down and self.error:
            raise self.error
        room = self._characters - len(prompt.ADVICE_SYSTEM) - len(project) - len(section.holds) - FRAME_CHARS
        shown = fitting_passages(passages, room - len(self._source.instruction))
        message = prompt.advice_message(section, self._source.instruction, project, shown)
        try:
            messages = _messages(prompt.ADVICE_SYSTEM, message)
            text, ended = await self._answer(messages, _ADVICE_FORMAT, self._limits)
            return AdviceDraft(read_advice(self.model, text), shown, ended)
        except ModelError as error:
            self._failed(error)
            raise

    async def _window(
        self,
        window: Sequence[NumberedSentence],
        sections: Sequence[TemplateSection],
        questions: Mapping[int, str],
    ) -> list[WindowDraft]:
        source = self._source
        message = prompt.notes_message(
            source.title, source.instruction, window, self._genders(window), sections, questions
        )
        messages = _messages(prompt.SYSTEM, message)
        shape = _format("parties", prompt.schema([section.id for section in sections]))
        async with self._places:
            if self.down:
                return [WindowDraft(window, None)]
            try:
                text, ended = await self._answer(messages, shape, self._limits)
                return [WindowDraft(window, read_draft(self.model, text, ended=ended))]
            except ContextTooLong as error:
                if len(window) == 1:
                    self._failed(error)
                    return [WindowDraft(window, None)]
            except ModelError as error:
                self._failed(error)
                return [WindowDraft(window, None)]
        half = len(window) // 2
        first = await self._window(window[:half], sections, questions)
        return [*first, *await self._window(window[half:], sections, questions)]

    async def _answer(
        self, messages: Messages, response_format: dict[str, object], limits: Limits
    ) -> tuple[str, bool]:
        """Give what the model writes, and whether it came to an end.

        Raises:
            ModelError: it wrote nothing.
        """
        pieces: list[str] = []
        one = self._generator
        stream = stream_text(one.client, one.model, messages, response_format, limits, one.on_usage)
        try:
            async with aclosing(stream):
                async for piece in stream:
                    pieces.append(piece)
        except ModelError as error:
            if not pieces:
                raise
            self._broke_off(error)
            return "".join(pieces), False
        return "".join(pieces), True

    def gave_nothing(self) -> None:
        """Count answers that hold nothing of notes that say something."""
        self._failed(ModelMisbehaved(self.model, "elle ne reprend rien des notes"))

    def _failed(self, error: ModelError) -> None:
        self.error = error
        self._failures += 1
        unreachable = not isinstance(error, ModelMisbehaved | ContextTooLong)
        self.down = self.down or unreachable or self._failures >= FAILURES

    def _broke_off(self, error: ModelError) -> None:
        """Count an answer that stopped for want of time or of a connection: the next ones may take as long."""
        self.error = error
        self._failures += isinstance(error, ModelUnavailable)
        self.down = self.down or self._failures >= FAILURES

    @property
    def _limits(self) -> Limits:
        limits = self._generator.limits
        tokens = min(ANSWER_TOKENS, self._generator.context // 3)
        return replace(limits, max_tokens=tokens)

    @property
    def _characters(self) -> int:
        """Characters of a whole prompt."""
        return int((self._generator.context - self._limits.max_tokens) * CHARS_PER_TOKEN)

    def _room(self, sections: Sequence[TemplateSection], questions: Mapping[int, str]) -> int:
        """Give how many characters of notes fit in one request."""
        asked = prompt.notes_message(
            self._source.title, self._source.instruction, [], self._source.genders, sections, questions
        )
        room = self._characters - len(prompt.SYSTEM) - len(asked) - FRAME_CHARS
        return max(FEWEST_CHARS, min(WINDOW_CHARS, room))

    def _genders(self, window: Sequence[NumberedSentence]) -> dict[str, str]:
        """Give the genders of the persons of a window."""
        named = placeholders_of(*(sentence.masked for sentence in window))
        return {who: self._source.genders[who] for who in named if who in self._source.genders}


def fitting_windows(sentences: Sequence[NumberedSentence], room: int) -> list[list[NumberedSentence]]:
    """Cut the notes into windows of whole sentences, about as long as each other, each of at most `room` characters.

    A sentence that is longer by itself is a window of its own.
    """
    total = sum(map(_size, sentences))
    wanted = min(room, total / max(1, -(-total // room)) * 1.1)
    windows: list[list[NumberedSentence]] = []
    left = 0.0
    for sentence in sentences:
        left -= _size(sentence)
        if not windows or left < 0:
            windows.append([])
            left = wanted - _size(sentence)
        windows[-1].append(sentence)
    return windows


def _size(sentence: NumberedSentence) -> int:
    held = len(placeholders_of(sentence.masked))
    return len(sentence.masked) + SENTENCE_CHARS + PLACEHOLDER_CHARS * held


def _messages(system: str, user: str) -> Messages:
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def _format(name: str, schema: dict[str, object]) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


_ADVICE_FORMAT = _format("reperes", prompt.ADVICE_SCHEMA)
