"""The page « Qualité »: how often Fanal is right, whether the last change helped, and where it fails."""

from dataclasses import replace
from html import escape

import streamlit as st

from server.case_schemas import CaseState
from ui.actions import Action
from ui.bridge import bridge
from ui.client import FanalClient
from ui.components import title_html
from ui.kept_text import fresh_place
from ui.quality.case_form import take_typed
from ui.quality.case_page import draw_both, draw_case
from ui.quality.case_text import CaseText
from ui.quality.comparison import draw_comparison, fetch_comparison
from ui.quality.html import button_html
from ui.quality.inbox import draw_inbox, make_case
from ui.quality.own_cases import draw_cases
from ui.quality.place import TABS, Place, back_of, go, here, is_pane, is_tab
from ui.quality.run_page import draw_run, fetch_run, run_name
from ui.quality.runs_list import draw_runs
from ui.quality.saving import decide, delete_case
from ui.quality.state import Filters, QualityState, quality_state
from ui.quality.trends import draw_trends
from ui.quality.words import CASE_STATES
from ui.source_panel import close_panel, draw_panel, open_panel, panel_name
from ui.wording import french


def draw(client: FanalClient, links_base: str) -> None:
    """Draw the place that the address names."""
    state, place = quality_state(), here()
    state.enter(place.scope)
    st.html(f'<div class="fanal-quality">{title_html("Qualité")}{tabs_html(place)}</div>')
    notice = st.empty()
    if state.notice:
        notice.html(state.notice)
        state.notice = ""
    take_typed(state)
    is_new = state.drawn != place.step
    body = fresh_place() if is_new else st.container()
    state.drawn, state.visits = place.step, state.visits + is_new
    with body:
        _draw_place(client, state, place, links_base)
    draw_panel(client, state.sources, links_base)
    _listen(client, state, place)


def _draw_place(client: FanalClient, state: QualityState, place: Place, links_base: str) -> None:
    if place.run:
        _draw_in_run(client, state, place, links_base)
        return
    st.html(heading_html(place, TABS[place.tab]))
    match place.tab:
        case "tendances":
            draw_trends(client, state)
        case "retours":
            draw_inbox(client, state, links_base)
        case "cas":
            draw_cases(client, state)
        case _:
            draw_runs(client, state)


def _draw_in_run(client: FanalClient, state: QualityState, place: Place, links_base: str) -> None:
    """Draw a run, a case of it, or the same beside another run; what leads back is there even if nothing else is."""
    head = st.empty()
    head.html(heading_html(place, "Évaluation"))
    if place.before:
        found = fetch_comparison(client, state, place)
        if found is None:
            return
        head.html(heading_html(place, "Le même cas, avant et après" if place.case else "Comparaison"))
        if place.case:
            draw_both(client, state, place, found.catalogue, links_base)
        else:
            draw_comparison(state, place, found)
        return
    run = fetch_run(client, state, place.run)
    if run is None:
        return
    head.html(heading_html(place, run_name(run) if not place.case else f"Un cas de : {run_name(run)}"))
    if place.case:
        draw_case(client, state, place, run, links_base)
    else:
        draw_run(client, state, place, run)


def tabs_html(place: Place) -> str:
    """Give the parts of the page."""
    items = ""
    for tab, label in TABS.items():
        is_here = tab == place.tab
        items += f"<li>{button_html(label, 'tab', tab, look='fanal-tab', is_current=is_here)}</li>"
    return f'<nav aria-label="Parties de la page Qualité" lang="fr"><ul class="fanal-tabs">{items}</ul></nav>'


def heading_html(place: Place, title: str) -> str:
    """Give the title of a place, below what leads back."""
    back = ""
    if place.run:
        label = back_of(place)[1]
        back = button_html(f"← {label}", "back", look="fanal-link fanal-back", said=label)
    return (
        f'<div lang="fr">{back}<h2 class="fanal-step-title" data-fanal-step="{escape(place.step)}"'
        f' data-testid="place" tabindex="-1">{escape(french(title))}</h2></div>'
    )


def _listen(client: FanalClient, state: QualityState, place: Place) -> None:
    def act(action: Action) -> None:
        match action.verb, action.target:
            case "passage", (key, passage_id, position):
                open_panel(state.sources, key, passage_id, position)
            case "open", target:
                _open(client, state, place, target)
            case "forget", (case_id,):
                state.sources.confirm(case_id)
            case "cancel", (case_id, number) if state.sources.is_confirming(case_id, number):
                state.sources.confirming = None
            case "confirm", (case_id, number) if state.sources.is_confirming(case_id, number):
                state.sources.confirming = None
                delete_case(client, state, case_id)

    bridge(
        act,
        lambda: close_panel(state.sources),
        panel=panel_name(state.sources.panel),
        step=place.step,
        unsaved=state.form is not None and state.form.may_lose,
    )


def _open(client: FanalClient, state: QualityState, place: Place, target: tuple[str, ...]) -> None:
    """Do what a button of the page asks for: go elsewhere, or act on a case."""
    state.sources.panel = None
    match target:
        case ("tab", tab) if is_tab(tab):
            go(Place(tab))
        case ("run", run_id):
            go(Place(run=run_id))
        case ("pane", pane) if is_pane(pane):
            go(Place(run=place.run, pane=pane))
        case ("tag", tag):
            state.filters = Filters(shown="all", tag=tag)
            go(Place(run=place.run, pane="cas"))
        case ("review",):
            state.filters = Filters(shown="review")
            go(Place(run=place.run, pane="cas"))
        case ("case", case_id):
            go(replace(place, case=case_id))
        case ("back",):
            go(back_of(place)[0])
        case ("make", answer_id):
            make_case(state, answer_id)
        case _:
            _act_on_own(client, state, target)


def _act_on_own(client: FanalClient, state: QualityState, target: tuple[str, ...]) -> None:
    """Do what a button asks of the organisation's own cases."""
    match target:
        case ("own", case_id):
            state.cases, state.cases_text = "accepted", case_id
            go(Place("cas"))
        case ("state", name) if (chosen := _case_state(name)) is not None:
            state.cases, state.cases_page = chosen, 0
        case ("edit", case_id) if (view := state.view(case_id)) is not None:
            state.open_form(CaseText.of_case(view.case), view)
        case ("decide", case_id, name) if (view := state.view(case_id)) and (chosen := _case_state(name)):
            decide(client, state, view, chosen)


def _case_state(name: str) -> CaseState | None:
    return next((state for state in CASE_STATES if state == name), None)
