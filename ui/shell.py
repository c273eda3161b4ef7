"""The script behind every page: opens the view, draws the frame, runs the chosen page."""

from pathlib import Path

import streamlit as st

from ui.frame import breadcrumb, language_switch, open_context, search_box, search_results
from ui.registry import PAGES

HERE = Path(__file__).resolve().parent
ICON = str(HERE / "icon.svg")

context = open_context()
words = context.words
st.set_page_config(page_title=words("app.name"), page_icon=ICON, layout="wide")
page = st.navigation(
    [
        st.Page(
            entry.path,
            title=words(f"page.{entry.key}.title"),
            help=words(f"page.{entry.key}.help"),
            icon=entry.icon,
            url_path=entry.key,
            default=entry is PAGES[0],
        )
        for entry in PAGES
    ],
    position="top",
)
st.logo(ICON, size="large")
with st.container(
    horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom", key="masthead"
):
    search_box()
    language_switch()
search_results()
breadcrumb()
page.run()
