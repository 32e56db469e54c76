"""The sources page: what is indexed, how far its preparation is, and what could not be read."""

import streamlit as st

from ui.client import ClientError, FanalClient
from ui.components import hint_html, notice_html, title_html
from ui.source_table import source_table_html

PREPARING = (
    "Une source en préparation répond déjà : elle est interrogée par ses mots, "
    "puis aussi par le sens à mesure que ses passages sont prêts."
)


def draw(client: FanalClient) -> None:
    """Draw the page."""
    st.html(title_html("Sources", "Ce que Fanal a lu, et sur quoi il s’appuie pour répondre."))
    try:
        sources = client.sources()
    except ClientError as error:
        st.html(notice_html("error", "Les sources ne peuvent pas être affichées", str(error)))
        return
    if not sources:
        st.html(notice_html("calm", "Aucune source n’a encore été lue.", "L’administrateur peut en ajouter."))
        return
    st.html(source_table_html(sources))
    if any(source.embedded < source.passages for source in sources):
        st.html(hint_html(PREPARING))
    st.button("Actualiser", key="refresh")
