"""Data: where numbers come from, how complete they are, what they mean, and how they come in."""

import streamlit as st

from ui import data_panels as panels
from ui import upload_panels
from ui.frame import choose, context
from ui.markdown import escape_markdown
from ui.state import PARTS

c = context()
w = c.words
st.title(escape_markdown(f"{w('page.data.title')} · {c.name(c.area)}"), anchor=False)
part = choose(
    st.segmented_control,
    w("data.part"),
    "part",
    PARTS,
    lambda p: w(f"data.part_{p}"),
    required=True,
    label_visibility="collapsed",
)
if part == "sources":
    panels.sources_panel(c)
elif part == "coverage":
    panels.coverage_panel(c)
    panels.missing_panel(c)
elif part == "dictionary":
    panels.dictionary_panel(c)
elif part == "snapshots":
    panels.snapshots_panel(c)
else:
    upload_panels.manage_panel(c)
