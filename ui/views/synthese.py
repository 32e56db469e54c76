"""The page « Synthèse »: from an agreement and notes to a text that a person has read, validated and exported."""

import streamlit as st

from ui.actions import Action
from ui.bridge import bridge
from ui.client import FanalClient
from ui.components import title_html
from ui.kept_text import fresh_place
from ui.mask_view import act_on_review, chosen_name
from ui.source_panel import close_panel, draw_panel, open_panel, panel_name
from ui.synthese.former import act_on_former, draw_former
from ui.synthese.masks_step import draw_masks_step, draw_writing_step
from ui.synthese.notes_step import draw_notes_step
from ui.synthese.review_step import draw_review_step
from ui.synthese.state import Step, SyntheseState, synthese_state
from ui.synthese.template_step import draw_template_step

STEPS: dict[Step, str] = {
    "template": "Modèle et accord",
    "notes": "Notes",
    "masks": "Relire les masques",
    "review": "Relire et valider",
}


def draw(client: FanalClient, links_base: str) -> None:
    """Draw the step that the advisor is at."""
    state = synthese_state()
    _header(state)
    notice = st.empty()
    if state.notice:
        notice.html(state.notice)
        state.notice = ""
    place = fresh_place() if state.step != state.drawn else st.container()
    state.drawn = state.step
    with place:
        _draw_step(client, state, links_base)
    draw_panel(client, state.sources, links_base)
    _listen(client, state)
    if state.step == "writing":
        with place:
            draw_writing_step(state)


def _draw_step(client: FanalClient, state: SyntheseState, links_base: str) -> None:
    match state.step:
        case "template":
            draw_template_step(client, state)
            draw_former(client, state)
        case "notes":
            draw_notes_step(client, state)
        case "masks":
            draw_masks_step(client, state)
        case "review":
            draw_review_step(client, state, links_base)


def _header(state: SyntheseState) -> None:
    with st.container(horizontal=True, key="title", vertical_alignment="center"):
        st.html(title_html("Synthèse d’entretien"))
        if state.step == "review":
            st.button("Mes synthèses", key="home", on_click=state.start_over,
                      disabled=bool(state.unsaved) and not state.gone,
                      icon=":material/list:")  # fmt: skip
        else:
            st.empty()
    st.html(steps_html(state.step))


def steps_html(step: Step) -> str:
    """Say which steps there are and which one this is."""
    at = list(STEPS).index("review" if step == "writing" else step)
    items = "".join(
        f'<li class="{"fanal-done" if place < at else ""}"{" aria-current=step" if place == at else ""}>'
        f"<span>{place + 1}</span> {name}</li>"
        for place, name in enumerate(STEPS.values())
    )
    title = "La synthèse s’écrit" if step == "writing" else STEPS[step]
    return (
        f'<ol class="fanal-steps" aria-label="Étapes" lang="fr">{items}</ol>'
        f'<h2 class="fanal-step-title" data-fanal-step="{step}" data-testid="step" tabindex="-1" lang="fr">{title}</h2>'
    )


def _listen(client: FanalClient, state: SyntheseState) -> None:
    def act(action: Action) -> None:
        match action.verb, action.target:
            case "passage", (section_key, passage_id, position):
                open_panel(state.sources, section_key, passage_id, position)
            case (("mask" | "choose"), _) if state.review is not None and state.step == "masks":
                act_on_review(client, state.review, action)
            case (("open" | "forget" | "confirm" | "cancel"), _) if state.step == "template":
                act_on_former(client, state, action)

    bridge(
        act,
        lambda: close_panel(state.sources),
        panel=panel_name(state.sources.panel),
        chosen=chosen_name(state.review) if state.step == "masks" else "",
        step=state.step,
        unsaved=state.may_lose,
    )
