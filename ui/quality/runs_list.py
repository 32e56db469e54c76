"""« Évaluations »: the runs, newest first, each with its headline figures and whether its thresholds hold."""

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

import streamlit as st

from server.evaluation_schemas import MetricInfo, MetricValue, RunList, RunSummary
from ui.calls import ClientError
from ui.components import hint_html, notice_html
from ui.quality.html import bar_html, button_html, draw_html, gate_html, list_html
from ui.quality.pager import draw_pager, page_of
from ui.quality.run_summary import short_html
from ui.quality.state import QualityState
from ui.quality.words import STATES, asked, figure, interval, margin, written_by
from ui.quality_client import QualityClient
from ui.wording import counted, french, moment, whole
from ui.zone import browser_zone

HEADLINES = (
    "fact_recall", "recall_at_5", "quotes_verified", "balanced_accuracy", "abstention_accuracy", "faithfulness",
    "nothing_forbidden", "draft_fact_recall", "draft_nothing_invented", "mask_recall_direct", "mask_precision",
)  # fmt: skip
SHOWN_FIGURES = 4
RUNS_A_PAGE = 20
POLL_S = 3.0
NONE_YET = "Aucune évaluation pour l’instant"
HOW_TO_BEGIN = (
    "Une évaluation se lance sur le serveur, par la personne qui l’administre, avec cette commande :"
)
COMMAND = "python -m eval run sample"
INTERVALS = (
    "Sous chaque mesure, son intervalle : la vraie valeur s’y trouve 95 fois sur 100. "
    "Plus il y a de cas, plus il est étroit."
)
BROKEN_WHY = "Les autres sont là. Relancez-les, ou demandez à l’administrateur de retirer leur dossier."
FAILED = "Les évaluations ne peuvent pas être affichées"


def fetch_runs(client: QualityClient, state: QualityState) -> RunList | None:
    """Give the runs, kept while the reader stays here; None, and why is said, where they cannot be had."""
    try:
        return state.sources.kept("runs", client.evaluations)
    except ClientError as error:
        st.html(notice_html("error", FAILED, str(error), testid="failed"))
        return None


def draw_runs(client: QualityClient, state: QualityState) -> None:
    """Draw the list, and follow what is under way."""
    listed = fetch_runs(client, state)
    if listed is None:
        return
    draw_html(broken_html(listed))
    if not listed.runs:
        st.html(empty_html())
        return
    labels = {info.name: info for info in listed.catalogue}
    suites = list(dict.fromkeys(run.suite for run in listed.runs))
    runs = listed.runs
    if len(suites) > 1:
        suite = st.selectbox(
            "Suite de cas", ["", *suites], format_func=suite_titles(listed.runs).__getitem__, key="suite"
        )
        runs = [run for run in runs if suite in ("", run.suite)]
    if any(run.state == "running" for run in runs):
        _follow(client, state, [run.id for run in runs if run.state == "running"])
    st.html(hint_html(INTERVALS))
    page = page_of(state.runs_page, len(runs), RUNS_A_PAGE)
    start = page * RUNS_A_PAGE
    items = "".join(run_html(run, labels) for run in runs[start : start + RUNS_A_PAGE])
    st.html(f'<ul class="fanal-runs" data-testid="runs" lang="fr">{items}</ul>')
    draw_pager("runs", page, len(runs), RUNS_A_PAGE, partial(setattr, state, "runs_page"))


def suite_titles(runs: Sequence[RunSummary]) -> dict[str, str]:
    """Give what people call each suite: the title of its newest run; two of the same title have their name too."""
    titles = {run.suite: run.title or run.suite for run in sorted(runs, key=lambda one: one.started_at)}
    several = {title for title in titles.values() if list(titles.values()).count(title) > 1}
    return {"": "Toutes"} | {
        suite: f"{title} ({suite})" if title in several else title for suite, title in titles.items()
    }


def empty_html() -> str:
    """Say how to begin, where nothing was ever run."""
    return (
        '<div class="fanal-notice" data-testid="empty" lang="fr">'
        f"<p><strong>{NONE_YET}</strong></p><p>{french(HOW_TO_BEGIN)}</p><pre><code>{COMMAND}</code></pre></div>"
    )


def broken_html(listed: RunList) -> str:
    """Name the runs that cannot be read, and why; "" where all can."""
    if not listed.broken:
        return ""
    said = counted(len(listed.broken), "évaluation est illisible", "évaluations sont illisibles")
    lines = list_html(f"<strong>{escape(one.id)}</strong> : {escape(one.reason)}" for one in listed.broken)
    return (
        '<div class="fanal-notice fanal-notice-warning" role="status" data-testid="broken" lang="fr">'
        f"<p><strong>{said}</strong></p>{lines}<p>{BROKEN_WHY}</p></div>"
    )


def headlines(run: RunSummary) -> list[MetricValue]:
    """Give the few figures that say most of a run."""
    known = {value.name: value for value in run.metrics}
    chosen = [known[name] for name in HEADLINES if name in known]
    return (chosen or run.metrics)[:SHOWN_FIGURES]


def run_html(run: RunSummary, labels: Mapping[str, MetricInfo]) -> str:
    """Give a run of the list."""
    when = moment(run.started_at.isoformat(), browser_zone())
    title = escape(run.title or run.suite)
    state = (
        ""
        if run.state == "done"
        else f'<span class="fanal-badge fanal-badge-past">{STATES[run.state]}</span>'
    )
    facts = [when, escape(written_by(run)), asked(run)]
    facts += [f"{whole(run.failed)} en panne"] if run.failed else []
    facts += [judge_fact(run)] if run.judge else []
    return (
        f'<li class="fanal-run-item" data-testid="run" data-run="{escape(run.id)}"><div class="fanal-run-head">'
        f"<p><strong>{title}</strong> {state}{gate_html(run)}</p>"
        f'<p class="fanal-facts">{" · ".join(facts)}</p></div>'
        f"{button_html('Ouvrir', 'run', run.id, said=f'Ouvrir : {run.title or run.suite}, {when}')}"
        f"{progress_html(run)}{short_html(run)}{figures_html(headlines(run), labels)}</li>"
    )


def judge_fact(run: RunSummary) -> str:
    """Say who judged."""
    if run.judge is None:
        return ""
    own = " (le modèle se juge lui-même)" if run.judge.is_generator else ""
    return escape(french(f"jugé par {run.judge.model}{own}"))


def progress_html(run: RunSummary) -> str:
    """Say how far a run is; "" for one that is over."""
    if run.state == "done":
        return ""
    said = f"{whole(run.done)} sur {counted(run.cases, 'cas', 'cas')}"
    note = ""
    if run.state == "interrupted":
        note = f" Pour la reprendre : <code>python -m eval run {escape(run.suite)}</code>"
    return (
        f'<div class="fanal-run-progress" data-testid="advance"><progress max="{max(run.cases, 1)}" value="{run.done}"'
        f' aria-label="Avancement"></progress><p>{said}.{note}</p></div>'
    )


def figures_html(values: list[MetricValue], labels: Mapping[str, MetricInfo]) -> str:
    """Give some figures, large, each with its interval."""
    if not values:
        return ""
    items = ""
    for value in values:
        info = labels.get(value.name)
        unit = info.unit if info else "share"
        span = interval(value.low, value.high, unit)
        drawn = bar_html(value.value, value.low, value.high, unit)
        items += (
            f'<div data-metric="{escape(value.name)}"><dt>{escape(info.label if info else value.name)}</dt>'
            f"<dd><strong>{figure(value.value, unit)}</strong>"
            f'<small title="{margin(value)}">{span}</small>{drawn}</dd></div>'
        )
    return f'<dl class="fanal-figures">{items}</dl>'


@st.fragment(run_every=POLL_S)
def _follow(client: QualityClient, state: QualityState, running: list[str]) -> None:
    """Look again at what is under way, and draw the page anew when it has moved."""
    known = state.sources.kept("runs", client.evaluations)
    try:
        now = client.evaluations()
    except ClientError:  # the next look may tell; what is on the page stays
        return
    before = {run.id: (run.state, run.done) for run in known.runs}
    after = {run.id: (run.state, run.done) for run in now.runs}
    if any(before.get(id_) != after.get(id_) for id_ in running):
        state.refetch()
        st.rerun()
