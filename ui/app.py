"""Entry point of the advisors' page: `python -m ui`, or `streamlit run ui/app.py` where nobody signs in."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import get_args

import streamlit as st

from server.access_schemas import Me, Permission
from ui.calls import ClientError
from ui.client import FanalClient
from ui.components import notice_html, title_html
from ui.kept_text import leave_texts
from ui.settings import OPEN_PAGE, UiSettings, is_open_page
from ui.sign_in import draw_no_role, draw_session, draw_sign_in, draw_unknown, draw_who, known, open_session
from ui.signed import Signed
from ui.views import assistants, quality, question, sources, synthese

HERE = Path(__file__).parent
AT = "fanal_page"
EVERYTHING: frozenset[Permission] = frozenset(get_args(Permission))
NOT_YOURS = "Votre rôle n’ouvre pas cette page"
NOT_YOURS_WHY = "Si vous en avez besoin, demandez-le à l’administrateur de Fanal."

Draw = Callable[[], None]


@st.cache_resource
def client_for(api_url: str, timeout_s: float) -> FanalClient:
    """Give the one client that all sessions of this process share."""
    return FanalClient(api_url, timeout_s)


def main() -> None:
    """Draw the page that the advisor has chosen, once they have signed in where they must."""
    settings = UiSettings()
    client = client_for(str(settings.api_url), settings.api_timeout_s)
    if is_open_page(settings, st.get_option("server.address")):
        st.error(OPEN_PAGE)
        return
    if settings.sign_in == "oidc":
        _for_signed(client, settings.links_base)
        return
    page = st.navigation(pages_of(client, settings.links_base, EVERYTHING), position="top")
    _arrive(page.url_path)
    _dress(page.title)
    page.run()


def _for_signed(client: FanalClient, links_base: str) -> None:
    """Draw what the roles of who has signed in open, or what there is to say instead."""
    signed = open_session()
    me: Me | None = None
    trouble = ""
    if signed is not None:
        client = client.signed(signed)
        try:
            me = known(client, signed)
        except ClientError as error:
            trouble = str(error)
    may = frozenset(me.permissions) if me else frozenset[Permission]()
    # All pages are known at all times: whoever comes by the address of one is never told that it does not exist.
    page = st.navigation(pages_of(client, links_base, may), position="top" if may else "hidden")
    _arrive(page.url_path)
    _dress(page.title if may else "Connexion")
    if signed is None:
        draw_sign_in()
    elif me is None:
        draw_unknown(signed, trouble)
    elif not may:
        draw_no_role(me)
    else:
        _draw_page(client, signed, me, page.run, links_base)


def _draw_page(client: FanalClient, signed: Signed, me: Me, draw: Draw, links_base: str) -> None:
    was_over = signed.is_over
    draw_who(me)
    with st.container(key="session"):
        draw_session(client, signed, links_base)
    draw()
    if signed.is_over and not was_over:  # the server has refused the token just now: say so
        st.rerun()


def pages_of(client: FanalClient, links_base: str, may: Collection[Permission]) -> list[st.Page]:
    """Give all pages; those that these permissions do not open are in no menu, and say why."""
    pages: list[tuple[str, str, Permission, Draw]] = [
        ("Question", "question", "ask", lambda: question.draw(client, links_base)),
        ("Synthèse", "synthese", "draft", lambda: synthese.draw(client, links_base)),
        ("Assistants", "assistants", "draft", lambda: assistants.draw(client, links_base)),
        ("Sources", "sources", "ask", lambda: sources.draw(client, may_update="administer" in may)),
        ("Qualité", "qualite", "quality", lambda: quality.draw(client, links_base)),
    ]
    return [
        st.Page(
            draw if needed in may else _refuse,
            title=title,
            url_path=path,
            default=path == "question",
            visibility="visible" if needed in may else "hidden",
        )
        for title, path, needed, draw in pages
    ]


def _arrive(page: str) -> None:
    """Have what was typed on a page come back whole when the reader does."""
    if st.session_state.get(AT) != page:
        st.session_state[AT] = page
        leave_texts()


def _refuse() -> None:
    st.html(title_html(NOT_YOURS))
    st.html(notice_html("warning", NOT_YOURS, NOT_YOURS_WHY, testid="not-yours"))


def _dress(title: str) -> None:
    st.set_page_config(page_title=f"{title} · Fanal", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.logo(str(HERE / "logo.svg"), size="large")
    for sheet in ("style.css", "drafts.css", "quality.css"):
        st.html(HERE / sheet)


main()
