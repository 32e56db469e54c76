"""What happened: one `Exchange` for each request of a person, kept as a line of JSON; and what was acknowledged.

Times are `time.monotonic()` in seconds: one clock for all the processes of a machine.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal, TextIO

Kind = Literal["ask", "followup", "feedback", "draft"]

KINDS: Final[tuple[Kind, ...]] = ("ask", "followup", "feedback", "draft")


@dataclass(slots=True)
class Exchange:
    """A request and what came of it.

    Args:
        person: rank of the one who asked, from 0.
        mark: the number written in the question or notes, by which the model's calls are found; None for feedback.
        opened: when the first event came that is no wait: the passages, mostly.
        first: when the first statement or section came.
        waited: seconds in Fanal's queue for the model, as the answer's timings tell; of an answer that never came, from
            the first `queue` event to the turn.
        place: the farthest place in that queue; None when there was none.
        status: of HTTP; None when the connection broke before it.
        error: what went wrong, in one word or two (`status 503`, `no done`, `statements lost`…); None for nothing.
        said: what the person was shown of it: the title and detail of a problem.
        statements: (or sections, of a draft) that came one by one.
        mode: `generative` when the model wrote; None when there is no answer.
        warnings: of the answer or draft.
        timings: the server's own, in milliseconds.
    """

    kind: Kind
    person: int
    mark: int | None
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    opened: float | None = None
    first: float | None = None
    waited: float = 0.0
    place: int | None = None
    status: int | None = None
    error: str | None = None
    said: str = ""
    statements: int = 0
    mode: str | None = None
    warnings: list[str] = field(default_factory=list)
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def whole(self) -> float:
        """Seconds from the request to the end of what came back, by the person's clock."""
        return self.ended - self.began


@dataclass(slots=True)
class Acknowledged:
    """What the server said that it keeps; all of it must be there afterwards.

    Args:
        answers: ids of the answers of each conversation, by its id.
        feedback: whether each answer was said to be useful, and the remark, by (conversation, answer).
        drafts: number of sections by id.
    """

    answers: dict[str, list[str]] = field(default_factory=dict)
    feedback: dict[tuple[str, str], tuple[bool, str]] = field(default_factory=dict)
    drafts: dict[str, int] = field(default_factory=dict)

    def count(self) -> dict[str, int]:
        """Give how many of each."""
        return {
            "conversations": len(self.answers),
            "answers": sum(map(len, self.answers.values())),
            "feedback": len(self.feedback),
            "drafts": len(self.drafts),
        }


class Journal:
    """Keeps the exchanges, in memory and in a file, and what was acknowledged.

    Args:
        path: file to write, a line for each; None to keep them in memory only.
        began: when the load began; the file tells seconds since then.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.began = time.monotonic()
        self.exchanges: list[Exchange] = []
        self.acknowledged = Acknowledged()
        self._file: TextIO | None = path.open("w", encoding="utf-8") if path else None

    def add(self, exchange: Exchange) -> None:
        """Keep an exchange that has ended."""
        exchange.ended = exchange.ended or time.monotonic()
        self.exchanges.append(exchange)
        if self._file:
            line = {
                name: value
                for name, value in asdict(exchange).items()
                if value not in (None, [], {}, "", 0.0)
            }
            for name in line.keys() & {"began", "ended", "opened", "first"}:
                line[name] = round(line[name] - self.began, 4)
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
