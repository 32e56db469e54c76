"""Entry point of the advisors' page: `streamlit run ui/app.py`."""

from pathlib import Path

import streamlit as st

from ui.client import FanalClient
from ui.settings import UiSettings
from ui.views import assistants, quality, question, sources, synthese

HERE = Path(__file__).parent


@st.cache_resource
def client_for(api_url: str, timeout_s: float) -> FanalClient:
    """Give the one client that all sessions of this process share."""
    return FanalClient(api_url, timeout_s)


def main() -> None:
    """Draw the page that the advisor has chosen."""
    settings = UiSettings()
    client = client_for(str(settings.api_url), settings.api_timeout_s)
    pages = [
        st.Page(
            lambda: question.draw(client, settings.links_base),
            title="Question",
            url_path="question",
            default=True,
        ),
        st.Page(lambda: synthese.draw(client, settings.links_base), title="Synthèse", url_path="synthese"),
        st.Page(
            lambda: assistants.draw(client, settings.links_base), title="Assistants", url_path="assistants"
        ),
        st.Page(lambda: sources.draw(client), title="Sources", url_path="sources"),
        st.Page(lambda: quality.draw(client, settings.links_base), title="Qualité", url_path="qualite"),
    ]
    page = st.navigation(pages, position="top")
    st.set_page_config(page_title=f"{page.title} · Fanal", page_icon=str(HERE / "icon.svg"), layout="wide")
    st.logo(str(HERE / "logo.svg"), size="large")
    st.html(HERE / "style.css")
    st.html(HERE / "drafts.css")
    st.html(HERE / "quality.css")
    page.run()


main()
