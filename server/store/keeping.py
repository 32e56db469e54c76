"""How long a draft is kept: its template's retention, the person's agreement and its dates go in, two days come out.

Article R6313-7 du code du travail: the documents of a skills assessment are destroyed when it ends; for three years
may be kept the synthesis, and what the person agreed to in writing. So a synthesis counts from its first validation,
which a later edit neither moves nor shortens, and the notes go before it. What nobody validates ends however often it
is edited.
"""

from datetime import date, timedelta

from server.draft_schemas import Consent, Retention

DRAFT_TIMES = 6
"""How many times a draft's days it may last at most, by being edited again and again."""

MOST_DRAFT_DAYS = 365
"""And no longer than this, unless the template's own days are more."""

NEVER_THE_SAME_DAY = 1
"""Days that anything is kept at least: who validates a synthesis has the rest of the day to hand it over."""


def expires_on(
    retention: Retention, consent: Consent, created: date, changed: date, validated: date | None
) -> date:
    """Give the day when the whole draft is deleted.

    Args:
        created: day when it was made.
        changed: day of its last change.
        validated: day of its first validation, None before.
    """
    if validated is not None:
        return _after(validated, _synthesis_days(retention, consent))
    return min(_after(changed, retention.draft_days), _after(created, longest_draft(retention)))


def longest_draft(retention: Retention) -> int:
    """Give how many days after it was made a draft that nobody validated goes, however often it was edited."""
    return max(retention.draft_days, min(DRAFT_TIMES * retention.draft_days, MOST_DRAFT_DAYS))


def notes_until(retention: Retention, validated: date) -> date:
    """Give the day when the notes, the machine's text and the way back from the masks go."""
    return _after(validated, retention.notes_days)


def _synthesis_days(retention: Retention, consent: Consent) -> int:
    if consent.keep and retention.agreed_days is not None:
        return retention.agreed_days
    return retention.synthesis_days


def _after(day: date, days: int) -> date:
    return day + timedelta(days=max(days, NEVER_THE_SAME_DAY))
