"""The ask path: a question goes in, events come out, the last of which holds the whole answer.

question -> mask -> rewrite -> retrieve -> decide -> generate -> verify -> unmask -> answer
"""

import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from time import perf_counter
from typing import Literal, Protocol

import anyio.to_thread

from server.abstain import Abstainer, Decision, message_for, smalltalk
from server.ask_events import Done, Event, PassagesFound, StatementReady, Waiting
from server.conversation import Turn
from server.errors import ModelBusy, ModelError
from server.followup import CarryingRewriter, Rewriter
from server.generate import Generator
from server.guard import leaks
from server.mask import Masked, Masker, unmask, without_placeholders
from server.metering import Meter, metered
from server.model_queue import Place
from server.reading import failure_warning, reading_warnings
from server.retrieval import Retrieval
from server.schemas import AbstentionKind, Answer, AskRequest, Scope, Statement
from server.verify import ProposedStatement, verify

__all__ = ["AskParts", "Done", "Event", "PassagesFound", "StatementReady", "Waiting", "ask"]

SPECIAL_MASKED = (
    "Une donnée sensible d’une personne (santé, handicap, religion, opinions…) a été masquée dans cette question : "
    "la recherche n’en a pas tenu compte. Pour une réponse qui en tienne compte, posez la question sans parler de "
    "quelqu’un, par exemple : « Quelles aides pour un travailleur handicapé ? »"
)
"""Warning of an answer whose question held a special category."""

PASSAGES_PER_ANSWER = 10
"""How many passages an answer may draw on."""


class Retriever(Protocol):
    """Finds the passages that a question needs; synchronous, and bound by the processor."""

    def retrieve(self, question: str, scope: Scope, groups: frozenset[str], k: int) -> Retrieval:
        """Give at most `k` passages of `scope` that members of `groups` may read."""


@dataclass(frozen=True, slots=True)
class AskParts:
    """What the path is made of.

    Args:
        fallback: writes the answer when `generator` fails before its first statement.
        unverified: what becomes of a statement that could not be verified.
        model_watts: power of the model's machine while it writes; None when nobody measured it.
        model_label: what readers are told of the model beside its name.
    """

    retriever: Retriever
    generator: Generator
    fallback: Generator
    abstainer: Abstainer
    rewriter: Rewriter
    masker: Masker
    unverified: Literal["show", "drop"] = "show"
    model_watts: float | None = None
    model_label: str | None = None


@dataclass(slots=True)
class _Draft:
    """The answer while it is being made; its statements are masked."""

    generator: Generator
    masked: Masked
    as_of: date
    meter: Meter
    place: Place | None = None
    standalone: str | None = None
    retrieval: Retrieval = field(default_factory=lambda: Retrieval([], 0.0, {}))
    decision: Decision | None = None
    statements: list[Statement] = field(default_factory=list)
    dropped: int = 0
    warnings: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=perf_counter)

    @property
    def question(self) -> str:
        """What is searched and answered: masked, and standing alone."""
        return self.standalone or self.masked.text

    def unmasked(self, text: str) -> str:
        """Put back, for the person who typed it, what was masked."""
        return unmask(text, self.masked.restore)


async def ask(
    request: AskRequest,
    parts: AskParts,
    *,
    history: Sequence[Turn] = (),
    known: Mapping[str, str] | None = None,
    groups: frozenset[str],
    today: date,
    place: Place | None = None,
) -> AsyncGenerator[Event, None]:
    """Answer a question from the passages that hold on the day it asks about.

    Args:
        history: the turns before this question, oldest first, masked.
        known: what was masked in them, by placeholder, when it is still known.
        groups: the groups of the person who asks.
        today: the day that the question is about when it names none.
        place: where to wait for the model, and given back once it has written; None not to wait.

    Timings of the answer are in milliseconds: each stage's own, except `first_statement` and `total`, which
    count from the arrival of the question; `queue` is the wait for the model, and in no other stage.
    """
    draft = await _draft(request, parts, history, known, today)
    draft.place = place
    if smalltalk(draft.masked.text):
        draft.decision = Decision(0.0, answers=False, kind="smalltalk")
        yield PassagesFound([])
        yield _done(request, parts, draft, today)
        return

    async with aclosing(_rewritten(parts, history, draft)) as moves:
        async for moved in moves:
            yield moved
    await _retrieve(request, parts, groups, draft)
    standalone = draft.unmasked(draft.standalone) if draft.standalone else None
    yield PassagesFound(draft.retrieval.passages, standalone, _label(parts, draft))
    async with aclosing(_write(parts, history, draft)) as events:
        async for event in events:
            yield event
    yield _done(request, parts, draft, today)


async def _draft(
    request: AskRequest,
    parts: AskParts,
    history: Sequence[Turn],
    known: Mapping[str, str] | None,
    today: date,
) -> _Draft:
    began = perf_counter()
    said = " ".join(f"{turn.question} {turn.answer}" for turn in history)
    masking = partial(parts.masker.mask, request.question, said, about="question", known=known)
    masked = await anyio.to_thread.run_sync(masking)
    meter = Meter(parts.model_watts)
    draft = _Draft(metered(parts.generator, meter), masked, request.as_of or today, meter, began=began)
    if masked.special:
        draft.warnings.append(SPECIAL_MASKED)
    draft.timings["mask"] = _ms_since(began)
    return draft


async def _turn(draft: _Draft) -> AsyncGenerator[Waiting, None]:
    """Wait for the model, where a model writes; raises `ModelBusy` when it is in vain."""
    if draft.place is None or draft.generator.mode == "extractive":
        return
    began = perf_counter()
    try:
        async with aclosing(draft.place.turn()) as numbers:
            async for number in numbers:
                yield Waiting(number)
    finally:
        draft.timings.setdefault("queue", _ms_since(began))


async def _rewritten(
    parts: AskParts, history: Sequence[Turn], draft: _Draft
) -> AsyncGenerator[Waiting, None]:
    """Have a follow-up stand alone; without the model when too many wait for it, which then writes nothing either."""
    if not history:
        return
    rewriter = metered(parts.rewriter, draft.meter)
    try:
        async with aclosing(_turn(draft)) as moves:
            async for moved in moves:
                yield moved
    except ModelBusy as error:
        _without_model(parts, draft, error)
        rewriter = CarryingRewriter()
    began = perf_counter()
    draft.standalone = await rewriter.standalone(draft.masked.text, history)
    draft.timings["rewrite"] = _ms_since(began)


def _without_model(parts: AskParts, draft: _Draft, error: ModelError) -> None:
    draft.warnings.append(failure_warning(error, partial=False))
    draft.generator = parts.fallback


async def _retrieve(request: AskRequest, parts: AskParts, groups: frozenset[str], draft: _Draft) -> None:
    began = perf_counter()
    asked = Scope.model_validate(request.model_dump(include=set(Scope.model_fields)))
    scope = asked.model_copy(update={"as_of": draft.as_of})
    query = without_placeholders(draft.question) or draft.question
    draft.retrieval = await anyio.to_thread.run_sync(
        parts.retriever.retrieve, query, scope, groups, PASSAGES_PER_ANSWER
    )
    draft.timings["retrieve"] = _ms_since(began)


async def _write(
    parts: AskParts, history: Sequence[Turn], draft: _Draft
) -> AsyncGenerator[Waiting | StatementReady, None]:
    """Write with the draft's generator, and with the fallback if it fails before its first statement."""
    began, queued = perf_counter(), draft.timings.get("queue", 0.0)
    try:
        async with aclosing(_statements(parts, history, draft)) as events:
            async for event in events:
                yield event
    except ModelError as error:
        if draft.statements:
            draft.warnings.append(failure_warning(error, partial=True))
        else:
            _without_model(parts, draft, error)
            async with aclosing(_statements(parts, history, draft)) as events:
                async for event in events:
                    yield event
    if draft.place is not None:
        draft.place.leave()
    waited = draft.timings.get("queue", 0.0) - queued
    draft.timings["generate"] = round(_ms_since(began) - waited, 3)


async def _statements(
    parts: AskParts, history: Sequence[Turn], draft: _Draft
) -> AsyncGenerator[Waiting | StatementReady, None]:
    """Decide, wait for the model, generate, verify: one statement at a time."""
    if not await _decided(parts, draft):
        return
    async with aclosing(_turn(draft)) as moves:
        async for moved in moves:
            yield moved
    passages = draft.retrieval.passages
    proposals = draft.generator.generate(
        draft.question, passages, draft.retrieval, draft.as_of, history=history
    )
    async with aclosing(proposals):
        async for proposed in proposals:
            statement = None if leaks(proposed.text) else await _verified(proposed, draft)
            if statement is None or (parts.unverified == "drop" and not statement.verified):
                draft.dropped += 1
                continue
            draft.timings.setdefault("first_statement", _ms_since(draft.began))
            draft.statements.append(statement)
            yield StatementReady(_shown(statement, draft))


async def _decided(parts: AskParts, draft: _Draft) -> bool:
    """Decide whether to write at all; without a passage there is nothing to write from."""
    if not draft.retrieval.passages:
        draft.decision = Decision(0.0, answers=False, kind="unanswerable")
        return False
    draft.decision = await anyio.to_thread.run_sync(
        parts.abstainer.decide, draft.question, draft.retrieval, draft.generator.mode
    )
    return draft.decision.answers


async def _verified(proposed: ProposedStatement, draft: _Draft) -> Statement:
    """Check a statement; one that fails is asked for once more, and kept as it was if that fails too."""
    passages = draft.retrieval.passages
    statement = verify(proposed, passages)
    if statement.verified:
        return statement
    repaired = await draft.generator.repair(draft.question, proposed, passages, draft.as_of)
    if repaired is None:
        return statement
    again = verify(repaired, passages)
    return again.model_copy(update={"repaired": True}) if again.verified else statement


def _shown(statement: Statement, draft: _Draft) -> Statement:
    return statement.model_copy(update={"text": draft.unmasked(statement.text)})


def _label(parts: AskParts, draft: _Draft) -> str | None:
    """Say what is to be told of the model; nothing where none is asked."""
    is_asked = draft.generator.mode == "generative" and (draft.decision is None or draft.decision.answers)
    return parts.model_label if is_asked else None


def _done(request: AskRequest, parts: AskParts, draft: _Draft, today: date) -> Done:
    draft.timings["total"] = _ms_since(draft.began)
    kind = _abstention(draft)
    masked = Answer(
        id=uuid.uuid4().hex,
        conversation_id=request.conversation_id or uuid.uuid4().hex,
        question=draft.masked.text,
        standalone_question=draft.standalone,
        as_of=draft.as_of,
        mode=draft.generator.mode,
        abstained=not draft.statements,
        abstention=kind,
        message=message_for(kind) if kind else None,
        statements=draft.statements,
        passages=draft.retrieval.passages,
        conflicts=draft.retrieval.conflicts,
        warnings=[
            *draft.retrieval.warnings,
            *draft.warnings,
            *reading_warnings(request.as_of, draft.statements, draft.dropped, today),
        ],
        model=draft.generator.model,
        model_label=_label(parts, draft),
        prompt_version=draft.generator.prompt_version,
        timings=draft.timings,
        tokens=draft.meter.tokens,
        energy_wh=draft.meter.energy_wh,
    )
    shown = {
        "question": request.question,
        "standalone_question": draft.unmasked(draft.standalone) if draft.standalone else None,
        "statements": [_shown(statement, draft) for statement in draft.statements],
    }
    return Done(masked.model_copy(update=shown), masked)


def _abstention(draft: _Draft) -> AbstentionKind | None:
    """Say why there is no statement; a model that abstains by itself found that the passages do not answer."""
    if draft.statements:
        return None
    return (draft.decision.kind if draft.decision else None) or "unanswerable"


def _ms_since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 3)
