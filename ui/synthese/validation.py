"""What is done with a draft that was read: validated by a person, by name, and only then exported."""

from functools import partial
from html import escape

import httpx
import streamlit as st
from pydantic import ValidationError

from server.draft_schemas import NON_RENSEIGNE, DraftView, ExportFormat
from ui.calls import ApiError, ClientError
from ui.components import hint_html, notice_html
from ui.downloads import Offer, draw_downloads
from ui.draft_client import DraftClient
from ui.kept_text import kept_text, typed_text
from ui.synthese.editing import RENEWED_WHY, save, text_of
from ui.synthese.section_html import is_changed
from ui.synthese.sensitive import sensitive_sections
from ui.synthese.state import SyntheseState
from ui.wording import counted, french, long_date, moment
from ui.zone import browser_zone

FORMATS: tuple[tuple[ExportFormat, str, str], ...] = (
    ("docx", "DOCX (Word)", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("odt", "ODT (LibreOffice)", "application/vnd.oasis.opendocument.text"),
    ("pdf", "PDF", "application/pdf"),
)
VALIDATOR = "validator"
READ = "J’ai relu et je valide"
BEFORE = (
    "En validant, vous engagez votre nom : vous avez relu chaque rubrique. L’export devient possible. "
    "Toute modification ensuite retire la validation, et il faudra valider de nouveau."
)
NAMELESS = "Écrivez votre prénom et votre nom avant de valider."
NOT_VALIDATED = "La synthèse n’a pas été validée"
SAVE_FIRST = "Vos derniers changements ne sont pas encore enregistrés : voyez en haut de la page."
WITHDRAWN = "La validation a été retirée"
WITHDRAWN_WHY = (
    "Cette synthèse a été modifiée dans une autre fenêtre : l’export n’a pas eu lieu. La page montre maintenant le "
    "texte à jour : relisez-le, puis validez de nouveau."
)
AI_NOTICE = (
    "Le document dira qu’une intelligence artificielle a aidé à l’écrire, avec quel modèle et quel modèle de "
    "synthèse, et que vous l’avez relu."
)
EXTRACTIVE_NOTICE = (
    "Le document dira que ses phrases ont été rangées par un programme, sans modèle de langage, avec quel modèle de "
    "synthèse, et que vous l’avez relu."
)


def draw_validation(client: DraftClient, state: SyntheseState, draft: DraftView, doubtful: int) -> None:
    """Draw what validates a draft or, once it is, what exports it."""
    with st.container(key="validation"):
        if draft.validation is not None and draft.status == "validated":
            _draw_exports(client, state, draft)
        else:
            _draw_form(client, state, draft, doubtful)


def _draw_form(client: DraftClient, state: SyntheseState, draft: DraftView, doubtful: int) -> None:
    empty = sum(section.text.strip() == NON_RENSEIGNE for section in draft.sections)
    changed = sum(map(is_changed, draft.sections))
    left = [
        counted(doubtful, "phrase non vérifiée", "phrases non vérifiées") if doubtful else "",
        counted(empty, "rubrique non renseignée", "rubriques non renseignées") if empty else "",
        counted(changed, "rubrique modifiée par vous", "rubriques modifiées par vous") if changed else "",
    ]
    known = ", ".join(part for part in left if part)
    care = f"<p>{french(f'Il reste : {known}.')}</p>" if known else ""
    st.html(
        '<section class="fanal-validation" lang="fr"><h3>Valider la synthèse</h3>'
        f"{care}<p>{french(BEFORE)}</p></section>"
    )
    with st.container(key="validation-warned"):
        if held := sensitive_html(state, draft):
            st.html(held)
        if state.warned:
            st.html(state.warned)
            state.warned = ""
    key, first = kept_text(
        VALIDATOR, state.validator or (draft.signed.validation.name if draft.signed else "")
    )
    with st.form("validate", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Votre prénom et votre nom", first, key=key, max_chars=120)
        st.form_submit_button(
            READ, type="primary", key="validate-button", on_click=_validate, args=(client, state)
        )


def sensitive_html(state: SyntheseState, draft: DraftView) -> str:
    """Name the sensitive data that the texts on the page hold; "" when there are none that were masked."""
    texts = {section.id: text_of(state, section.id) for section in draft.sections}
    held = "".join(
        f"<li><strong>{escape(title)}</strong> {', '.join(f'« {escape(word)} »' for word in words)}</li>"
        for title, words in sensitive_sections(draft, texts)
    )
    if not held:
        return ""
    return (
        '<div class="fanal-notice fanal-notice-warning" role="status" data-testid="sensitive" lang="fr">'
        f"<p><strong>{french('Cette synthèse contient des données sensibles :')}</strong></p><ul>{held}</ul>"
        "<p>Vérifiez qu’elles ont leur place ici.</p></div>"
    )


def _validate(client: DraftClient, state: SyntheseState) -> None:
    name = typed_text(VALIDATOR) or ""
    with state.saving:
        validate(client, state, name)


def validate(client: DraftClient, state: SyntheseState, name: str) -> None:
    """Save what was typed last, then validate just that; what is in the way is said beside the button."""
    draft = state.draft
    if draft is None:
        return
    state.validator = name
    if not save(client, state) or state.draft is None:
        state.warned = notice_html("error", NOT_VALIDATED, SAVE_FIRST if state.unsaved else RENEWED_WHY)
        return
    try:
        state.draft = client.validate_draft(draft.id, name, state.draft.revision)
        state.drafts = None
    except ValidationError:
        state.warned = notice_html("warning", NAMELESS)
    except ClientError as error:
        state.warned = notice_html("error", NOT_VALIDATED, str(error))
        if isinstance(error, ApiError):
            state.gone = error.is_gone
            if error.problem.status == httpx.codes.CONFLICT:
                _refresh(client, state, draft.id)


def _refresh(client: DraftClient, state: SyntheseState, draft_id: str) -> None:
    """Show a draft as the server has it, and still say beside the button what was in the way."""
    warned = state.warned
    try:
        state.show(client.open_draft(draft_id))
    except ClientError as error:
        state.gone = isinstance(error, ApiError) and error.is_gone
    state.warned = warned


def export(client: DraftClient, state: SyntheseState, draft_id: str, kind: ExportFormat) -> bytes | None:
    """Give the file, if the validation still stands; None, and why is said, where it cannot be had."""
    try:
        now = client.open_draft(draft_id)
        if now.status == "validated":
            return client.export_draft(draft_id, kind)
    except ClientError as error:
        state.warned = notice_html("error", "L’export n’a pas eu lieu", str(error))
        state.gone = isinstance(error, ApiError) and error.is_gone
        return None
    state.show(now)
    state.warned = notice_html("warning", WITHDRAWN, WITHDRAWN_WHY)
    return None


def _draw_exports(client: DraftClient, state: SyntheseState, draft: DraftView) -> None:
    validation = draft.validation
    if validation is None:
        return
    st.html(
        f'<section class="fanal-validation fanal-validated" data-testid="validated" lang="fr">'
        f"<h3>Validée par {escape(validation.name)}, le {moment(validation.at.isoformat(), browser_zone())}</h3>"
        f"<p>{french(EXTRACTIVE_NOTICE if draft.mode == 'extractive' else AI_NOTICE)}</p>"
        f"<p>Supprimée automatiquement le {long_date(draft.expires_on)}. "
        f"{french('Modifier une rubrique retire la validation.')}</p></section>"
    )
    with st.container(key="export-warned"):
        if state.warned:
            st.html(state.warned)
            state.warned = ""
    day = draft.updated_at.date().isoformat()
    draw_downloads(
        f"exports-{draft.id}-{draft.updated_at.timestamp():.0f}",
        [
            Offer(label, f"synthese-{day}.{kind}", media_type, partial(export, client, state, draft.id, kind))
            for kind, label, media_type in FORMATS
        ],
    )
    st.html(
        hint_html(
            "Les noms reviennent dans le document exporté : remettez-le à la personne, et à elle d’abord."
        )
    )
