"""The advisor's former conversations, in the sidebar: opened, deleted one by one or all at once."""

from html import escape

import streamlit as st

from server.schemas import ConversationSummary
from ui.actions import Verb, action_attribute
from ui.calls import ApiError, ClientError
from ui.client import FanalClient
from ui.components import hint_html, notice_html
from ui.exchange import Exchange
from ui.state import Confirming, PageState
from ui.wording import counted, french, long_date

ALL = "*"
MASKED = (
    "Les conversations sont gardées masquées : noms, téléphones, courriels et numéros y sont remplacés par des repères "
    "comme [PERSONNE_1]."
)


def draw_history(client: FanalClient, state: PageState) -> None:
    """Draw the conversations, newest first."""
    with st.sidebar:
        st.html('<h2 class="fanal-history-title" lang="fr">Historique</h2>')
        try:
            if state.history is None:
                state.history = client.conversations()
        except ClientError:  # the page itself says what is the matter
            st.html(hint_html("L’historique n’est pas disponible pour l’instant."))
        else:
            st.html(
                history_html(state.history, state.conversation_id, state.confirming)
                if state.history
                else hint_html("Vos conversations apparaîtront ici.")
            )
        st.html(hint_html(MASKED))


def forget_history(state: PageState) -> None:
    """Ask for the conversations again at the next run."""
    state.history = None


def open_conversation(client: FanalClient, state: PageState, conversation_id: str) -> None:
    """Put a kept conversation on the page; an answer that is being written is stopped."""
    try:
        view = client.conversation(conversation_id)
    except ClientError as error:
        state.notice = notice_html("error", "Cette conversation ne peut pas être ouverte", str(error))
        forget_history(state)
        return
    state.clear()
    state.exchanges = [Exchange.of_turn(turn) for turn in view.turns]
    state.conversation_id, state.stored = view.id, True
    state.rating = "done" if state.last and state.last.feedback else "worth"


def answer_confirmation(
    client: FanalClient, state: PageState, agreed: bool, target: str, number: str
) -> None:
    """Delete, or leave it; a late click on a question that has left the page does neither.

    Args:
        number: the showing of the question that was answered.
    """
    if not state.is_confirming(target, number):
        return
    if agreed:
        delete_conversation(client, state, target)
    else:
        state.confirming = None


def delete_conversation(client: FanalClient, state: PageState, conversation_id: str) -> None:
    """Delete a conversation, or all of them; the one on the page leaves it.

    One that is gone already (from another tab, or because it was too old) is as good as deleted.
    """
    state.confirming = None
    forget_history(state)
    try:
        if conversation_id == ALL:
            client.delete_conversations()
        else:
            client.delete_conversation(conversation_id)
    except ClientError as error:
        if not (isinstance(error, ApiError) and error.is_gone):
            state.notice = notice_html("error", "La suppression n’a pas eu lieu", str(error))
            return
    if conversation_id in (ALL, state.conversation_id):
        state.clear()


def history_html(
    conversations: list[ConversationSummary], shown: str | None, confirming: Confirming | None
) -> str:
    """Give the list, with what opens and deletes each conversation.

    Args:
        shown: the one on the page.
        confirming: the deletion that is to be confirmed.
    """
    items = "".join(_item(conversation, shown, confirming) for conversation in conversations)
    every = _button("forget", (ALL,), "Tout supprimer", "fanal-quiet")
    if confirming and confirming.target == ALL:
        every = _confirmation(confirming, "Supprimer définitivement toutes vos conversations ?")
    return f'<nav aria-label="Historique" lang="fr"><ul class="fanal-history">{items}</ul>{every}</nav>'


def _item(conversation: ConversationSummary, shown: str | None, confirming: Confirming | None) -> str:
    if confirming and confirming.target == conversation.id:
        inner = _confirmation(confirming, "Supprimer définitivement cette conversation ?")
    else:
        current = ' aria-current="true"' if conversation.id == shown else ""
        count = counted(conversation.turns, "question", "questions")
        when = f"{long_date(conversation.updated_at.date())} · {count}"
        inner = (
            f'<button type="button" class="fanal-conversation"{current}'
            f" {action_attribute('conversation', conversation.id)}>{escape(conversation.title)}"
            f"<small>{when}</small></button>"
            f'<button type="button" class="fanal-delete" {action_attribute("forget", conversation.id)}'
            f' aria-label="{escape(french(f"Supprimer : {conversation.title}"))}" title="Supprimer">×</button>'
        )
    return f'<li data-testid="conversation">{inner}</li>'


def _confirmation(confirming: Confirming, question: str) -> str:
    answers_to = (confirming.target, str(confirming.number))
    yes = _button("confirm", answers_to, "Supprimer", "fanal-danger")
    no = _button("cancel", answers_to, "Annuler", "fanal-quiet")
    return f'<div class="fanal-confirm" role="alert"><p>{french(question)}</p>{yes}{no}</div>'


def _button(verb: Verb, target: tuple[str, ...], label: str, look: str) -> str:
    return f'<button type="button" class="{look}" {action_attribute(verb, *target)}>{label}</button>'
