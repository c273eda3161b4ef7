"""Poverty map: any poverty indicator on the map, with classes of one's own, the ranking and the dimensions."""

import streamlit as st

from analytics.catalogue import by_theme, indicator, load_dimensions
from ui import panels
from ui.frame import choose, context, go
from ui.markdown import escape_markdown
from ui.scene import compose, map_indicator, page_year, year_choices
from ui.state import read_breaks

c = context()
w = c.words
ind = map_indicator(c)
entry = indicator(ind)
year = page_year(c, ind)
have = set(c.warehouse.indicators_with_data())
themes = [
    t
    for t in (
        "poverty",
        "dimensions",
        "health",
        "living",
        "education",
        "income",
        "access",
        "overlap",
        "population",
        "economy",
        "light",
        "mpi",
        "village",
        "table",
    )
    if any(i.id in have for i in by_theme(t, mapped=True))
]


def open_theme() -> None:
    """The first indicator of the theme chosen."""
    first = next(i.id for i in by_theme(st.session_state["w_theme"], mapped=True) if i.id in have)
    go(ind=first)


st.title(escape_markdown(f"{w('page.poverty_map.title')} · {c.name(c.area)}"), anchor=False)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="map_controls"):
    st.session_state["w_theme"] = entry.theme if entry.theme in themes else themes[0]
    st.selectbox(
        w("indicator.theme"),
        themes,
        key="w_theme",
        format_func=lambda t: w(f"theme.{t}"),
        on_change=open_theme,
        width=210,
    )
    offered = [i.id for i in by_theme(entry.theme, mapped=True) if i.id in have] or [entry.id]
    choose(
        st.selectbox,
        w("indicator.label"),
        "ind",
        offered,
        lambda i: w.pick(indicator(i).name_th, indicator(i).name_en),
        value=ind,
        width=420,
    )
    panels.year_picker(c, year_choices(c, ind), year)
    panels.level_picker(c, ind)

# What stands in a closed box is not sent.
settings = st.expander(w("method.heading"), icon=":material/tune:", on_change="rerun", key="class_settings")
if settings.open:
    with settings:
        panels.class_controls(c)
if c.view.breaks and not read_breaks(c.view.breaks):
    st.warning(w("method.breaks_wrong", text=escape_markdown(c.view.breaks)))

if entry.theme == "mpi":
    st.badge(w("mpi.computed"), icon=":material/calculate:", color="violet")
elif entry.imported:
    st.badge(w("table.badge"), icon=":material/upload_file:", color="violet")
scene = compose(c, ind, year)
panels.year_note(c, year)
panels.map_panel(c, scene, key="poverty_map")
st.caption(w("map.keyboard"))
about = st.expander(w("indicator.about"), icon=":material/help:", on_change="rerun", key="about")
if about.open:
    with about:
        panels.about_panel(c, entry)

labels = {"value": w.pick(entry.short_th, entry.short_en)}
if entry.ramp != "stars":
    labels["value"] += f" ({w.pick(entry.unit_th, entry.unit_en)})"
if entry.unit == "percent":
    labels |= {"numerator": w("indicator.numerator"), "denominator": w("indicator.denominator")}
panels.ranking_panel(c, scene, key="map_ranking", labels=labels)

names = {d.id: w.pick(d.name_th, d.name_en) for d in load_dimensions().values()}
left, right = st.columns(2, gap="large")
with left:
    panels.radar_panel(c, names, year)
with right:
    panels.overlap_panel(c, year)
