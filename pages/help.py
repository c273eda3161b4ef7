"""Help: how to read each page, words, methods with their formulas, definitions of years, the trainer's exercise."""

import streamlit as st

from ui import help_panels as panels
from ui.frame import context
from ui.help_topics import topic_of

c = context()
st.title(c.words("page.help.title"), anchor=False)
topic = topic_of(c.view.topic, c.words.language)
# The entry comes first: on a phone the list lies below it.
entry, index = st.columns([3, 2], gap="large")
with index:
    panels.index_panel(c, topic)
with entry, st.container(border=True, key="help_entry"):
    panels.entry_panel(c, topic)
