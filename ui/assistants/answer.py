"""An assistant's answer: its sections with what they rest on, and the turns of a simulated interview."""

from datetime import date
from html import escape

import streamlit as st

from server.assistant_schemas import AssistantAnswer, AssistantView
from server.draft_schemas import DraftSection
from ui.actions import action_attribute
from ui.assistants.form import mask_again
from ui.assistants.state import AssistantState
from ui.cards import number_label
from ui.components import label_html, warnings_html
from ui.draft_client import DraftClient
from ui.exchange import Exchange
from ui.statements import References, references
from ui.synthese.section_html import (
    as_statement,
    by_number,
    cited_numbers,
    missing_html,
    notes_html,
    sentences_html,
)
from ui.wording import french, long_date

EXTRACTIVE = "Composé sans modèle de langage, à partir de vos textes et du cadre de l’assistant."
NOTHING_FOUND = "Rien n’a été trouvé pour cette partie."
ASKED, REPLIED = "Question", "Réponse"
"""How the turns of a dialogue begin, for the server that reads it."""


def draw_answer(client: DraftClient, state: AssistantState, links_base: str) -> None:
    """Draw the sections beside the sentences they rest on."""
    answer = state.answer
    if answer is None:
        state.go("form")
        st.rerun()
    st.html(_head(answer))
    if answer.warnings:
        st.html(warnings_html(answer.warnings))
    if state.dialogue is not None:
        _draw_dialogue(client, state, answer)
        return
    today = date.today()
    state.sources.exchanges = [_exchange(section, answer, today) for section in answer.sections]
    for section in answer.sections:
        _draw_section(section, answer, _references(section, answer, today, links_base))
    _draw_actions(state)


def _head(answer: AssistantAnswer) -> str:
    mode = EXTRACTIVE if answer.mode == "extractive" else (
        f"Rédigé par une intelligence artificielle (modèle {answer.model}) à partir de vos textes masqués ; à vérifier."
    )  # fmt: skip
    said = f'<p class="fanal-hint" data-testid="assistant-mode" lang="fr">{escape(french(mode))}</p>'
    return f"{label_html(answer.model_label)}{said}"


def _draw_section(section: DraftSection, answer: AssistantAnswer, refs: References) -> None:
    notes = by_number(answer.inputs)
    st.html(
        f'<h3 class="fanal-section-title" data-testid="answer-section" lang="fr">{escape(section.title)}</h3>'
    )
    if section.missing:
        st.html(missing_html(section, NOTHING_FOUND))
        return
    sentences = sentences_html(section, notes, refs) or written_html(section.text)
    shown = notes_html(section.id, cited_numbers(section.sentences), notes)
    if not shown:
        st.html(sentences)
        return
    said, beside = st.columns([3, 2], gap="medium")
    said.html(sentences)
    beside.html(f'<p class="fanal-beside" lang="fr">Dans vos textes</p>{shown}')


def written_html(text: str) -> str:
    """Give a letter or a list as it is written; its line ends are entities, which Streamlit leaves alone."""
    lines = escape(text).replace("\n", "&#10;")
    return f'<p class="fanal-turn-said" data-testid="written" dir="auto" lang="fr">{lines}</p>'


def _draw_actions(state: AssistantState) -> None:
    with st.container(horizontal=True, key="answer-go", vertical_alignment="center"):
        st.html(
            f'<button type="button" class="fanal-button" data-testid="copy" {action_attribute("copy")}'
            ' aria-live="polite">Copier avec les sources</button>'
        )
        st.button("Modifier mes textes", key="answer-form", on_click=state.go, args=("form",))
        st.button("Choisir un autre assistant", key="answer-other", on_click=state.choose, args=(None,))


def _draw_dialogue(client: DraftClient, state: AssistantState, answer: AssistantAnswer) -> None:
    """Draw the turns so far, the last one with a place for the reply."""
    for who, text in turns_of(state):
        with st.chat_message("assistant" if who == ASKED else "user", avatar=_AVATARS[who]):
            st.html(f'<p class="fanal-turn-said" data-testid="turn-said" dir="auto">{escape(text)}</p>')
    for section in answer.sections:
        with st.chat_message("assistant", avatar=_AVATARS[ASKED]):
            st.html(
                f'<p class="fanal-hint">{escape(section.title)}</p>'
                f'<p class="fanal-turn-said" data-testid="turn-said" dir="auto">{escape(section.text)}</p>'
            )
    key = f"reply-{state.version}-{len(state.values.get(_dialogue_id(state), ''))}"

    def reply() -> None:
        typed = st.session_state[key]
        if typed.strip():
            add_turn(state, answer, typed)
            mask_again(client, state)

    with st.form("reply", border=False):
        st.text_area("Réponse de la personne", key=key, height=120)
        st.form_submit_button("Répondre", type="primary", on_click=reply)
    _draw_actions(state)


_AVATARS = {ASKED: ":material/support_agent:", REPLIED: ":material/person:"}


def _dialogue_id(state: AssistantState) -> str:
    return state.dialogue.id if state.dialogue else ""


def add_turn(state: AssistantState, answer: AssistantAnswer, reply: str) -> None:
    """Write the assistant's question and the reply at the end of the dialogue."""
    asked = " ".join(" ".join(section.text for section in answer.sections).split())
    replied = " ".join(reply.split())
    before = state.values.get(_dialogue_id(state), "")
    state.values[_dialogue_id(state)] = f"{before}{ASKED} : {asked}\n{REPLIED} : {replied}\n"


def turns_of(state: AssistantState) -> list[tuple[str, str]]:
    """Give who said what in the dialogue, in order."""
    turns = []
    for line in state.values.get(_dialogue_id(state), "").splitlines():
        who, _, text = line.partition(" : ")
        turns.append((who, text))
    return turns


def _references(section: DraftSection, answer: AssistantAnswer, day: date, links_base: str) -> References:
    statements = map(as_statement, section.sentences)
    return references(f"section-{section.id}", answer.passages, statements, day, links_base)


def _exchange(section: DraftSection, answer: AssistantAnswer, day: date) -> Exchange:
    statements = [as_statement(sentence) for sentence in section.sentences]
    return Exchange.of_statements(f"section-{section.id}", statements, answer.passages, day)


def copied_answer(view: AssistantView, answer: AssistantAnswer, today: date) -> str:
    """Write an answer as plain text, with what it cites and what wrote it."""
    parts = [view.title]
    parts += [f"{section.title}\n{section.text}" for section in answer.sections]
    cited = {
        found.passage_id for one in answer.sections for said in one.sentences for found in said.citations
    }
    sources = [
        f"- {passage.title}" + (f", {number_label(passage.number)}" if passage.number else "")
        for passage in answer.passages
        if passage.id in cited
    ]
    if sources:
        parts.append("Sources\n" + "\n".join(sources))
    writer = (
        "sans modèle de langage"
        if answer.mode == "extractive"
        else f"avec un modèle de langage ({', '.join(filter(None, (answer.model, answer.model_label)))})"
    )
    parts.append(f"Établi par Fanal le {long_date(today)} {writer} ; à vérifier avant usage.")
    return french("\n\n".join(parts)) + "\n"
