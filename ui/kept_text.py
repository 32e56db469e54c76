"""Text areas whose text is never lost: what Streamlit forgets of one that leaves the screen is not what counts.

A text area that comes back under its old key comes back empty for an instant, and says so as if a person had emptied
it. So each time one comes back it has a new key, and the text that is kept as its first value. Streamlit tells that one
was away only if a whole run went by without it; whoever comes back sooner stopped that run, so that what is drawn anew
says so itself (`leave_texts`).
"""

from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

EDITORS = "fanal_editors"
LEFT = "fanal_texts_left"


class _Editor(NamedTuple):
    """A text area: how often it came, the value it came with, and how often texts were left before that."""

    times: int
    first: str
    left: int


def kept_text(name: str, text: str) -> tuple[str, str]:
    """Give the key and the first value of a text area.

    Args:
        name: names it for good.
        text: what it is to hold if it was not on the screen just before.
    """
    editors: dict[str, _Editor] = st.session_state.setdefault(EDITORS, {})
    left: int = st.session_state.get(LEFT, 0)
    editor = editors.get(name, _Editor(0, text, left))
    if editor.left != left or f"{name}-{editor.times}" not in st.session_state:
        editor = editors[name] = _Editor(editor.times + 1, text, left)
    return f"{name}-{editor.times}", editor.first


def leave_texts() -> None:
    """Have every text area come back under a new key: those of the screen are taken off it, in this run."""
    st.session_state[LEFT] = st.session_state.get(LEFT, 0) + 1


def fresh_place() -> DeltaGenerator:
    """Give a place for what is drawn anew.

    What stood there is taken off at once: Streamlit would keep it, in grey, until the run ends.
    """
    leave_texts()
    return st.empty().container()


def renew_text(name: str) -> None:
    """Have a text area take the text that is kept, from the next run on, or in this one before it is drawn."""
    editors: dict[str, _Editor] = st.session_state.setdefault(EDITORS, {})
    count = editors[name].times if name in editors else 0
    st.session_state.pop(f"{name}-{count}", None)


def typed_text(name: str) -> str | None:
    """Give what is in a text area that is on the screen, or was until this run; None when it is not."""
    editors: dict[str, _Editor] = st.session_state.get(EDITORS, {})
    typed = st.session_state.get(f"{name}-{editors[name].times if name in editors else 0}")
    return typed if isinstance(typed, str) else None
