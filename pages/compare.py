"""Compare: two to four areas, or two years of one, side by side, with what keeps them from being compared."""

import streamlit as st

from ui import compare_panels as panels
from ui.compare_maps import maps_panel
from ui.compare_state import choose_comparison, shown_row
from ui.frame import context
from ui.markdown import escape_markdown
from ui.side_export import comparison_downloads

c = context()
w = c.words
st.title(escape_markdown(f"{w('page.compare.title')} · {c.name(c.area)}"), anchor=False)
choice = choose_comparison(c)
if choice is None:
    st.info(w("compare.nothing"), icon=":material/info:")
else:
    panels.controls(c, choice)
    row = shown_row(c, choice)
    panels.headline_panel(c, choice, row)
    panels.notices(c, choice, row)
    maps_panel(c, choice)
    left, right = st.columns(2, gap="large")
    with left:
        panels.bars_panel(c, choice, row)
    with right:
        panels.radar_panel(c, choice)
    found = panels.table_panel(c, choice)
    comparison_downloads(c, choice, found)
    panels.peers_panel(c, choice)
