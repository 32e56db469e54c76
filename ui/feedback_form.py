"""What the advisor says of an answer: two buttons, and reasons where it is of no use."""

import streamlit as st
from pydantic import ValidationError

from server.schemas import FeedbackRequest, FeedbackView, Reason
from ui.calls import ClientError
from ui.client import FanalClient
from ui.components import hint_html, notice_html
from ui.exchange import Exchange
from ui.state import PageState, Rating

REASONS: dict[Reason, str] = {
    "wrong": "C’est faux",
    "incomplete": "Il manque quelque chose",
    "outdated": "Ce n’est plus à jour",
    "bad_citation": "La citation n’appuie pas la phrase",
    "off_topic": "À côté de la question",
    "unclear": "Difficile à comprendre",
    "should_abstain": "Fanal aurait dû dire qu’il ne sait pas",
    "other": "Autre raison",
}
NO_NAMES = "Ne nommez personne. Votre avis est gardé avec cette réponse et les passages qu’elle cite."
MAX_COMMENT = 2_000
FAILED = "Votre avis n’a pas été enregistré"


def draw_feedback(client: FanalClient, state: PageState, exchange: Exchange) -> None:
    """Ask whether the answer was of use, or show what was said of it."""
    if exchange.answer is None:
        return
    with st.container(horizontal=True, key="feedback", vertical_alignment="center"):
        if exchange.feedback is not None and state.rating == "done":
            _said(state, exchange.feedback)
        else:
            st.html('<p class="fanal-hint">Cette réponse vous est-elle utile\u00a0?</p>')
            st.button(
                "Oui",
                key="useful",
                icon=":material/thumb_up:",
                on_click=_send,
                args=(client, state, exchange, True),
            )
            st.button(
                "Non", key="useless", icon=":material/thumb_down:", on_click=_rate, args=(state, "reasons")
            )
    if state.rating_trouble:
        st.html(notice_html("error", FAILED, state.rating_trouble, testid="feedback-trouble"))
    if state.rating == "reasons":
        _reasons(client, state, exchange)


def _said(state: PageState, feedback: FeedbackView) -> None:
    word = "utile" if feedback.useful else "pas utile"
    why = ", ".join(REASONS[reason].lower() for reason in feedback.reasons)
    said = f"Merci, avis enregistré : {word}" + (f" ({why})" if why else "") + "."
    st.html(f'<div role="status" data-testid="feedback-said">{hint_html(said)}</div>')
    st.button("Modifier mon avis", key="rate-again", on_click=_rate, args=(state, "worth"), type="tertiary")


def _reasons(client: FanalClient, state: PageState, exchange: Exchange) -> None:
    given = exchange.feedback
    with st.form("reasons"):
        st.pills(
            "Qu’est-ce qui ne va pas ?",
            list(REASONS),
            selection_mode="multi",
            default=given.reasons if given else None,
            format_func=REASONS.__getitem__,
            key=_key("reasons", exchange),
        )
        st.text_area(
            "Précisez si vous le souhaitez",
            value=given.comment if given else "",
            max_chars=MAX_COMMENT,
            height=80,
            key=_key("comment", exchange),
        )
        st.html(hint_html(NO_NAMES))
        with st.container(horizontal=True):
            st.form_submit_button(
                "Envoyer l’avis", type="primary", on_click=_send, args=(client, state, exchange, False)
            )
            st.form_submit_button("Annuler", on_click=_rate, args=(state, "done" if given else "worth"))


def _key(name: str, exchange: Exchange) -> str:
    return f"{name}-{exchange.key}"


def _rate(state: PageState, rating: Rating) -> None:
    state.rating, state.rating_trouble = rating, None


def _send(client: FanalClient, state: PageState, exchange: Exchange, useful: bool) -> None:
    if exchange.answer is None:
        return
    reasons = [] if useful else st.session_state.get(_key("reasons", exchange), [])
    comment = "" if useful else st.session_state.get(_key("comment", exchange), "")
    try:
        request = FeedbackRequest(
            answer_id=exchange.answer.id, useful=useful, reasons=reasons, comment=comment
        )
        exchange.feedback = client.feedback(request)
    except ValidationError:
        state.rating_trouble = "Le commentaire est trop long."
    except ClientError as error:
        state.rating_trouble = str(error)
    else:
        _rate(state, "done")
