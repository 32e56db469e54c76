"""A run as Markdown, for a wiki or the summary of a CI job: a `LoadedRun` goes in, a text comes out."""

import html
import re
from collections.abc import Iterator, Sequence

from eval.reporting import wording as words
from eval.reporting.summary import Figure, Summary, summarise
from server.evaluation_schemas import CaseResult, RunView
from server.outcome_schemas import OUTCOMES
from server.quality.outcomes import outcome_of
from server.quality.run_files import LoadedRun

FIRST = 20
"""Cases that the Markdown lists: the page holds all of them."""
_MARKS = re.compile(r"([\\`*_\[\]|#~])")


def safe(text: str) -> str:
    """Write a text on one line so that none of it reads as Markdown or HTML."""
    return _MARKS.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Write a table; its cells are Markdown already. The first column is text, the others numbers."""
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def run_markdown(run: LoadedRun) -> str:
    """Write the report of a run."""
    summary = summarise(run)
    lines = [*_head(run.view, summary), *_figures(summary), *_gates(summary), *_groups(summary)]
    return "\n".join([*lines, *_latencies(run.view), *_cases(run.results)]).rstrip() + "\n"


def _head(view: RunView, summary: Summary) -> Iterator[str]:
    yield f"# {safe(view.title)}"
    yield ""
    yield f"Mesure `{view.id}` du {words.moment(view.started_at)}, {words.counted(view.cases, 'cas', 'cas')}, "
    if view.configuration and view.configuration.mode == "generative":
        yield f"réponses rédigées par {safe(view.configuration.model)}, "
    elif view.configuration:
        yield "réponses extractives (sans modèle), "
    yield f"jugées par {safe(view.judge.model)}." if view.judge else "sans juge."
    yield ""
    if view.judge and view.judge.is_generator:
        yield "> **Le juge est le modèle qui a répondu : ses notes sont gonflées.**"
        yield ""
    if summary.in_short:
        yield f"**{summary.in_short}**"
        yield ""
    counts = (f"{n} {one.plural if n > 1 else one.label.lower()}" for one, n in summary.outcomes)
    yield f"Sur {words.counted(view.cases, 'cas', 'cas')} : {', '.join(counts)}."
    yield ""
    yield from (f"- {safe(text)}" for text in [*view.warnings, *view.missing])
    if view.judge and view.judge.failures:
        times = f"{view.judge.failures} fois sur {view.judge.calls}"
        yield f"- Le juge n’a pas su noter {times} : ces notes manquent aux moyennes."
    yield ""


def _figures(summary: Summary) -> Iterator[str]:
    yield "## Mesures"
    yield ""
    rows = [
        (
            figure.info.label,
            f"**{words.share(figure.metric.value)}**",
            words.interval(figure.metric) or words.DASH,
            words.whole(figure.metric.cases),
            _notes(figure),
        )
        for family in summary.families
        for figure in family.figures
    ]
    yield from table(("Mesure", "Valeur", "Intervalle à 95 %", "Cas", "À savoir"), rows)


def _notes(figure: Figure) -> str:
    notes = []
    if figure.self_judged:
        notes.append("**se juge lui-même**")
    if figure.judged:
        notes.append(words.agreement(figure.metric.agreement))
    if figure.metric.failures:
        notes.append(f"{figure.metric.failures} cas sans note")
    if figure.few:
        notes.append("peu de cas")
    return ", ".join(notes)


def _gates(summary: Summary) -> Iterator[str]:
    if not summary.gates:
        return
    yield "## Seuils"
    yield ""
    rows = [
        (
            safe(gate.label),
            gate.bound,
            gate.value,
            "tenu" if gate.passed else f"**non tenu** {safe(gate.reason)}",
        )
        for gate in summary.gates
    ]
    yield from table(("Mesure", "Exigé", "Mesuré", "Verdict"), rows)


def _groups(summary: Summary) -> Iterator[str]:
    if not summary.groups or not summary.columns:
        return
    yield "## Par étiquette"
    yield ""
    rows = [
        (
            safe(row.group.tag),
            words.whole(row.group.cases),
            *(words.share(metric.value) if metric else words.DASH for metric in row.metrics),
        )
        for row in summary.groups
    ]
    yield from table(("Étiquette", "Cas", *(info.label for info in summary.columns)), rows)


def _latencies(view: RunView) -> Iterator[str]:
    if not view.latencies:
        return
    yield "## Temps de réponse"
    yield ""
    rows = [
        (words.stage(one.stage), words.duration(one.p50), words.duration(one.p95), words.whole(one.cases))
        for one in view.latencies
    ]
    yield from table(("Étape", "La moitié en moins de", "95 sur 100 en moins de", "Cas"), rows)


def _cases(results: Sequence[CaseResult]) -> Iterator[str]:
    ended = [(OUTCOMES[outcome_of(result)], result) for result in results]
    poor = sorted((pair for pair in ended if pair[0].to_review), key=lambda pair: pair[0].rank)
    if not poor:
        return
    yield f"## Cas à revoir : {min(FIRST, len(poor))} sur {len(poor)}"
    yield ""
    for outcome, result in poor[:FIRST]:
        reasons = [result.error] if result.error else [one.text for one in result.verdicts if not one.good]
        why = f" : {safe(' ; '.join(reasons))}" if reasons else ""
        yield f"- **{outcome.label}** — {safe(result.case.question)} (`{result.case.id}`){why}"
    yield ""
