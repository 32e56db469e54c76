"""The load in short, for the bench: a few people at once beside one alone, in the same minutes of the same machine.

`python -m eval load` is the long form, with fifty people and faults. Here the ratio is what says something on a machine
that is shared: how many times longer Fanal's own part of an answer takes when several people ask.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eval.load.figures import AIM_P95_MS
from eval.load.run import LoadOptions, LoadReport, database_here, load

PEOPLE = 10
MINUTES = 0.5
THINK_S = 1.0


def measure(cache: Path) -> dict[str, Any]:
    """Give Fanal's own part with one person and with several, and what went wrong; see `eval.load.figures`.

    Args:
        cache: folder whose `bench/sample` holds the sample's index; the first run embeds it (a minute or two).
    """
    with TemporaryDirectory(prefix="fanal-bench-") as folder:
        alone, several = (_loaded(cache, Path(folder) / str(people), people) for people in (1, PEOPLE))
    one, many = (report.figures.times["model"].own for report in (alone, several))
    return {
        "database": several.options.database,
        "own part, one person, p50 (ms)": round(one[0], 1),
        f"own part, {PEOPLE} people, p50 (ms)": round(many[0], 1),
        f"own part, {PEOPLE} people, p95 (ms)": round(many[1], 1),
        "asked of p95 with 50 people (ms)": AIM_P95_MS,
        f"p50, {PEOPLE} people / one": round(many[0] / one[0], 3),
        "errors, fallbacks, answers not kept": sum(several.figures.errors.values()),
        "acknowledged and lost": len(several.lost),
    }


def _loaded(cache: Path, folder: Path, people: int) -> LoadReport:
    return load(
        LoadOptions(cache, folder, people=people, minutes=MINUTES, think_s=THINK_S, database=database_here())
    )
