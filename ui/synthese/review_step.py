"""Last step: the draft beside the notes it rests on, edited, compared, validated and exported."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from server.draft_schemas import NON_RENSEIGNE, Contradiction, DraftSection, DraftView
from ui.components import hint_html, label_html, notice_html, warnings_html
from ui.draft_client import DraftClient
from ui.exchange import Exchange
from ui.kept_text import kept_text
from ui.statements import References, references
from ui.synthese.editing import differing, keep_mine, save_again, take_other, text_of, type_text
from ui.synthese.section_html import (
    MISSING,
    UNSORTED,
    Notes,
    as_statement,
    by_number,
    cited_numbers,
    diff_html,
    is_changed,
    missing_html,
    notes_html,
    sentences_html,
    unverified,
)
from ui.synthese.state import SyntheseState
from ui.synthese.validation import draw_validation
from ui.wording import counted, french, long_date

EXTRACTIVE = "Composée de vos phrases, mot pour mot, rangées par rubrique sans modèle de langage : à relire et rédiger."
GONE = "Les notes ont été détruites, comme le prévoit le modèle de synthèse : seul le texte reste."
STALE = "Cette synthèse a été modifiée ailleurs"
STALE_WHY = (
    "Elle est sans doute ouverte dans une autre fenêtre. Votre texte est toujours dans les cases ci-dessous ; il "
    "n’est pas encore enregistré. Choisissez :"
)
GONE_ELSEWHERE = "Cette synthèse n’existe plus"
GONE_WHY = (
    "Elle a été supprimée dans une autre fenêtre, ou sa durée de conservation est passée. Votre texte est toujours "
    "dans les cases ci-dessous, et nulle part ailleurs : copiez ce que vous gardez avant de quitter."
)
NO_CONTRADICTION = "Aucune contradiction repérée automatiquement."
NOT_EXPORTED = "Cette rubrique n’est pas exportée : déplacez dans les autres ce qui doit l’être."
REST = "autres"
"""The section that the server makes of the sentences that no other one received."""
ADVICE = "Conseils tirés des documents de l’organisme ; la personne ne les a pas dits."


def draw_review_step(client: DraftClient, state: SyntheseState, links_base: str) -> None:
    """Draw the draft: what needs care at the top, each section beside its notes, then what is done with it."""
    draft = state.draft
    if draft is None:
        state.go("template")
        st.rerun()
    notes = by_number(draft.notes)
    refs = {section.id: references_of(section, draft, links_base) for section in draft.sections}
    state.sources.exchanges = [exchange_of(section, draft) for section in draft.sections]
    doubtful = sum(
        unverified(section, notes, refs[section.id]) for section in draft.sections if not is_changed(section)
    )
    st.html(_head(draft, doubtful))
    if draft.warnings:
        st.html(warnings_html(draft.warnings))
    _draw_care(draft, notes)
    with st.container(key="trouble"):  # always there: what comes and goes in it moves nothing below it
        _draw_trouble(client, state)
    compared = _draw_toggle(state, draft)
    for section in draft.sections:
        if compared and is_changed(section):
            st.html(diff_html(section))
        elif not compared:
            with st.container(key=f"section-{section.id}"):
                _draw_section(client, state, draft, section, notes, refs[section.id])
    _draw_all_notes(draft, notes)
    draw_validation(client, state, draft, doubtful)


def references_of(section: DraftSection, draft: DraftView, links_base: str) -> References:
    """Number the passages that a section cites."""
    statements = map(as_statement, section.sentences)
    return references(_key(section), draft.passages, statements, draft.created_at.date(), links_base)


def exchange_of(section: DraftSection, draft: DraftView) -> Exchange:
    """Give a section as what the source panel opens passages of."""
    statements = [as_statement(sentence) for sentence in section.sentences]
    return Exchange.of_statements(_key(section), statements, draft.passages, draft.created_at.date())


def _key(section: DraftSection) -> str:
    return f"section-{section.id}"


def _head(draft: DraftView, doubtful: int) -> str:
    written = (
        EXTRACTIVE
        if draft.mode == "extractive"
        else f"Rédigée par une intelligence artificielle (modèle {draft.model}) à partir de vos notes masquées."
    )
    label = f"{escape(draft.label)} · " if draft.label else ""
    validation = draft.validation
    by = f" Validée par {escape(validation.name)} : exports au bas de la page." if validation else ""
    sure, said = said_of(draft, doubtful)
    look, sign = ("sure", "Vérifié") if sure else ("caution", "À contrôler")
    return (
        f"{label_html(draft.model_label)}"
        f'<div class="fanal-trust fanal-trust-{look}" data-testid="draft-head" lang="fr">'
        f'<p><strong class="fanal-sign">{sign}</strong> {french(said)}</p>'
        f'<p class="fanal-mode">{label}{escape(draft.template_title)}, version {escape(draft.template_version)}. '
        f"{escape(french(written))} Supprimée automatiquement le {long_date(draft.expires_on)}."
        f"{french(by)}</p></div>"
    )


def said_of(draft: DraftView, doubtful: int) -> tuple[bool, str]:
    """Say what was verified: the machine's sentences, in the sections that a person left as they were."""
    changed = sum(map(is_changed, draft.sections))
    total = sum(len(section.sentences) for section in draft.sections if not is_changed(section))
    verified = counted(total - doubtful, "phrase de la machine vérifiée", "phrases de la machine vérifiées")
    said = f"{verified} ; " + (
        f"{counted(doubtful, 'non vérifiée', 'non vérifiées')} : à contrôler."
        if doubtful
        else "chacune renvoie à sa source."
    )
    if changed:
        rewritten = counted(changed, "rubrique modifiée", "rubriques modifiées")
        said += f" {rewritten} par vous, non {'vérifiée' if changed == 1 else 'vérifiées'}."
    return not (doubtful or changed), said


def _draw_care(draft: DraftView, notes: Notes) -> None:
    """Draw what a person has to settle: contradictions in the notes, open questions, and what is used nowhere."""
    if draft.contradictions:
        st.html(contradictions_html(draft.contradictions))
    elif draft.notes:
        st.html(hint_html(NO_CONTRADICTION))
    if draft.unanswered:
        questions = "".join(f"<li>{escape(question)}</li>" for question in draft.unanswered)
        count = counted(len(draft.unanswered), "question sans réponse", "questions sans réponse")
        st.html(
            f'<details class="fanal-notice" data-testid="unanswered" lang="fr">'
            f"<summary>{count} dans vos notes</summary><ul>{questions}</ul></details>"
        )
    if left := [notes[number] for number in draft.unused if number in notes]:
        lines = "".join(
            f'<li><span class="fanal-note-number">{one.number}</span> « {escape(one.text)} »</li>'
            for one in left
        )
        count = counted(len(left), "phrase reprise", "phrases reprises")
        st.html(
            f'<details class="fanal-notice" data-testid="unused" lang="fr">'
            f"<summary>{count} dans aucune partie</summary><ul>{lines}</ul></details>"
        )


def contradictions_html(contradictions: Sequence[Contradiction]) -> str:
    """Give what the notes say in two ways, with the numbers of their sentences."""
    items = "".join(
        f"<li>{escape(found.explanation)} Phrases "
        + " et ".join(f'<span class="fanal-note-number">{number}</span>' for number in found.sentences)
        + " de vos notes.</li>"
        for found in contradictions
    )
    count = counted(len(contradictions), "contradiction", "contradictions")
    return (
        '<div class="fanal-notice fanal-notice-warning" role="status" data-testid="contradictions" lang="fr">'
        f"<p><strong>{count} dans vos notes</strong></p><ul>{items}</ul></div>"
    )


def _draw_trouble(client: DraftClient, state: SyntheseState) -> None:
    if state.gone:
        st.html(notice_html("error", GONE_ELSEWHERE, GONE_WHY, testid="gone"))
        st.button("Quitter cette synthèse", key="leave-gone", on_click=state.start_over)
    elif state.other is not None:
        texts = "".join(
            f"<li><strong>{escape(title)}</strong> {french('enregistré ailleurs :')} « {escape(other)} »</li>"
            for title, _, other in differing(state)
        )
        st.html(
            f'<div class="fanal-notice fanal-notice-error" role="alert" data-testid="stale" lang="fr">'
            f"<p><strong>{STALE}</strong></p><p>{french(STALE_WHY)}</p><ul>{texts}</ul></div>"
        )
        with st.container(horizontal=True, key="stale-choice"):
            st.button("Enregistrer mon texte", key="keep-mine", type="primary",
                      on_click=keep_mine, args=(client, state))  # fmt: skip
            st.button("Prendre l’autre texte", key="take-other", on_click=take_other, args=(state,))
    elif state.unsaved:
        st.html(
            notice_html("error", "Vos changements ne sont pas enregistrés", state.trouble, testid="unsaved")
        )
        st.button("Enregistrer", key="save", type="primary", on_click=save_again, args=(client, state))


def _draw_toggle(state: SyntheseState, draft: DraftView) -> bool:
    changed = sum(map(is_changed, draft.sections))
    with st.container(horizontal=True, key="compare", vertical_alignment="center"):
        compared = st.toggle(
            "Voir mes changements", key=f"compared-{draft.id}-{state.version}", disabled=not changed
        )
        said = "Chaque rubrique est enregistrée quand vous en sortez."
        if changed:
            said = f"{counted(changed, 'rubrique modifiée', 'rubriques modifiées')} par vous. {said}"
        if state.saved and not state.unsaved:
            said = f"Enregistré. {said}"
        st.html(f'<p class="fanal-hint" role="status" data-testid="saved" lang="fr">{said}</p>')
    return compared and bool(changed)


def _draw_section(
    client: DraftClient,
    state: SyntheseState,
    draft: DraftView,
    section: DraftSection,
    notes: Notes,
    refs: References,
) -> None:
    key, first = kept_text(f"text-{state.version}-{section.id}", text_of(state, section.id))
    label = escape(section.title)
    st.html(f'<h3 class="fanal-section-title" lang="fr">{label}</h3>{hint_html(section.holds)}')
    if section.id == REST:
        st.html(hint_html(NOT_EXPORTED))
    editor, beside = st.columns([3, 2], gap="medium")
    with editor:
        st.text_area(
            f"Texte de la rubrique {section.title}",
            first,
            key=key,
            height="content",
            max_chars=20_000,
            label_visibility="collapsed",
            on_change=lambda: type_text(client, state, section.id, st.session_state[key]),
        )
        with st.container(key=f"unsaved-{section.id}"):  # always there, as the one at the top
            if section.id in state.unsaved:
                st.html(
                    f'<p class="fanal-unsaved" role="alert" lang="fr">{escape(french(_unsaved(state)))}</p>'
                )
        if section.missing and text_of(state, section.id).strip() in ("", NON_RENSEIGNE):
            st.html(missing_html(section, UNSORTED if draft.mode == "extractive" else MISSING))
        elif section.kind == "notes" and section.sentences:
            st.html(_sentence_by_sentence(section, notes, refs))
    with beside:
        if section.kind == "advice":
            st.html(hint_html(ADVICE) + sentences_html(section, notes, refs))
        elif shown := notes_html(section.id, cited_numbers(section.sentences), notes):
            st.html(f'<p class="fanal-beside" lang="fr">Dans vos notes</p>{shown}')


def _unsaved(state: SyntheseState) -> str:
    if state.other is not None:
        return "Pas enregistré : modifié ailleurs. Choisissez votre texte ou l’autre, en haut de la page."
    return f"Pas enregistré. {state.trouble}"


def _sentence_by_sentence(section: DraftSection, notes: Notes, refs: References) -> str:
    """Give which sentence rests on which note, open where one rests on nothing."""
    is_open = " open" if unverified(section, notes, refs) else ""
    return (
        f'<details class="fanal-sentences" data-testid="sentences"{is_open} lang="fr">'
        f"<summary>D’où vient chaque phrase</summary>{sentences_html(section, notes, refs)}</details>"
    )


def _draw_all_notes(draft: DraftView, notes: Notes) -> None:
    if not draft.notes:
        st.html(hint_html(GONE))
        return
    count = counted(len(draft.notes), "phrase", "phrases")
    listed = notes_html("all", [note.number for note in draft.notes], notes)
    st.html(
        f'<details class="fanal-all-notes" data-testid="all-notes" lang="fr">'
        f"<summary>Toutes vos notes ({count})</summary>{listed}</details>"
    )
