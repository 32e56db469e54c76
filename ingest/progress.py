"""How a run tells where it stands: `Progress` goes to a `Report`, which may raise to stop the run."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: `done` of `total` (0 when it is not known) in `stage`, for the source named."""

    stage: str
    source: str
    done: int
    total: int


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Report progress to nobody."""
