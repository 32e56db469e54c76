"""Between the page's own HTML and its script: what was clicked comes in, what to look at and to copy goes out."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ui.actions import Action, read_action

KEY = "bridge"

_mount = st.components.v2.component(
    "fanal_bridge", js=(Path(__file__).parent / "bridge.js").read_text("utf-8")
)


def bridge(
    act: Callable[[Action], None], close: Callable[[], None], *, copied: str, panel: str, asked: str
) -> None:
    """Listen to the page.

    Args:
        act: does what a button asks for, before the page is drawn again.
        close: closes the panel (Escape).
        copied: the text that the copy button copies.
        panel: names what the panel shows, "" when it is closed: a new name brings its mark into sight.
        asked: names the question that is shown whole: a new one is brought into sight.
    """

    def on_action() -> None:
        action = read_action(st.session_state[KEY].action)
        if action is not None:
            act(action)

    data = {"copy": copied, "panel": panel, "asked": asked}
    _mount(key=KEY, data=data, on_action_change=on_action, on_close_change=close)
