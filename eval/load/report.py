"""The report of a load: what was measured goes in, Markdown and JSON come out.

English, as the bench's own report: it is read by those who work on Fanal; what people were told is quoted in French.
"""

import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from eval.load.faults import BACK_S, Outage, Seen
from eval.load.figures import AIM_P95_MS, Figures, Memory
from eval.load.run import LoadReport
from eval.load.streams import StreamsReport

_NAMES = {"postgres": "PostgreSQL", "model": "The model", "worker": "The server's process"}


def write_load(report: LoadReport) -> Path:
    """Write `load.md` and `load.json` in the folder of the run; gives the former."""
    options = report.options
    found: dict[str, Any] = {
        "machine": machine(),
        "people": options.people,
        "minutes": options.minutes,
        "think_s": options.think_s,
        "mix": dict(options.mix),
        "pace": asdict(options.pace),
        "database": options.database.partition(":")[0],
        "fault": options.fault,
        "settings": dict(options.settings),
        "figures": asdict(report.figures),
        "kept": dict(report.kept),
        "lost": report.lost,
        "outage": _relative(report.outage) if report.outage else None,
        "seen": asdict(report.seen) if report.seen else None,
        "memory_mb": [round(sample.memory_mb, 1) for sample in report.samples],
        "load_average": [round(sample.load, 1) for sample in report.samples],
    }
    return _written(options.folder, "load", found, "\n".join(_load_lines(report, found["machine"])))


def write_streams(report: StreamsReport, folder: Path) -> Path:
    """Write `streams.md` and `streams.json` in a folder; gives the former."""
    found = {"machine": machine(), **asdict(report)}
    return _written(folder, "streams", found, "\n".join(_streams_lines(report, found["machine"])))


def machine() -> dict[str, Any]:
    """Describe the machine, without its name."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": psutil.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
    }


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text("utf-8").splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _written(folder: Path, name: str, found: Mapping[str, Any], markdown: str) -> Path:
    (folder / f"{name}.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    path = folder / f"{name}.md"
    path.write_text(markdown + "\n", "utf-8")
    return path


def _load_lines(report: LoadReport, on: Mapping[str, Any]) -> Iterator[str]:
    options, figures = report.options, report.figures
    killed = f", {_NAMES[options.fault].lower()} killed" if options.fault else ""
    pace, mix = options.pace, ", ".join(f"{kind} {weight:g}" for kind, weight in options.mix.items())
    yield f"# {options.people} people at once for {options.minutes:g} minutes{killed}"
    yield ""
    yield _machine_line(on, figures.load)
    yield ""
    yield (
        f"Acts: {mix}; a pause of {options.think_s:g} s on average between two of the same person. Model: first piece "
        f"after {pace.first * 1_000:g} ms, {pace.rate:g} a second"
        f"{f', {pace.streams} answers at once' if pace.streams else ''}. "
        f"Database: {options.database.partition(':')[0]}. "
        f"Settings: {', '.join(f'{name}={value}' for name, value in options.settings.items()) or 'by default'}."
    )
    yield ""
    yield "| | successes | waited for, p50 / p95 (ms) | first text (ms) | **Fanal's own part** (ms) | its share |"
    yield "|---|---|---|---|---|---|"
    for name, times in figures.times.items():
        first = _pair(times.first) if times.first else "—"
        yield (
            f"| {'all that the model writes' if name == 'model' else name} | {times.count} | {_pair(times.whole)} | "
            f"{first} | {_pair(times.own)} | {times.share:.1%} |"
        )
    yield ""
    yield from _verdicts(figures)
    yield f"- Memory of the server: {_memory(figures.memory)}."
    yield (
        f"- Acknowledged and read back afterwards: {', '.join(f'{n} {what}' for what, n in report.kept.items())}; "
        f"**lost: {len(report.lost)}**."
    )
    yield from (f"  - {one}" for one in report.lost[:50])
    if report.outage and report.seen:
        yield ""
        yield from _outage_lines(report.outage, report.seen)


def _verdicts(figures: Figures) -> Iterator[str]:
    errors = ", ".join(f"{what}: {n}" for what, n in figures.errors.items()) or "none"
    yield f"- Errors, fallbacks and answers not kept, of {figures.exchanges} exchanges: {errors}."
    if (times := figures.times.get("model")) is not None:
        yield f"- p95 of Fanal's own part: {times.own[1]:.0f} ms (asked: under {AIM_P95_MS:.0f})."
    queued, farthest, longest = figures.waited
    yield (
        f"- {figures.per_second:.2f} answers and drafts a second; the server kept {figures.cores:.2f} processors busy, "
        f"{figures.cpu_ms:.0f} ms an answer; the people's own program was {figures.late_p95_ms:.1f} ms late at p95."
    )
    yield (
        f"- Waited in Fanal's queue: {queued} exchanges, at the {farthest}th place at most, {longest:.1f} s at most."
    )
    if figures.unmatched:
        yield f"- Exchanges that no call of the model could be found for, left out of the times: {figures.unmatched}."


def _outage_lines(outage: Outage, seen: Seen) -> Iterator[str]:
    away, start = outage.started - outage.killed, outage.ready - outage.started
    yield (
        f"## {_NAMES[outage.part]} killed under load, away {away:.1f} s, started again (its start took {start:.1f} s)"
    )
    yield ""
    back = "never" if seen.back_s is None else f"{seen.back_s:.1f} s after it took requests again"
    text = "" if seen.text_s is None else f" (its first text: {seen.text_s:.1f} s)"
    told = "" if seen.from_start_s is None else f", {seen.from_start_s:.1f} s after its start was ordered"
    last = "none" if seen.last_s is None else f"until {seen.last_s:.1f} s after"
    yield f"- First whole success: {back}{text}{told} (asked: within {BACK_S:.0f} s)."
    yield f"- Failures among what was begun after its return: {last}."
    yield f"- Exchanges that failed, fell back or were not kept: {seen.broken}. What was shown:"
    yield from (f"  - {n} × {text}" for text, n in sorted(seen.messages.items(), key=lambda item: -item[1]))


def _streams_lines(report: StreamsReport, on: Mapping[str, Any]) -> Iterator[str]:
    sent, held = report.statements
    yield f"# {report.wanted} open streams on one server process"
    yield ""
    yield _machine_line(on, report.load)
    yield ""
    yield "| figure | value |"
    yield "|---|---|"
    yield f"| most streams open together | {report.together} |"
    yield f"| came to a right end (`done`, all statements, citations hold) | {report.ended} |"
    yield f"| statements received one by one / in the `done` events | {sent} / {held} |"
    errors = ", ".join(f"{what}: {n}" for what, n in report.errors.items()) or "none"
    yield f"| errors | {errors} |"
    yield f"| from the first request to the last end (s) | {report.seconds:.0f} |"
    yield f"| memory of the server | {_memory(report.memory)} |"


def _machine_line(on: Mapping[str, Any], load: tuple[float, float]) -> str:
    return (
        f"{on['when']}; {on['processor']}, {on['cores']} cores shared by the server, the model, the database and the "
        f"people; {on['memory_gb']} GB; Python {on['python']}; load average {load[0]:.1f} when it began, {load[1]:.1f} "
        "at the end."
    )


def _memory(found: Memory | None) -> str:
    if found is None:
        return "not seen"
    return (
        f"{found.first:.0f} MB after the warm-up, {found.last:.0f} MB at the end "
        f"({found.last / found.first - 1:+.1%}), {found.peak:.0f} MB at most, slope {found.slope:+.2f} MB a minute"
    )


def _pair(values: tuple[float, float]) -> str:
    return f"{values[0]:.0f} / {values[1]:.0f}"


def _relative(outage: Outage) -> dict[str, Any]:
    return {
        "part": outage.part,
        "away_s": round(outage.started - outage.killed, 3),
        "start_took_s": round(outage.ready - outage.started, 3),
    }
