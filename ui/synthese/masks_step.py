"""Third step: the masks as a person decides them, then the draft while it is being written."""

import streamlit as st

from ui.asking import Asking
from ui.components import hint_html, notice_html
from ui.draft_client import DraftClient
from ui.draft_stream import LEFT, DraftProgress
from ui.mask_view import CARE, HOW, draw_review
from ui.queue_place import waiting_html
from ui.synthese.section_html import preview_html
from ui.synthese.state import SyntheseState, synthese_state
from ui.wording import counted

NOTHING_SENT = "Rien n’est encore transmis : c’est vous qui décidez de ce qui est masqué. "
STOPPED = "Rédaction arrêtée à votre demande"
FAILED = "La synthèse n’a pas pu être rédigée"
KEPT = "Vos notes et vos masques sont toujours là."
WAIT_S = 0.25
ROOM = 12
"""Places that the step before left filled, at most: emptied at once, where Streamlit would keep them on the screen."""


def draw_masks_step(client: DraftClient, state: SyntheseState) -> None:
    """Draw the review of the masks, and what has the draft written."""
    if state.review is None:
        state.step = "notes"
        st.rerun()
    st.html(hint_html(NOTHING_SENT + HOW) + notice_html("warning", CARE, testid="masks-care"))
    draw_review(client, state.review)
    with st.container(horizontal=True, key="masks-go"):
        st.button("Rédiger la synthèse", key="write", type="primary", on_click=_write, args=(client, state))
        st.button("Revenir aux notes", key="back-to-notes", on_click=state.go, args=("notes",))


def _write(client: DraftClient, state: SyntheseState) -> None:
    progress = DraftProgress()
    state.writing = Asking(client.draft(state.request()), progress, left=LEFT)
    state.writing.start()
    state.step = "writing"


def draw_writing_step(state: SyntheseState) -> None:
    """Draw the sections as they are verified; a click of the advisor ends this run, and the next one takes it up."""
    writing = state.writing
    if writing is None:
        state.step = "masks"
        st.rerun()
    progress = writing.exchange
    head, stop = st.empty(), st.empty()
    places = [st.empty() for _ in range(max(ROOM, len(state.template.sections) if state.template else 0))]
    stop.button("Arrêter", key="stop-draft", icon=":material/stop_circle:", on_click=writing.stop)
    drawn = 0
    while True:
        head.html(waiting_html(progress.place) if progress.place else _doing(state, len(progress.sections)))
        for place, section in zip(places[drawn:], progress.sections[drawn:], strict=False):
            place.html(preview_html(section))
        drawn = len(progress.sections)
        if progress.ended:
            break
        writing.wait(progress.events, WAIT_S)
        synthese_state()  # a read of the session's state is where Streamlit lets a click end this run
    _close(state, progress)
    st.rerun()


def _doing(state: SyntheseState, written: int) -> str:
    total = len(state.template.sections) if state.template else 0
    done = counted(written, "rubrique écrite", "rubriques écrites")
    said = f"Rédaction et vérification en cours : {done} sur {total}…"
    return f'<div class="fanal-progressing" role="status" data-testid="writing" lang="fr"><p>{said}</p></div>'


def _close(state: SyntheseState, progress: DraftProgress) -> None:
    state.writing = None
    if progress.draft is not None:
        state.show(progress.draft)
        state.notes, state.label, state.review = "", "", None
        return
    state.step = "masks"
    title = STOPPED if progress.stopped else FAILED
    text = KEPT if progress.stopped else f"{progress.failure or ''} {KEPT}".strip()
    state.notice = notice_html("warning" if progress.stopped else "error", title, text, testid="not-written")
