"""Open all that is kept in the database: where it is goes in; conversations, cases, drafts and audit come out."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from server.store.alone import Alone
from server.store.api_keys import ApiKeys
from server.store.audit import Audit
from server.store.cases import Cases
from server.store.conversations import Conversations
from server.store.database import CONNECTIONS, open_database
from server.store.drafts import Drafts, count_keyless, count_sealed
from server.store.inbox import Inbox
from server.store.sealing import open_keyring

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """What is kept; one database holds it all, so that an act and its line in the audit are one transaction."""

    conversations: Conversations
    drafts: Drafts
    audit: Audit
    cases: Cases
    inbox: Inbox
    alone: Alone
    api_keys: ApiKeys

    def last_act(self, before: datetime) -> datetime | None:
        """Give when anything was done last before a time, as far as the audit and the drafts tell."""
        known = [one for one in (self.audit.last(before), self.drafts.last_change(before)) if one is not None]
        return max(known, default=None)

    def close(self) -> None:
        """Close the database."""
        self.conversations.close()


def _now() -> datetime:
    return datetime.now(UTC)


def open_stores(
    url: str,
    drafts_key: str | None,
    folder: Path,
    clock: Callable[[], datetime] = _now,
    *,
    connections: int = CONNECTIONS,
) -> Stores:
    """Open the database, and check that every draft in it can be opened.

    Args:
        url: see `server.store.database.open_database`.
        drafts_key: the master keys of the drafts, see `server.store.sealing.open_keyring`.
        folder: the data folder, where a master key is made when no setting gives one.
        clock: gives the time, with its zone.
        connections: to PostgreSQL, at most.

    Raises:
        ConfigurationError: the URL or a key is none, or the database is damaged or of a later version.
        DraftsKeyWrong: drafts are there that no key opens; nothing is lost.
        StorageFailed: the disk refuses, or PostgreSQL does not answer.
    """
    database = open_database(url, connections=connections)
    try:
        drafts = Drafts(database, open_keyring(drafts_key, folder, sealed=count_sealed(database)), clock)
        if renewed := drafts.check_keys():
            logger.info("%d draft keys are now wrapped by the current master key", renewed)
        if keyless := count_keyless(database):
            logger.warning("%d drafts have no key: restore the table draft_keys to read them", keyless)
    except BaseException:
        database.close()
        raise
    return Stores(
        conversations=Conversations(database, clock),
        drafts=drafts,
        audit=Audit(database, clock),
        cases=Cases(database, clock),
        inbox=Inbox(database),
        alone=Alone(database),
        api_keys=ApiKeys(database, clock),
    )
