"""Overlay map: any layers on one map in any order, what is known of one area, a link that carries it all, and a sheet of paper."""

import streamlit as st

from ui import overlay_panels as panels
from ui.frame import context
from ui.identify import identify_panel
from ui.markdown import escape_markdown
from ui.overlay_scene import layers_of, resolve
from ui.panels import level_picker

c = context()
w = c.words
layers = layers_of(c)
heading = c.view.title or w("page.overlay.title")
st.title(escape_markdown(f"{heading} · {c.name(c.area)}"), anchor=False)
panels.set_controls(c, layers)
shown = resolve(c, layers)
areas = next((one for one in shown if one.layer.kind == "areas"), None)
if areas is not None:
    level_picker(c, areas.layer.indicator)
if any(one.drawn and one.made_up for one in shown):
    st.warning(w("overlay.made_up_help"), icon=":material/science:")
with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="overlay_panel"):
    with st.container(width="stretch", key="overlay_map"):
        panels.map_panel(c, shown)
        st.caption(w("map.keyboard"))
    with st.container(width=340, key="overlay_layers"):
        panels.layer_list(c, shown, layers)
identify_panel(c, shown)
panels.downloads(c, shown, layers)
