"""The office with drafts: `pytest_plugins = ["tests.office_fixtures", "tests.desk_fixtures"]` in a test's file."""

from collections.abc import Iterator

import pytest

from tests.office import Office


@pytest.fixture
def desk(office: Office) -> Iterator[Office]:
    """The office, whose drafts go after each test."""
    yield office
    for user in ("alice", "bob"):
        for line in office.parts.drafts.summaries(user):
            office.parts.drafts.delete(user, line.id)
