"""Target groups: the published numbers of the country, and by area what the snapshot holds; never a person."""

import streamlit as st

from ui import target_groups_panels as panels
from ui.frame import context
from ui.markdown import escape_markdown

c = context()
st.title(escape_markdown(f"{c.words('page.target_groups.title')} · {c.name(c.area)}"), anchor=False)
if c.area.level == "country":
    panels.published_panel(c)
panels.area_panel(c)
