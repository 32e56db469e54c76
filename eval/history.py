"""The runs over time: `DATA_DIR/evaluations` goes in, a table for each suite comes out, the oldest run first."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from eval.run_display import interval_of, value_of
from eval.settings import server_settings
from ingest.errors import ConfigurationError
from server.evaluation_schemas import MetricValue, RunSummary
from server.quality.catalogue import CATALOGUE, JUDGED
from server.quality.runs import EVALUATIONS, Runs

HEADLINES: Final = (
    "recall_at_10",
    "ndcg_at_10",
    "citation_recall",
    "fact_recall",
    "balanced_accuracy",
    "faithfulness",
    "draft_fact_recall",
    "draft_nothing_invented",
    "mask_recall_direct",
    "nothing_forbidden",
)
"""Metrics that tell most of a suite, in the order in which they are chosen; those that its runs hold are shown."""

OTHER_CASES = "* : d’autres cas que la dernière mesure, les chiffres ne se comparent pas tels quels."
SELF_JUDGED = (
    "† : le modèle s’est noté lui-même, ces notes sont trop bonnes ; ne vous en servez pas pour décider."
)

COLUMNS = 4
STATES = {"running": "en cours", "interrupted": "interrompue", "done": ""}


def show(suite: str | None, metrics: Sequence[str], console: Console) -> None:
    """Print the tables.

    Args:
        suite: only this one; None for all.
        metrics: the columns; none for those of `HEADLINES`.

    Raises:
        ConfigurationError: there is no such metric, or no run.
    """
    if unknown := [name for name in metrics if name not in CATALOGUE]:
        raise ConfigurationError(f"Mesure inconnue : {unknown[0]}. Connues : {', '.join(CATALOGUE)}.")
    runs = Runs(server_settings().data_dir / EVALUATIONS).list()
    chosen = [run for run in runs if suite in (None, run.suite)]
    if not chosen:
        of = f" de la suite « {suite} »" if suite else ""
        raise ConfigurationError(f"Aucune mesure{of} : lancez « python -m eval run {suite or 'sample'} ».")
    by_suite = sorted(chosen, key=lambda run: (run.suite, run.started_at))
    for name, group in groupby(by_suite, key=attrgetter("suite")):
        console.print(table_of(name, list(group), metrics))


def table_of(suite: str, runs: Sequence[RunSummary], metrics: Sequence[str] = ()) -> Table:
    """Give the table of one suite's runs, in their order; runs of other cases than the last ones are marked."""
    held = {metric.name for run in runs for metric in run.metrics}
    columns = list(metrics) or [name for name in HEADLINES if name in held][:COLUMNS]
    table = Table(title=f"Suite « {suite} »", box=SIMPLE_HEAD, title_justify="left")
    table.add_column("Mesure", no_wrap=True)
    table.add_column("Cas", justify="right")
    table.add_column("Modèle", overflow="fold")
    for name in columns:
        table.add_column(CATALOGUE[name].label, justify="right")
    for run in runs:
        table.add_row(*_row(run, columns, is_comparable=run.suite_digest == runs[-1].suite_digest))
    captions = [OTHER_CASES] if any(run.suite_digest != runs[-1].suite_digest for run in runs) else []
    captions += [SELF_JUDGED] if any(map(_judged_itself, runs)) and set(columns) & set(JUDGED) else []
    table.caption = "\n".join(captions) or None
    return table


def _judged_itself(run: RunSummary) -> bool:
    return run.judge is not None and run.judge.is_generator


def _mark(run: RunSummary, metric: MetricValue) -> str:
    return " †" if metric.name in JUDGED and metric.value is not None and _judged_itself(run) else ""


def _row(run: RunSummary, columns: Sequence[str], *, is_comparable: bool) -> list[str]:
    metrics = {metric.name: metric for metric in run.metrics}
    figures = [
        f"{value_of(found)}{_mark(run, found)}\n[dim]{interval_of(found)}[/dim]"
        if (found := metrics.get(name))
        else "—"
        for name in columns
    ]
    state = STATES[run.state]
    failed = f", {run.failed} en échec" if run.failed else ""
    started = run.started_at.astimezone()
    when = f"{started:%d/%m/%Y %H:%M}{'' if is_comparable else ' *'}"
    model = run.configuration.model if run.configuration else "—"
    named = f"{when}\n[dim]{run.git_revision or ''}{f' ({state})' if state else ''}[/dim]"
    return [named, f"{run.cases}{failed}", model, *figures]
