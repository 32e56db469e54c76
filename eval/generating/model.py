"""Questions that a model writes: sections go in, cases whose quotes the code found itself come out.

Nothing that the model says is taken on trust: a quote that is not in its passage, a question that the documents answer
after all, an answer that cannot be read, each drops the question and is counted.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from eval.generating.absent import unanswered
from eval.generating.candidates import Candidate, answered
from eval.generating.material import Material, Section, lacks
from eval.generating.prompts import (
    Written,
    WrittenAbsent,
    absent_messages,
    answered_messages,
    response_format,
)
from ingest.text import terms
from server.errors import ModelError, ModelMisbehaved, ModelUnavailable
from server.llm import Limits, Messages, complete_text, ignore_usage
from server.quality.gold import holds
from server.sentences import split_sentences

if TYPE_CHECKING:  # openai takes more than a second to import
    from openai import AsyncOpenAI

CONCURRENCY = 4
PATIENCE = 5
"""Times in a row that the endpoint may not answer before it is left alone."""
LIMITS = Limits(max_tokens=700, total_s=120.0)
TRIES = 3
"""Requests for each question that is wanted, at most."""

SILENT = "le modèle ne répond pas, ou trop tard"
REFUSED = "le modèle refuse la requête"
UNREADABLE = "la réponse du modèle est illisible"
NO_QUESTION = "le modèle n’a pas trouvé de question"
ILL_FORMED = "la question est mal formée ou parle du « passage »"
NOT_QUOTED = "la citation n’est pas dans le passage"
ONE_ENOUGH = "un seul des deux passages est cité"
HELD = "les documents en parlent peut-être"
GIVEN_UP = "le modèle ne répond plus : il n’est plus interrogé"

_ABOUT_TEXT = re.compile(
    r"\b(?:passages?|extraits?|documents? (?:fournis?|ci-dessus)|textes? (?:fournis?|ci-dessus))\b", re.I
)

Form = TypeVar("Form", bound=BaseModel)
Work = Callable[["QuestionModel"], Awaitable[Candidate | None]]


class QuestionDropped(Exception):
    """A question is lost; its text is the reason, in French."""


class QuestionModel:
    """One model behind an OpenAI-compatible endpoint.

    Attributes:
        calls: requests that were sent.
        dropped: how many questions were lost, by reason in French.
    """

    def __init__(self, client: "AsyncOpenAI", name: str, limits: Limits = LIMITS) -> None:
        self.calls = 0
        self.dropped: Counter[str] = Counter()
        self._client, self._name, self._limits = client, name, limits
        self._silent = 0

    @property
    def is_lost(self) -> bool:
        """Whether it has not answered for so long that asking again is of no use."""
        return self._silent >= PATIENCE

    async def ask(self, messages: Messages, form: type[Form]) -> Form:
        """Give the model's answer; raises `QuestionDropped` when there is none to read."""
        if self.is_lost:
            raise QuestionDropped(GIVEN_UP)
        self.calls += 1
        try:
            text = await complete_text(
                self._client, self._name, messages, response_format(form), self._limits, ignore_usage
            )
        except ModelUnavailable as error:
            self._silent += 1
            raise QuestionDropped(SILENT) from error
        except ModelMisbehaved as error:
            raise QuestionDropped(UNREADABLE) from error
        except ModelError as error:
            self._silent += 1  # the next request would be refused too
            raise QuestionDropped(REFUSED) from error
        self._silent = 0
        try:
            return form.model_validate_json(text[text.find("{") : text.rfind("}") + 1])
        except ValidationError as error:
            raise QuestionDropped(UNREADABLE) from error


async def write(
    model: QuestionModel, works: Iterable[Work], wanted: int, is_new: Callable[[Candidate], bool]
) -> list[Candidate]:
    """Have questions written until there are as many as wanted, a few at a time, in the order of `works`.

    Args:
        is_new: refuses, and counts, what was asked already.
    """
    found: list[Candidate] = []
    left: Iterator[Work] = islice(iter(works), TRIES * wanted)
    while len(found) < wanted and not model.is_lost:
        batch = list(islice(left, min(CONCURRENCY, wanted - len(found))))
        if not batch:
            break
        made = await asyncio.gather(*(work(model) for work in batch))
        found += [one for one in made if one is not None and is_new(one)]
    return found


def on_passages(sections: Sequence[Section], place: int) -> Work:
    """Have a question written on one passage, or on two that must both be read."""

    async def work(model: QuestionModel) -> Candidate:
        written = await model.ask(answered_messages(sections, place), Written)
        question = _well_formed(written.question)
        quoted: dict[int, str] = {}
        for extract in written.extraits:
            if not 1 <= extract.passage <= len(sections):
                raise QuestionDropped(NOT_QUOTED)
            quote = _verbatim(sections[extract.passage - 1].passage.text, extract.texte)
            quoted.setdefault(extract.passage - 1, quote)
        if len(quoted) < len(sections):
            raise QuestionDropped(ONE_ENOUGH if quoted else NOT_QUOTED)
        pairs = [(sections[at], quote) for at, quote in sorted(quoted.items())]
        made = answered(question, "model_two" if len(sections) > 1 else "model", pairs)
        if made is None:
            raise QuestionDropped(NOT_QUOTED)
        return made

    return _counted(work)


def beside(section: Section, material: Material, place: int) -> Work:
    """Have a question written that a passage does not answer, and check that no other does."""

    async def work(model: QuestionModel) -> Candidate:
        written = await model.ask(absent_messages(section, place), WrittenAbsent)
        question = _well_formed(written.question)
        named = set(terms(written.sujet_absent))
        if not named or not named <= set(terms(question)):
            raise QuestionDropped(ILL_FORMED)
        if not (lacks(material, [written.sujet_absent]) and lacks(material, [question])):
            raise QuestionDropped(HELD)
        return unanswered(question, "model_absent", section)

    return _counted(work)


def _counted(work: Callable[[QuestionModel], Awaitable[Candidate]]) -> Work:
    """Count what is lost in the model's `dropped`."""

    async def counted(model: QuestionModel) -> Candidate | None:
        try:
            return await work(model)
        except QuestionDropped as lost:
            model.dropped[str(lost)] += 1
            return None

    return counted


def _well_formed(written: str) -> str:
    question = written.strip()
    if not question:
        raise QuestionDropped(NO_QUESTION)
    if not (question.endswith("?") and 12 <= len(question) <= 300 and not _ABOUT_TEXT.search(question)):
        raise QuestionDropped(ILL_FORMED)
    return question


def _verbatim(text: str, quote: str) -> str:
    """Give the sentence of `text` that holds the quote, or the quote where it runs over several."""
    if len(quote.split()) >= 3 and holds(text, quote):
        for sentence in split_sentences(text):
            whole = text[sentence.start : sentence.end]
            if holds(whole, quote):
                return whole
        if " ".join(quote.split()) in " ".join(text.split()):
            return quote
    raise QuestionDropped(NOT_QUOTED)
