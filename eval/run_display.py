"""What a person at a console sees of a run: its progress, then its figures, in French."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from eval.run_folder import RunFolder
from server.evaluation_schemas import MetricValue, RunView
from server.quality.catalogue import CATALOGUE


@dataclass(slots=True)
class Shown:
    """A bar: how many cases are done, how many failed, and how long the rest may take."""

    progress: Progress
    task: TaskID
    failures: int = 0

    def step(self, *, failed: bool) -> None:
        """Show one more case."""
        self.failures += failed
        self.progress.update(self.task, advance=1, failures=_failures(self.failures))


@contextmanager
def bar(console: Console, stage: str, total: int, done: int) -> Iterator[Shown]:
    """Show a bar.

    Args:
        done: cases that an earlier run of the same did.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    times = (TextColumn("{task.fields[failures]}"), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, *times, console=console) as progress:
        yield Shown(progress, progress.add_task(stage, total=total, completed=done, failures=""))


def say_started(console: Console, folder: RunFolder) -> None:
    """Say which run this is."""
    view = folder.view
    mode = "sans modèle" if view.configuration and view.configuration.mode == "extractive" else "avec modèle"
    done = len(folder.asked())
    again = f" ; reprise : {done} cas déjà faits" if done else ""
    console.print(f"Évaluation {view.id} : « {view.title} », {view.cases} cas, {mode}{again}.", markup=False)


def say_figures(console: Console, view: RunView, folder: Path) -> None:
    """Show the figures of a run, what lacks, and whether it holds its thresholds."""
    table = Table("Mesure", "Valeur", "Intervalle à 95 %", "Cas", box=SIMPLE_HEAD)
    for metric in view.metrics:
        info = CATALOGUE.get(metric.name)
        table.add_row(
            info.label if info else metric.name, value_of(metric), interval_of(metric), _cases(metric)
        )
    console.print(table)
    for line in (*view.warnings, *view.missing):
        console.print(f"- {line}", markup=False)
    if view.gate:
        from eval.gate import table as gate_table

        console.print(gate_table(view.gate))
    console.print(f"Rapport : {folder / 'report.html'}", markup=False, soft_wrap=True)


def value_of(metric: MetricValue) -> str:
    """Write a metric's value, as people read shares."""
    return "—" if metric.value is None else _decimal(metric.value)


def interval_of(metric: MetricValue) -> str:
    """Write a metric's interval; "—" when it has none."""
    if metric.low is None or metric.high is None:
        return "—"
    return f"{_decimal(metric.low)} à {_decimal(metric.high)}"


def _decimal(value: float) -> str:
    return f"{value:.3f}".replace(".", ",")


def _cases(metric: MetricValue) -> str:
    return f"{metric.cases} (dont {metric.failures} sans note)" if metric.failures else str(metric.cases)


def _failures(count: int) -> str:
    return f"[red]{count} échec{'s' if count > 1 else ''}[/red]" if count else ""
