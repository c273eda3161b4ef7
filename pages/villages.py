"""Villages by กชช.2ค: points by level or indicator, the top ten provinces, a village's card, domains beside dimensions."""

import streamlit as st

from ui import villages_panels as panels
from ui.frame import context
from ui.markdown import escape_markdown
from ui.villages_state import choose_round

c = context()
w = c.words
st.title(escape_markdown(f"{w('page.villages.title')} · {c.name(c.area)}"), anchor=False)
choice = choose_round(c)
if choice is None:
    pointed = panels.points_only(c)
    st.info(w("villages.nothing_scored" if pointed else "villages.nothing"), icon=":material/info:")
    st.markdown(w("villages.nothing_how"))
    st.stop()
panels.controls(c, choice)
panels.notices(c, choice)
if c.area.level == "village":
    panels.village_card(c, choice)
panels.map_panel(c, choice)
st.caption(w("map.keyboard"))
left, right = st.columns(2, gap="medium")
with left:
    panels.top_panel(c, choice)
with right:
    panels.villages_panel(c, choice)
panels.beside_panel(c, choice)
panels.downloads(c, choice)
