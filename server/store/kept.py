"""What comes out of the store: rows go in, answers as they were kept come out, those of another version too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ingest.errors import StorageFailed
from server.schemas import Answer, ConversationSummary, FeedbackView
from server.store.models import StoredAnswer, StoredConversation, StoredFeedback

Read = TypeVar("Read", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was kept.

    Args:
        answer: masked, with its passages as they were shown.
        groups: by passage id, who could read the passage then.
        position: place in its conversation.
    """

    answer: Answer
    groups: Mapping[str, tuple[str, ...]]
    position: int
    feedback: FeedbackView | None = None


@dataclass(frozen=True, slots=True)
class KeptPassage:
    """A passage as an answer showed it.

    Args:
        position: place of that answer in its conversation.
        groups: who could read the passage then.
    """

    position: int
    id: str
    document_id: str
    text: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """A conversation as it was kept; an answer that was replaced is not among its turns, oldest first.

    Args:
        shown: the passages of all its answers, replaced ones included.
    """

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    turns: list[KeptAnswer]
    shown: list[KeptPassage]


class _Passage(BaseModel):
    id: str
    document_id: str
    text: str


class _Passages(BaseModel):
    """The part of an answer that rights are judged by: of a long conversation it is read alone."""

    passages: list[_Passage]


def kept_answer(row: StoredAnswer, feedback: StoredFeedback | None = None) -> KeptAnswer:
    """Read an answer; raises `StorageFailed` when another version wrote what this one cannot read."""
    return KeptAnswer(
        answer=_read(Answer, row.answer),
        groups={passage: tuple(names) for passage, names in row.groups.items()},
        position=row.position,
        feedback=feedback_view(feedback) if feedback is not None else None,
    )


def kept_passages(position: int, answer: Mapping[str, Any], groups: Mapping[str, Any]) -> list[KeptPassage]:
    """Read the passages of an answer from its columns; raises `StorageFailed` as `kept_answer` does."""
    return [
        KeptPassage(position, shown.id, shown.document_id, shown.text, tuple(groups.get(shown.id, ())))
        for shown in _read(_Passages, answer).passages
    ]


def summary(row: StoredConversation, turns: int) -> ConversationSummary:
    """Write a conversation as a line of its owner's list."""
    return ConversationSummary(
        id=row.id, title=row.title, created_at=row.created_at, updated_at=row.updated_at, turns=turns
    )


def feedback_view(row: StoredFeedback) -> FeedbackView:
    """Read what the owner thinks of an answer; raises `StorageFailed` as `kept_answer` does."""
    columns = {name: getattr(row, name) for name in FeedbackView.model_fields}  # they have the same names
    return _read(FeedbackView, columns)


def _read(model: type[Read], value: object) -> Read:
    """Read what some version wrote: what a later one added is passed over."""
    try:
        return model.model_validate(value, extra="ignore")
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise StorageFailed(
            "La base des conversations tient une réponse qu’une autre version de Fanal a écrite et que celle-ci ne "
            f"sait pas lire ({place} : {fault['type']})."
        ) from error
