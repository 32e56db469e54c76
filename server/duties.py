"""What one process alone does, of all those that serve: the right to it goes in, its work goes on until cancelled.

The daily purge, and the dense vectors that earlier runs left out. Every other process looks again after a moment, and
takes over when the one that did it is gone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import anyio
import anyio.to_thread

from ingest.errors import FanalError
from server.ingestions import IngestionService
from server.retention import Retention, purge_daily
from server.store.alone import Alone

logger = logging.getLogger(__name__)

LOOK_S = 5.0
"""Seconds between two looks: how late another process takes over."""


async def do_alone(
    alone: Alone,
    retention: Retention,
    ingestions: IngestionService | None,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> None:
    """Purge every day, and fill in vectors, while this process is the one to do so; until cancelled.

    Args:
        ingestions: fills in the vectors; None when that is not wanted.
    """
    purging: asyncio.Task[None] | None = None
    try:
        while True:
            ours = await anyio.to_thread.run_sync(alone.hold)
            if ours and purging is None:
                logger.info("this process does the daily purge and the vectors that are missing")
                purging = asyncio.create_task(purge_daily(retention))
                if ingestions is not None:
                    await _resume(ingestions)
            elif not ours and purging is not None:
                await _ended(purging)
                purging = None
            await sleep(LOOK_S)
    finally:
        await _ended(purging)
        alone.release()


async def _resume(ingestions: IngestionService) -> None:
    try:
        await anyio.to_thread.run_sync(ingestions.resume)
    except FanalError as error:
        logger.error("the vectors that are missing are left to the next ingestion: %s", error)


async def _ended(task: "asyncio.Task[None] | None") -> None:
    """Cancel a task and wait for what it has in hand: a purge is not left without its line in the audit."""
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
