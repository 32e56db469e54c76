"""Text areas whose text is never lost: what Streamlit forgets of one that leaves the screen is not what counts.

A text area that comes back under its old key comes back empty for an instant, and says so as if a person had emptied
it. So each time one comes back it has a new key, and the text that is kept as its first value.
"""

import streamlit as st

EDITORS = "fanal_editors"


def kept_text(name: str, text: str) -> tuple[str, str]:
    """Give the key and the first value of a text area.

    Args:
        name: names it for good.
        text: what it is to hold if it was not on the screen just before.
    """
    editors: dict[str, tuple[int, str]] = st.session_state.setdefault(EDITORS, {})
    count, first = editors.get(name, (0, text))
    if f"{name}-{count}" not in st.session_state:
        count, first = count + 1, text
        editors[name] = (count, first)
    return f"{name}-{count}", first


def renew_text(name: str, text: str) -> None:
    """Put another text into a text area from the next run on, or in this one before it is drawn."""
    editors: dict[str, tuple[int, str]] = st.session_state.setdefault(EDITORS, {})
    count, _ = editors.get(name, (0, text))
    st.session_state.pop(f"{name}-{count}", None)


def typed_text(name: str) -> str | None:
    """Give what is in a text area that is on the screen; None when it is not."""
    editors: dict[str, tuple[int, str]] = st.session_state.get(EDITORS, {})
    typed = st.session_state.get(f"{name}-{editors.get(name, (0, ''))[0]}")
    return typed if isinstance(typed, str) else None
