"""Night light: the light of one year or of two, as pictures, as areas and as numbers."""

import streamlit as st

from ui import light_map, light_panels, light_swipe
from ui.frame import context
from ui.light_state import light_scene
from ui.markdown import escape_markdown

c = context()
w = c.words
st.title(escape_markdown(f"{w('page.night_light.title')} · {c.name(c.area)}"), anchor=False)
s = light_scene(c)
if s is None:
    st.info(w("light.none"), icon=":material/dark_mode:")
    st.stop()
st.caption(w("light.not_poverty"))
light_panels.controls(c, s)
light_panels.warnings(c, s)
light_panels.figures(c, s)
if s.choice.mode == "swipe":
    light_swipe.swipe_panel(c, s)
elif s.choice.mode == "closeup":
    light_swipe.closeup_panel(c, s)
else:
    light_map.map_panel(c, s)
st.caption(w("map.keyboard"))
light_panels.transitions(c, s)
light_panels.gains_and_losses(c, s)
light_panels.table(c, s)
light_panels.caveats(c, s)
