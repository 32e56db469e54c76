"""The question page: a question and its filters in, an answer whose every statement opens its passage."""

from contextlib import closing
from datetime import date

import streamlit as st
from pydantic import ValidationError

from ingest.documents import Kind
from server.schemas import MAX_QUESTION_CHARS, AskRequest, SourceSummary
from ui.answer_view import AnswerView
from ui.client import ClientError, FanalClient
from ui.components import hint_html, notice_html, reading_guide_html, title_html
from ui.exchange import Exchange

KIND_FILTERS = {
    Kind.PROCEDURE: "Procédures",
    Kind.LEGAL: "Textes de loi et fiches",
    Kind.TRAINING: "Formations",
}
EARLIEST_DAY = date(1970, 1, 1)
YEARS_AHEAD = 5
NOT_READY = "Fanal ne peut pas répondre pour l’instant"
LEFT = "La page a été quittée avant la fin de la réponse. Posez de nouveau la question."


def draw(client: FanalClient, links_base: str) -> None:
    """Draw the page: the form, then the answer being written or the last one received."""
    st.html(title_html("Votre question"))
    health = st.empty()
    sources, trouble = _sources(client)
    asked = _form(sources)
    last = _last_exchange()
    if trouble and asked is None and not (last and last.failure):
        health.html(notice_html("error", NOT_READY, trouble, testid="not-ready"))
    guide = st.empty()
    view = AnswerView(st.container(), links_base, former=len(last.statements) if last else 0)
    if asked is not None:
        _answer(client, asked, view)
    elif last is not None:
        if not last.ended:
            last.failure = LEFT
        view.draw(last)
    else:
        guide.html(reading_guide_html())


def _answer(client: FanalClient, exchange: Exchange, view: AnswerView) -> None:
    st.session_state["exchange"] = exchange
    view.draw(exchange)
    try:
        with closing(client.ask_stream(exchange.request)) as events:
            for event in events:
                exchange.add(event)
                view.draw(exchange)
    except ClientError as error:
        exchange.failure = str(error)
        view.draw(exchange)


def _last_exchange() -> Exchange | None:
    exchange = st.session_state.get("exchange")
    return exchange if isinstance(exchange, Exchange) else None


def _sources(client: FanalClient) -> tuple[list[SourceSummary], str | None]:
    """Give the sources to filter on, or why there are none: it is said before a question is typed in vain."""
    try:
        client.ready()
        return client.sources(), None
    except ClientError as error:
        return [], str(error)


def _form(sources: list[SourceSummary]) -> Exchange | None:
    """Give what is asked, once it is sent."""
    last = _last_exchange()
    if "question" not in st.session_state and last is not None:  # back from another page
        st.session_state["question"] = last.request.question
    with st.form("ask", border=False):
        question = st.text_area(
            "Question",
            key="question",
            height=80,
            max_chars=MAX_QUESTION_CHARS,
            placeholder="Par exemple : dans quel délai la synthèse d’un bilan est-elle détruite ?",
            label_visibility="collapsed",
        )
        with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
            kinds = _kinds()
            day = _day()
            chosen = _chosen_sources(sources)
        with st.container(horizontal=True, key="send", vertical_alignment="center"):
            sent = st.form_submit_button("Demander", type="primary", key="ask-button")
            st.html(hint_html("Ctrl + Entrée pour envoyer"))
    return _exchange(question, kinds, day, chosen) if sent else None


def _kinds() -> list[Kind]:
    return st.pills(
        "Chercher dans",
        list(KIND_FILTERS),
        selection_mode="multi",
        default=list(KIND_FILTERS),
        format_func=KIND_FILTERS.__getitem__,
        key="kinds",
        width="content",
    )


def _day() -> date:
    today = date.today()
    day = st.date_input(
        "À la date du",
        value=today,
        min_value=EARLIEST_DAY,
        max_value=date(today.year + YEARS_AHEAD, 12, 31),
        format="DD/MM/YYYY",
        key="day",
        width=140,
    )
    return day if isinstance(day, date) else today


def _chosen_sources(sources: list[SourceSummary]) -> list[str]:
    return st.multiselect(
        "Sources",
        [source.name for source in sources],
        placeholder="Toutes",
        key="sources",
    )


def _exchange(question: str, kinds: list[Kind], day: date, sources: list[str]) -> Exchange | None:
    try:
        request = AskRequest(
            question=question,
            as_of=day,
            kinds=kinds if 0 < len(kinds) < len(KIND_FILTERS) else None,
            sources=sources or None,
        )
    except ValidationError:
        st.html(notice_html("warning", "Écrivez une question avant de l’envoyer."))
        return None
    return Exchange(request, day)
