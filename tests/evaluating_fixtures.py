"""The small organisation to run suites on: `pytest_plugins = ["tests.evaluating_fixtures"]` in a test's file."""

from pathlib import Path

import pytest

from server.settings import ServerSettings
from tests.evaluating import organisation, use


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ServerSettings:
    return organisation(tmp_path_factory.mktemp("organisation"))


@pytest.fixture
def own(settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the organisation's runs; the commands find its settings in the environment."""
    use(monkeypatch, settings)
    return settings.data_dir / "evaluations"
