"""Follow-ups on the sample organisation: is the right document found, with and without rewriting?

Each row of `sample/followups.jsonl` is a question, a follow-up, and the document and the words that answer the
follow-up. Both are searched as the server does; answers are extractive. Whole questions asked after any other must be
left alone: that is measured on `sample/questions.jsonl`.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from eval.abstention_bench import plain, prepared_sample
from eval.sample_index import PRESENT
from ingest.settings import ROOT
from server.conversation import Turn
from server.extractive import ExtractiveGenerator
from server.followup import CarryingRewriter
from server.retrieval import Retrieval
from server.retrieve import HybridRetriever
from server.schemas import Scope

FOLLOW_UPS = ROOT / "sample" / "followups.jsonl"
QUESTIONS = ROOT / "sample" / "questions.jsonl"

PASSAGES = 10
"""As `server.ask` asks for."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up and what answers it."""

    before: str
    text: str
    document: str
    quote: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Found:
    """What one way of asking a follow-up found.

    Args:
        rank: place of the right document's first passage, from 1; None when it is not there.
        read: whether a passage holds the words that answer.
        quoted: whether the extractive answer does.
    """

    rank: int | None
    read: bool
    quoted: bool


def read_follow_ups(path: Path = FOLLOW_UPS) -> list[FollowUp]:
    """Read the sample's follow-ups."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        FollowUp(
            row["question"],
            row["followup"],
            row["document"],
            row["quote"],
            date.fromisoformat(row["as_of"]) if "as_of" in row else PRESENT,
        )
        for row in rows
    ]


def measure(cache: Path) -> dict[str, Any]:
    """Give the share of follow-ups whose document is found, alone and rewritten, and of questions left alone.

    Args:
        cache: folder whose `bench/sample` holds the sample's index.
    """
    follow_ups = read_follow_ups()
    with prepared_sample(cache) as retriever:
        rewritten = asyncio.run(_rewritten(follow_ups))
        alone = [_found(retriever, one, one.text) for one in follow_ups]
        whole = [
            _found(retriever, one, text or one.text) for one, text in zip(follow_ups, rewritten, strict=True)
        ]
    return {
        "follow-ups": len(follow_ups),
        "known as such": sum(text is not None for text in rewritten) / len(follow_ups),
        "whole questions left alone": asyncio.run(_left_alone()),
        "as asked": _shares(alone),
        "rewritten (carrying)": _shares(whole),
    }


async def _rewritten(follow_ups: Sequence[FollowUp]) -> list[str | None]:
    rewriter = CarryingRewriter()
    return [await rewriter.standalone(one.text, [Turn(one.before)]) for one in follow_ups]


async def _left_alone() -> float:
    """Ask each question that has an answer after every fifth of the others."""
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    questions = [row["question"] for row in rows if row.get("document")]
    rewriter = CarryingRewriter()
    alone = [
        await rewriter.standalone(question, [Turn(before)]) is None
        for question in questions
        for before in questions[::5]
        if before != question
    ]
    return sum(alone) / len(alone)


def _found(retriever: HybridRetriever, one: FollowUp, text: str) -> Found:
    retrieval = retriever.retrieve(text, Scope(as_of=one.as_of), frozenset(), PASSAGES)
    ranks = [
        rank
        for rank, passage in enumerate(retrieval.passages, start=1)
        if one.document in passage.document_id
    ]
    wanted = plain(one.quote)
    read = any(wanted in plain(passage.text) for passage in retrieval.passages)
    return Found(ranks[0] if ranks else None, read, asyncio.run(_quoted(one, text, retrieval)))


async def _quoted(one: FollowUp, text: str, retrieval: Retrieval) -> bool:
    proposals = ExtractiveGenerator().generate(text, retrieval.passages, retrieval, one.as_of)
    said = " ".join([proposed.text async for proposed in proposals])
    return plain(one.quote) in plain(said)


_MEASURES: dict[str, Callable[[Found], bool]] = {
    "document first": lambda found: found.rank == 1,
    "document among 3": lambda found: found.rank is not None and found.rank <= 3,
    "document among 10": lambda found: found.rank is not None,
    "words in a passage": lambda found: found.read,
    "words in the answer": lambda found: found.quoted,
}


def _shares(found: Sequence[Found]) -> dict[str, float]:
    return {name: sum(map(measured, found)) / len(found) for name, measured in _MEASURES.items()}
