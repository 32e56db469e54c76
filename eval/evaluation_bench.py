"""The speed of a run: the smoke suite is asked in this process, without a model, as `python -m eval run` does.

Out come cases a second, and what a run costs over bare `/v1/ask` of the same questions, one after the other.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from eval.asking import LocalAsker, asking_here
from eval.run import scored
from eval.run_asking import ask_all
from eval.run_folder import begin
from eval.sample_index import prepared
from eval.scoring import aggregate
from eval.suites import Suite, load_suite
from server.evaluation_schemas import RunView
from server.settings import ServerSettings

AIM_S = 180.0
AIM_CASES = 500


def measure(cache: Path) -> Mapping[str, Any]:
    """Give the figures; the first run embeds the sample (a minute or two).

    Args:
        cache: folder whose `bench/sample` holds the sample's index.
    """
    whole = load_suite("smoke", cache)
    suite = replace(whole, cases=[one for one in whole.cases if one.kind == "ask" and not one.history])
    settings = prepared(suite.documents, cache)
    return asyncio.run(_measured(suite, settings.model_copy(update={"generator": "extractive"})))


async def _measured(suite: Suite, settings: ServerSettings) -> Mapping[str, Any]:
    async with asking_here(settings, suite.today) as asker:
        await _bare(asker, suite)  # what is loaded at the first question is no part of what follows
        bare = await _bare(asker, suite)
        one, two = [await _run(asker, suite, at_once) for at_once in (1, 2)]
    cases = len(suite.cases)
    return {
        "cases": cases,
        "cases a second, one at once": round(cases / one, 2),
        "cases a second, two at once": round(cases / two, 2),
        "ratio to bare /v1/ask, one at once": round(one / bare, 3),
        f"{AIM_CASES} cases would take (s)": round(AIM_CASES * two / cases, 1),
        "aim (s)": AIM_S,
    }


async def _bare(asker: LocalAsker, suite: Suite) -> float:
    began = time.perf_counter()
    for case in suite.cases:
        day = case.as_of or suite.today
        body = {"question": case.question, "as_of": day.isoformat() if day else None}
        response = await asker.client.post("/v1/ask", json=body)
        response.raise_for_status()
    return time.perf_counter() - began


async def _run(asker: LocalAsker, suite: Suite, at_once: int) -> float:
    """Give the seconds that asking, scoring and aggregating take."""
    configuration = await asker.configuration()
    with tempfile.TemporaryDirectory(prefix="fanal-bench-") as root:

        def view(run_id: str) -> RunView:
            return RunView(
                id=run_id, suite=suite.name, title=suite.title, suite_digest=suite.digest, state="running",
                started_at=datetime.now(UTC), cases=len(suite.cases), seed=suite.seed,
            )  # fmt: skip

        with closing(begin(Path(root), suite.name, view)) as folder:
            began = time.perf_counter()
            silent = Console(file=StringIO())
            asked = await ask_all(
                suite, asker, configuration, folder, silent, use_cache=False, concurrency=at_once
            )
            aggregate(scored(asked), [one.timing for one in asked])
            return time.perf_counter() - began
