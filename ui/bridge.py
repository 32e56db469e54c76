"""Between the page's own HTML and its script: what was clicked comes in, what to look at and to copy goes out."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ui.actions import Action, read_action
from ui.downloads import file_to_save

KEY = "bridge"

_mount = st.components.v2.component(
    "fanal_bridge",
    js="\n".join((Path(__file__).parent / name).read_text("utf-8") for name in ("selection.js", "bridge.js")),
)


def bridge(
    act: Callable[[Action], None],
    close: Callable[[], None],
    *,
    copied: str = "",
    panel: str = "",
    asked: str = "",
    chosen: str = "",
    step: str = "",
    unsaved: bool = False,
) -> None:
    """Listen to the page.

    Args:
        act: does what a button asks for, before the page is drawn again.
        close: closes the panel (Escape).
        copied: the text that the copy button copies.
        panel: names what the panel shows, "" when it is closed: a new name brings its mark into sight.
        asked: names the question that is shown whole: a new one is brought into sight.
        chosen: names the mask that is being changed: the focus goes to what changes it, and back to it.
        step: names the step of a longer task: a new one is shown from its top.
        unsaved: whether leaving would lose what was typed, so that the browser asks first.
    """

    def on_action() -> None:
        action = read_action(st.session_state[KEY].action)
        if action is not None:
            act(action)

    data = {
        "copy": copied, "panel": panel, "asked": asked, "chosen": chosen, "step": step, "unsaved": unsaved,
        "file": file_to_save(),
    }  # fmt: skip
    _mount(key=KEY, data=data, on_action_change=on_action, on_close_change=close)
