"""Draws the review of the masks of a text, and does what its buttons ask for."""

from html import escape
from typing import get_args

import streamlit as st

from server.mask_schemas import EntityType, MaskedEntity
from ui.actions import Action
from ui.components import hint_html, notice_html
from ui.draft_client import DraftClient
from ui.mask_html import legend_html, marked_html, model_html, selection_bar_html
from ui.mask_review import MaskReview
from ui.mask_types import LABELS, SENSITIVE
from ui.wording import counted, french

YOURS = "Votre texte, masques surlignés"
MODEL = "Le texte masqué, tel qu’il servira"
HOW = "Cliquez sur un masque pour le corriger ou le retirer."
CARE = "La machine en oublie : relisez tout le texte (surnoms, prénoms, petits employeurs, maladies dites à demi-mot)."
MODEL_HINT = "Voici, mot pour mot, le texte qui servira : les repères tiennent lieu des données masquées."
TYPES: tuple[EntityType, ...] = tuple(LABELS)
EDGES = (
    ("left", -1, "Étendre à gauche", ":material/keyboard_double_arrow_left:"),
    ("left", 1, "Réduire à gauche", ":material/keyboard_arrow_right:"),
    ("right", -1, "Réduire à droite", ":material/keyboard_arrow_left:"),
    ("right", 1, "Étendre à droite", ":material/keyboard_double_arrow_right:"),
)


def draw_review(client: DraftClient, review: MaskReview) -> None:
    """Draw a text with its masks, what changes them, and its masked form."""
    name = review.name
    shown = st.segmented_control(
        "Afficher",
        [YOURS, MODEL],
        default=YOURS,
        required=True,
        key=f"{name}-shown",
        label_visibility="collapsed",
    )
    if shown == MODEL:
        st.html(hint_html(MODEL_HINT))
        with st.container(key=f"{name}-box"):
            st.html(model_html(review.masked))
        return
    with st.container(horizontal=True, key=f"{name}-summary", vertical_alignment="center"):
        st.html(legend_html(review.masked.entities))
        st.button(
            "Annuler le dernier changement",
            key=f"{name}-undo",
            icon=":material/undo:",
            disabled=not review.former,
            on_click=review.undo,
            args=(client,),
        )
    with st.container(key=f"{name}-tools"):
        _tools(client, review)
    with st.container(key=f"{name}-box"):
        st.html(marked_html(name, review.text, review.masked.entities, review.chosen))
    _words_form(client, review)


def act_on_review(client: DraftClient, review: MaskReview, action: Action) -> None:
    """Do what a click in the text asks for; what the browser sends is taken for nothing but a wish."""
    match action.verb, action.target:
        case "choose", (name, start) if name == review.name and start.isdecimal():
            review.choose(int(start))
        case "mask", (name, start, end, kind) if name == review.name:
            known = _type(kind)
            if known and start.isdecimal() and end.isdecimal():
                review.mask_selection(client, int(start), int(end), known)


def chosen_name(review: MaskReview | None) -> str:
    """Name the mask that is being changed, "" when there is none; see `ui.bridge`."""
    return f"{review.name}-{review.chosen}" if review and review.chosen_mask else ""


def _type(word: str) -> EntityType | None:
    return next((kind for kind in get_args(EntityType) if kind == word), None)


def _tools(client: DraftClient, review: MaskReview) -> None:
    if review.notice:
        st.html(notice_html("warning", review.notice, testid="mask-notice"))
        review.notice = ""
    chosen = review.chosen_mask
    if chosen is None:
        st.html(selection_bar_html(review.name))
        return
    with st.container(key="mask-editor"):
        if review.removing:
            _draw_confirmation(client, review, chosen)
        else:
            _draw_editor(client, review, chosen)


def _draw_editor(client: DraftClient, review: MaskReview, chosen: MaskedEntity) -> None:
    name = review.name
    key = f"{name}-type-{chosen.start}-{chosen.end}-{len(review.former)}"
    places = (
        f" Ces mots sont masqués à {counted(review.places, 'endroit', 'endroits')}."
        if review.places > 1
        else ""
    )
    st.html(
        f'<p class="fanal-chosen" data-testid="chosen" lang="fr">'
        f"<strong>Masque choisi</strong> {escape(french(review.describe(chosen)))}.{places}</p>"
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{name}-editor"):
        st.selectbox(
            "Type du masque",
            TYPES,
            index=TYPES.index(chosen.type),
            format_func=LABELS.__getitem__,
            key=key,
            on_change=lambda: review.retype(client, st.session_state[key]),
            width=240,
        )
        st.button("Retirer ce masque", key=f"{name}-remove", icon=":material/visibility:",
                  on_click=review.remove, args=(client,))  # fmt: skip
        st.button("Terminer", key=f"{name}-close", type="primary", on_click=review.choose, args=(None,))
    with st.container(horizontal=True, key=f"{name}-edges"):
        for side, step, label, icon in EDGES:
            key_of = f"{name}-{side}-{step}"
            st.button(label, key=key_of, icon=icon, on_click=review.move, args=(client, side, step))


def _draw_confirmation(client: DraftClient, review: MaskReview, chosen: MaskedEntity) -> None:
    why = (
        "C’est une donnée sensible au sens de l’article 9 du RGPD."
        if chosen.type in SENSITIVE
        else "Elle permet de reconnaître une personne."
    )
    many = f" ({counted(review.places, 'endroit', 'endroits')})" if review.places > 1 else ""
    st.html(
        notice_html(
            "error",
            f"Laisser passer {review.describe(chosen)}{many} ?",
            f"Sans masque, cette donnée restera lisible dans le texte qui servira. {why}",
            testid="confirm-removal",
        )
    )
    with st.container(horizontal=True, key=f"{review.name}-confirm"):
        st.button("Garder le masque", key=f"{review.name}-keep", type="primary",
                  on_click=review.choose, args=(chosen.start,))  # fmt: skip
        st.button("Retirer le masque", key=f"{review.name}-drop",
                  on_click=review.remove, args=(client,), kwargs={"confirmed": True})  # fmt: skip


def _words_form(client: DraftClient, review: MaskReview) -> None:
    """Offer to mask words by writing them: without a mouse, or wherever they stand in a long text."""
    name = review.name
    words, kind = f"{name}-words", f"{name}-words-type"

    def mask() -> None:
        if review.mask_words(client, st.session_state[words], st.session_state[kind]):
            st.session_state[words] = ""

    with st.form(f"{name}-form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Mots à masquer", key=words, placeholder="Par exemple : Martine, Clairval")
        st.selectbox("Type", TYPES, format_func=LABELS.__getitem__, key=kind, width=200)
        st.form_submit_button("Masquer ces mots", on_click=mask)
