"""The panel beside the answer: the cited passage in its document, as a page of its PDF or as text.

The state of the page says which passage is open; what the server sends of its document is drawn here, and kept.
"""

import base64
from html import escape

import streamlit as st

from server.schemas import DocumentView, Passage
from ui.answer_view import references_of
from ui.calls import ClientError
from ui.cards import links_html, standing_html, text_html
from ui.client import FanalClient, PagePicture
from ui.components import hint_html, notice_html
from ui.document_text import document_html
from ui.passage_text import Span
from ui.state import PageState, Panel
from ui.statements import References, quotes_of
from ui.wording import french

MAX_QUOTES = 20
UNMARKED = (
    "La citation n’a pas pu être surlignée sur cette page (page numérisée, ou mise en page particulière) : "
    "le passage tel que Fanal l’a lu est ci-dessous."
)
_PNG_SIZE = slice(16, 24)


def panel_name(panel: Panel | None) -> str:
    """Name what the panel shows: the passage, then the page after a "#"."""
    if panel is None:
        return ""
    return f"{panel.exchange}-{panel.passage_id}-{panel.position or 0}#{panel.page or 0}"


def open_panel(state: PageState, exchange_key: str, passage_id: str, position: str) -> None:
    """Open a passage; what is not on the page is left alone."""
    exchange = state.exchange(exchange_key)
    if exchange is None or all(passage.id != passage_id for passage in exchange.passages):
        return
    state.panel = Panel(exchange_key, passage_id, int(position) if position.isdecimal() else None)


def draw_panel(client: FanalClient, state: PageState, links_base: str) -> None:
    """Draw the open passage, if any: first where it comes from, then its document."""
    panel = state.panel
    exchange = state.exchange(panel.exchange) if panel else None
    if panel is None or exchange is None:
        st.empty()  # takes the panel that stood here off at once, where nothing would leave it until the run ends
        return
    refs = references_of(exchange, links_base)
    passage = refs.passages[panel.passage_id]
    statements = exchange.statements
    if panel.position is not None:
        statements = statements[panel.position - 1 : panel.position]
    quotes = quotes_of(statements, refs.passages).get(passage.id, [])
    with st.container(key="panel"):
        _head(state, panel, passage, refs)
        try:
            document = state.kept(passage.document_id, lambda: client.document(passage.document_id))
        except ClientError as error:
            st.html(notice_html("error", "Le document ne peut pas être affiché", str(error)))
            st.html(f'<div class="fanal-card">{text_html(passage, quotes)}</div>')
            return
        if passage.page is not None and (document.file or "").lower().endswith(".pdf"):
            _page(client, state, panel, passage, quotes)
        else:
            _text(document, panel, passage, quotes)


def _head(state: PageState, panel: Panel, passage: Passage, refs: References) -> None:
    number = refs.numbers.get(passage.id)
    mark = f'<span class="fanal-number">[{number}]</span> ' if number else ""
    with st.container(horizontal=True, key="panel-head", vertical_alignment="top"):
        st.html(
            f'<h2 class="fanal-panel-title" data-testid="panel" lang="fr"'
            f' data-fanal-panel="{escape(panel_name(panel))}">{mark}{escape(passage.title)}</h2>'
        )
        st.button("Fermer", key="panel-close", on_click=close_panel, args=(state,))
    st.html(
        f'<div class="fanal-card" lang="fr">{standing_html(passage, refs.day)}'
        f"{links_html(passage, refs.links_base)}</div>"
    )


def close_panel(state: PageState) -> None:
    """Close the panel."""
    state.panel = None


def _text(document: DocumentView, panel: Panel, passage: Passage, quotes: list[Span]) -> None:
    shown = document_html(document, passage, quotes)
    st.html(f'<div data-fanal-shown="{escape(panel_name(panel))}">{shown}</div>')


def _page(client: FanalClient, state: PageState, panel: Panel, passage: Passage, quotes: list[Span]) -> None:
    """Draw a page of the PDF with what turns it, and below it the passage as it was read."""
    texts = [passage.text[slice(*span)] for span in quotes[:MAX_QUOTES]] or [passage.text]
    number = panel.page or passage.page or 1
    bar, place = st.container(), st.container()
    try:
        picture = _picture(client, state, passage.document_id, number, texts)
        if panel.page is None and not picture.marked and number < picture.pages:
            # A passage begins on its page; what is quoted of it may be on the next one.
            following = _picture(client, state, passage.document_id, number + 1, texts)
            if following.marked:
                number, picture = number + 1, following
    except ClientError as error:
        place.html(notice_html("error", "La page ne peut pas être affichée", str(error)))
        place.html(f'<div class="fanal-card">{text_html(passage, quotes)}</div>')
        return
    with bar:
        _page_bar(state, number, picture.pages)
    on_cited_page = number in (passage.page, (passage.page or 0) + 1)
    is_lost = not picture.marked and panel.page in (None, passage.page)
    if is_lost:
        place.html(hint_html(UNMARKED))
        place.html(f'<div class="fanal-card">{text_html(passage, quotes)}</div>')
    place.html(
        f'<div data-fanal-shown="{escape(panel_name(panel))}">'
        f"{page_html(picture, number, passage.title)}</div>"
    )
    if on_cited_page and not is_lost:
        place.html(
            '<details class="fanal-as-text" lang="fr"><summary>Le passage en texte</summary>'
            f'<div class="fanal-card">{text_html(passage, quotes)}</div></details>'
        )


def _picture(
    client: FanalClient, state: PageState, document_id: str, number: int, texts: list[str]
) -> PagePicture:
    key = (document_id, number, *texts)
    return state.kept(key, lambda: client.page(document_id, number, texts))


def _page_bar(state: PageState, number: int, pages: int) -> None:
    with st.container(horizontal=True, key="page-bar", vertical_alignment="center"):
        st.button(
            "Page précédente",
            key="page-before",
            disabled=number <= 1,
            on_click=_turn_to,
            args=(state, number - 1),
        )
        st.html(f'<p class="fanal-page-number" data-testid="page-number">Page {number} sur {pages}</p>')
        st.button(
            "Page suivante",
            key="page-after",
            disabled=number >= pages,
            on_click=_turn_to,
            args=(state, number + 1),
        )


def _turn_to(state: PageState, number: int) -> None:
    if state.panel is not None:
        state.panel.page = number


def page_html(picture: PagePicture, number: int, title: str) -> str:
    """Give a page as an image that takes its place before it is decoded, with its first mark to scroll to."""
    width, height = (int.from_bytes(picture.png[_PNG_SIZE][at : at + 4], "big") for at in (0, 4))
    marked = ", citation surlignée" if picture.marked else ""
    label = escape(french(f"Page {number} de : {title}{marked}"))
    target = (
        f'<span class="fanal-page-mark" data-fanal-target'
        f' style="top: {100 * picture.top:.2f}%; left: {100 * picture.left:.2f}%"></span>'
        if picture.top is not None and picture.left is not None
        else ""
    )
    return (
        '<div class="fanal-page-scroll">'
        f'<div class="fanal-page" data-testid="page" data-marked="{picture.marked}">{target}'
        f'<img alt="{label}" width="{width}" height="{height}"'
        f' src="data:image/png;base64,{base64.b64encode(picture.png).decode("ascii")}"></div></div>'
    )
