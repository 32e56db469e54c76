"""What every test shares: no network but this machine, small fakes, and a real index of a few passages."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.index import Index
from tests.support import BACKENDS, WordEmbedder

for name in [name for name in os.environ if name.startswith("FANAL_") and name != "FANAL_CACHE"]:
    del os.environ[name]  # a developer's settings are not the tests'


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser's tests last: Playwright leaves its event loop running, and async tests need their own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine: no test reaches a model or a service by accident."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise AssertionError(f"a test tried to connect to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture(params=BACKENDS)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """The same tests on Qdrant's core in the process, on its client's local mode, and on a server if there is one."""
    opened = BACKENDS[request.param](tmp_path / "index", WordEmbedder.dimension)
    yield opened
    opened.close()


@pytest.fixture
def edge_index(tmp_path: Path) -> Iterator[Index]:
    opened = BACKENDS["edge"](tmp_path / "index", WordEmbedder.dimension)
    yield opened
    opened.close()
