"""Saves what a person writes in a draft: at once, never over what was changed elsewhere, and never losing a word."""

import httpx

from server.draft_schemas import DraftView, SectionEdit
from ui.calls import ApiError, ClientError
from ui.components import notice_html
from ui.draft_client import DraftClient
from ui.synthese.state import SyntheseState

RENEWED = "D’autres rubriques ont été modifiées ailleurs"
RENEWED_WHY = (
    "Votre texte est enregistré. La page montre maintenant les autres rubriques à jour : relisez-les."
)


def text_of(state: SyntheseState, section_id: str) -> str:
    """Give a section's text as it was typed last, saved or not."""
    saved = (
        next((section.text for section in state.draft.sections if section.id == section_id), "")
        if state.draft
        else ""
    )
    return state.unsaved.get(section_id, saved)


def type_text(client: DraftClient, state: SyntheseState, section_id: str, text: str) -> None:
    """Take in what was typed into a section, and save it."""
    with state.saving:
        if text == text_of(state, section_id):
            return
        state.unsaved[section_id] = text
        if state.other is None and not state.gone:
            save(client, state)


def save(client: DraftClient, state: SyntheseState) -> bool:
    """Save what is not saved yet; tells whether nothing is left to save.

    A draft that was changed elsewhere in the meantime is fetched, for the person to choose. One click's change waits
    until the reply to the one before is taken in: both would else be sent for the same revision.
    """
    with state.saving:
        return _save(client, state)


def _save(client: DraftClient, state: SyntheseState) -> bool:
    draft = state.draft
    if draft is None or not state.unsaved:
        return True
    edits = [SectionEdit(id=section_id, text=text) for section_id, text in state.unsaved.items()]
    try:
        state.draft = client.edit_draft(draft.id, edits, draft.revision)
    except ClientError as error:
        state.trouble = str(error)
        if isinstance(error, ApiError) and error.problem.status == httpx.codes.CONFLICT:
            return _fetch_other(client, state, draft)
        state.gone = isinstance(error, ApiError) and error.is_gone
        return False
    _saved(state)
    return True


def _saved(state: SyntheseState) -> None:
    state.unsaved, state.other, state.trouble, state.saved, state.drafts = {}, None, "", True, None


def save_again(client: DraftClient, state: SyntheseState) -> None:
    """Try once more to save; see `save`."""
    save(client, state)


def _fetch_other(client: DraftClient, state: SyntheseState, draft: DraftView) -> bool:
    """Fetch a draft that was changed elsewhere; tells whether it is, word for word, what is on the page."""
    try:
        other = client.open_draft(draft.id)
    except ClientError as error:
        state.trouble = str(error)
        state.gone = isinstance(error, ApiError) and error.is_gone
        return False
    state.other = other
    if differing(state):
        return False
    seen = {section.id: text_of(state, section.id) for section in draft.sections}
    state.draft = other
    _saved(state)
    if seen == {section.id: section.text for section in other.sections}:
        return True
    state.version += 1  # the editors are drawn anew, with texts that this person has not read yet
    state.notice = notice_html("warning", RENEWED, RENEWED_WHY)
    return False


def keep_mine(client: DraftClient, state: SyntheseState) -> None:
    """Save what was typed here in the place of what was saved elsewhere; other sections stay as they are there."""
    with state.saving:
        if state.other is None:
            return
        state.draft, state.other = state.other, None
        state.version += 1
        save(client, state)


def take_other(state: SyntheseState) -> None:
    """Leave what was typed here for what was saved elsewhere."""
    if state.other is not None:
        state.show(state.other)


def differing(state: SyntheseState) -> list[tuple[str, str, str]]:
    """Give the title, the text typed here and the text saved elsewhere of each section where they differ."""
    if state.other is None:
        return []
    return [
        (section.title, state.unsaved[section.id], section.text)
        for section in state.other.sections
        if section.id in state.unsaved and state.unsaved[section.id] != section.text
    ]
