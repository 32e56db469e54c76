"""French as it is printed: dates, counts, and the spaces that a line must not break at."""

import math
import re
from datetime import date, datetime, tzinfo

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)

_BEFORE_SIGN = re.compile(r" (?=[:;?!»])|(?<=«) ")


def french(text: str) -> str:
    """Make the spaces of French punctuation unbreakable; for our own wording, not for documents."""
    return _BEFORE_SIGN.sub("\u00a0", text)


def long_date(day: date) -> str:
    """Write a date in full: "1er janvier 2019"."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}\u00a0{MONTHS[day.month - 1]}\u00a0{day.year}"


def moment(iso: str, zone: tzinfo | None = None) -> str:
    """Write an ISO 8601 moment in full, in `zone` or in its own; anything else comes back as it is."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    if zone is not None and when.tzinfo is not None:
        when = when.astimezone(zone)
    return f"{long_date(when)} à\u00a0{when.hour}\u00a0h\u00a0{when.minute:02d}"


def whole(number: int) -> str:
    """Write a number with a narrow space between thousands: "11 545"."""
    return f"{number:,}".replace(",", "\u202f")


def counted(number: int, singular: str, plural: str) -> str:
    """Write a number with its noun; in French, 0 and 1 are singular."""
    return f"{whole(number)}\u00a0{singular if number < 2 else plural}"


def megabytes(size: int) -> str:
    """Write a size given in bytes: "3,9 Mo", "12 ko"."""
    if size >= 1_000_000:
        return f"{size / 1_000_000:.1f}\u00a0Mo".replace(".", ",")
    return f"{math.ceil(size / 1_000)}\u00a0ko"
