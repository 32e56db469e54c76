"""« Cas »: the organisation's own: those that wait for a person, those that count, those that were rejected."""

from collections.abc import Sequence
from functools import partial
from html import escape

import streamlit as st

from server.case_schemas import Case, CaseFormat, CaseState, CaseView
from ui.calls import ClientError
from ui.components import hint_html, notice_html
from ui.downloads import Offer, draw_downloads
from ui.kept_text import kept_text, typed_text
from ui.quality.case_form import draw_form
from ui.quality.case_html import expected_html
from ui.quality.case_lines import plain
from ui.quality.case_text import CaseText, new_case_id
from ui.quality.html import button_html, draw_html, tags_html
from ui.quality.pager import draw_pager, page_of
from ui.quality.review import draw_review
from ui.quality.saving import save_form
from ui.quality.state import Form, QualityState
from ui.quality.words import CASE_STATES, ORIGINS
from ui.quality_client import QualityClient
from ui.wording import long_date, whole

CASES_A_PAGE = 20
SEARCH = "own-search"
FAILED = "Vos cas ne peuvent pas être affichés"
NO_EXPORT = "L’export n’a pas eu lieu"
COMMAND = "python -m eval run organisation"
HOW_TO_RUN = "Pour évaluer Fanal sur ces cas, la personne qui administre le serveur lance :"
EMPTY: dict[CaseState, tuple[str, str]] = {
    "proposed": (
        "Rien à relire",
        "Les cas engendrés à partir de vos documents attendent ici qu’une personne les accepte : aucun ne compte "
        "avant. "
        "Pour en engendrer : python -m eval generate",
    ),
    "accepted": (
        "Aucun cas pour l’instant",
        "Ajoutez-en un, ou partez d’un retour : « Retours », « En faire un cas ».",
    ),
    "rejected": ("Aucun cas écarté", ""),
}
FORMATS: tuple[tuple[CaseFormat, str, str], ...] = (
    ("xlsx", "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("csv", "CSV", "text/csv"),
    ("jsonl", "JSONL", "application/jsonl"),
)
TO_COMPLETE = "N’attend rien\u00a0: à compléter"
FINAL = "Supprimer ce cas pour toujours ?"


def fetch_cases(client: QualityClient, state: QualityState) -> list[CaseView] | None:
    """Give all of the organisation's cases; None, and why is said, where they cannot be had."""
    try:
        return state.sources.kept("cases", client.cases)
    except ClientError as error:
        st.html(notice_html("error", FAILED, str(error), testid="failed"))
        return None


def draw_cases(client: QualityClient, state: QualityState) -> None:
    """Draw the form where one is open, then the cases of a state."""
    views = fetch_cases(client, state)
    if views is None:
        return
    by_state = {name: [view for view in views if view.state == name] for name in CASE_STATES}
    form = state.form if state.form is not None and state.form.answer_id is None else None
    if form is not None:
        title = "Corriger le cas" if form.case_id else "Ajouter un cas"
        draw_form(state, form, lambda form: _save(client, state, form), title)
        return
    if state.cases is None:
        state.cases = "proposed" if by_state["proposed"] else "accepted"
    st.html(states_html(by_state, state.cases))
    st.button("Ajouter un cas", key="add-case", icon=":material/add:", on_click=_add, args=(state, views))
    if state.cases == "proposed" and by_state["proposed"]:
        draw_review(client, state, by_state["proposed"])
    else:
        _draw_list(state, by_state[state.cases], state.cases)
    if state.cases == "accepted" and by_state["accepted"]:
        _draw_uses(client, state)


def _add(state: QualityState, views: Sequence[CaseView]) -> None:
    state.open_form(CaseText.of_case(Case(id=new_case_id({view.case.id for view in views}))))


def _save(client: QualityClient, state: QualityState, form: Form) -> None:
    if save_form(client, state, form):
        state.decided += form.state == "proposed"
        if form.state != "proposed":
            state.cases = "accepted"


def states_html(by_state: dict[CaseState, list[CaseView]], chosen: CaseState) -> str:
    """Give what chooses the state, with how many cases each has."""
    items = ""
    for name, label in CASE_STATES.items():
        said = f"{label} ({whole(len(by_state[name]))})"
        items += f"<li>{button_html(said, 'state', name, look='fanal-pane', is_current=name == chosen)}</li>"
    return f'<nav aria-label="Vos cas" lang="fr"><ul class="fanal-panes">{items}</ul></nav>'


def _draw_list(state: QualityState, views: Sequence[CaseView], chosen: CaseState) -> None:
    if not views:
        title, why = EMPTY[chosen]
        st.html(notice_html("calm", title, why, testid="empty"))
        return
    key, first = kept_text(SEARCH, state.cases_text)
    st.text_input("Chercher", first, key=key)
    state.cases_text = typed_text(SEARCH) or ""
    wanted = plain(state.cases_text)
    found = [
        view
        for view in views
        if wanted in plain(f"{view.case.id} {view.case.question} {' '.join(view.case.tags)}")
    ]
    if not found:
        st.html(hint_html("Aucun cas ne contient ces mots."))
        return
    page = page_of(state.cases_page, len(found), CASES_A_PAGE)
    items = "".join(case_html(view, state) for view in found[page * CASES_A_PAGE : (page + 1) * CASES_A_PAGE])
    st.html(f'<ul class="fanal-cases" data-testid="own-cases" lang="fr">{items}</ul>')
    draw_pager("own", page, len(found), CASES_A_PAGE, state.turn_cases)


def case_html(view: CaseView, state: QualityState) -> str:
    """Give a case, folded, with what may be done with it."""
    case = view.case
    facts = [escape(case.id), ORIGINS[view.origin], f"du {long_date(view.created_at.date())}"]
    facts += ["doit se taire"] if case.must_abstain else []
    badge = (
        f' <span class="fanal-badge fanal-badge-past">{TO_COMPLETE}</span>' if expects_nothing(case) else ""
    )
    question = case.question or case.id
    confirming = state.sources.confirming
    if confirming is not None and confirming.target == case.id:
        number = str(confirming.number)
        sure = button_html("Supprimer", case.id, number, verb="confirm", look="fanal-danger")
        kept = button_html("Annuler", case.id, number, verb="cancel", look="fanal-quiet")
        actions = f'<div class="fanal-confirm" role="alert"><p>{FINAL}</p>{sure}{kept}</div>'
    else:
        actions = "".join(_actions(view, question))
    return (
        f'<li data-testid="own-case" data-case="{escape(case.id)}"><details>'
        f"<summary>{escape(question)}{badge}</summary>{expected_html(case)}</details>"
        f'<p class="fanal-facts">{" · ".join(facts)} {tags_html(case.tags)}</p>'
        f'<div class="fanal-row">{actions}</div></li>'
    )


def expects_nothing(case: Case) -> bool:
    """Tell whether a question is asked of which nothing says what a right answer is: it measures nearly nothing."""
    return case.kind == "ask" and not (case.must_abstain or case.facts or case.gold or case.forbidden)


def _actions(view: CaseView, question: str) -> list[str]:
    id_ = view.case.id
    buttons = []
    if view.case.kind == "ask":
        buttons.append(button_html("Modifier", "edit", id_, said=f"Modifier : {question}"))
    if view.state == "accepted":
        buttons.append(
            button_html(
                "Écarter", "decide", id_, "rejected", look="fanal-quiet", said=f"Écarter : {question}"
            )
        )
    else:
        buttons.append(button_html("Accepter", "decide", id_, "accepted", said=f"Accepter : {question}"))
        buttons.append(
            button_html("Supprimer", id_, verb="forget", look="fanal-quiet", said=f"Supprimer : {question}")
        )
    return buttons


def _draw_uses(client: QualityClient, state: QualityState) -> None:
    st.html('<h3 class="fanal-part-title" lang="fr">Exporter, évaluer</h3>')
    draw_downloads(
        "case-exports",
        [
            Offer(label, f"cas.{kind}", media_type, partial(_export, client, state, kind))
            for kind, label, media_type in FORMATS
        ],
    )
    draw_html(state.take_beside())
    st.html(
        f'<div class="fanal-command" lang="fr"><p class="fanal-hint">{HOW_TO_RUN}</p>'
        f"<pre><code>{COMMAND}</code></pre></div>"
    )


def _export(client: QualityClient, state: QualityState, kind: CaseFormat) -> bytes | None:
    try:
        return client.export_cases(kind)
    except ClientError as error:
        state.beside = notice_html("error", NO_EXPORT, str(error), testid="no-export")
        return None
