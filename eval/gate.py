"""The gate: a run and a file of thresholds go in, whether each held comes out; `eval run --fail-under` exits with 1.

    [run]
    failed_max = 0      # 0 unless it is written, as are the two below
    skipped_max = 0
    fallback_max = 0    # answers that another than the configured model wrote
    cases_min = 40
    [metrics.recall_at_10]
    min = 0.85
    cases_min = 30      # 5 unless it is written: an assistant that goes silent is in no mean of what it says
    [tags."reserve".nothing_forbidden]
    min = 1.0
    [latency.total]
    p95_max = 1500      # milliseconds

A threshold that cannot be checked does not hold: a metric without a value, a tag that no case carries any more, a score
that the judge did not give, a mean of three cases, a run that was interrupted. A gate that says yes because it saw
nothing is worse than none.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eval.reporting.wording import points
from eval.scoring.aggregate import MIN_TAG_CASES
from ingest.sources.toml_file import read_toml, to_correct
from ingest.sources.toml_lines import Path as Place
from ingest.sources.toml_lines import key_lines
from server.evaluation_schemas import GateVerdict, Latency, MetricValue, RunView
from server.quality.catalogue import CATALOGUE

if TYPE_CHECKING:
    from rich.table import Table

NAME = "Le fichier de seuils"

Bound = Literal["min", "max"]

_RUN = {
    "failed_max": "run.failed",
    "skipped_max": "run.skipped",
    "fallback_max": "run.fallback",
    "cases_min": "run.cases",
}
_NONE_UNLESS_WRITTEN = ("run.failed", "run.skipped", "run.fallback")
_LATENCY = ("p50_max", "p95_max")
_TABLES = ("run", "metrics", "tags", "latency")
_NUMBER = "un nombre, sans guillemets"
_SHARE = f"{_NUMBER}, de 0 à 1"
_COUNT = "un nombre entier, sans guillemets, 0 au moins"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a figure must reach.

    Args:
        metric: as in `GateVerdict`.
        tag: None for all the cases.
        failures_max: scores that may lack (the judge gave none); of a metric only.
        cases_min: cases that must have a score; of a metric only.
    """

    metric: str
    bound: Bound
    value: float
    tag: str | None = None
    failures_max: int = 0
    cases_min: int = MIN_TAG_CASES


@dataclass(frozen=True, slots=True)
class _Fault:
    place: Place
    reason: str


def read_thresholds(path: Path) -> list[Threshold]:
    """Read a file of thresholds, in its order; first those on failed, skipped and stand-in answers that it leaves out.

    Raises:
        ConfigurationError: it cannot be read, names a metric or a key that does not exist, or sets nothing; the message
            gives the file and every line to correct, in French.
    """
    text, data = read_toml(path, NAME)
    found = list(_file(data))
    if faults := [one for one in found if isinstance(one, _Fault)]:
        raise to_correct(path, NAME, _with_lines(text, faults))
    thresholds = [one for one in found if isinstance(one, Threshold)]
    if not thresholds:
        raise to_correct(path, NAME, ["il ne fixe aucun seuil : il laisserait tout passer"])
    written = {one.metric for one in thresholds}
    return [
        *(Threshold(name, "max", 0) for name in _NONE_UNLESS_WRITTEN if name not in written),
        *thresholds,
    ]


def verdicts(run: RunView, thresholds: Sequence[Threshold]) -> list[GateVerdict]:
    """Tell of each threshold whether the run holds it, in their order; before them, that the run is not finished."""
    held = [_verdict(run, threshold) for threshold in thresholds]
    return held if run.state == "done" else [_unfinished(run), *held]


def table(found: Iterable[GateVerdict]) -> "Table":
    """Write verdicts for the console, those that do not hold with their reason."""
    from rich.table import Table

    shown = Table("", "Mesure", "Seuil", "Valeur", "Pourquoi", box=None, header_style="bold")
    for one in found:
        mark = "[green]tenu[/green]" if one.passed else "[bold red]MANQUÉ[/bold red]"
        wanted = f"{'≥' if one.bound == 'min' else '≤'} {_figure(one.metric, one.threshold)}"
        value = "—" if one.value is None else _figure(one.metric, one.value)
        shown.add_row(mark, _label(one), wanted, value, one.reason)
    return shown


def _file(data: Mapping[str, Any]) -> Iterator[Threshold | _Fault]:
    for key, content in data.items():
        if key not in _TABLES:
            yield _unknown((key,), _TABLES)
        elif not isinstance(content, dict):
            yield _Fault((key,), f"« {key} » est une table : [{key}]")
        elif key == "run":
            yield from _run(content)
        elif key == "metrics":
            yield from _metrics(("metrics",), content, None)
        elif key == "latency":
            yield from _latencies(content)
        else:
            yield from _tags(content)


def _run(content: Mapping[str, Any]) -> Iterator[Threshold | _Fault]:
    for key, value in content.items():
        if key not in _RUN:
            yield _unknown(("run", key), tuple(_RUN))
        elif not _is_count(value):
            yield _wrong(("run", key), value, _COUNT)
        else:
            yield Threshold(_RUN[key], "min" if key.endswith("_min") else "max", value)


def _tags(content: Mapping[str, Any]) -> Iterator[Threshold | _Fault]:
    for tag, metrics in content.items():
        if isinstance(metrics, dict):
            yield from _metrics(("tags", tag), metrics, tag)
        else:
            yield _Fault(("tags", tag), f'une étiquette, puis une mesure : [tags."{tag}".nothing_forbidden]')


def _metrics(place: Place, content: Mapping[str, Any], tag: str | None) -> Iterator[Threshold | _Fault]:
    for name, bounds in content.items():
        if name not in CATALOGUE:
            yield _unknown((*place, name), tuple(CATALOGUE))
        elif not isinstance(bounds, dict) or not {"min", "max"}.intersection(bounds):
            yield _Fault((*place, name), "un seuil est une table avec « min », « max », ou les deux")
        else:
            yield from _bounds((*place, name), bounds, name, tag)


def _bounds(
    place: Place, bounds: Mapping[str, Any], name: str, tag: str | None
) -> Iterator[Threshold | _Fault]:
    known = ("min", "max", "failures_max", "cases_min")
    wrong = [_unknown((*place, key), known) for key in bounds if key not in known]
    counts = {key: bounds[key] for key in ("failures_max", "cases_min") if key in bounds}
    wrong += [_wrong((*place, key), count, _COUNT) for key, count in counts.items() if not _is_count(count)]
    for key in ("min", "max"):
        if key in bounds and not (_is_number(bounds[key]) and 0 <= bounds[key] <= 1):
            wrong.append(_wrong((*place, key), bounds[key], _SHARE))
    if not wrong and bounds.get("min", 0) > bounds.get("max", 1):
        wrong.append(_Fault(place, "« min » dépasse « max » : aucune valeur ne tiendrait les deux"))
    yield from wrong
    if not wrong:
        if "min" in bounds:
            yield Threshold(name, "min", bounds["min"], tag, **counts)
        if "max" in bounds:
            yield Threshold(name, "max", bounds["max"], tag, **counts)


def _latencies(content: Mapping[str, Any]) -> Iterator[Threshold | _Fault]:
    for stage, bounds in content.items():
        if not isinstance(bounds, dict):
            yield _Fault(("latency", stage), f"une étape est une table : [latency.{stage}]")
            continue
        for key, value in bounds.items():
            place = ("latency", stage, key)
            if key not in _LATENCY:
                yield _unknown(place, _LATENCY)
            elif not _is_number(value) or value <= 0:
                yield _wrong(place, value, f"{_NUMBER}, en millisecondes")
            else:
                yield Threshold(f"latency.{stage}.{key.removesuffix('_max')}", "max", value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _unknown(place: Place, known: Sequence[str]) -> _Fault:
    key = str(place[-1])
    near = difflib.get_close_matches(key.casefold(), known, 1)
    advice = f"écrivez « {near[0]} »" if near else f"connus : {', '.join(known)}"
    return _Fault(place, f"« {key} » n’existe pas ici : {advice}")


def _wrong(place: Place, value: object, expected: str) -> _Fault:
    return _Fault(place, f"« {place[-1]} » ne peut pas valoir « {value} » ; attendu : {expected}")


def _with_lines(text: str, faults: Sequence[_Fault]) -> list[str]:
    lines = key_lines(text)
    return [
        f"ligne {line} : {reason}"
        for line, reason in sorted((lines.get(f.place, 1), f.reason) for f in faults)
    ]


def _verdict(run: RunView, threshold: Threshold) -> GateVerdict:
    value, unseen = _value(run, threshold)
    held = value is not None and (
        value >= threshold.value if threshold.bound == "min" else value <= threshold.value
    )
    return GateVerdict(
        metric=threshold.metric,
        tag=threshold.tag,
        bound=threshold.bound,
        threshold=threshold.value,
        value=value,
        passed=held and not unseen,
        reason=unseen or ("" if value is None or held else _missed(threshold, value)),
    )


def _unfinished(run: RunView) -> GateVerdict:
    return GateVerdict(
        metric="run.cases",
        bound="min",
        threshold=run.cases,
        value=run.done,
        passed=False,
        reason="l’évaluation n’est pas allée à son terme : reprenez-la",
    )


def _value(run: RunView, threshold: Threshold) -> tuple[float | None, str]:
    """Give the figure, and why it cannot be trusted to tell; empty when it can."""
    if threshold.metric.startswith("run."):
        counts = {
            "run.failed": run.failed,
            "run.skipped": run.skipped,
            "run.fallback": run.fallback,
            "run.cases": run.cases - run.skipped,
        }
        return float(counts[threshold.metric]), ""
    if threshold.metric.startswith("latency."):
        return _latency(run.latencies, threshold.metric)
    return _metric(run, threshold)


def _latency(latencies: Sequence[Latency], name: str) -> tuple[float | None, str]:
    _, stage, quantile = name.split(".")
    found = next((one for one in latencies if one.stage == stage), None)
    if found is None:
        return None, "aucune question n’a été posée pendant cette évaluation, ou l’étape n’existe pas"
    return (found.p50 if quantile == "p50" else found.p95), ""


def _metric(run: RunView, threshold: Threshold) -> tuple[float | None, str]:
    metrics: Sequence[MetricValue] = run.metrics
    if threshold.tag is not None:
        group = next((one for one in run.groups if one.tag == threshold.tag), None)
        if group is None:
            return None, f"moins de {MIN_TAG_CASES} cas portent l’étiquette « {threshold.tag} »"
        metrics = group.metrics
    found = next((one for one in metrics if one.name == threshold.metric), None)
    if found is None or found.value is None:
        return None, "aucun cas ne donne de note : rien n’a été mesuré"
    if found.failures > threshold.failures_max:
        allowed = f"« failures_max » en permet {threshold.failures_max}"
        return found.value, f"{found.failures} notes manquent sur {found.cases + found.failures} ; {allowed}"
    if found.cases < threshold.cases_min:
        return found.value, f"{found.cases} cas seulement ont une note ; il en faut {threshold.cases_min}"
    return found.value, ""


def _missed(threshold: Threshold, value: float) -> str:
    gap = abs(value - threshold.value)
    lacks = "il manque" if threshold.bound == "min" else "c’est trop de"
    if threshold.metric in CATALOGUE:
        return f"{lacks} {points(gap).removeprefix('+')}"
    return f"{lacks} {_figure(threshold.metric, gap)}"


def _label(verdict: GateVerdict) -> str:
    info = CATALOGUE.get(verdict.metric)
    named = f"{info.label} ({verdict.metric})" if info else verdict.metric
    return f"{named}, étiquette « {verdict.tag} »" if verdict.tag else named


def _figure(metric: str, value: float) -> str:
    if metric.startswith("run."):
        return f"{value:.0f}"
    if metric.startswith("latency."):
        return f"{value:.0f} ms"
    # To a tenth, where reports round: 93,6 % does not hold 94 %.
    return f"{100 * value:.1f}\u202f%".replace(".", ",")
