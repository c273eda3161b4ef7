"""Young people who are NEET: one source at a time on the map and in order, sources side by side, and the four steps."""

import streamlit as st

from ui import neet_panels as panels
from ui.frame import context
from ui.markdown import escape_markdown

c = context()
w = c.words
st.title(escape_markdown(f"{w('page.neet.title')} · {c.name(c.area)}"), anchor=False)
choice = panels.choose_source(c)
if choice is None:
    st.info(w("neet.nothing"), icon=":material/info:")
else:
    panels.controls(c, choice)
    panels.notices(c, choice)
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(w("map.heading", level=w(f"level.{choice.level}")), anchor=False)
        panels.map_panel(c, choice)
        st.caption(w("map.keyboard"))
    with right:
        panels.ranking_panel(c, choice)
        panels.downloads(c, choice)
    panels.sources_panel(c)
    panels.deprivation_panel(c, choice)
panels.steps_panel(c)
