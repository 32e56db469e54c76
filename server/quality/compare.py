"""Two runs compared: what each case gave before and after goes in, what got better or worse comes out.

Only cases that both runs tried, and that say the same in both, are compared: figures of other cases would differ for
no other reason. One that a run skipped has no scores there, not bad ones; one that failed has bad ones. A metric got
better or worse when chance alone would seldom do as much, over all metrics together.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from server.comparison_schemas import CaseChange, ChangeVerdict, Comparison, LatencyChange, MetricChange
from server.evaluation_schemas import CaseResult, RunSummary, RunView
from server.quality.catalogue import CATALOGUE, JUDGED
from server.quality.differences import configuration_differences
from server.quality.outcomes import outcome_of
from server.quality.run_files import LoadedRun
from server.quality.statistics import difference_of, holm
from server.quality.suite_figures import paired_parts

SIGNIFICANT: Final = 0.05
"""Adjusted p-value below which a metric is said to have changed."""
_ALIKE = 1e-9
_ORDER = {"worse": 0, "mixed": 1, "better": 2}

Results = Mapping[str, CaseResult]


def compare(before: LoadedRun, after: LoadedRun) -> Comparison:
    """Compare two runs over the cases that both tried."""
    was = {result.case.id: result for result in before.results}
    became = {result.case.id: result for result in after.results}
    rewritten = [id_ for id_, one in was.items() if id_ in became and became[id_].case != one.case]
    shared = [id_ for id_ in was if id_ in became and id_ not in set(rewritten)]
    tried = [id_ for id_ in shared if "skipped" not in (was[id_].status, became[id_].status)]
    was_tried, became_tried = {id_: was[id_] for id_ in tried}, {id_: became[id_] for id_ in tried}
    names = _compared_metrics(before.view, after.view, was_tried, became_tried)
    changes = list(_case_changes(was_tried, became_tried, names))
    left = set(shared).difference(tried)
    skipped = list(_case_changes({id_: was[id_] for id_ in left}, became, ()))  # those that one run tried
    return Comparison(
        before=_summary(before.view),
        after=_summary(after.view),
        catalogue=[CATALOGUE[name] for name in (*names, *_not_compared(before.view, after.view))],
        differences=configuration_differences(before.view, after.view),
        metrics=[
            *_metric_changes(names, was_tried, became_tried),
            *(_told_apart(name, before.view, after.view) for name in _not_compared(before.view, after.view)),
        ],
        changes=sorted([*changes, *skipped], key=_severity),
        unchanged=len(shared) - len(changes) - len(skipped),
        only_before=[id_ for id_ in was if id_ not in became],
        only_after=[id_ for id_ in became if id_ not in was],
        rewritten=rewritten,
        latencies=_latency_changes(before.view, after.view),
        warnings=[
            *_run_warnings(before.view, after.view, compared=bool(tried)),
            *_status_warnings(was_tried, became_tried, skipped=len(left)),
        ],
    )


def _compared_metrics(before: RunView, after: RunView, was: Results, became: Results) -> Sequence[str]:
    apart = set(_not_compared(before, after))
    return [name for name in CATALOGUE if name not in apart and len(paired_parts(name, was, became)[0])]


def _not_compared(before: RunView, after: RunView) -> Sequence[str]:
    """Name the judged metrics when the two runs had not the same judge: it is the judge that would be compared."""
    if _judge(before) == _judge(after):
        return ()
    held = {metric.name for metric in (*before.metrics, *after.metrics)}
    return [name for name in JUDGED if name in held]


def _judge(view: RunView) -> tuple[str, str] | None:
    return (view.judge.model, view.judge.prompts) if view.judge else None


def _metric_changes(names: Sequence[str], was: Results, became: Results) -> Sequence[MetricChange]:
    found = []
    for name in names:
        parts = paired_parts(name, was, became)
        found.append((name, len(parts[0]), difference_of(*parts)))
    adjusted = holm([difference.p_value for _, _, difference in found])
    return [
        MetricChange(
            name=name,
            before=_number(difference.before),
            after=_number(difference.after),
            difference=_number(difference.change.mean),
            low=_number(difference.change.low),
            high=_number(difference.change.high),
            p_value=difference.p_value,
            adjusted_p=adjusted_p,
            cases=cases,
            verdict=_verdict(name, difference.change.mean, adjusted_p),
        )
        for (name, cases, difference), adjusted_p in zip(found, adjusted, strict=True)
    ]


def _verdict(name: str, difference: float, adjusted_p: float) -> ChangeVerdict:
    if not adjusted_p < SIGNIFICANT or math.isnan(difference) or not difference:
        return "same"
    return "better" if (difference > 0) is CATALOGUE[name].higher_is_better else "worse"


def _told_apart(name: str, before: RunView, after: RunView) -> MetricChange:
    values = [
        next((metric.value for metric in view.metrics if metric.name == name), None)
        for view in (before, after)
    ]
    return MetricChange(name=name, before=values[0], after=values[1], cases=0)


def _case_changes(was: Results, became: Results, names: Sequence[str]) -> Iterator[CaseChange]:
    for id_, before in was.items():
        after = became[id_]
        changes = {
            name: (before.scores.get(name), after.scores.get(name))
            for name in names
            if _differ(before.scores.get(name), after.scores.get(name))
        }
        if changes or before.status != after.status:
            yield CaseChange(
                id=id_,
                question=before.case.question,
                changes=changes,
                verdict=_case_verdict(changes, before, after),
                status=(before.status, after.status),
                outcomes=(outcome_of(before), outcome_of(after)),
            )


def _differ(before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(before - after) > _ALIKE


def _case_verdict(
    changes: Mapping[str, tuple[float | None, float | None]], before: CaseResult, after: CaseResult
) -> Literal["better", "worse", "mixed"]:
    if before.status != after.status:
        return "worse" if before.status == "done" else "better" if after.status == "done" else "mixed"
    gains = list(_gains(changes))
    if gains and min(gains) > 0:
        return "better"
    return "worse" if gains and max(gains) < 0 else "mixed"


def _gains(changes: Mapping[str, tuple[float | None, float | None]]) -> Iterator[float]:
    """Give how far each metric moved towards the better; one that has no score on a side says nothing."""
    for name, (before, after) in changes.items():
        if before is not None and after is not None:
            yield after - before if CATALOGUE[name].higher_is_better else before - after


def _severity(change: CaseChange) -> tuple[int, bool, float, str]:
    return (
        _ORDER[change.verdict],
        change.status[0] == change.status[1],
        sum(_gains(change.changes)),
        change.id,
    )


def _latency_changes(before: RunView, after: RunView) -> list[LatencyChange]:
    was, became = ({one.stage: one for one in view.latencies} for view in (before, after))
    return [
        LatencyChange(stage=stage, before=was.get(stage), after=became.get(stage))
        for stage in dict.fromkeys([*was, *became])
    ]


def _run_warnings(before: RunView, after: RunView, *, compared: bool) -> Iterator[str]:
    if before.suite != after.suite:
        yield f"Les deux évaluations ne sont pas de la même suite : « {before.suite} » et « {after.suite} »."
    if not compared:
        yield "Les deux évaluations n’ont aucun cas en commun qu’elles aient tenté : rien n’est comparé."
    yield from _judge_warnings(before, after)


def _status_warnings(was: Results, became: Results, *, skipped: int) -> Iterator[str]:
    """Say what cases that failed do to the figures, and that those which were skipped are not in them."""
    broke = sum(one.status == "done" and became[id_].status == "failed" for id_, one in was.items())
    if broke:
        yield f"Cas en échec après et non avant : {broke}. Ils comptent comme de mauvaises réponses après."
    mended = sum(one.status == "failed" and became[id_].status == "done" for id_, one in was.items())
    if mended:
        yield f"Cas en échec avant et non après : {mended}. Ils comptent comme de mauvaises réponses avant."
    if skipped:
        yield f"Cas non tentés dans l’une des deux évaluations : {skipped}. Ils ne sont pas comparés."


def _judge_warnings(before: RunView, after: RunView) -> Iterator[str]:
    if _not_compared(before, after):
        judges = [f"« {view.judge.model} »" if view.judge else "aucun" for view in (before, after)]
        yield (
            f"Le juge n’est pas le même ({judges[0]} avant, {judges[1]} après, ou d’autres consignes) : "
            "les notes du juge ne sont pas comparées."
        )
    for which, view in (("première", before), ("seconde", after)):
        if view.judge and view.judge.is_generator:
            yield (
                f"La {which} évaluation a été jugée par le modèle qui a répondu : un juge note mieux ses propres "
                "réponses, ces notes sont gonflées."
            )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _summary(view: RunView) -> RunSummary:
    return RunSummary(**{name: getattr(view, name) for name in RunSummary.model_fields})
