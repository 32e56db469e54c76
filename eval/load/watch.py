"""The machine while it is loaded: every five seconds, memory and processor of the server, and the load of the machine.

The lateness of this very process is measured too: what people see late because their own program is late is no fault of
the server's.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import psutil

EVERY_S: Final = 5.0
BEAT_S: Final = 0.05

MEGABYTE: Final = 1e6


@dataclass(frozen=True, slots=True)
class Sample:
    """One look.

    Args:
        at: `time.monotonic()`.
        memory_mb: resident memory of all the server's processes; 0 while it is down.
        cpu_s: processor time that they took so far, in seconds.
        load: load average over a minute of the whole machine.
    """

    at: float
    memory_mb: float
    cpu_s: float
    load: float


@dataclass(slots=True)
class Watch:
    """Looks at the processes that `processes` gives, until it is cancelled.

    Attributes:
        samples: what was seen, one every `EVERY_S`.
        late_s: by how much each beat of this process's own loop came late, in seconds.
    """

    processes: Callable[[], list[psutil.Process]]
    samples: list[Sample] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)

    async def look(self) -> None:
        """Look until cancelled."""
        await asyncio.gather(self._samples(), self._beats())

    async def _samples(self) -> None:
        while True:
            self.samples.append(await asyncio.to_thread(self._sample))
            await asyncio.sleep(EVERY_S)

    async def _beats(self) -> None:
        while True:
            due = time.monotonic() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self.late_s.append(time.monotonic() - due)

    def _sample(self) -> Sample:
        memory = cpu = 0.0
        for process in self.processes():
            try:
                memory += process.memory_info().rss / MEGABYTE
                times = process.cpu_times()
                cpu += times.user + times.system
            except psutil.NoSuchProcess:
                continue
        return Sample(time.monotonic(), memory, cpu, psutil.getloadavg()[0])
