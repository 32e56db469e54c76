"""« Retours »: what advisors said of answers, the useless first; one click opens a case made of it, one keeps it."""

from html import escape

import streamlit as st

from server.case_schemas import FeedbackItem
from ui.answer_view import references_of
from ui.calls import ClientError
from ui.components import abstention_html, notice_html
from ui.consulted import consulted_html
from ui.exchange import Exchange
from ui.feedback_form import REASONS
from ui.quality.case_form import draw_form
from ui.quality.case_page import statements_html
from ui.quality.case_text import CaseText
from ui.quality.html import button_html, draw_html
from ui.quality.pager import draw_pager, page_of
from ui.quality.saving import save_form
from ui.quality.state import Form, QualityState
from ui.quality_client import QualityClient
from ui.wording import counted, french, moment
from ui.zone import browser_zone

ITEMS_A_PAGE = 10
FAILED = "Les retours ne peuvent pas être affichés"
NONE_YET = "Aucun retour pour l’instant"
NONE_WHY = "Sous chaque réponse de la page Question, « Oui » et « Non » arrivent ici, avec le commentaire."
NONE_LEFT = "Aucun retour négatif : tout va bien, ou personne n’a encore cliqué sur « Non »."
RESERVED = "Question réservée"
"""How the server begins what it says in place of a question that this reader may not read."""
FORM_TITLE = "Un cas à partir de ce retour"


def draw_inbox(client: QualityClient, state: QualityState, links_base: str) -> None:
    """Draw the feedback, and under the one that was chosen the form of its case."""
    try:
        items = state.sources.kept("feedback", client.feedback_inbox)
    except ClientError as error:
        st.html(notice_html("error", FAILED, str(error), testid="failed"))
        return
    if not items:
        st.html(notice_html("calm", NONE_YET, NONE_WHY, testid="empty"))
        return
    useless = [item for item in items if not item.useful]
    left = sum(item.case_id is None for item in useless)
    st.html(
        f'<p class="fanal-facts" role="status" data-testid="left" lang="fr">'
        f"{counted(left, 'retour négatif à traiter', 'retours négatifs à traiter')}, sur {len(useless)}.</p>"
    )
    state.answered = st.checkbox("Montrer aussi les avis « utile »", state.answered, key="answered")
    shown = useless + [item for item in items if item.useful] if state.answered else useless
    if not shown:
        st.html(notice_html("calm", NONE_LEFT))
        return
    page = page_of(state.inbox_page, len(shown), ITEMS_A_PAGE)
    here = shown[page * ITEMS_A_PAGE : (page + 1) * ITEMS_A_PAGE]
    state.sources.exchanges = [_exchange(item) for item in here]
    for item, exchange in zip(here, state.sources.exchanges, strict=True):
        with st.container(border=True, key=f"item-{exchange.key}"):
            _draw_item(client, state, item, exchange, links_base)
    draw_pager("inbox", page, len(shown), ITEMS_A_PAGE, state.turn_inbox)


def make_case(state: QualityState, answer_id: str) -> None:
    """Open the form of a case, filled in from what was said of an answer."""
    items: list[FeedbackItem] = state.sources.kept("feedback", list)
    item = next((item for item in items if item.answer_id == answer_id), None)
    if item is not None:
        state.open_form(CaseText.of_feedback(item), answer_id=answer_id)


def _exchange(item: FeedbackItem) -> Exchange:
    answer = item.answer
    return Exchange.of_statements(
        f"retour-{item.answer_id}", answer.statements, answer.passages, answer.as_of
    )


def _draw_item(
    client: QualityClient, state: QualityState, item: FeedbackItem, exchange: Exchange, links_base: str
) -> None:
    st.html(item_html(item, exchange, links_base))
    form = state.form
    if form is not None and form.answer_id == item.answer_id:
        draw_form(state, form, lambda form: _save(client, state, form), FORM_TITLE)
    else:
        draw_html(action_html(item))


def _save(client: QualityClient, state: QualityState, form: Form) -> None:
    save_form(client, state, form)


def item_html(item: FeedbackItem, exchange: Exchange, links_base: str) -> str:
    """Give the question, what was said of its answer, and the answer folded."""
    reasons = "".join(
        f'<span class="fanal-tag">{escape(french(REASONS[reason]))}</span>' for reason in item.reasons
    )
    comment = f'<blockquote class="fanal-comment">{escape(item.comment)}</blockquote>' if item.comment else ""
    word, look = ("Utile", "current") if item.useful else ("Pas utile", "failed")
    when = moment(item.created_at.isoformat(), browser_zone())
    return (
        f'<article class="fanal-feedback" data-testid="feedback-item" data-answer="{escape(item.answer_id)}" lang="fr">'
        f'<p class="fanal-facts"><span class="fanal-badge fanal-badge-{look}">{word}</span> {when} {reasons}</p>'
        f"<h3>{escape(item.answer.question)}</h3>{comment}"
        '<details class="fanal-fold"><summary>La réponse donnée</summary>'
        f"{answer_html(item, exchange, links_base)}</details></article>"
    )


def answer_html(item: FeedbackItem, exchange: Exchange, links_base: str) -> str:
    """Give the answer that was judged, with its passages."""
    answer, refs = item.answer, references_of(exchange, links_base)
    head = ""
    if answer.abstained or not answer.statements:
        head = abstention_html(answer.abstention, answer.message, has_passages=bool(answer.passages))
    passages = consulted_html(answer.statements, refs) if answer.passages else ""
    return head + statements_html(answer.statements, refs) + passages


def action_html(item: FeedbackItem) -> str:
    """Give what makes a case of it, or say that one was made."""
    if item.case_id is not None:
        opener = button_html("Voir le cas", "own", item.case_id, look="fanal-quiet")
        return (
            f'<p class="fanal-made" data-testid="made" lang="fr"><span class="fanal-good">✓</span> '
            f"Déjà un cas : {escape(item.case_id)} {opener}</p>"
        )
    if item.answer.question.startswith(RESERVED):
        return ""
    return button_html(
        "En faire un cas",
        "make",
        item.answer_id,
        look="fanal-button fanal-main",
        said=f"En faire un cas : {item.answer.question}",
    )
