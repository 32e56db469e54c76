"""Second step: the notes, typed or read from a file; they go no further than the organisation's own server."""

import streamlit as st

from server.mask_schemas import MAX_NOTES_CHARS
from ui.calls import ClientError
from ui.components import hint_html, notice_html, warnings_html
from ui.draft_client import DraftClient
from ui.kept_text import kept_text, renew_text, typed_text
from ui.mask_review import MaskReview
from ui.masks import clean_notes
from ui.synthese.state import SyntheseState

FILES = ["docx", "odt", "pdf", "txt"]
NAME = "notes"
STAYS = (
    "Vos notes restent sur le serveur de votre organisme, qui y cherche les données personnelles. Vous relirez les "
    "masques avant que le texte masqué, et lui seul, ne serve à la synthèse."
)
READING = "Lecture du fichier…"
EMPTY = "Écrivez ou collez des notes avant de continuer."
TOO_LONG = (
    f"Ces notes dépassent {MAX_NOTES_CHARS // 1_000}\u202f000 caractères : partagez-les en deux synthèses."
)


def draw_notes_step(client: DraftClient, state: SyntheseState) -> None:
    """Draw the text area, the file and the label; what is typed is kept at each change."""
    st.html(hint_html(STAYS))
    with st.container(key="file-read"):
        if _read(client, state):
            renew_text(_key("notes", state))
    _draw_notes(state)
    _draw_label(state)
    with st.container(horizontal=True, key="notes-go"):
        st.button("Relire les masques", key="to-masks", type="primary", on_click=_go_on, args=(client, state))
        st.button("Revenir au modèle", key="to-template", on_click=_go_back, args=(state,))


def _draw_notes(state: SyntheseState) -> None:
    key, first = kept_text(_key("notes", state), state.notes)
    st.text_area(
        "Notes d’entretien",
        first,
        key=key,
        height=340,
        placeholder="Collez ou écrivez ici vos notes, telles qu’elles sont.",
        on_change=_remember,
        args=(state,),
    )
    st.file_uploader(
        "Ou un fichier : DOCX, ODT, PDF ou TXT (son texte s’ajoute à vos notes, le fichier n’est pas gardé)",
        type=FILES,
        key=_key("file", state),
        on_change=_give,
        args=(state,),
    )


def _draw_label(state: SyntheseState) -> None:
    key, first = kept_text(_key("label", state), state.label)
    st.text_input(
        "Intitulé, pour la retrouver (facultatif)",
        first,
        key=key,
        max_chars=120,
        placeholder="Par exemple : bilan de novembre, dossier 2026-118",
        on_change=_remember,
        args=(state,),
    )


def _key(name: str, state: SyntheseState) -> str:
    return f"{name}-{state.version}"


def _remember(state: SyntheseState) -> None:
    state.notes = clean_notes(_typed(_key("notes", state), state.notes))
    state.label = _typed(_key("label", state), state.label)


def _give(state: SyntheseState) -> None:
    _remember(state)
    sent = st.session_state[_key("file", state)]
    state.file = (sent.name, sent.getvalue()) if sent else None


def _go_back(state: SyntheseState) -> None:
    _remember(state)
    state.go("template")


def _go_on(client: DraftClient, state: SyntheseState) -> None:
    _remember(state)
    _mask(client, state)


def _typed(name: str, kept: str) -> str:
    typed = typed_text(name)
    return kept if typed is None else typed


def _read(client: DraftClient, state: SyntheseState) -> bool:
    """Add the text of the file that was given to the notes; tells whether there was one that could be read."""
    if state.file is None:
        return False
    (name, content), state.file = state.file, None
    with st.spinner(READING):
        try:
            found = client.read_notes(name, content)
        except ClientError as error:
            st.html(notice_html("error", "Le fichier n’a pas pu être lu", str(error), testid="file-refused"))
            return False
    text = clean_notes(found.text).strip()
    state.notes = f"{state.notes.rstrip()}\n\n{text}" if state.notes.strip() else text
    if found.warnings:
        st.html(warnings_html(found.warnings))
    return True


def _mask(client: DraftClient, state: SyntheseState) -> None:
    """Have the notes masked; a review of the same text is taken up where it was left."""
    if not state.notes.strip():
        state.notice = notice_html("warning", EMPTY)
        return
    if len(state.notes) > MAX_NOTES_CHARS:
        state.notice = notice_html("warning", TOO_LONG)
        return
    if state.review is None or state.review.text != state.notes:
        try:
            state.review = MaskReview.begin(client, NAME, state.notes)
        except ClientError as error:
            state.notice = notice_html(
                "error", "Les données personnelles n’ont pas pu être masquées", str(error)
            )
            return
    state.step = "masks"
