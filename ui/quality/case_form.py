"""The form in which a person writes or corrects a case; what is typed stays until it is kept or given up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import escape

import streamlit as st

from server.schemas import AbstentionKind
from ui.components import hint_html, notice_html
from ui.kept_text import kept_text, typed_text
from ui.quality.case_text import CaseText, GoldText
from ui.quality.state import Form, QualityState

Save = Callable[[Form], None]

WHY: dict[AbstentionKind, str] = {
    "unanswerable": "Les documents n’en parlent pas",
    "out_of_scope": "Hors sujet",
    "smalltalk": "Ce n’est pas une question",
}
TICK = "Cochez les passages qui répondent vraiment :"
NOT_KEPT = "Le cas n’est pas enregistré"
LINES = "Un par ligne, en une phrase courte."


def draw_form(state: QualityState, form: Form, save: Save, title: str) -> None:
    """Draw the form that is open, with what keeps it and what gives it up."""
    with st.container(key="case-form", border=True):
        st.html(f'<h3 class="fanal-part-title" id="case-form" lang="fr">{escape(title)}</h3>')
        _draw_question(form)
        _draw_expected(form)
        with st.expander("Groupe, étiquettes, ce qui ne doit pas paraître"):
            _text(form, "tags", "Étiquettes", "Séparés par des virgules.")
            _text(
                form,
                "groups",
                "Groupes de la personne qui demande",
                "Séparés par des virgules ; vide : aucun.",
            )
            _area(form, "forbidden", "Ce qui ne doit pas paraître", LINES)
        if form.trouble:
            st.html(notice_html("error", NOT_KEPT, form.trouble, testid="not-kept"))
        with st.container(horizontal=True):
            st.button(
                "Enregistrer", key=f"save-{form.number}", type="primary", on_click=_save, args=(form, save)
            )
            st.button("Abandonner", key=f"give-up-{form.number}", on_click=state.close_form)
    form.text = typed(form)


def _draw_question(form: Form) -> None:
    _area(form, "question", "Question", height=80)
    if form.text.history or form.answer_id is None:
        with st.expander(
            "Questions posées avant, dans la même conversation", expanded=bool(form.text.history)
        ):
            _area(form, "history", "Une par ligne")
    st.date_input("À la date du (vide : le jour de l’évaluation)", form.text.as_of, format="DD/MM/YYYY",
                  key=_key(form, "day"))  # fmt: skip


def _draw_expected(form: Form) -> None:
    st.checkbox("Les documents ne répondent pas : Fanal doit le dire", form.text.must_abstain,
                key=_key(form, "abstain"))  # fmt: skip
    if st.session_state[_key(form, "abstain")]:
        first = form.text.abstention or "unanswerable"
        st.radio("Pourquoi ?", list(WHY), list(WHY).index(first), format_func=WHY.__getitem__, horizontal=True,
                 key=_key(form, "why"))  # fmt: skip
    _area(form, "facts", "Ce que la réponse doit dire", LINES)
    candidates = [(at, gold) for at, gold in enumerate(form.text.gold) if gold.title]
    if candidates:
        st.html(hint_html(TICK))
    for at, gold in candidates:
        st.checkbox(_candidate(gold), gold.kept, key=_key(form, f"gold-{at}"))
    for at, gold in enumerate(form.text.gold):
        if not gold.title:
            with st.container(horizontal=True, key=f"gold-row-{at}"):
                _text(
                    form, f"document-{at}", "Document (nom du fichier, titre ou numéro)", first=gold.document
                )
                _text(form, f"quote-{at}", "Ses mots qui répondent", first=gold.quote)


def _candidate(gold: GoldText) -> str:
    """Name a passage beside its box; Streamlit reads labels as Markdown, which a document must not write."""
    quote = gold.quote if len(gold.quote) <= 200 else gold.quote[:200].rsplit(" ", 1)[0] + "…"
    said = f"{gold.title} : « {quote} »" if quote else gold.title
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|<>~$:" else sign for sign in said)


def _key(form: Form, name: str) -> str:
    return f"case-{form.number}-{name}"


def _area(form: Form, name: str, label: str, hint: str = "", height: int = 90) -> None:
    key, first = kept_text(_key(form, name), getattr(form.text, name))
    st.text_area(label, first, key=key, placeholder=hint or None, height=height)


def _text(form: Form, name: str, label: str, hint: str = "", first: str | None = None) -> None:
    key, value = kept_text(_key(form, name), getattr(form.text, name) if first is None else first)
    st.text_input(label, value, key=key, placeholder=hint or None)


def take_typed(state: QualityState) -> None:
    """Keep what was typed last in the open form, whether or not this run draws it: the click may lead elsewhere."""
    if state.form is not None:
        state.form.text = typed(state.form)


def typed(form: Form) -> CaseText:
    """Give what is in the boxes now; a box that is not on the screen holds what it held."""
    text = form.text

    def words(name: str, otherwise: str) -> str:
        found = typed_text(_key(form, name))
        return otherwise if found is None else found

    day = st.session_state.get(_key(form, "day"), text.as_of)
    why = st.session_state.get(_key(form, "why"), text.abstention)
    silent = bool(st.session_state.get(_key(form, "abstain"), text.must_abstain))
    return replace(
        text,
        question=words("question", text.question),
        history=words("history", text.history),
        as_of=day if isinstance(day, date) else None,
        groups=words("groups", text.groups),
        facts=words("facts", text.facts),
        gold=tuple(_typed_gold(form, at, gold) for at, gold in enumerate(text.gold)),
        forbidden=words("forbidden", text.forbidden),
        must_abstain=silent,
        abstention=(why or "unanswerable") if silent else None,
        tags=words("tags", text.tags),
    )


def _typed_gold(form: Form, at: int, gold: GoldText) -> GoldText:
    if gold.title:
        return replace(gold, kept=bool(st.session_state.get(_key(form, f"gold-{at}"), gold.kept)))
    document, quote = typed_text(_key(form, f"document-{at}")), typed_text(_key(form, f"quote-{at}"))
    return replace(
        gold,
        document=gold.document if document is None else document,
        quote=gold.quote if quote is None else quote,
    )


def _save(form: Form, save: Save) -> None:
    """Take in what was typed last: the click may come before the page is drawn with it."""
    form.text = typed(form)
    save(form)
