"""The script behind every page: opens the view, draws the frame, runs the chosen page."""

from pathlib import Path

import streamlit as st

from ui.downloads import download_block
from ui.errors import message, note
from ui.frame import (
    breadcrumb,
    digits_switch,
    foot,
    help_link,
    language_switch,
    open_context,
    search_box,
    search_results,
    spoken_language,
    workshop_switch,
)
from ui.markdown import escape_markdown
from ui.opening import marked_bar
from ui.registry import GROUPS, PAGES
from ui.style import sheet
from ui.workshop import band, offer
from warehouse.query import QueryError
from warehouse.snapshots import StoreError

HERE = Path(__file__).resolve().parent
ICON = str(HERE / "icon.svg")

try:
    context = open_context()
except StoreError as error:  # nothing published yet: say so in both languages, since none was chosen
    st.error(message(note(error, "no snapshot"), "error.no_data"), icon=":material/database_off:")
    st.stop()
words = context.words
st.set_page_config(page_title=words("app.name"), page_icon=ICON, layout="wide")
sections: dict[str, list[st.Page]] = {}
for group in GROUPS:
    # What has no heading stands before the sections, one press away. The list is sent at every change, so what a page is for
    # stands in the help only.
    heading = "" if group == "start" else words(f"nav.{group}")
    sections[heading] = [
        st.Page(
            entry.path,
            title=words(f"page.{entry.key}.title"),
            icon=entry.icon,
            url_path=entry.key,
            default=entry is PAGES[0],
        )
        for entry in PAGES
        if entry.group == group
    ]
page = st.navigation(sections, position="top")
st.logo(ICON, size="large")
st.html(f"<style>{sheet(context.theme)}</style>")
with st.container(
    horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom", key="masthead"
):
    search_box()
    help_link(page.url_path or PAGES[0].key)
    workshop_switch()
    digits_switch()
    download_block()
    language_switch()
spoken_language()
if context.unmade:
    offer(context)
    st.stop()
band(context)
search_results()
for notice in context.warehouse.info.notices:
    st.warning(escape_markdown(notice.text(context.view.lang)), icon=":material/warning:")
breadcrumb()
try:
    page.run()
    marked_bar(context)
    foot()
except QueryError as error:  # a question over its limits: the text says how to ask for less
    st.error(escape_markdown(error.text(context.view.lang)), icon=":material/database_off:")
    st.caption(message(note(error, "question refused")))
except (
    StoreError
) as error:  # damaged while in use: no number is shown, and what the text names stays in the log
    st.error(message(note(error, "snapshot damaged"), "error.damaged"), icon=":material/database_off:")
