"""ครัวเรือนเป้าหมาย Target households: the one screen of the officers' desk."""

import streamlit as st

from desk import guard, screen
from desk.words import words
from ui.markdown import escape_markdown
from warehouse.snapshots import StoreError

w = words(st.session_state.setdefault("language", guard.settings().display.default_language))
st.set_page_config(page_title=w("desk.name"), page_icon=":material/lock_person:", layout="wide")
screen.language_switch()
if guard.locked():
    screen.locked(w)
    st.stop()
guard.watch()
try:
    screen.households(w)
except StoreError as error:
    st.error(escape_markdown(error.text(w.language)), icon=":material/database_off:")
