"""The form of an assistant, made of its inputs, and the masks of what was typed into it."""

from datetime import date
from html import escape

import streamlit as st

from server.assistant_schemas import AssistantInput, AssistantView, TrainingFilters
from server.mask_schemas import MAX_NOTES_CHARS
from ui.assistants.state import AssistantState
from ui.calls import ClientError
from ui.components import hint_html, notice_html, warnings_html
from ui.draft_client import DraftClient
from ui.kept_text import kept_text, renew_text, typed_text
from ui.mask_review import MaskReview
from ui.mask_view import CARE, HOW, draw_review
from ui.masks import clean_notes
from ui.synthese.notes_step import FILES, READING

STAYS = (
    "Ce que vous écrivez reste sur le serveur de votre organisme, et n’est pas gardé. Vous relirez les masques avant "
    "que le texte masqué ne serve."
)
NOT_MASKED = "Les données personnelles n’ont pas pu être masquées"
LEVELS = {
    None: "Tous",
    3: "3 (CAP)",
    4: "4 (bac)",
    5: "5 (bac +2)",
    6: "6 (bac +3)",
    7: "7 (bac +5)",
    8: "8 (doctorat)",
}
CPF = {None: "Toutes", True: "Finançables par le CPF", False: "Non finançables par le CPF"}


def draw_form(client: DraftClient, state: AssistantState, view: AssistantView) -> None:
    """Draw the inputs; what is typed is kept at each change."""
    st.html(hint_html(STAYS))
    for one in view.inputs:
        if one.kind != "dialogue":
            _draw_input(client, state, one)
    if view.filters:
        _draw_filters(state)

    def go_on() -> None:
        for one in view.inputs:
            _remember(state, one)
        _mask(client, state, view)

    with st.container(horizontal=True, key="form-go"):
        st.button("Continuer", key="form-continue", type="primary", on_click=go_on)
        st.button("Choisir un autre assistant", key="form-back", on_click=state.choose, args=(None,))


def _name(state: AssistantState, one: AssistantInput) -> str:
    return f"input-{state.version}-{one.id}"


def _remember(state: AssistantState, one: AssistantInput) -> None:
    typed = typed_text(_name(state, one))
    if typed is not None:
        state.values[one.id] = clean_notes(typed)


def _draw_input(client: DraftClient, state: AssistantState, one: AssistantInput) -> None:
    name = _name(state, one)
    label = one.label if one.required else f"{one.label} (facultatif)"
    if one.kind == "file":
        with st.container(key=f"{name}-read"):
            if _read(client, state, one):
                renew_text(name)
    state.values.setdefault(one.id, one.choices[0] if one.choices else "")
    key, first = kept_text(name, state.values[one.id])
    if one.kind == "choice":
        at = one.choices.index(first) if first in one.choices else 0
        st.selectbox(label, one.choices, at, key=key, on_change=_remember, args=(state, one))
    elif one.kind == "line":
        st.text_input(label, first, key=key, on_change=_remember, args=(state, one))
    else:
        st.text_area(label, first, key=key, height=180, on_change=_remember, args=(state, one))
    if one.help:
        st.html(hint_html(one.help))
    if one.kind == "file":
        file = f"{name}-file"

        def give() -> None:
            sent = st.session_state[file]
            state.file = (one.id, sent.name, sent.getvalue()) if sent else None

        st.file_uploader(
            f"Ou un fichier DOCX, ODT, PDF ou TXT pour : {one.label}",
            type=FILES,
            key=file,
            on_change=give,
        )


def _read(client: DraftClient, state: AssistantState, one: AssistantInput) -> bool:
    """Put the text of the file that was given in the place of what was typed; tells whether it could be read."""
    if state.file is None or state.file[0] != one.id:
        return False
    (_, name, content), state.file = state.file, None
    with st.spinner(READING):
        try:
            found = client.read_notes(name, content)
        except ClientError as error:
            st.html(notice_html("error", "Le fichier n’a pas pu être lu", str(error), testid="file-refused"))
            return False
    state.values[one.id] = clean_notes(found.text).strip()
    if found.warnings:
        st.html(warnings_html(found.warnings))
    return True


def _draw_filters(state: AssistantState) -> None:
    """Draw which training records may be suggested."""
    key = f"filter-{state.version}"
    names = ("region", "starts", "cpf", "level")

    def remember() -> None:
        region, starts, cpf, level = (st.session_state[f"{key}-{name}"] for name in names)
        starts_after = starts if isinstance(starts, date) else None
        state.filters = TrainingFilters(
            region=region.strip() or None, starts_after=starts_after, cpf=cpf, level=level
        )

    with st.container(horizontal=True, key="training-filters", vertical_alignment="bottom"):
        st.text_input("Région", key=f"{key}-region", placeholder="Toutes", max_chars=60, on_change=remember)
        st.date_input(
            "Début à partir du",
            value=None,
            format="DD/MM/YYYY",
            key=f"{key}-starts",
            on_change=remember,
            width=170,
        )
        st.selectbox(
            "Formations",
            list(CPF),
            format_func=CPF.__getitem__,
            key=f"{key}-cpf",
            on_change=remember,
            width=230,
        )
        st.selectbox(
            "Niveau",
            list(LEVELS),
            format_func=LEVELS.__getitem__,
            key=f"{key}-level",
            on_change=remember,
            width=150,
        )


def _mask(client: DraftClient, state: AssistantState, view: AssistantView) -> None:
    """Have what was typed masked; a review of the same text is taken up where it was left."""
    missing = [
        one.label
        for one in view.inputs
        if one.required and one.kind != "dialogue" and not state.values.get(one.id, "").strip()
    ]
    if missing:
        state.notice = notice_html("warning", f"Il manque : {', '.join(missing)}.")
        return
    if any(len(value) > MAX_NOTES_CHARS for value in state.values.values()):
        state.notice = notice_html(
            "warning", f"Un texte dépasse {MAX_NOTES_CHARS // 1_000}\u202f000 caractères."
        )
        return
    typed = {one.id: state.values.get(one.id, "") for one in view.inputs if one.kind != "choice"}
    try:
        state.reviews = {
            id_: _review(client, state.reviews.get(id_), id_, text)
            for id_, text in typed.items()
            if text.strip()
        }
    except ClientError as error:
        state.notice = notice_html("error", NOT_MASKED, str(error))
        return
    state.step = "masks" if state.reviews else "working"


def _review(client: DraftClient, former: MaskReview | None, name: str, text: str) -> MaskReview:
    if former is None:
        return MaskReview.begin(client, name, text)
    if former.text == text:
        return former
    return (
        former.continued(client, text)
        if text.startswith(former.text)
        else MaskReview.begin(client, name, text)
    )


def mask_again(client: DraftClient, state: AssistantState) -> None:
    """Have the inputs masked after one of them has grown."""
    if state.view is not None:
        _mask(client, state, state.view)


def draw_masks(client: DraftClient, state: AssistantState, view: AssistantView) -> None:
    """Draw the masks of each input that was typed."""
    care = notice_html("warning", CARE, testid="masks-care")
    st.html(hint_html(f"Rien n’est encore transmis. {HOW}") + care)
    for one in view.inputs:
        review = state.reviews.get(one.id)
        if review is not None:
            st.html(f'<h3 class="fanal-section-title" lang="fr">{escape(one.label)}</h3>')
            draw_review(client, review)
    with st.container(horizontal=True, key="assist-go"):
        st.button("Lancer l’assistant", key="assist", type="primary", on_click=state.go, args=("working",))
        back = "answer" if state.answer is not None else "form"
        st.button("Revenir", key="assist-back", on_click=state.go, args=(back,))
