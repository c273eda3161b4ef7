"""The MPI tool: an index under one's own weights and cut-off, what moves, and what of the ranking stays."""

import streamlit as st

from ui import mpi_panels as panels
from ui import mpi_robust as robust
from ui.frame import context
from ui.markdown import escape_markdown
from ui.mpi_export import downloads
from ui.mpi_state import choose_mpi, table

c = context()
w = c.words
st.title(escape_markdown(f"{w('page.mpi_tool.title')} · {c.name(c.area)}"), anchor=False)
choice = choose_mpi(c)
if choice is None:
    panels.worked_example(c)
    st.stop()
panels.controls(c, choice)
panels.notices(c, choice)
panels.settings(c, choice)
panels.figures(c, choice)
frame = table(c, choice)
left, right = st.columns(2, gap="medium")
with left:
    panels.map_panel(c, choice, frame)
    st.caption(w("map.keyboard"))
with right:
    panels.ranking_panel(c, choice, frame)
panels.contributions_panel(c, choice)
robust.stability_panel(c, choice)
robust.dominance_panel(c, choice)
downloads(c, choice)
panels.about(c, choice)
