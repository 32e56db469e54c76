"""First step: which synthesis, and whether the person agrees to it (article L6313-4 du code du travail)."""

from datetime import date
from html import escape

import streamlit as st

from server.draft_schemas import TemplateView
from ui.calls import ClientError
from ui.components import hint_html, notice_html
from ui.draft_client import DraftClient
from ui.synthese.state import Answer, SyntheseState
from ui.synthese.template_html import duration, template_html

ASKED = "Qu’a répondu la personne ?"
ANSWERS: dict[Answer, str] = {
    "agrees": "Elle accepte",
    "refuses": "Elle refuse",
}
REFUSED = "Sans son accord, pas de synthèse"
WHAT_NOW = (
    "Fanal s’arrête ici : rien n’a été envoyé, rien n’est enregistré. L’entretien peut continuer, et vous pouvez "
    "écrire sans Fanal ce que votre organisme demande. Si la personne change d’avis, revenez sur cette page."
)
NO_TEMPLATE = "Aucun modèle de synthèse n’est disponible. L’administrateur peut en ajouter."


def draw_template_step(client: DraftClient, state: SyntheseState) -> None:
    """Draw the choice of a template, then the person's answer."""
    try:
        if state.templates is None:
            state.templates = client.templates()
    except ClientError as error:
        st.html(notice_html("error", "Les modèles de synthèse ne peuvent pas être affichés", str(error)))
        return
    if not state.templates:
        st.html(notice_html("warning", NO_TEMPLATE))
        return
    _choose(state, state.templates)
    if state.template is not None:
        st.html(template_html(state.template))
        _ask(state, state.template)


def _choose(state: SyntheseState, templates: list[TemplateView]) -> None:
    key = f"template-{state.version}"
    ids = [template.id for template in templates]
    by_id = {template.id: template for template in templates}

    def choose() -> None:
        chosen = by_id[st.session_state[key]]
        if state.template is None or chosen.id != state.template.id:  # another text to agree to
            state.answer, state.keep = None, False
        state.template = chosen

    if state.template is not None and state.template.id not in by_id:
        state.template = None
    st.radio(
        "Quelle synthèse voulez-vous écrire ?",
        ids,
        index=ids.index(state.template.id) if state.template else None,
        format_func=lambda id_: by_id[id_].title,
        captions=[template.summary for template in templates],
        key=key,
        on_change=choose,
    )


def _ask(state: SyntheseState, template: TemplateView) -> None:
    """Draw what the person is told, and their answer: neither is chosen beforehand."""
    told = "".join(f"<p>{escape(line)}</p>" for line in template.consent.splitlines() if line.strip())
    st.html(
        '<section class="fanal-consent" data-testid="consent" lang="fr"><h3>L’accord de la personne</h3>'
        f"<p>À lui dire avant de commencer&nbsp;:</p><blockquote>{told}</blockquote></section>"
    )
    key = f"answer-{template.id}-{state.version}"

    def answer() -> None:
        state.answer = st.session_state[key]

    answers: list[Answer] = list(ANSWERS)
    st.radio(
        ASKED,
        answers,
        index=answers.index(state.answer) if state.answer else None,
        format_func=ANSWERS.__getitem__,
        key=key,
        on_change=answer,
        horizontal=True,
    )
    if state.answer == "refuses":
        st.html(notice_html("warning", REFUSED, WHAT_NOW, testid="refused"))
    elif state.answer == "agrees":
        _agreed(state, template)


def _agreed(state: SyntheseState, template: TemplateView) -> None:
    key = f"{template.id}-{state.version}"

    def remember() -> None:
        state.keep = bool(st.session_state.get(f"keep-{key}"))
        asked_on = st.session_state[f"on-{key}"]
        state.agreed_on = asked_on if isinstance(asked_on, date) else date.today()

    def go_on() -> None:
        remember()
        state.step = "notes"

    if template.retention.agreed_days is not None:
        kept = duration(template.retention.agreed_days)
        st.checkbox(
            f"Elle a aussi donné son accord écrit pour que la synthèse soit conservée {kept}",
            value=state.keep,
            key=f"keep-{key}",
            on_change=remember,
        )
    st.date_input(
        "Date de son accord",
        value=state.agreed_on,
        max_value=date.today(),
        format="DD/MM/YYYY",
        key=f"on-{key}",
        on_change=remember,
        width=200,
    )
    st.button("Continuer vers les notes", key="to-notes", type="primary", on_click=go_on)
    st.html(hint_html("Sa réponse est enregistrée avec la synthèse."))
