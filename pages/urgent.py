"""Urgent issues: what stands out in an area, where inside it to help first and why, and what no source covers."""

import streamlit as st

from ui import urgent_panels as panels
from ui.frame import context
from ui.markdown import escape_markdown
from ui.panels import level_picker, year_note, year_picker
from ui.scene import plan_of, year_choices
from ui.urgent_export import downloads
from ui.urgent_state import choose_view
from ui.urgent_words import headline

c = context()
w = c.words
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="urgent_controls"):
    st.title(escape_markdown(f"{w('page.urgent.title')} · {c.name(c.area)}"), anchor=False, width="stretch")
    choice = choose_view(c)
    if choice is not None:
        year_picker(c, year_choices(c, "target_poor_rate") or [choice.year], choice.year)
        level_picker(c, "target_poor_rate")
        panels.order_picker(c)
if choice is None:
    st.info(w("year.none", level=w(f"level.{c.area.level}")), icon=":material/info:")
else:
    year_note(c, choice.year)
    st.markdown(f"##### {escape_markdown(headline(c, choice))}")
    panels.top_panel(c, choice)
    panels.full_table(c, choice)
    downloads(c, choice)
    panels.dimensions_panel(c, choice)
    panels.multiples_panel(c, choice)
    panels.indicators_panel(c, choice)
    panels.overlap_panel(c, choice)
panels.gaps_panel(c, plan_of(c).level)
panels.method_panel(c)
