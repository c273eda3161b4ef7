"""ครัวเรือนเป้าหมาย Target households: the one screen of the officers' desk."""

from pathlib import Path

import streamlit as st

import ui
from desk import guard, screen
from desk.words import words
from ui.markdown import escape_markdown
from warehouse.snapshots import StoreError

# Its own file: an icon by name would be fetched from elsewhere.
ICON = str(Path(ui.__file__).with_name("icon.svg"))

w = words(st.session_state.setdefault("language", guard.settings().display.default_language))
st.set_page_config(page_title=w("desk.name"), page_icon=ICON, layout="wide")
screen.language_switch()
if guard.locked():
    screen.locked(w)
    st.stop()
guard.watch()
try:
    screen.households(w)
except StoreError as error:
    st.error(escape_markdown(error.text(w.language)), icon=":material/database_off:")
