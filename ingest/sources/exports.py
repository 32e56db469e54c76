"""Exports of one table made on different days: a file's name goes in, the day of its export comes out."""

import re
from datetime import date, datetime

_YEAR_FIRST = re.compile(
    r"(?<!\d)(?P<year>20\d\d)[-_. ]?(?P<month>0[1-9]|1[0-2])(?:[-_. ]?(?P<day>0[1-9]|[12]\d|3[01]))?(?!\d)"
)
_DAY_FIRST = re.compile(r"(?<!\d)(?P<day>\d{1,2})[-_. ](?P<month>\d{1,2})[-_. ](?P<year>20\d\d)(?!\d)")


def exported_on(name: str, modified: datetime) -> date:
    """Give the day in a file's name ("export_2026_11_01.csv", "export-202611.csv"), else that of its last change."""
    for pattern in (_DAY_FIRST, _YEAR_FIRST):
        if found := pattern.search(name):
            try:
                return date(int(found["year"]), int(found["month"]), int(found["day"] or 1))
            except ValueError:
                continue
    return modified.date()
