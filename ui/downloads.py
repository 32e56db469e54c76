"""Files to take away: fetched first, so that a refusal is told in French; the browser then keeps them by itself.

Streamlit's own deferred download asks for its file beside the run of the page that its click begins. Where a run was
already under way, that run forgets the file before it is asked for, and the reader gets an English error. So a click
fetches, the page draws a button that holds the file, and the page's script (`ui.bridge`) presses it, once.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from ui.components import hint_html

FETCHED = "fetched-file"
KEPT_S = 60.0
"""How long the page holds a file that was fetched, in seconds: long enough for who has to press it by hand."""
BY_HAND = "Le fichier s’enregistre. S’il ne vient pas :"


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that may be asked for.

    Args:
        fetch: gives its content; None where it cannot be had, once it has seen to it that the page says why.
    """

    label: str
    file_name: str
    media_type: str
    fetch: Callable[[], bytes | None]


@dataclass(frozen=True, slots=True)
class _Fetched:
    place: str
    offer: Offer
    content: bytes
    name: str = field(default_factory=lambda: f"file-{secrets.token_hex(4)}")
    at: float = field(default_factory=time.monotonic)


def draw_downloads(place: str, offers: Sequence[Offer]) -> None:
    """Draw a button for each file and, once one was fetched, what hands it to the browser.

    Args:
        place: names what the files are of, on the whole page.
    """
    with st.container(horizontal=True, key=place):
        for offer in offers:
            st.button(
                offer.label,
                key=f"{place}-{offer.label}",
                on_click=_fetch,
                args=(place, offer),
                icon=":material/download:",
            )
    fetched = _fetched()
    if fetched is None or fetched.place != place:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=fetched.name):
        st.html(hint_html(BY_HAND), width="content")
        st.download_button(
            "Prendre le fichier",
            data=fetched.content,
            file_name=fetched.offer.file_name,
            mime=fetched.offer.media_type,
            key=f"save-{fetched.name}",
            on_click="ignore",
        )


def file_to_save() -> str:
    """Name the place on the page that holds the file that was fetched last; "" where there is none."""
    fetched = _fetched()
    return fetched.name if fetched is not None else ""


def _fetch(place: str, offer: Offer) -> None:
    st.session_state.pop(FETCHED, None)
    content = offer.fetch()
    if content is not None:
        st.session_state[FETCHED] = _Fetched(place, offer, content)


def _fetched() -> _Fetched | None:
    fetched: _Fetched | None = st.session_state.get(FETCHED)
    if fetched is not None and time.monotonic() - fetched.at > KEPT_S:
        del st.session_state[FETCHED]
        return None
    return fetched
