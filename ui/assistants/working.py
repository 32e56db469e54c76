"""An assistant while it works: its place in the queue for the model, and a way to stop it."""

import streamlit as st

from server.assistant_schemas import AssistantView
from ui.asking import Asking
from ui.assistant_stream import LEFT, AssistantProgress
from ui.assistants.state import AssistantState, assistant_state
from ui.components import notice_html
from ui.draft_client import DraftClient
from ui.queue_place import waiting_html

WORKING = "L’assistant travaille…"
FAILED = "L’assistant n’a pas pu répondre"
STOPPED = "Assistant arrêté à votre demande"
KEPT = "Vos textes et vos masques sont toujours là."
WAIT_S = 0.25
ROOM = 8
"""Places that each text filled on the step before, at most: emptied at once, where Streamlit would keep them."""


def draw_working(client: DraftClient, state: AssistantState, view: AssistantView) -> None:
    """Have the assistant work; a click of the advisor ends this run, and the next one takes it up."""
    if state.working is None:
        state.working = Asking(client.assist(view.id, state.request()), AssistantProgress(), left=LEFT)
        state.working.start()
    working = state.working
    progress = working.exchange
    head, stop = st.empty(), st.empty()
    for _ in range(ROOM * (1 + len(state.reviews))):
        st.empty()
    stop.button("Arrêter", key="stop-assistant", icon=":material/stop_circle:", on_click=working.stop)
    while True:
        head.html(_doing(progress))
        if progress.ended:
            break
        working.wait(progress.events, WAIT_S)
        assistant_state()  # a read of the session's state is where Streamlit lets a click end this run
    _close(state, progress)
    st.rerun()


def _doing(progress: AssistantProgress) -> str:
    if progress.place:
        return waiting_html(progress.place)
    return (
        f'<div class="fanal-progressing" role="status" data-testid="working" lang="fr"><p>{WORKING}</p></div>'
    )


def _close(state: AssistantState, progress: AssistantProgress) -> None:
    """Show the answer, or go back to the masks with what is the matter."""
    state.working = None
    if progress.answer is not None:
        state.answer, state.step = progress.answer, "answer"
        return
    state.step = "masks" if state.reviews else "form"
    if progress.stopped:
        state.notice = notice_html("warning", STOPPED, KEPT, testid="not-assisted")
    else:
        state.notice = notice_html("error", FAILED, progress.failure or "", testid="not-assisted")
