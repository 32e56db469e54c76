"""Two runs compared, as people read it: a `Comparison` goes in; a terminal's tables, Markdown or a page come out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.reporting import wording as words
from eval.reporting.html import render
from eval.reporting.markdown import safe, table
from server.comparison_schemas import CaseChange, Comparison, LatencyChange, MetricChange
from server.evaluation_schemas import CaseResult
from server.quality.catalogue import CATALOGUE
from server.quality.run_files import LoadedRun

FIRST: Final = 20
"""Cases that a terminal and the Markdown list: the page holds all of them."""
MOVES: Final = 4
"""Metrics that are told of a case."""
VERDICTS: Final = {"better": "mieux", "worse": "moins bien", "same": "sans changement sûr"}
CASE_VERDICTS: Final = {"better": "mieux", "worse": "moins bien", "mixed": "partagé"}
STATUSES: Final = {"done": "terminé", "failed": "échec", "skipped": "non tenté"}
_PLACES: Final = {"worse": 0, "better": 1, "same": 2}
SCALE: Final = 0.05
"""Smallest half-width of the plot of differences: five points."""


@dataclass(frozen=True, slots=True)
class Side:
    """A case in both runs; what was said each time."""

    change: CaseChange
    before: Sequence[str]
    after: Sequence[str]


def is_worse(comparison: Comparison) -> bool:
    """Tell whether something got worse: a metric, more than by chance, or a case that ends no more."""
    return any(one.verdict == "worse" for one in comparison.metrics) or any(
        one.status[0] == "done" != one.status[1] for one in comparison.changes
    )


def in_short(comparison: Comparison) -> str:
    """Say what became of the metrics, in a sentence."""
    compared = [one for one in comparison.metrics if one.cases]
    worse, better = (
        sorted((one for one in compared if one.verdict == verdict), key=lambda one: -abs(one.difference or 0))
        for verdict in ("worse", "better")
    )
    if not compared:
        return "Rien n’a pu être comparé."
    if not worse and not better:
        return "Aucune mesure n’a changé plus que par hasard."
    parts = []
    if worse:
        parts.append(f"Moins bien : {', '.join(map(_moved, worse))}.")
    if better:
        parts.append(f"Mieux : {', '.join(map(_moved, better))}.")
    left = len(compared) - len(worse) - len(better)
    if left:
        parts.append(f"{words.counted(left, 'autre mesure', 'autres mesures')} sans changement sûr.")
    return " ".join(parts)


def show(comparison: Comparison, console: Console) -> None:
    """Print a comparison."""
    console.print(f"{comparison.before.id} → {comparison.after.id}", markup=False, style="bold")
    console.print(in_short(comparison), markup=False)
    for text in [*comparison.warnings, *_apart(comparison)]:
        console.print(f"Attention : {text}", markup=False, style="yellow")
    for text in comparison.differences:
        console.print(f"  {text}", markup=False)
    console.print(_figures(comparison))
    console.print(_tally(comparison), markup=False)
    for change in comparison.changes[:FIRST]:
        console.print(
            f"  {CASE_VERDICTS[change.verdict]} · {change.id} · {' '.join(change.question.split())}",
            markup=False,
        )
        console.print(f"      {_moves(change)}", markup=False, style="dim")
    if len(comparison.changes) > FIRST:
        console.print(f"  … et {len(comparison.changes) - FIRST} autres : --html ou --md.", markup=False)


def _figures(comparison: Comparison) -> Table:
    """Give the table of the metrics, narrow enough for a terminal of 80 columns."""
    figures = Table(box=SIMPLE_HEAD)
    figures.add_column("Mesure")
    for name in ("Avant", "Après", "Écart (points)", "Cas"):
        figures.add_column(name, justify="right", no_wrap=True)
    figures.add_column("")
    for one in comparison.metrics:
        moved = words.signed(one.difference)
        if one.low is not None and one.high is not None:
            moved += f" [{words.signed(one.low)} ; {words.signed(one.high)}]"
        verdict = "non comparé" if not one.cases else "" if one.verdict == "same" else VERDICTS[one.verdict]
        cells = (
            CATALOGUE[one.name].label, words.share(one.before), words.share(one.after), moved,
            words.whole(one.cases), verdict,
        )  # fmt: skip
        figures.add_row(*map(escape, cells), style={"better": "green", "worse": "red"}.get(one.verdict, ""))
    return figures


def comparison_markdown(comparison: Comparison) -> str:
    """Write a comparison as Markdown."""
    lines = [
        f"# {safe(comparison.after.title)} : avant, après",
        "",
        f"`{comparison.before.id}` → `{comparison.after.id}`",
        "",
        f"**{safe(in_short(comparison))}**",
        "",
        *(f"- {safe(text)}" for text in [*comparison.warnings, *_apart(comparison)]),
        "",
        "## Ce qui a changé dans la configuration",
        "",
        *([f"- {safe(text)}" for text in comparison.differences] or ["Rien."]),
        "",
        "## Mesures",
        "",
        *table(
            ("Mesure", "Avant", "Après", "Écart", "Intervalle à 95 %", "Cas", "Verdict"),
            [_cells(one) for one in comparison.metrics],
        ),
        f"## Cas : {_tally(comparison)}",
        "",
    ]
    return "\n".join([*lines, *_case_lines(comparison)]).rstrip() + "\n"


def comparison_page(comparison: Comparison, before: LoadedRun, after: LoadedRun) -> str:
    """Write a comparison as a page of one file, with what was said in each run where a case changed."""
    was, became = ({one.case.id: one for one in run.results} for run in (before, after))
    reach = [abs(one.difference) for one in comparison.metrics if one.difference is not None]
    return render(
        "comparison.html.j2",
        None,
        comparison=comparison,
        in_short=in_short(comparison),
        is_worse=is_worse(comparison),
        apart=_apart(comparison),
        tally=_tally(comparison),
        catalogue=CATALOGUE,
        metrics=sorted(comparison.metrics, key=lambda one: (not one.cases, _PLACES[one.verdict])),
        scale=max([1.5 * one for one in reach] + [SCALE]),
        verdicts=VERDICTS,
        case_verdicts=CASE_VERDICTS,
        statuses=STATUSES,
        sides=[Side(one, _said(was[one.id]), _said(became[one.id])) for one in comparison.changes],
        latencies=[_latency_cells(one) for one in comparison.latencies],
    )


def _moved(change: MetricChange) -> str:
    return f"{CATALOGUE[change.name].label} ({words.points(change.difference)})"


def _cells(change: MetricChange) -> tuple[str, ...]:
    around = words.DASH
    if change.low is not None and change.high is not None:
        around = f"{words.points(change.low)} à {words.points(change.high)}"
    return (
        CATALOGUE[change.name].label,
        words.share(change.before),
        words.share(change.after),
        words.points(change.difference),
        around,
        words.whole(change.cases),
        VERDICTS[change.verdict] if change.cases else "non comparé",
    )


def _latency_cells(change: LatencyChange) -> tuple[str, ...]:
    both = (change.before, change.after)
    return (
        words.stage(change.stage),
        *(words.duration(one.p50) if one else words.DASH for one in both),
        *(words.duration(one.p95) if one else words.DASH for one in both),
    )


def _apart(comparison: Comparison) -> list[str]:
    """Say which cases are not compared."""
    counts = (
        (comparison.only_before, "n’est que dans la première", "ne sont que dans la première"),
        (comparison.only_after, "n’est que dans la seconde", "ne sont que dans la seconde"),
        (comparison.rewritten, "a été récrit entre les deux", "ont été récrits entre les deux"),
    )
    return [
        f"{len(ids)} cas {one if len(ids) == 1 else several} : {', '.join(ids[:5])}{'…' if len(ids) > 5 else ''}"
        for ids, one, several in counts
        if ids
    ]


def _tally(comparison: Comparison) -> str:
    counts = {verdict: sum(one.verdict == verdict for one in comparison.changes) for verdict in CASE_VERDICTS}
    return (
        f"{counts['worse']} moins bien, {counts['better']} mieux, {counts['mixed']} partagés, "
        f"{comparison.unchanged} inchangés"
    )


def _moves(change: CaseChange) -> str:
    """Say what moved most in a case."""
    moves = [
        f"{CATALOGUE[name].label} {words.share(before)} → {words.share(after)}"
        for name, (before, after) in sorted(
            change.changes.items(), key=lambda item: -abs((item[1][1] or 0) - (item[1][0] or 0))
        )[:MOVES]
    ]
    if len(change.changes) > MOVES:
        moves.append("…")
    if change.status[0] != change.status[1]:
        moves.insert(0, " → ".join(STATUSES[status] for status in change.status))
    return ", ".join(moves)


def _case_lines(comparison: Comparison) -> Iterator[str]:
    for change in comparison.changes[:FIRST]:
        yield (
            f"- **{CASE_VERDICTS[change.verdict]}** — {safe(change.question)} (`{change.id}`) : "
            f"{safe(_moves(change))}"
        )
    if len(comparison.changes) > FIRST:
        yield f"- … et {len(comparison.changes) - FIRST} autres cas"


def _said(result: CaseResult) -> Sequence[str]:
    """Give what a case said, a paragraph a sentence."""
    if result.error:
        return [result.error]
    if result.answer is not None:
        if result.answer.abstained:
            return [result.answer.message or "Les documents ne répondent pas."]
        return [statement.text for statement in result.answer.statements]
    if result.draft is not None:
        return [
            f"{section.title} : {' '.join(one.text for one in section.sentences) or 'Non renseigné'}"
            for section in result.draft.sections
        ]
    return [result.masked.text] if result.masked is not None else []
