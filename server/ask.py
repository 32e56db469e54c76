"""The ask path: a question goes in, events come out, the last of which holds the whole answer.

question -> mask -> retrieve -> generate -> verify -> unmask -> answer
"""

import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from time import perf_counter
from typing import Protocol

import anyio.to_thread

from server.errors import ModelError, ModelUnavailable
from server.generate import Generator
from server.mask import Masked, mask, unmask, without_placeholders
from server.retrieval import Retrieval
from server.schemas import INCOMPLETE, Answer, AskRequest, Passage, Scope, Statement
from server.verify import verify

PASSAGES_PER_ANSWER = 10
"""How many passages an answer may draw on."""


class Retriever(Protocol):
    """Finds the passages that a question needs; synchronous, and bound by the processor."""

    def retrieve(self, question: str, scope: Scope, groups: frozenset[str], k: int) -> Retrieval:
        """Give at most `k` passages of `scope` that members of `groups` may read."""


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """The passages that the answer will draw on."""

    passages: list[Passage]


@dataclass(frozen=True, slots=True)
class StatementReady:
    """A statement of the answer, checked against its passages."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer."""

    answer: Answer


Event = PassagesFound | StatementReady | Done


@dataclass(slots=True)
class _Draft:
    """The answer while it is being made."""

    generator: Generator
    statements: list[Statement] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=perf_counter)


async def ask(
    request: AskRequest,
    *,
    retriever: Retriever,
    generator: Generator,
    fallback: Generator,
    groups: frozenset[str],
    today: date,
) -> AsyncGenerator[Event, None]:
    """Answer a question from the passages that hold on the day it asks about.

    Args:
        fallback: writes the answer when `generator` fails before its first statement.
        groups: the groups of the person who asks.
        today: the day that the question is about when it names none.

    Timings of the answer are in milliseconds: each stage's own, except `first_statement` and `total`, which
    count from the arrival of the question.
    """
    draft = _Draft(generator)
    asked = Scope.model_validate(request.model_dump(include=set(Scope.model_fields)))
    scope = asked.model_copy(update={"as_of": request.as_of or today})

    masked = _mask(request.question, draft)
    retrieval = await _retrieve(masked, scope, groups, retriever, draft)
    yield PassagesFound(retrieval.passages)

    async with aclosing(_write(masked, retrieval, scope.as_of or today, fallback, draft)) as statements:
        async for statement in statements:
            yield StatementReady(statement)

    yield Done(_answer(request, retrieval, today, draft))


def _mask(question: str, draft: _Draft) -> Masked:
    began = perf_counter()
    masked = mask(question)
    draft.timings["mask"] = _ms_since(began)
    return masked


async def _retrieve(
    masked: Masked, scope: Scope, groups: frozenset[str], retriever: Retriever, draft: _Draft
) -> Retrieval:
    began = perf_counter()
    query = without_placeholders(masked.text) or masked.text
    retrieval = await anyio.to_thread.run_sync(retriever.retrieve, query, scope, groups, PASSAGES_PER_ANSWER)
    draft.timings["retrieve"] = _ms_since(began)
    return retrieval


async def _write(
    masked: Masked, retrieval: Retrieval, as_of: date, fallback: Generator, draft: _Draft
) -> AsyncGenerator[Statement, None]:
    """Write with the draft's generator, and with `fallback` if it fails before its first statement."""
    began = perf_counter()
    try:
        async with aclosing(_statements(masked, retrieval, as_of, draft)) as statements:
            async for statement in statements:
                yield statement
    except ModelError as error:
        draft.warnings.append(_failure_warning(error, partial=bool(draft.statements)))
        if not draft.statements:
            draft.generator = fallback
            async with aclosing(_statements(masked, retrieval, as_of, draft)) as statements:
                async for statement in statements:
                    yield statement
    draft.timings["generate"] = _ms_since(began)


async def _statements(
    masked: Masked, retrieval: Retrieval, as_of: date, draft: _Draft
) -> AsyncGenerator[Statement, None]:
    """Generate, verify, unmask: one statement at a time."""
    if not retrieval.passages:
        return
    proposals = draft.generator.generate(masked.text, retrieval.passages, retrieval, as_of)
    async with aclosing(proposals):
        async for proposed in proposals:
            checked = verify(proposed, retrieval.passages)
            statement = checked.model_copy(update={"text": unmask(checked.text, masked.restore)})
            draft.timings.setdefault("first_statement", _ms_since(draft.began))
            draft.statements.append(statement)
            yield statement


def _answer(request: AskRequest, retrieval: Retrieval, today: date, draft: _Draft) -> Answer:
    draft.timings["total"] = _ms_since(draft.began)
    return Answer(
        id=uuid.uuid4().hex,
        conversation_id=request.conversation_id or uuid.uuid4().hex,
        mode=draft.generator.mode,
        abstained=not draft.statements,
        statements=draft.statements,
        passages=retrieval.passages,
        warnings=[*retrieval.warnings, *draft.warnings, *_reading_warnings(request, draft.statements, today)],
        model=draft.generator.model,
        timings=draft.timings,
    )


def _reading_warnings(request: AskRequest, statements: Sequence[Statement], today: date) -> list[str]:
    """Say what the reader must know to use the answer."""
    warnings = []
    if request.as_of is not None and request.as_of != today:
        warnings.append(
            f"Réponse établie d’après les textes en vigueur le {request.as_of:%d/%m/%Y}, "
            "et non d’après ceux d’aujourd’hui."
        )
    doubtful = sum(not statement.verified for statement in statements)
    if doubtful == 1:
        warnings.append(
            "Une phrase n’a pas pu être vérifiée mot pour mot dans les documents : elle est signalée, "
            "contrôlez-la avant de vous en servir."
        )
    elif doubtful:
        warnings.append(
            f"{doubtful} phrases n’ont pas pu être vérifiées mot pour mot dans les documents : elles sont "
            "signalées, contrôlez-les avant de vous en servir."
        )
    return warnings


def _failure_warning(error: ModelError, *, partial: bool) -> str:
    if partial:
        return INCOMPLETE
    if isinstance(error, ModelUnavailable):
        return (
            "Le modèle de rédaction ne répond pas : voici les extraits des documents. "
            "Vous pouvez reposer la question dans quelques minutes."
        )
    return (
        "Le modèle de rédaction n’a pas rendu de réponse utilisable : voici les extraits des documents. "
        "Si cela se répète, prévenez votre administrateur."
    )


def _ms_since(began: float) -> float:
    return round((perf_counter() - began) * 1000, 3)
