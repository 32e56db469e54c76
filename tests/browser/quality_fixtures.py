"""The server of the page « Qualité » and its page: `pytest_plugins = ["tests.browser.quality_fixtures"]`."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from tests.browser.conftest import StartStreamlit
from tests.browser.scripted_quality import quality_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, str]]:
    """Give the server and its address."""
    with quality_server(tmp_path_factory.mktemp("qualite")) as started:
        yield started


@pytest.fixture(scope="session")
def quality(server: tuple[FastAPI, str], start_streamlit: StartStreamlit) -> str:
    """Give the address of the page."""
    return f"{start_streamlit(server[1])}/qualite"


@pytest.fixture
def faults(server: tuple[FastAPI, str]) -> Iterator[dict[str, tuple[int, str]]]:
    """Give what the server is to answer by script; it answers by itself again afterwards."""
    by_path: dict[str, tuple[int, str]] = server[0].state.faults
    yield by_path
    by_path.clear()
