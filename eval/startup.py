"""How long the commands take to say what they do."""

import subprocess
import sys
import time
from typing import Any

from ingest.settings import ROOT

RUNS = 5


def measure() -> dict[str, Any]:
    """Give the median wall time, in seconds, of `--help` of each command."""
    return {f"python -m {module} --help (s)": _median(module) for module in ("server", "ingest", "eval")}


def _median(module: str) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return round(sorted(times)[RUNS // 2], 3)
