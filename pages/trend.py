"""Trend: years of an area and of those inside it, with changes and ranks inside one definition only."""

import streamlit as st

from ui import trend_panels as panels
from ui.frame import context
from ui.markdown import escape_markdown
from ui.trend_state import choose_trend

c = context()
w = c.words
st.title(escape_markdown(f"{w('page.trend.title')} · {c.name(c.area)}"), anchor=False)
found = choose_trend(c)
if found is None:
    st.info(w("compare.nothing"), icon=":material/info:")
else:
    panels.controls(c, found)
    panels.headline_panel(c, found)
    left, right = st.columns(2, gap="large")
    with left:
        panels.lines_panel(c, found)
    with right:
        panels.slopes_panel(c, found)
    panels.moves_panel(c, found)
    panels.downloads(c, found)
    panels.definitions_panel(c, found)
