"""The question page: a conversation whose last answer is shown whole, each statement opening its passage."""

from datetime import date
from time import monotonic

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from server.schemas import SourceSummary
from ui.actions import Action, action_attribute
from ui.answer_view import AnswerView, draw_former_turns, references_of
from ui.asking import Asking
from ui.bridge import bridge
from ui.calls import ClientError, SessionOver
from ui.client import FanalClient
from ui.components import hint_html, notice_html, reading_guide_html, title_html
from ui.copied import copied_text
from ui.exchange import Exchange
from ui.feedback_form import draw_feedback
from ui.history import (
    MASKED,
    answer_confirmation,
    draw_history,
    forget_history,
    open_conversation,
)
from ui.question_form import draw_form
from ui.source_panel import close_panel, draw_panel, open_panel, panel_name
from ui.state import PageState, page_state

NOT_READY = "Fanal ne peut pas répondre pour l’instant"
NOT_AGAIN = "La réponse n’a pas pu être refaite : la précédente est gardée"
WAIT_S = 0.25
SOURCES_S = 30.0


def draw(client: FanalClient, links_base: str) -> None:
    """Draw the page: the conversation, the form below it, then the answer as it comes."""
    state = page_state()
    _header(state)
    health = st.empty()
    with st.container():  # what may be there or not has a place, so that nothing below it moves to another
        draw_former_turns(state.exchanges[:-1], links_base)
    last = state.last
    # An empty place at once takes off what stood there; a container would keep it until this run ends.
    view = AnswerView(st.container(), links_base, former=state.former)
    below = st.container() if last and not state.asking else st.empty()
    form, guide = st.container(), st.empty()
    sources, trouble = _sources(client)
    with form:
        draw_form(state, sources, lambda exchange: _ask(client, state, exchange))
    if trouble and not (last and last.failure):
        health.html(notice_html("error", NOT_READY, trouble, testid="not-ready"))
    draw_history(client, state)
    if last is None:
        guide.html(reading_guide_html())
    else:
        view.draw(last)
        if state.asking is None:
            _actions(below, client, state, last)
    draw_panel(client, state, links_base)
    _listen(client, state, links_base)
    if state.asking is not None:
        _follow(client, state, state.asking, view)


def _header(state: PageState) -> None:
    with st.container(horizontal=True, key="title", vertical_alignment="center"):
        st.html(title_html("Votre question" if not state.exchanges else "Votre conversation"))
        if state.exchanges:
            st.button("Nouvelle conversation", key="new", on_click=state.clear, icon=":material/add:")
        else:
            st.empty()
    stored = st.empty()
    if state.stored:
        stored.html(hint_html(MASKED))


def _sources(client: FanalClient) -> tuple[list[SourceSummary], str | None]:
    """Give the sources to filter on, or why there are none: it is said before a question is typed in vain."""
    kept: tuple[float, list[SourceSummary]] | None = st.session_state.get("known_sources")
    if kept is not None and monotonic() - kept[0] < SOURCES_S:
        return kept[1], None
    try:
        client.ready()
        found = client.sources()
    except SessionOver:  # what is above the page says so
        return (kept[1] if kept else []), None
    except ClientError as error:
        return [], str(error)
    st.session_state["known_sources"] = (monotonic(), found)
    return found, None


def _ask(client: FanalClient, state: PageState, exchange: Exchange) -> None:
    """Begin a new turn; the one before it is folded above."""
    state.former = len(state.last.statements) if state.last else 0
    state.panel, state.rating, state.rating_trouble = None, "worth", None
    state.exchanges.append(exchange)
    state.asking = Asking(client.ask(exchange.request), exchange)
    state.asking.start()


def _ask_again(client: FanalClient, state: PageState) -> None:
    """Ask the last question again; its new answer takes the place of the former."""
    former = state.exchanges.pop()
    _ask(client, state, former.again(state.conversation_id))
    state.former, state.replaced = len(former.statements), former


def _follow(client: FanalClient, state: PageState, asking: Asking[Exchange], view: AnswerView) -> None:
    """Draw the answer as it comes; a click of the advisor ends this run, and the next one takes it up."""
    exchange = asking.exchange
    view.offer_stop(asking.stop)
    while not exchange.ended:
        asking.wait(exchange.events, WAIT_S)
        view.draw(exchange)
        page_state()  # a read of the session's state is where Streamlit lets a click end this run
    if client.is_signed_out and exchange.failure and not (exchange.statements or state.replaced):
        state.take_back()
    else:
        _close_turn(state, exchange)
    st.rerun()


def _close_turn(state: PageState, exchange: Exchange) -> None:
    state.asking, state.former = None, len(exchange.statements)
    if exchange.answer is not None:
        state.conversation_id = exchange.answer.conversation_id
        forget_history(state)
    elif state.replaced is not None and not exchange.statements:
        state.exchanges[-1] = state.replaced
        state.notice = notice_html("warning", NOT_AGAIN, exchange.failure or "")
    state.replaced = None


def _actions(place: DeltaGenerator, client: FanalClient, state: PageState, last: Exchange) -> None:
    with place:
        with st.container(horizontal=True, key="actions", vertical_alignment="center"):
            if last.statements:
                st.html(
                    f'<button type="button" class="fanal-button" data-testid="copy" {action_attribute("copy")}'
                    ' aria-live="polite">Copier avec les sources</button>'
                )
            st.button(
                "Refaire la réponse" if last.answer else "Reposer la question",
                key="again",
                icon=":material/refresh:",
                on_click=_ask_again,
                args=(client, state),
            )
        draw_feedback(client, state, last)


def _listen(client: FanalClient, state: PageState, links_base: str) -> None:
    def act(action: Action) -> None:
        match action.verb, action.target:
            case "passage", (exchange_key, passage_id, position):
                open_panel(state, exchange_key, passage_id, position)
            case "conversation", (conversation_id,):
                open_conversation(client, state, conversation_id)
            case "forget", (conversation_id,):
                state.confirm(conversation_id)
            case "confirm" | "cancel", (conversation_id, number):
                answer_confirmation(client, state, action.verb == "confirm", conversation_id, number)

    last = state.last
    is_whole = last is not None and last.ended
    copied = copied_text(last, references_of(last, links_base), date.today()) if last and is_whole else ""
    bridge(
        act,
        lambda: close_panel(state),
        copied=copied,
        panel=panel_name(state.panel),
        asked=last.key if last else "",
    )
