"""A judge speaks to its own endpoint and to nothing else, and leaves nothing in anybody's home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scripted_judge import ScriptedJudge, judge_app
from tests.served import serving

PROGRAM = """
import asyncio, socket, sys

reached, looked_up = set(), set()
connect, look_up = socket.socket.connect, socket.getaddrinfo

def noted(self, address):
    reached.add(str(address[1] if self.family in (socket.AF_INET, socket.AF_INET6) else address))
    return connect(self, address)

def named(host, *rest, **options):
    looked_up.add(str(host))
    return look_up(host, *rest, **options)

socket.socket.connect, socket.getaddrinfo = noted, named

from eval.judge import Judge
from eval.judging.sample import Sample
from tests.support import WordEmbedder

async def main():
    async with Judge.open(sys.argv[1], "juge-de-test", embedder=WordEmbedder()) as judge:
        rule = "Il faut répondre sous 2 jours."
        scored = await judge.score(Sample("Sous combien de jours ?", rule, (rule,), rule))
        assert all(one.score is not None for one in scored.values()), scored

asyncio.run(main())
print(sorted(reached), sorted(looked_up - {'127.0.0.1'}))
"""


@pytest.mark.slow  # ragas takes seconds to import, and a process of its own is the only one that has not yet
def test_nothing_but_the_judge_is_spoken_to(tmp_path: Path) -> None:
    tracing = {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "essai"}
    home = {name: str(tmp_path) for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    environment = os.environ | tracing | home | {"RAGAS_DO_NOT_TRACK": "false", "PYTHONPATH": os.getcwd()}
    with serving(judge_app(ScriptedJudge())) as url:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, f"{url}/v1"],
            env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    port = url.rsplit(":", 1)[1]
    assert done.stdout.strip() == f"['{port}'] []"
    assert list(tmp_path.iterdir()) == []
