"""Pages of a long list: which part is on the screen, and the buttons that turn."""

from collections.abc import Callable

import streamlit as st

from ui.wording import whole


def page_of(page: int, total: int, size: int) -> int:
    """Give the page that is shown: the last one where the list has become shorter."""
    return min(page, max((total - 1) // size, 0))


def draw_pager(name: str, page: int, total: int, size: int, turn: Callable[[int], None]) -> None:
    """Draw what turns the pages of a list that has more than one.

    Args:
        page: the one that is shown, from 0.
        size: lines of a page.
        turn: goes to another one, before the list is drawn again.
    """
    if total <= size:
        return
    key = f"pager-{name}"
    first = page * size + 1
    with st.container(horizontal=True, key=key, vertical_alignment="center"):
        st.button("Précédents", key=f"{key}-before", disabled=page == 0, on_click=turn, args=(page - 1,))
        st.html(
            f'<p class="fanal-page-number" role="status" data-testid="pager">'
            f"{whole(first)} à {whole(min(first + size - 1, total))} sur {whole(total)}</p>"
        )
        is_last = first + size > total
        st.button("Suivants", key=f"{key}-after", disabled=is_last, on_click=turn, args=(page + 1,))
