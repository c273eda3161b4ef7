"""The first page: who is looking, the main figure of an area, what is new in the data and what is missing."""

import streamlit as st

from ui import home_panels as panels
from ui.frame import context

c = context()
panels.style(c)
panels.recent_panel(c)
year = panels.home_year(c)
panels.headline_panel(c, year)
panels.roles_panel(c)
left, right = st.columns([3, 2], gap="large")
with left:
    panels.map_panel(c, year)
with right:
    panels.list_panel(c, year)
    panels.news_panel(c)
panels.gaps_panel(c)
