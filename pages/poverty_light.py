"""Poverty and light: two indicators of the same areas on one map, as a scatter, and what is said of them together."""

import streamlit as st

from ui import pair_panels as panels
from ui.frame import context
from ui.markdown import escape_markdown
from ui.pairs import choose_pair, holdings
from warehouse.pairing import pair

c = context()
w = c.words
st.title(escape_markdown(f"{w('page.poverty_light.title')} · {c.name(c.area)}"), anchor=False)
have = holdings(c.warehouse.snapshot)
choice = choose_pair(c.view, c.area.code, c.area.level, have)
if choice is None:
    st.info(w("pair.no_pair" if have.light else "pair.no_light"), icon=":material/info:")
else:
    panels.controls(c, choice)
    found = pair(c.warehouse, choice.question)
    panels.warnings(c, choice, found)
    left, right = st.columns(2, gap="medium")
    with left:
        panels.map_panel(c, choice, found)
        st.caption(w("map.keyboard"))
    with right:
        panels.scatter_panel(c, choice, found)
    left, right = st.columns(2, gap="large")
    with left:
        panels.statistics_panel(c, found)
        panels.space_panel(c, found)
    with right:
        panels.caveat_panel(c, found)
    panels.residual_panel(c, choice, found)
    panels.downloads(c, choice, found)
