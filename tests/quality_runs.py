"""Runs of evaluation as `eval` leaves them, made in a moment: their folder, what each case gave, and how long it took.

    view = make_run(data_dir / "evaluations", "20260105-090000-echantillon", cases=200, seed=1)
    worse = make_run(data_dir / "evaluations", "20260106-090000-echantillon", cases=200, seed=1, shift=-0.2)

The same arguments give the same bytes. Two runs of as many cases have the same cases, and a case that is easy in one
is easy in the other, so that they compare as two versions of a server do.
"""

import fcntl
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean, quantiles, stdev
from typing import Any

from server.configuration_schemas import Configuration, IndexState
from server.evaluation_schemas import (
    Agreement,
    CaseResult,
    CaseTiming,
    GateVerdict,
    JudgeInfo,
    Latency,
    MetricGroup,
    MetricValue,
    RunState,
    RunView,
    Usage,
)
from server.quality.catalogue import CATALOGUE, JUDGED
from server.schemas import Mode
from tests.quality_cases import make_case
from tests.quality_results import make_result, make_timing

RUN_ID = "20260105-090000-echantillon"
WITHOUT_JUDGE = "Sans juge : fidélité, pertinence, passages utiles, passages suffisants, exactitude, bruit."


def make_run(
    folder: Path,
    run_id: str = RUN_ID,
    *,
    cases: int = 40,
    seed: int = 1,
    judged: bool = False,
    self_judged: bool = False,
    shift: float = 0.0,
    mode: Mode = "extractive",
    state: RunState = "done",
    passages: int = 10,
    distinct: int = 300,
    **fields: Any,
) -> RunView:
    """Write the folder of a run, less its reports, and give what is in its `run.json`.

    Args:
        folder: the folder of all runs (`DATA_DIR/evaluations`).
        judged: whether a judge scored it; it fails on some cases.
        self_judged: the judge is the model that answered.
        shift: added to how often a case goes well.
        state: of one that is not done, half of the cases are in `progress.jsonl`. Hold the lock of one that runs
            (`hold(folder)`), or it reads as interrupted, which it is.
        passages: of each answer, out of `distinct` ones.
        fields: of `RunView`, in place of those made here.
    """
    results = [
        make_result(
            make_case(number),
            seed=seed,
            judged=judged,
            shift=shift,
            mode=mode,
            passages=passages,
            distinct=distinct,
        )
        for number in range(cases)
    ]
    timings = [make_timing(result, seed) for result in results]
    view = make_view(run_id, results, timings, seed=seed, mode=mode, state=state)
    if judged:
        view = view.model_copy(update=_judged_fields(view, results, self_judged=self_judged))
    view = view.model_copy(update=fields)
    write_run(folder / run_id, view, results, timings)
    return view


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the lock of a run, as the program that makes it does."""
    with (folder / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_run(
    folder: Path, view: RunView, results: Sequence[CaseResult], timings: Sequence[CaseTiming]
) -> None:
    """Write what a run leaves on disk."""
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(view.model_dump_json(indent=2), encoding="utf-8")
    if view.state == "done":
        _write_lines(folder / "cases.jsonl", results)
        _write_lines(folder / "timings.jsonl", timings)
    else:
        done = zip(results[: view.done], timings, strict=False)
        lines = (
            f'{{"result":{one.model_dump_json()},"timing":{it.model_dump_json()}}}\n' for one, it in done
        )
        (folder / "progress.jsonl").write_text("".join(lines), encoding="utf-8")


def _write_lines(path: Path, rows: Sequence[CaseResult] | Sequence[CaseTiming]) -> None:
    path.write_text("".join(row.model_dump_json() + "\n" for row in rows), encoding="utf-8")


def make_view(
    run_id: str,
    results: Sequence[CaseResult],
    timings: Sequence[CaseTiming],
    *,
    seed: int = 1,
    mode: Mode = "extractive",
    state: RunState = "done",
) -> RunView:
    """Give the run of these results: means with an interval of 1.96 standard errors, which is near enough here."""
    started = datetime(2026, 1, 5, 9, tzinfo=UTC)
    if run_id[:8].isdigit():
        started = datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    done = len(results) if state == "done" else len(results) // 2
    finished = state == "done"
    tags = sorted({tag for result in results for tag in result.case.tags}, key=str.casefold)
    values = metric_values(results)
    return RunView(
        id=run_id,
        suite="echantillon",
        title="Organisation d’exemple",
        suite_digest=hashlib.sha256(
            "".join(one.case.model_dump_json() for one in results).encode()
        ).hexdigest(),
        state=state,
        started_at=started,
        finished_at=started + timedelta(minutes=2, seconds=31) if finished else None,
        cases=len(results),
        done=done,
        failed=sum(one.status == "failed" for one in results[:done]),
        skipped=sum(one.status == "skipped" for one in results[:done]),
        configuration=make_configuration(mode),
        seed=seed,
        git_revision="1342809",
        metrics=values if finished else [],
        missing=[WITHOUT_JUDGE] if finished else [],
        gate=_gate(values) if finished else [],
        groups=[_group(tag, results) for tag in tags] if finished else [],
        latencies=_latencies(timings) if finished else [],
        usage=_usage(timings) if finished else Usage(),
    )


def make_configuration(mode: Mode = "extractive", **fields: Any) -> Configuration:
    """Give what a server says of itself."""
    generative = mode == "generative"
    values: dict[str, Any] = {
        "version": "0.1.0",
        "code": "c0de" * 16,
        "mode": mode,
        "model": "modele-de-redaction-8b" if generative else "extractif",
        "prompt_versions": {"answer": "answer-7", "followup": "followup-3"},
        "embedder": "multilingual-e5-small",
        "index": IndexState(documents=84, passages=612, dense_share=1.0, digest="ab12" * 16),
        "settings": {"conflict_share": "0.5", "passages": "10"},
        "fingerprint": "f1f1" * 16,
        **fields,
    }
    return Configuration(**values)


def metric_values(results: Sequence[CaseResult]) -> list[MetricValue]:
    """Give the mean of each metric that has a score, with how many scores lack."""
    values = []
    for name in CATALOGUE:
        scores = [one.scores[name] for one in results if name in one.scores]
        failures = sum(name in one.unscored for one in results)
        if name == "balanced_accuracy":
            scores = _balanced(results)
        if not scores and not failures:
            continue
        mean = fmean(scores) if scores else None
        spread = 1.96 * stdev(scores) / len(scores) ** 0.5 if len(scores) > 1 else 0.0
        low, high = (None, None) if mean is None else (max(0.0, mean - spread), min(1.0, mean + spread))
        values.append(
            MetricValue(name=name, value=mean, low=low, high=high, cases=len(scores), failures=failures)
        )
    return values


def _balanced(results: Sequence[CaseResult]) -> list[float]:
    name = "abstention_accuracy"
    sides = [
        [one.scores[name] for one in results if name in one.scores and one.case.must_abstain is silent]
        for silent in (True, False)
    ]
    return [fmean(side) for side in sides] if all(sides) else []


def _group(tag: str, results: Sequence[CaseResult]) -> MetricGroup:
    tagged = [one for one in results if tag in one.case.tags]
    return MetricGroup(tag=tag, cases=len(tagged), metrics=metric_values(tagged))


def _gate(values: Sequence[MetricValue]) -> list[GateVerdict]:
    found = {one.name: one.value for one in values}
    thresholds: Mapping[str, float] = {"quotes_verified": 1.0, "recall_at_5": 0.7, "fact_recall": 0.9}
    return [
        GateVerdict(
            metric=name,
            bound="min",
            threshold=threshold,
            value=found.get(name),
            passed=(found.get(name) or 0.0) >= threshold,
        )
        for name, threshold in thresholds.items()
    ]


def _latencies(timings: Sequence[CaseTiming]) -> list[Latency]:
    asked = [one.timings for one in timings if one.timings and not one.cached]
    latencies = []
    for stage in ("retrieve", "generate", "verify", "total"):
        times = [one[stage] for one in asked if stage in one]
        if len(times) > 1:
            cuts = quantiles(times, n=20, method="inclusive")
            latencies.append(Latency(stage=stage, p50=cuts[9], p95=cuts[18], cases=len(times)))
    return latencies


def _usage(timings: Sequence[CaseTiming]) -> Usage:
    tokens = [one.tokens for one in timings if one.tokens]
    energy = [one.energy_wh for one in timings if one.energy_wh is not None]
    return Usage(
        prompt_tokens=sum(one.prompt for one in tokens) if tokens else None,
        completion_tokens=sum(one.completion for one in tokens) if tokens else None,
        energy_wh=sum(energy) if energy else None,
        cached=sum(one.cached for one in timings),
    )


def _judged_fields(view: RunView, results: Sequence[CaseResult], *, self_judged: bool) -> dict[str, Any]:
    failures = sum(len(one.unscored) for one in results)
    answering = view.configuration.model if view.configuration else "extractif"
    judge = JudgeInfo(
        model=answering if self_judged else "modele-juge-14b",
        url="http://127.0.0.1:9000/v1",
        is_generator=self_judged,
        prompts="juge-2",
        calls=sum(len(one.scores.keys() & set(JUDGED)) for one in results) + failures,
        failures=failures,
    )
    agreed = {"faithfulness": Agreement(kappa=0.62, low=0.44, high=0.78, cases=61, failures=2)}
    agreed["answer_relevancy"] = Agreement(kappa=0.31, low=0.08, high=0.52, cases=63)
    metrics = [one.model_copy(update={"agreement": agreed.get(one.name)}) for one in view.metrics]
    warnings = ["Le juge est le modèle qui a répondu : ses notes sont gonflées."] if self_judged else []
    return {"judge": judge, "metrics": metrics, "missing": [], "warnings": warnings}
