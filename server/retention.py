"""Retention: what has had its time goes, at start, once a day and when it is asked for; a report comes out.

Conversations and runs of evaluation go after the organisation's days, drafts and syntheses on the day that their
template gives them, the audit's own lines last.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import anyio
import anyio.to_thread

from ingest.errors import FanalError
from server.draft_schemas import PurgeReport
from server.quality.run_purge import purge_runs
from server.quality.runs import Runs
from server.store.audit import Act
from server.store.errors import ClockDoubtful
from server.store.opening import Stores

logger = logging.getLogger(__name__)

DAY_S = 24 * 3600.0

MOST_DAYS_ASLEEP = 400
"""Days without any act after which the clock is doubted rather than believed: a purge cannot be taken back."""

JUST_NOW = timedelta(hours=20)
"""Acts that are younger were dated by the clock that is in doubt."""

CLOCK = (
    "L’horloge du serveur dit le {now:%d/%m/%Y}, {days} jours après le dernier acte connu ({last:%d/%m/%Y}) : rien n’a "
    "été supprimé, de peur que la date soit fausse. Vérifiez-la ; si elle est juste, les suppressions reprendront "
    "d’elles-mêmes après un jour d’utilisation."
)

ITSELF = "fanal"
"""Who purges every day, for the audit."""


def limit_of(days: int, now: datetime | None = None) -> datetime:
    """Give the time before which a conversation's last question, or a line of the audit, is too old."""
    return (now or datetime.now(UTC)) - timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept, and for how long.

    Args:
        conversation_days: after its last question, a conversation.
        audit_days: a line of the audit.
        evaluation_days: after its end, a run of evaluation.
    """

    stores: Stores
    conversation_days: int
    audit_days: int
    runs: Runs
    evaluation_days: int

    def purge(self, actor: str, before: datetime | None = None) -> PurgeReport:
        """Delete all that has had its time, and write that in the audit.

        Args:
            actor: who asked for it.
            before: delete the conversations whose last question is older, whatever their days.

        Raises:
            ClockDoubtful: the clock is too far past the last known act; nothing was deleted.
            StorageFailed: the disk refuses or the database does not answer; what was deleted is.
        """
        now = datetime.now(UTC)
        self._check_clock(now)
        conversations = self.stores.conversations.purge(before or limit_of(self.conversation_days, now))
        drafts = self.stores.drafts.purge(actor)
        runs = purge_runs(self.runs, limit_of(self.evaluation_days, now))
        lines = self.stores.audit.purge(limit_of(self.audit_days, now), actor)
        report = PurgeReport(
            at=now,
            drafts=drafts.drafts,
            syntheses=drafts.syntheses,
            notes=drafts.notes,
            conversations=conversations,
            audit_lines=lines,
            evaluations=runs,
        )
        self.stores.audit.record(Act("purge", actor, counts=report.model_dump(exclude={"at"})))
        return report

    def _check_clock(self, now: datetime) -> None:
        """Compare the clock with the last act that is not of these hours, which a wrong clock dated itself."""
        last = self.stores.last_act(now - JUST_NOW)
        if last is not None and now - last > timedelta(days=MOST_DAYS_ASLEEP):
            raise ClockDoubtful(CLOCK.format(now=now, last=last, days=(now - last).days))


async def purge_daily(retention: Retention, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
    """Purge now and then every day, until cancelled; a purge that fails is logged and tried again a day later."""
    while True:
        try:
            report = await anyio.to_thread.run_sync(retention.purge, ITSELF)
        except FanalError as error:
            logger.error("purge not finished: %s", error)
        else:
            logger.info("purged: %s", report.model_dump(exclude={"at"}))
        await sleep(DAY_S)
