"""What simulated people do: they ask, ask on, say what they think of an answer, have a synthesis drafted, and read.

A server's URL and a mix of acts go in; exchanges and what was acknowledged come out in a `Journal`. All questions are
different (each has a number, `eval.paced_answers.marked`), so that nothing is served from a cache of vectors.
"""

import asyncio
import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import httpx

from eval.load.records import KINDS, Exchange, Journal, Kind
from eval.load.talk import Answered, ask, draft, give_feedback
from eval.paced_answers import marked
from ingest.settings import ROOT

DEFAULT_MIX: Final[Mapping[Kind, float]] = {"ask": 40, "followup": 25, "feedback": 20, "draft": 15}
TURNS: Final = 4
"""Questions of one conversation, at most."""

FURTHER: Final = ("Et dans quel délai ?", "Et si c’est refusé ?", "Et qui dois-je prévenir dans ce cas ?")
"""What is asked on once the sample's own follow-up was asked."""

PAUSE_S: Final = 1.0
"""What a person waits for before doing something else after a failure."""

ARRIVAL_S: Final = 10.0
"""Time over which people arrive, at most."""

PROJECT: Final = "Son projet de formation et de reconversion, avec son financement, est noté {mark}."
"""Added to the notes: it is in what each call of the model reads, the advice's included."""


@dataclass(frozen=True, slots=True)
class Material:
    """What people ask about: questions with one follow-up, and notes with their template."""

    questions: Sequence[tuple[str, str]]
    notes: Sequence[tuple[str, str]]


def sample_material() -> Material:
    """Read the sample organisation's follow-ups and draft cases."""
    followups = _rows("followups.jsonl")
    drafts = [row["draft"] for row in _rows("draft_cases.jsonl")]
    return Material(
        [(row["question"], row["followup"]) for row in followups],
        [(one["template"], one["notes"]) for one in drafts],
    )


def _rows(name: str) -> list[Any]:
    return [json.loads(line) for line in (ROOT / "sample" / name).read_text("utf-8").splitlines()]


@dataclass(frozen=True, slots=True)
class Crowd:
    """The people and what they share.

    Args:
        think_s: mean time between the end of an exchange and the next one of the same person.
        mix: weight of each act.
        until: `time.monotonic()` after which nobody begins anything.
        acts: what each person does at most; None for as much as the time allows.
        seed: of who does what when.
    """

    url: str
    people: int
    think_s: float
    mix: Mapping[Kind, float]
    until: float
    journal: Journal
    material: Material
    acts: int | None = None
    seed: int = 20_261_122
    marks: Iterator[int] = field(default_factory=lambda: count(1))

    async def live(self) -> None:
        """Have everybody act until the time is over; exchanges that are under way then come to their end."""
        limits = httpx.Limits(max_connections=self.people * 2, max_keepalive_connections=self.people * 2)
        timeout = httpx.Timeout(180, connect=10)
        async with httpx.AsyncClient(base_url=self.url, timeout=timeout, limits=limits) as client:
            people = [Person(self, client, rank) for rank in range(self.people)]
            await asyncio.gather(*(person.live() for person in people))


class Person:
    """One person: at most one thing at a time."""

    def __init__(self, crowd: Crowd, client: httpx.AsyncClient, rank: int) -> None:
        self._crowd = crowd
        self._client = client
        self._rank = rank
        self._random = random.Random(crowd.seed + rank)  # noqa: S311  # simulated people need no secret
        self._conversation: str | None = None
        self._next: list[str] = []
        """What is still to be asked in the conversation."""
        self._unjudged: list[tuple[str, str]] = []
        """Answers that nothing was said of, as (conversation, answer)."""

    async def live(self) -> None:
        """Act, read and act again; people do not come all at once."""
        pause = self._random.uniform(0, min(2 * self._crowd.think_s, ARRIVAL_S))
        acts = range(self._crowd.acts) if self._crowd.acts is not None else count()
        for _ in acts:
            if time.monotonic() + pause >= self._crowd.until:
                return
            await asyncio.sleep(pause)
            answered = await self._act()
            self._crowd.journal.add(answered.exchange)
            pause = self._random.uniform(0.5, 1.5) * self._crowd.think_s
            if answered.done is None:
                pause = max(pause, PAUSE_S)

    async def _act(self) -> Answered:
        weights = [self._crowd.mix.get(kind, 0.0) for kind in KINDS]
        kind = self._random.choices(KINDS, weights)[0]
        if kind == "draft":
            return await self._draft()
        if kind == "feedback" and self._unjudged:
            return await self._judge()
        if kind == "followup" and self._conversation and self._next:
            return await self._ask_on()
        return await self._ask()

    async def _ask(self) -> Answered:
        question, followup = self._random.choice(self._crowd.material.questions)
        self._conversation = None
        self._next = [followup, *FURTHER][: TURNS - 1]
        return await self._asked("ask", question)

    async def _ask_on(self) -> Answered:
        return await self._asked("followup", self._next.pop(0))

    async def _asked(self, kind: Kind, question: str) -> Answered:
        mark = next(self._crowd.marks)
        exchange = Exchange(kind, self._rank, mark)
        body = {"question": f"{question} {marked(mark)}", "conversation_id": self._conversation}
        answered = await ask(self._client, exchange, body)
        if answered.done is not None and answered.kept:
            conversation, answer = answered.done["conversation_id"], answered.done["id"]
            self._conversation = conversation
            self._unjudged.append((conversation, answer))
            self._crowd.journal.acknowledged.answers.setdefault(conversation, []).append(answer)
        return answered

    async def _judge(self) -> Answered:
        conversation, answer = self._unjudged.pop()
        exchange = Exchange("feedback", self._rank, None)
        body = {
            "answer_id": answer,
            "useful": self._random.random() < 0.8,
            "comment": f"Avis de la personne {self._rank}.",
        }
        answered = await give_feedback(self._client, exchange, body)
        if answered.done is None:
            self._unjudged.append((conversation, answer))  # they will say it again
        else:
            kept = answered.done["useful"], answered.done["comment"]
            self._crowd.journal.acknowledged.feedback[conversation, answer] = kept
        return answered

    async def _draft(self) -> Answered:
        template, notes = self._random.choice(self._crowd.material.notes)
        mark = next(self._crowd.marks)
        exchange = Exchange("draft", self._rank, mark)
        body = {
            "template": template,
            "notes": f"{notes}\n{PROJECT.format(mark=marked(mark))}",
            "consent": {"given": True},
        }
        answered = await draft(self._client, exchange, body)
        if answered.done is not None:
            self._crowd.journal.acknowledged.drafts[answered.done["id"]] = len(answered.done["sections"])
        return answered
