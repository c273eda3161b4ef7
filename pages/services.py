"""Public services: where they are, how near they are to people, who is served least, and who is poor and far."""

import streamlit as st

from ui import services_panels as panels
from ui.frame import context
from ui.markdown import escape_markdown
from ui.services_far import far_panel
from ui.services_state import choose_services

c = context()
w = c.words
st.title(escape_markdown(f"{w('page.services.title')} · {c.name(c.area)}"), anchor=False)
choice = choose_services(c)
if choice is None:
    st.info(w("services.nothing"), icon=":material/info:")
    st.markdown(w("services.nothing_how"))
    st.stop()
panels.controls(c, choice)
panels.notices(c, choice)
panels.figures(c, choice)
panels.map_panel(c, choice)
st.caption(w("map.keyboard"))
panels.least_panel(c, choice)
far_panel(c, choice)
panels.table_panel(c, choice)
panels.downloads(c, choice)
panels.places_panel(c, choice)
panels.duplicates_panel(c, choice)
panels.caveat_panel(c, choice)
