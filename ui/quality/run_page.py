"""A run: what it says in words and figures, its cases, its configuration, and what is done with it."""

from functools import partial
from html import escape

import streamlit as st

from server.evaluation_schemas import ReportFormat, RunDetail, RunSummary
from ui.calls import ApiError, ClientError
from ui.components import hint_html, notice_html
from ui.downloads import Offer, draw_downloads
from ui.quality.case_lines import draw_lines
from ui.quality.html import button_html, draw_html
from ui.quality.place import Pane, Place, go
from ui.quality.run_html import (
    configuration_html,
    groups_html,
    head_html,
    latencies_html,
    metrics_html,
    thresholds_html,
    warnings_html,
)
from ui.quality.run_summary import outcomes_html, short_html, unusual_html
from ui.quality.runs_list import progress_html
from ui.quality.state import QualityState
from ui.quality.words import STATES
from ui.quality_client import QualityClient
from ui.wording import moment, whole
from ui.zone import browser_zone

PANES: dict[Pane, str] = {"resultats": "Résultats", "cas": "Cas", "details": "Temps et configuration"}
FORMATS: tuple[tuple[ReportFormat, str, str], ...] = (
    ("html", "Rapport HTML", "text/html"),
    ("md", "Texte (Markdown)", "text/markdown"),
    ("json", "Données (JSON)", "application/json"),
)
FAILED = "Cette évaluation ne peut pas être affichée"
GONE = "Cette évaluation n’existe pas ou plus. Choisissez-en une autre dans la liste."
NO_REPORT = "Le rapport n’a pas été téléchargé"
NOT_OVER = "Les mesures seront là quand elle sera terminée."
FINAL = "Supprimer définitivement cette évaluation, ses cas et ses rapports ?"


def fetch_run(client: QualityClient, state: QualityState, run_id: str) -> RunDetail | None:
    """Give a run, kept while the reader stays in it; None, and why is said, where it cannot be had."""
    try:
        return state.sources.kept(("run", run_id), lambda: client.evaluation(run_id))
    except ClientError as error:
        why = GONE if isinstance(error, ApiError) and error.is_gone else str(error)
        st.html(notice_html("error", FAILED, why, testid="failed"))
        return None


def draw_run(client: QualityClient, state: QualityState, place: Place, run: RunDetail) -> None:
    """Draw the part of the run that is chosen."""
    st.html(head_html(run))
    if run.state != "done":
        st.html(
            f'<div class="fanal-notice" lang="fr"><p><strong>{STATES[run.state]}</strong> {NOT_OVER}</p>'
            f"{progress_html(run)}</div>"
        )
    st.html(panes_html(run, place.pane))
    match place.pane:
        case "cas":
            draw_lines(state, run)
        case "details":
            draw_html(latencies_html(run), configuration_html(run))
            _draw_deletion(client, state, run)
        case _:
            draw_html(short_html(run), outcomes_html(run), unusual_html(run))
            draw_html(thresholds_html(run), warnings_html(run))
            draw_html(metrics_html(run), groups_html(run))
            _draw_uses(client, state, run)


def panes_html(run: RunDetail, pane: Pane) -> str:
    """Give what chooses the part of the run."""
    items = ""
    for name, label in PANES.items():
        count = f" ({whole(len(run.lines))})" if name == "cas" else ""
        button = button_html(label + count, "pane", name, look="fanal-pane", is_current=name == pane)
        items += f"<li>{button}</li>"
    return f'<nav aria-label="Parties de l’évaluation" lang="fr"><ul class="fanal-panes">{items}</ul></nav>'


def _draw_uses(client: QualityClient, state: QualityState, run: RunDetail) -> None:
    st.html('<h3 class="fanal-part-title" lang="fr">Comparer, télécharger</h3>')
    others = _others(client, state, run)
    with st.container(horizontal=True, vertical_alignment="bottom", key="compare-with"):
        if others:
            by_id = {other.id: other for other in others}
            st.selectbox(
                "Comparer avec",
                list(by_id),
                format_func=lambda id_: run_name(by_id[id_]),
                key=f"with-{run.id}",
            )
            st.button("Comparer", type="primary", key="compare", on_click=_compare, args=(run.id,))
        else:
            st.html(hint_html("Aucune autre évaluation à laquelle la comparer pour l’instant."))
    if run.state == "done":
        draw_downloads(
            f"reports-{run.id}",
            [
                Offer(
                    label,
                    f"evaluation-{run.id}.{kind}",
                    media_type,
                    partial(_report, client, state, run.id, kind),
                )
                for kind, label, media_type in FORMATS
            ],
        )
        draw_html(state.take_beside())


def run_name(run: RunSummary) -> str:
    """Name a run in a list."""
    return f"{run.title or run.suite}, {moment(run.started_at.isoformat(), browser_zone())}"


def _others(client: QualityClient, state: QualityState, run: RunDetail) -> list[RunSummary]:
    """Give the runs that this one may be compared with: those of its suite first, the newest first."""
    try:
        runs = state.sources.kept("runs", client.evaluations).runs
    except ClientError:  # comparing is not offered; the run itself is on the page
        return []
    others = [other for other in runs if other.id != run.id and other.state == "done"]
    return sorted(others, key=lambda other: other.suite != run.suite)


def _compare(run_id: str) -> None:
    go(Place(run=run_id, before=st.session_state[f"with-{run_id}"]))


def _report(client: QualityClient, state: QualityState, run_id: str, kind: ReportFormat) -> bytes | None:
    try:
        return client.report(run_id, kind)
    except ClientError as error:
        state.beside = notice_html("error", NO_REPORT, str(error), testid="no-report")
        return None


def _draw_deletion(client: QualityClient, state: QualityState, run: RunDetail) -> None:
    confirming = state.sources.confirming
    if confirming is None or confirming.target != run.id:
        st.button(
            "Supprimer cette évaluation", key="delete-run", on_click=state.sources.confirm, args=(run.id,)
        )
        return
    st.html(f'<p role="alert" class="fanal-hint" lang="fr">{escape(FINAL)}</p>')
    with st.container(horizontal=True, key="deletion"):
        st.button("Supprimer", key="delete-run-sure", on_click=_delete, args=(client, state, run.id))
        st.button("Annuler", key="delete-run-not", on_click=_keep, args=(state,))


def _keep(state: QualityState) -> None:
    state.sources.confirming = None


def _delete(client: QualityClient, state: QualityState, run_id: str) -> None:
    try:
        client.delete_evaluation(run_id)
    except ClientError as error:
        if not (isinstance(error, ApiError) and error.is_gone):
            state.notice = notice_html("error", "La suppression n’a pas eu lieu", str(error))
            return
    state.notice = notice_html("calm", "Évaluation supprimée.", testid="deleted")
    go(Place())
