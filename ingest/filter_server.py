"""Filters in the words of a Qdrant server: a `SearchFilter` goes in, what `ingest.index_server` sends comes out."""

from typing import Any

from qdrant_client import models

from ingest.index import DENSE, AnyOf, Between, Condition, HasDense, OneOf, SearchFilter, conditions


def filter_of(where: SearchFilter) -> models.Filter | None:
    """Give the conditions that a point must meet; None when there are none."""
    must: list[Any] = []
    must_not: list[Any] = []
    for condition in conditions(where):
        if isinstance(condition, HasDense) and not condition.present:
            must_not.append(models.HasVectorCondition(has_vector=DENSE))
        else:
            must.append(_condition(condition))
    return models.Filter(must=must or None, must_not=must_not or None) if must or must_not else None


def _condition(condition: Condition) -> Any:
    match condition:
        case AnyOf(key, values):
            return models.FieldCondition(key=key, match=models.MatchAny(any=list(values)))
        case Between(key, low, high):
            return models.FieldCondition(key=key, range=models.Range(gte=low, lte=high))
        case OneOf(chunk_ids):
            return models.HasIdCondition(has_id=list(chunk_ids))
        case HasDense():
            return models.HasVectorCondition(has_vector=DENSE)
