"""The page « Assistants »: tasks around an interview, each masked, cited and verified like the rest."""

from datetime import date

import streamlit as st

from ui.actions import Action
from ui.assistants.answer import copied_answer, draw_answer
from ui.assistants.form import draw_form, draw_masks
from ui.assistants.state import AssistantState, Step, assistant_state
from ui.assistants.working import draw_working
from ui.bridge import bridge
from ui.calls import ClientError
from ui.client import FanalClient
from ui.components import hint_html, notice_html, title_html
from ui.kept_text import fresh_place
from ui.mask_view import act_on_review, chosen_name
from ui.source_panel import close_panel, draw_panel, open_panel, panel_name

TITLES: dict[Step, str] = {
    "form": "Vos textes",
    "masks": "Relire les masques",
    "working": "L’assistant travaille",
    "answer": "Le résultat",
}
NONE_YET = "Aucun assistant n’est disponible. L’administrateur peut en ajouter."


def draw(client: FanalClient, links_base: str) -> None:
    """Draw the step that the advisor is at."""
    state = assistant_state()
    view = state.view
    st.html(title_html("Assistants", "" if view is None else view.title))
    notice = st.empty()
    if state.notice:
        notice.html(state.notice)
        state.notice = ""
    place = fresh_place() if state.step != state.drawn else st.container()
    state.drawn = state.step
    with place:
        if view is None:
            _draw_list(client, state)
        else:
            st.html(
                f'<h2 class="fanal-step-title" data-fanal-step="assist-{state.step}" data-testid="step" tabindex="-1"'
                f' lang="fr">{TITLES[state.step]}</h2>'
            )
            match state.step:
                case "form":
                    st.html(hint_html(view.summary))
                    draw_form(client, state, view)
                case "masks":
                    draw_masks(client, state, view)
                case "answer":
                    draw_answer(client, state, links_base)
    draw_panel(client, state.sources, links_base)
    _listen(client, state)
    if view is not None and state.step == "working":
        with place:
            draw_working(client, state, view)


def _draw_list(client: FanalClient, state: AssistantState) -> None:
    try:
        if state.views is None:
            state.views = client.assistants()
    except ClientError as error:
        st.html(notice_html("error", "Les assistants ne peuvent pas être affichés", str(error)))
        return
    if not state.views:
        st.html(notice_html("warning", NONE_YET))
        return
    by_id = {view.id: view for view in state.views}
    key = f"assistant-{state.version}"
    st.radio(
        "Que voulez-vous faire ?",
        list(by_id),
        index=None,
        format_func=lambda id_: by_id[id_].title,
        captions=[view.summary for view in state.views],
        key=key,
        on_change=lambda: state.choose(by_id[st.session_state[key]]),
    )


def _listen(client: FanalClient, state: AssistantState) -> None:
    def act(action: Action) -> None:
        match action.verb, action.target:
            case "passage", (section_key, passage_id, position):
                open_panel(state.sources, section_key, passage_id, position)
            case (("mask" | "choose"), (name, *_)) if state.step == "masks" and name in state.reviews:
                for review in state.reviews.values():
                    review.choose(None)
                act_on_review(client, state.reviews[name], action)

    chosen = next(filter(None, map(chosen_name, state.reviews.values())), "") if state.step == "masks" else ""
    copied = ""
    if state.view is not None and state.answer is not None and state.step == "answer":
        copied = copied_answer(state.view, state.answer, date.today())
    bridge(
        act,
        lambda: close_panel(state.sources),
        copied=copied,
        panel=panel_name(state.sources.panel),
        chosen=chosen,
        step=f"assist-{state.step}",
        unsaved=state.may_lose,
    )
