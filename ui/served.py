"""The page as an application that signs people in: `python -m ui` starts it, and so does `streamlit run ui/served.py`.

The secrets of sign-in go from Fanal's settings to Streamlit in memory: no `secrets.toml` is written anywhere.
"""

from pathlib import Path

import streamlit as st
from streamlit import config

from ui.settings import OPEN_PAGE, UiSettings, is_open_page

settings = UiSettings()
if is_open_page(settings, config.get_option("server.address")):
    raise SystemExit(OPEN_PAGE)
app = st.App(Path(__file__).resolve().parent / "app.py", secrets=settings.streamlit_secrets())
