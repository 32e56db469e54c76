"""Retention: conversations older than the organisation allows are deleted, at start and once a day."""

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import anyio
import anyio.to_thread

from ingest.errors import StorageFailed
from server.store.conversations import Conversations

logger = logging.getLogger(__name__)

DAY_S = 24 * 3600.0


def limit_of(days: int, now: datetime | None = None) -> datetime:
    """Give the time before which a conversation's last question is too old."""
    return (now or datetime.now(UTC)) - timedelta(days=days)


async def purge_daily(
    conversations: Conversations, days: int, sleep: Callable[[float], Awaitable[None]] = anyio.sleep
) -> None:
    """Purge now and then every day, until cancelled; a purge that fails is logged and tried again a day later."""
    while True:
        try:
            removed = await anyio.to_thread.run_sync(conversations.purge, limit_of(days))
        except StorageFailed as error:
            logger.error("conversations not purged: %s", error)
        else:
            if removed:
                logger.info("%d conversations purged, without a question for %d days", removed, days)
        await sleep(DAY_S)
