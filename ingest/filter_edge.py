"""Filters in the words of the embedded Qdrant: a `SearchFilter` goes in, what `ingest.index_edge` sends comes out."""

from typing import Any

import qdrant_edge as edge

from ingest.index import DENSE, AnyOf, Between, Condition, HasDense, OneOf, SearchFilter, conditions


def filter_of(where: SearchFilter) -> edge.Filter | None:
    """Give the conditions that a point must meet; None when there are none."""
    must: list[Any] = []
    must_not: list[Any] = []
    for condition in conditions(where):
        if isinstance(condition, HasDense) and not condition.present:
            must_not.append(edge.HasVectorCondition(DENSE))
        else:
            must.append(_condition(condition))
    return edge.Filter(must=must or None, must_not=must_not or None) if must or must_not else None


def _condition(condition: Condition) -> Any:
    match condition:
        case AnyOf(key, values):
            return edge.FieldCondition(key=key, match=edge.MatchAny(any=list(values)))
        case Between(key, low, high):
            return edge.FieldCondition(key=key, range=edge.RangeFloat(gte=low, lte=high))
        case OneOf(chunk_ids):
            return edge.HasIdCondition(set(chunk_ids))
        case HasDense():
            return edge.HasVectorCondition(DENSE)
