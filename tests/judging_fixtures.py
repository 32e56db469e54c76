"""A scripted judge over HTTP: `pytest_plugins = ["tests.judging_fixtures"]` in a test's file."""

from collections.abc import Iterator

import pytest

from tests.scripted_judge import ScriptedJudge, judge_app
from tests.served import serving


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[ScriptedJudge, str]]:
    """The judge and the address of its endpoint."""
    script = ScriptedJudge()
    with serving(judge_app(script)) as url:
        yield script, f"{url}/v1"


@pytest.fixture
def script(endpoint: tuple[ScriptedJudge, str]) -> ScriptedJudge:
    """The judge, which has forgotten the tests before."""
    endpoint[0].forget()
    return endpoint[0]
