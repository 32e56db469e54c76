"""One vLLM server for the whole group, and Fanal in front of it over real HTTP."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra import vllm_cpu
from server.app import create_app
from server.settings import ServerSettings
from tests.served import serving
from tests.vllm.server import SEQS, VllmServer, vllm_server

HERE = Path(__file__).parent

PROCEDURE = "# Congés du personnel\n\nLes congés d'été sont posés avant le 15 mars, dans Quittance.\n"
LONG = (
    "# Règlement {n}\n\n"
    + "L'agent pose ses congés dans l'outil Quittance avec l'accord du responsable. " * 22
)
SOURCES = '[[source]]\nname = "procedures"\nkind = "procedure"\nfolder = "procedures"\n'
ALWAYS = {"intercept": 20.0, "terms": {}}
ANSWERING = {"answers": ALWAYS, "threshold": 0.5, "lenient": 0.5, "foreign": ALWAYS, "foreign_threshold": 0.5}

MODEL_SECONDS = 30.0
"""This model never comes to an end by itself, and writes about ten tokens a second: its answers are cut off then."""

CONTEXT = 1_024
"""What Fanal is told of the model's context: its answers are short, and one passage fits."""

ANSWER_TOKENS = CONTEXT // 3

Fanal = Callable[..., AbstractContextManager[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the group."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.vllm)


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    if not vllm_cpu.is_ready():
        pytest.skip("vLLM is not set up: make test-vllm")
    with vllm_server(tmp_path_factory.mktemp("vllm") / "log") as server:
        yield server


@pytest.fixture(scope="session")
def fanal(vllm: VllmServer, tmp_path_factory: pytest.TempPathFactory) -> Fanal:
    """What opens a Fanal server that asks vLLM, on its own small organisation; gives its URL."""

    @contextmanager
    def opened(**settings: Any) -> Iterator[str]:
        folder = _organisation(tmp_path_factory.mktemp("organisation"), long=settings.pop("long", False))
        chosen: dict[str, Any] = {
            "abstention_file": folder / "abstention.json",
            "sources_file": folder / "sources.toml",
            "data_dir": folder / "data",
            "embed_processes": 1,
            "generator": "openai",
            "model_url": vllm.base_url,
            "model_name": vllm_cpu.NAME,
            "model_context": CONTEXT,
            "model_seconds": MODEL_SECONDS,
            "model_slots": SEQS,
        }
        with serving(create_app(ServerSettings(**chosen | settings, _env_file=None))) as url:
            _ingest(url)
            yield url

    return opened


@pytest.fixture(scope="module")
def url(fanal: Fanal) -> Iterator[str]:
    with fanal() as url:
        yield url


def _organisation(folder: Path, *, long: bool) -> Path:
    (folder / "procedures").mkdir()
    (folder / "sources.toml").write_text(SOURCES, "utf-8")
    texts = [LONG.format(n=n) for n in range(6)] if long else [PROCEDURE]
    for number, text in enumerate(texts):
        (folder / "procedures" / f"conges-{number}.md").write_text(text, "utf-8")
    abstention = {"provenance": {}, "embedder": "", "hybrid": ANSWERING, "words": ANSWERING}
    (folder / "abstention.json").write_text(json.dumps(abstention), "utf-8")
    return folder


def _ingest(url: str) -> None:
    run = httpx.post(f"{url}/v1/ingestions", json={}, timeout=60).json()
    deadline = time.monotonic() + 120
    while run["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
        run = httpx.get(f"{url}/v1/ingestions/{run['id']}", timeout=30).json()
    assert run["state"] == "done", run
