"""A part is killed under load and started again: when it was goes out, and what people saw of it.

"Back" is judged by what people can do again: with the model, an answer that it wrote; with PostgreSQL, an answer or an
acknowledged feedback that is kept; with a worker, anything at all.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from eval.load.records import Exchange
from eval.load.talk import NOT_KEPT

Fault = Literal["postgres", "model", "worker"]
FAULTS: Final[tuple[Fault, ...]] = ("postgres", "model", "worker")

BACK_S: Final = 10.0
"""What is asked: seconds from the return of a part to the first success."""


class Killable(Protocol):
    """A part that can be killed and started again."""

    @property
    def name(self) -> str: ...

    def kill(self) -> None:
        """Kill it at once."""

    def start(self) -> None:
        """Start it; gives back once it takes requests."""


@dataclass(frozen=True, slots=True)
class Outage:
    """When a part was away, by `time.monotonic()`.

    Args:
        started: its start was ordered.
        ready: it takes requests again.
    """

    part: str
    killed: float
    started: float
    ready: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What people saw of an outage.

    Args:
        broken: exchanges that failed, fell back or were not kept, from the kill on.
        messages: what they were told, with how often.
        back_s: seconds from `Outage.ready` to the end of the first success that began after it; None for never.
        text_s: seconds from `Outage.ready` to the first text of such a success: what follows is the model's own pace.
        from_start_s: `back_s` from `Outage.started`.
        last_s: seconds from `Outage.ready` to the end of the last exchange that failed, of those that began after
            it; None when all succeeded at once.
    """

    broken: int
    messages: Mapping[str, int]
    back_s: float | None
    text_s: float | None
    from_start_s: float | None
    last_s: float | None


async def inflict(part: Killable, at_s: float, away_s: float) -> Outage:
    """Wait, kill a part, wait, start it again."""
    await asyncio.sleep(at_s)
    killed = time.monotonic()
    await asyncio.to_thread(part.kill)
    await asyncio.sleep(away_s)
    began = time.monotonic()
    await asyncio.to_thread(part.start)
    return Outage(part.name, killed, began, time.monotonic())


def seen(outage: Outage, exchanges: Sequence[Exchange]) -> Seen:
    """Say what people saw of an outage."""
    during = [one for one in exchanges if one.ended >= outage.killed]
    broken = [one for one in during if failed(one)]
    successes = [one for one in during if one.began >= outage.ready and _WORKS[outage.part](one)]
    first = min((one.ended for one in successes), default=None)
    text = min((one.first or one.ended for one in successes), default=None)
    late = [one.ended for one in broken if one.began >= outage.ready]
    return Seen(
        broken=len(broken),
        messages=dict(Counter(text for one in broken for text in _told(one))),
        back_s=first - outage.ready if first is not None else None,
        text_s=text - outage.ready if text is not None else None,
        from_start_s=first - outage.started if first is not None else None,
        last_s=max(late) - outage.ready if late else None,
    )


def failed(exchange: Exchange) -> bool:
    """Tell whether an exchange failed, was answered without the model, in part or whole, or is not kept."""
    return exchange.error is not None or fell_back(exchange) or not_kept(exchange)


def fell_back(exchange: Exchange) -> bool:
    """Tell whether the model did not write all of an answer or draft that it was asked for."""
    return exchange.mode == "extractive" or any(
        "modèle de rédaction" in one or "interromp" in one for one in exchange.warnings
    )


def not_kept(exchange: Exchange) -> bool:
    """Tell whether an answer came that the history does not hold, or that was written without it."""
    return any(NOT_KEPT in one or "historique" in one.lower() for one in exchange.warnings)


def _told(exchange: Exchange) -> list[str]:
    """Give what the person was told, or that they were told nothing."""
    if exchange.error is not None:
        return [f"[{exchange.error}] {exchange.said}".strip()]
    return exchange.warnings


_WORKS: Final[Mapping[str, Callable[[Exchange], bool]]] = {
    "model": lambda one: one.mode == "generative" and not failed(one),
    "postgres": lambda one: not failed(one),
    "worker": lambda one: not failed(one),
}
