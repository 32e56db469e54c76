"""The cases that a program proposed, one at a time: accepted, corrected or rejected by a person, one key each."""

from collections.abc import Sequence

import streamlit as st

from server.case_schemas import CaseState, CaseView
from ui.components import hint_html
from ui.quality.case_html import expected_html, question_html
from ui.quality.case_text import CaseText
from ui.quality.saving import decide
from ui.quality.state import QualityState
from ui.quality.words import ORIGINS
from ui.quality_client import QualityClient
from ui.wording import counted

KEYS = "Au clavier : A pour accepter, M pour modifier, E pour écarter, P pour remettre à plus tard."
CHECK = (
    "Vérifiez trois choses : un conseiller poserait-il cette question ? Le passage y répond-il ? "
    "Les faits sont-ils justes ?"
)


def draw_review(client: QualityClient, state: QualityState, views: Sequence[CaseView]) -> None:
    """Draw the next case to decide, how many are left, and what decides."""
    view = next_view(views, state.skipped)
    total = state.decided + len(views)
    st.html(
        '<div class="fanal-run-progress" data-testid="review-progress" lang="fr">'
        f'<progress max="{total}" value="{state.decided}" aria-label="Cas relus"></progress>'
        f"<p>{counted(state.decided, 'cas relu', 'cas relus')}, "
        f"{counted(len(views), 'reste à relire', 'restent à relire')}.</p></div>"
    )
    st.html(hint_html(CHECK))
    with st.container(border=True, key="review"):
        st.html(f'<p class="fanal-facts" lang="fr">{ORIGINS[view.origin]}</p>')
        st.html(question_html(view.case) + expected_html(view.case))
        with st.container(horizontal=True, key="review-buttons"):
            st.button("Accepter", key="accept", type="primary", shortcut="a", on_click=_decide,
                      args=(client, state, view, "accepted"))  # fmt: skip
            if view.case.kind == "ask":
                st.button("Modifier", key="correct", shortcut="m", on_click=_correct, args=(state, view))
            st.button("Écarter", key="reject", shortcut="e", on_click=_decide,
                      args=(client, state, view, "rejected"))  # fmt: skip
            st.button("Plus tard", key="later", shortcut="p", on_click=_put_off, args=(state, view))
    st.html(hint_html(KEYS))


def next_view(views: Sequence[CaseView], skipped: Sequence[str]) -> CaseView:
    """Give the case to decide now: the oldest, those that were put off last of all."""
    oldest = sorted(views, key=lambda view: (view.created_at, view.case.id))
    return min(oldest, key=lambda view: skipped.index(view.case.id) if view.case.id in skipped else -1)


def _decide(client: QualityClient, state: QualityState, view: CaseView, decision: CaseState) -> None:
    state.decided += decide(client, state, view, decision)


def _correct(state: QualityState, view: CaseView) -> None:
    state.open_form(CaseText.of_case(view.case), view)


def _put_off(state: QualityState, view: CaseView) -> None:
    state.skipped = [id_ for id_ in state.skipped if id_ != view.case.id] + [view.case.id]
