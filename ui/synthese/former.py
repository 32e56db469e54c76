"""« Mes synthèses »: the advisor's own, each with where it stands and when it goes; opened, and deleted."""

from html import escape

import streamlit as st

from server.draft_schemas import DraftStatus, DraftSummary
from ui.actions import Action, Verb, action_attribute
from ui.calls import ApiError, ClientError
from ui.components import hint_html, notice_html
from ui.draft_client import DraftClient
from ui.state import Confirming
from ui.synthese.state import SyntheseState
from ui.wording import french, long_date

STATUS: dict[DraftStatus, str] = {"draft": "Brouillon", "validated": "Validée"}
NONE_YET = "Vos synthèses apparaîtront ici, avec la date à laquelle chacune sera supprimée."
FINAL = "Supprimer définitivement cette synthèse, ses notes et ses exports ?"


def draw_former(client: DraftClient, state: SyntheseState) -> None:
    """Draw the list, the last changed first."""
    st.html('<h2 class="fanal-former-title" lang="fr">Mes synthèses</h2>')
    try:
        if state.drafts is None:
            state.drafts = client.drafts()
    except ClientError as error:
        st.html(hint_html(f"La liste n’est pas disponible pour l’instant. {error}"))
        return
    st.html(former_html(state.drafts, state.sources.confirming) if state.drafts else hint_html(NONE_YET))


def act_on_former(client: DraftClient, state: SyntheseState, action: Action) -> None:
    """Do what a button of the list asks for."""
    confirming = state.sources
    match action.verb, action.target:
        case "open", (draft_id,):
            _open(client, state, draft_id)
        case "forget", (draft_id,):
            confirming.confirm(draft_id)
        case "cancel", (draft_id, number) if confirming.is_confirming(draft_id, number):
            confirming.confirming = None
        case "confirm", (draft_id, number) if confirming.is_confirming(draft_id, number):
            confirming.confirming = None
            _delete(client, state, draft_id)


def _open(client: DraftClient, state: SyntheseState, draft_id: str) -> None:
    try:
        state.show(client.open_draft(draft_id))
    except ClientError as error:
        state.notice = notice_html("error", "Cette synthèse ne peut pas être ouverte", str(error))
        state.drafts = None


def _delete(client: DraftClient, state: SyntheseState, draft_id: str) -> None:
    """Delete a draft; one that is gone already is as good as deleted."""
    state.drafts = None
    try:
        client.delete_draft(draft_id)
    except ClientError as error:
        if not (isinstance(error, ApiError) and error.is_gone):
            state.notice = notice_html("error", "La suppression n’a pas eu lieu", str(error))
            return
    if state.draft is not None and state.draft.id == draft_id:
        state.start_over()
    state.notice = notice_html("calm", "Synthèse supprimée, avec ses notes.", testid="deleted")


def former_html(drafts: list[DraftSummary], confirming: Confirming | None) -> str:
    """Give the list, with what opens and deletes each one."""
    items = "".join(_item(draft, confirming) for draft in drafts)
    return f'<ul class="fanal-former" data-testid="former" lang="fr">{items}</ul>'


def _item(draft: DraftSummary, confirming: Confirming | None) -> str:
    title = draft.label or draft.template_title
    facts = [f"Modifiée le {long_date(draft.updated_at.date())}"]
    if draft.label:
        facts.insert(0, escape(draft.template_title))
    look = "current" if draft.status == "validated" else "past"
    inner = (
        f'<div class="fanal-former-said"><p><strong>{escape(title)}</strong> '
        f'<span class="fanal-badge fanal-badge-{look}">{STATUS[draft.status]}</span></p>'
        f"<p>{' · '.join(facts)}</p><p>Supprimée automatiquement le {long_date(draft.expires_on)}</p></div>"
    )
    if confirming and confirming.target == draft.id:
        answers_to = (confirming.target, str(confirming.number))
        inner += (
            f'<div class="fanal-confirm" role="alert"><p>{french(FINAL)}</p>'
            f"{_button('confirm', answers_to, 'Supprimer', 'fanal-danger')}"
            f"{_button('cancel', answers_to, 'Annuler', 'fanal-quiet')}</div>"
        )
    else:
        inner += (
            f"<div>{_button('open', (draft.id,), 'Ouvrir', 'fanal-button', f'Ouvrir : {title}')} "
            f"{_button('forget', (draft.id,), 'Supprimer', 'fanal-quiet', f'Supprimer : {title}')}</div>"
        )
    return f'<li data-testid="former-draft">{inner}</li>'


def _button(verb: Verb, target: tuple[str, ...], label: str, look: str, said: str = "") -> str:
    named = f' aria-label="{escape(french(said))}"' if said else ""
    return f'<button type="button" class="{look}"{named} {action_attribute(verb, *target)}>{label}</button>'
