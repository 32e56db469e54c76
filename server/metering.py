"""Count what a model uses for one answer: usages of its calls go in, tokens and energy come out."""

from dataclasses import dataclass, replace
from typing import TypeVar

from server.followup import ModelRewriter
from server.generate import OpenAIGenerator
from server.llm import Usage
from server.schemas import TokenUsage

SECONDS_PER_HOUR = 3_600

Part = TypeVar("Part")


@dataclass(slots=True)
class Meter:
    """Adds up the calls for one answer: rewriting, writing, repairing.

    Args:
        watts: power of the model's machine while it writes; None when it is not known.
    """

    watts: float | None = None
    seconds: float = 0.0
    prompt: int = 0
    completion: int = 0
    told: bool = False
    """Whether any call told its tokens."""

    def add(self, usage: Usage) -> None:
        """Count one call; one that broke off tells no tokens, and its time counts."""
        self.seconds += usage.seconds
        if usage.prompt_tokens is not None or usage.completion_tokens is not None:
            self.told = True
            self.prompt += max(0, usage.prompt_tokens or 0)
            self.completion += max(0, usage.completion_tokens or 0)

    @property
    def tokens(self) -> TokenUsage | None:
        """Tokens of all the calls; None when none told any."""
        return TokenUsage(prompt=self.prompt, completion=self.completion) if self.told else None

    @property
    def energy_wh(self) -> float | None:
        """Energy in watt-hours: power × time, as if the machine worked for this answer alone."""
        if self.watts is None or not self.seconds:
            return None
        return round(self.watts * self.seconds / SECONDS_PER_HOUR, 6)


def metered(part: Part, meter: Meter) -> Part:
    """Give a generator or a rewriter that tells the meter of its calls; one without a model is given as it is."""
    if isinstance(part, OpenAIGenerator | ModelRewriter):
        return replace(part, on_usage=meter.add)
    return part
