"""The form of a question and its filters; what is sent comes out as an exchange to be answered."""

from collections.abc import Callable
from datetime import date

import streamlit as st
from pydantic import ValidationError

from ingest.documents import Kind
from server.schemas import MAX_QUESTION_CHARS, AskRequest, SourceSummary
from ui.components import hint_html, notice_html
from ui.exchange import Exchange
from ui.state import PageState

KIND_FILTERS = {
    Kind.PROCEDURE: "Procédures",
    Kind.LEGAL: "Textes de loi et fiches",
    Kind.TRAINING: "Formations",
}
EARLIEST_DAY = date(1970, 1, 1)
YEARS_AHEAD = 5
FIRST = "Par exemple : dans quel délai la synthèse d’un bilan est-elle détruite ?"
NEXT = "Question suivante, par exemple : « et pour un CDD ? »"
EMPTY = "Écrivez une question avant de l’envoyer."


def draw_form(state: PageState, sources: list[SourceSummary], send: Callable[[Exchange], None]) -> None:
    """Draw the form; `send` is called with what is asked, before the page is drawn again."""
    notice = st.empty()
    if state.notice:
        notice.html(state.notice)
        state.notice = ""
    if state.typed:
        st.session_state["question"], state.typed = state.typed, ""
    with st.form("ask", border=False):
        st.text_area(
            "Question",
            key="question",
            height=80,
            max_chars=MAX_QUESTION_CHARS,
            placeholder=NEXT if state.exchanges else FIRST,
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
            _kinds()
            _day()
            st.multiselect(
                "Sources", [source.name for source in sources], placeholder="Toutes", key="sources"
            )
        st.checkbox("Inclure les textes qui ne sont plus en vigueur", key="include_expired")
        with st.container(horizontal=True, key="send", vertical_alignment="center"):
            st.form_submit_button(
                "Demander",
                type="primary",
                key="ask-button",
                disabled=state.asking is not None,
                on_click=_send,
                args=(state, send),
            )
            st.html(hint_html("Ctrl + Entrée pour envoyer"))


def _kinds() -> None:
    st.pills(
        "Chercher dans",
        list(KIND_FILTERS),
        selection_mode="multi",
        default=list(KIND_FILTERS),
        format_func=KIND_FILTERS.__getitem__,
        key="kinds",
        width="content",
    )


def _day() -> None:
    today = date.today()
    st.date_input(
        "À la date du",
        value=today,
        min_value=EARLIEST_DAY,
        max_value=date(today.year + YEARS_AHEAD, 12, 31),
        format="DD/MM/YYYY",
        key="day",
        width=140,
    )


def _send(state: PageState, send: Callable[[Exchange], None]) -> None:
    asked = st.session_state
    day = asked["day"] if isinstance(asked["day"], date) else date.today()
    kinds = asked["kinds"]
    try:
        request = AskRequest(
            question=asked["question"],
            conversation_id=state.conversation_id,
            as_of=day,
            include_expired=asked["include_expired"],
            kinds=kinds if 0 < len(kinds) < len(KIND_FILTERS) else None,
            sources=asked["sources"] or None,
        )
    except ValidationError:
        state.notice = notice_html("warning", EMPTY)
        return
    asked["question"] = ""
    send(Exchange(request, day))
