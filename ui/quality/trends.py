"""« Tendances »: how chosen metrics move from run to run of a suite, with their interval, drawn and in a table."""

from collections.abc import Mapping, Sequence
from html import escape
from zoneinfo import ZoneInfo

import altair as alt
import streamlit as st

from server.evaluation_schemas import MetricInfo, MetricValue, RunSummary
from ui.components import hint_html, notice_html
from ui.quality.runs_list import HEADLINES, empty_html, fetch_runs, suite_titles
from ui.quality.state import QualityState
from ui.quality.words import figure, interval, written_by
from ui.quality_client import QualityClient
from ui.wording import french, moment
from ui.zone import browser_zone

FIRST_CHOSEN = 2
HEIGHT = 220
MARGIN = 0.1
"""Room below the lowest interval, as a share."""
HINTS = {"when": "Évaluation", "said": "Mesure", "span": "Intervalle", "model": "Réponses"}
"""What a point says when it is pointed at."""
ACCENT, BAND = "#1f4e79", "#9db8d2"
PERCENT = "format(100 * datum.value, '.0f') + ' %'"
TOO_FEW = "Il faut au moins deux évaluations terminées d’une même suite"
TOO_FEW_WHY = "Les tendances apparaîtront ici dès la deuxième."
READING = (
    "Le trait est la mesure, la bande son intervalle. Deux bandes qui se recouvrent largement : "
    "la différence peut être due au hasard. Pour trancher, comparez les deux évaluations."
)
_LOCALE = {
    "number": {"decimal": ",", "thousands": "\u202f", "grouping": [3], "currency": ["", "\u00a0€"]},
    "time": {
        "dateTime": "%A %e %B %Y à %X", "date": "%d/%m/%Y", "time": "%H:%M:%S", "periods": ["", ""],
        "days": ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
        "shortDays": ["dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."],
        "months": ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
                   "novembre", "décembre"],
        "shortMonths": ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
                        "déc."],
    },
}  # fmt: skip


def draw_trends(client: QualityClient, state: QualityState) -> None:
    """Draw the choice of a suite and of metrics, a chart for each, and the table."""
    listed = fetch_runs(client, state)
    if listed is None:
        return
    if not listed.runs:
        st.html(empty_html())
        return
    suites = with_a_past(listed.runs)
    if not suites:
        st.html(notice_html("calm", TOO_FEW, TOO_FEW_WHY, testid="too-few"))
        return
    labels = {info.name: info for info in listed.catalogue}
    suite = st.selectbox(
        "Suite de cas", list(suites), format_func=suite_titles(listed.runs).__getitem__, key="trend-suite"
    )
    runs = suites[suite]
    names = measured(runs, labels)
    first = [name for name in HEADLINES if name in names][:FIRST_CHOSEN] or names[:FIRST_CHOSEN]
    chosen = st.multiselect(
        "Mesures",
        names,
        first,
        format_func=lambda name: labels[name].label,
        key=f"trend-metrics-{suite}",
        placeholder="Choisissez des mesures",
    )
    st.html(hint_html(READING))
    for name in chosen:
        _draw_metric(runs, labels[name])


def with_a_past(runs: Sequence[RunSummary]) -> dict[str, list[RunSummary]]:
    """Give, suite by suite, the runs that are over, the oldest first; a suite with only one has no trend."""
    suites: dict[str, list[RunSummary]] = {}
    for run in sorted(runs, key=lambda run: run.started_at):
        if run.state == "done":
            suites.setdefault(run.suite, []).append(run)
    return {suite: past for suite, past in suites.items() if len(past) > 1}


def measured(runs: Sequence[RunSummary], labels: Mapping[str, MetricInfo]) -> list[str]:
    """Give the names of the shares that one of the runs holds, in the order in which people read them."""
    known = {value.name for run in runs for value in run.metrics if value.value is not None}
    return [name for name, info in labels.items() if name in known and info.unit == "share"]


def _draw_metric(runs: Sequence[RunSummary], info: MetricInfo) -> None:
    found = [(run, value) for run in runs for value in run.metrics if value.name == info.name]
    st.html(
        f'<div class="fanal-trend-head" lang="fr"><h3>{escape(info.label)}</h3>'
        f"<p>{escape(french(info.help))}</p></div>"
    )
    said = trend_sentence(found)
    st.altair_chart(chart(found, said), width="stretch", theme=None, key=f"trend-{info.name}", alt=said)
    st.html(table_html(found, info))


def trend_sentence(found: Sequence[tuple[RunSummary, MetricValue]]) -> str:
    """Say the trend to who does not see the chart."""
    (first, before), (last, after) = found[0], found[-1]
    zone = browser_zone()
    return french(
        f"De {figure(before.value)} le {moment(first.started_at.isoformat(), zone)} "
        f"à {figure(after.value)} le {moment(last.started_at.isoformat(), zone)}, en {len(found)} évaluations."
    )


def points_of(found: Sequence[tuple[RunSummary, MetricValue]]) -> list[dict[str, str | float]]:
    """Give what is drawn of each run that measured it: when, how much, and what is said of the point."""
    zone = browser_zone() or ZoneInfo("UTC")
    return [
        {
            "day": run.started_at.astimezone(zone).replace(tzinfo=None).isoformat(),
            "when": moment(run.started_at.isoformat(), zone),
            "value": value.value,
            "low": value.value if value.low is None else value.low,
            "high": value.value if value.high is None else value.high,
            "said": figure(value.value),
            "span": interval(value.low, value.high),
            "model": written_by(run),
        }
        for run, value in found
        if value.value is not None
    ]


def chart(found: Sequence[tuple[RunSummary, MetricValue]], said: str) -> alt.LayerChart:
    """Draw a metric over time: a line, its points, and its interval as a band."""
    rows = points_of(found)
    floor = max(0.0, min((float(row["low"]) for row in rows), default=0.0) - MARGIN)
    scale = alt.Scale(domain=[floor, 1.0])
    days = alt.Axis(format="%e %b", labelOverlap=True, tickCount=6, grid=False)
    shares = alt.Axis(labelExpr=PERCENT, tickCount=5)
    base = alt.Chart(alt.InlineData(rows)).encode(x=alt.X("day:T", title=None, axis=days))
    y = alt.Y("value:Q", title=None, axis=shares, scale=scale)
    band = base.mark_area(color=BAND, opacity=0.55).encode(
        y=alt.Y("low:Q", scale=scale, title=None), y2="high:Q"
    )
    line = base.mark_line(color=ACCENT, strokeWidth=2.5).encode(y=y)
    hints = [alt.Tooltip(f"{name}:N", title=title) for name, title in HINTS.items()]
    dots = base.mark_point(color=ACCENT, filled=True, size=70, opacity=1).encode(y=y, tooltip=hints)
    drawn: alt.LayerChart = (
        alt.layer(band, line, dots)
        .properties(height=HEIGHT, description=said, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(labelColor="#4d5a68", labelFontSize=13, gridColor="#e3e8ed", domainColor="#8894a1")
        .configure(locale=_LOCALE)
    )
    return drawn


def table_html(found: Sequence[tuple[RunSummary, MetricValue]], info: MetricInfo) -> str:
    """Give the same figures as a table, the newest first."""
    zone = browser_zone()
    rows = "".join(
        f'<tr><th scope="row">{moment(run.started_at.isoformat(), zone)}</th><td>{escape(written_by(run))}</td>'
        f"<td>{figure(value.value, info.unit)}</td><td>{interval(value.low, value.high, info.unit)}</td>"
        f"<td>{value.cases}</td></tr>"
        for run, value in reversed(found)
    )
    return (
        '<details class="fanal-fold" data-testid="trend-table" lang="fr">'
        "<summary>Les mêmes chiffres en tableau</summary>"
        f'<div class="fanal-wide"><table class="fanal-grid"><caption>{escape(info.label)}</caption><thead><tr>'
        '<th scope="col">Évaluation</th><th scope="col">Réponses</th><th scope="col">Mesure</th>'
        '<th scope="col">Intervalle à 95 %</th><th scope="col">Cas</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )
