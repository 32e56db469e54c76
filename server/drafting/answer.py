"""Read what a model answers to the prompts of a draft: text goes in, what it proposes comes out.

An answer that breaks off, or does not end, gives what it had finished. What cannot be read is left out and counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import jiter
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from server.answer_parser import StatementForm
from server.errors import ModelMisbehaved
from server.guard import is_foreign
from server.verify import ProposedStatement

_THOUGHT = "</think>"
_Form = TypeVar("_Form", bound=BaseModel)

Words = Annotated[str, AfterValidator(str.strip), Field(min_length=1, max_length=2_000)]


class NotedSource(BaseModel):
    """Words of a sentence of the notes, as a model says they are."""

    sentence: int
    quote: str


class NotedSentence(BaseModel):
    """A drafted sentence as a model writes it."""

    section: str
    text: Words
    sources: list[NotedSource]


class RepairedSentence(BaseModel):
    """A sentence written once more; `number` is that of the sentence to repair."""

    number: int
    drop: bool = False
    text: Words
    sources: list[NotedSource]


class AnsweredQuestion(BaseModel):
    """A question that the notes answer, and where, as a model says."""

    question: int
    sentences: list[int]


class ProposedContradiction(BaseModel):
    """Sentences that contradict each other, as a model says."""

    sources: Annotated[list[NotedSource], Field(min_length=2)]


@dataclass(frozen=True, slots=True)
class ModelDraft:
    """What a model answered, none of it checked.

    Args:
        whole: whether the answer came to its end, and all of it could be read.
    """

    sentences: list[NotedSentence]
    answered: list[AnsweredQuestion]
    contradictions: list[ProposedContradiction]
    whole: bool


def read_draft(model: str, text: str, *, ended: bool) -> ModelDraft:
    """Read an answer.

    Args:
        model: its name, for what is said of it.
        ended: whether the answer came to its end.

    Raises:
        ModelMisbehaved: it is empty, has no JSON of the form asked for, breaks off before its first sentence, or is in
            another language.
    """
    read = _read(text)
    if read is None or not isinstance(read.get("sentences"), list):
        raise ModelMisbehaved(model, "elle est vide ou n’a pas la forme demandée")
    items = _items(read, "sentences")
    sentences = _forms(NotedSentence, items)
    if items and not sentences:
        raise ModelMisbehaved(model, "aucune de ses phrases n’est lisible")
    if any(is_foreign(sentence.text) for sentence in sentences):
        raise ModelMisbehaved(model, "elle n’est pas en français")
    return ModelDraft(
        sentences,
        _forms(AnsweredQuestion, _items(read, "answered")),
        _forms(ProposedContradiction, _items(read, "contradictions")),
        ended and _is_whole(text) and len(sentences) == len(items),
    )


def read_advice(model: str, text: str) -> list[ProposedStatement]:
    """Read the statements of an advice section; none when the passages serve nothing.

    Raises:
        ModelMisbehaved: as `read_draft`.
    """
    read = _read(text)
    if read is None or not (read.get("abstain") is True or isinstance(read.get("statements"), list)):
        raise ModelMisbehaved(model, "elle est vide ou n’a pas la forme demandée")
    if read.get("abstain") is True:
        return []
    items = _items(read, "statements")
    statements = _forms(StatementForm, items)
    if items and not statements:
        raise ModelMisbehaved(model, "aucune de ses phrases n’est lisible")
    if any(is_foreign(statement.text) for statement in statements):
        raise ModelMisbehaved(model, "elle n’est pas en français")
    return [statement.proposed() for statement in statements]


def read_repairs(text: str) -> list[RepairedSentence]:
    """Read the sentences that were asked for once more; those that are dropped or unreadable are left out."""
    read = _read(text) or {}
    repaired = _forms(RepairedSentence, _items(read, "sentences"))
    return [sentence for sentence in repaired if not sentence.drop and not is_foreign(sentence.text)]


def _read(text: str) -> dict[str, Any] | None:
    """Read the object that an answer holds, or what there is of it; None when it holds none.

    A string that broke off is left out: a sentence whose text is there has all of it.
    """
    said = text.rpartition(_THOUGHT)[2]
    if "{" not in said:
        return None
    try:
        read = jiter.from_json(_object(said).encode("utf-8", "replace"), partial_mode=True)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _object(said: str) -> str:
    """Give the object, without what some models put around it."""
    begun = said[said.find("{") :]
    whole = begun[: begun.rfind("}") + 1]
    return whole if _parses(whole) else begun


def _is_whole(text: str) -> bool:
    said = text.rpartition(_THOUGHT)[2]
    return _parses(_object(said))


def _parses(text: str) -> bool:
    try:
        jiter.from_json(text.encode("utf-8", "replace"))
    except ValueError:
        return False
    return True


def _items(read: dict[str, Any], key: str) -> list[Any]:
    items = read.get(key)
    return items if isinstance(items, list) else []


def _forms(form: type[_Form], items: Iterable[Any]) -> list[_Form]:
    read = []
    for item in items:
        try:
            read.append(form.model_validate(item))
        except ValidationError:
            continue
    return read
