"""Overview: the key figures, stars, map and ranking of the area looked at."""

import streamlit as st

from analytics.catalogue import load_dimensions
from analytics.stars import star_text
from ui import data, panels
from ui.figures import PROFILE, key_figures, place
from ui.frame import context
from ui.markdown import escape_markdown, markdown_table
from ui.scene import compose, page_year, star_indicator, year_choices
from ui.sentences import sentences
from ui.years import headings, other_years

c = context()
w = c.words
years = year_choices(c, "target_poor") or year_choices(c, "mpi_poor")
year = page_year(c, "target_poor") or page_year(c, "mpi_poor")
names = {d.id: w.pick(d.name_th, d.name_en) for d in load_dimensions().values()}
wide = [
    *PROFILE,
    *(f"overlap_{k}" for k in range(1, 6)),
    *(f"target_{d}" for d in names),
    *(f"target_{d}_share" for d in names),
]
profile = c.warehouse.profile(c.area.code, wide, year)

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="overview_controls"):
    st.title(escape_markdown(c.name(c.area)), anchor=False, width="stretch")
    panels.year_picker(c, years, year)
    panels.level_picker(c, "target_poor_rate")
    if c.area.level in ("province", "district") or c.view.show in ("district", "subdistrict"):
        panels.peers_picker(c)
panels.year_note(c, year)
if not year:
    st.info(w("year.none", level=w(f"level.{c.area.level}")), icon=":material/info:")
else:
    with st.container(horizontal=True, gap="medium", key="key_figures"):
        for figure in key_figures(profile, w, c.warehouse.minimum):
            with st.container(border=True, width="stretch", height="stretch"):
                st.metric(figure.label, figure.value, help=figure.help)
                st.caption(figure.detail or "\u00a0")
    if c.area.level != "country":
        # Villages have no list of the whole country to be ranked in.
        among = "TH" if c.view.peers == "country" and c.area.level != "village" else (c.area.parent or "TH")
        star = profile.set_index("indicator")["value"].get(star_indicator(c))
        rank = place(
            data.values(c.warehouse.snapshot, "target_poor_rate", c.area.level, year, among), c.area.code
        )
        text = star_text(int(star), w.language) if star == star else w("stars.none")
        where = (
            w("stars.rank", rank=rank[0], n=f"{rank[1]:,}", level=w(f"level.{c.area.level}")) if rank else ""
        )
        st.markdown(f"### {text} &nbsp; :gray[{where}]")
    else:
        cover = c.warehouse.coverage("target_poor", year, "TH")
        st.caption(w("figures.coverage", got=cover.with_data, all=cover.official, level=w("level.province")))

panels.municipal_panel(c)
stars = compose(c, star_indicator(c), year)
rates = compose(c, "target_poor_rate", year)
on_map = stars if stars.drawn["value"].notna().any() else rates

left, right = st.columns(2, gap="medium")
with left:
    st.subheader(
        w("map.heading", level=w(f"level.{on_map.plan.draw_level or on_map.plan.level}")), anchor=False
    )
    panels.map_panel(c, on_map, key="overview_map")
    st.caption(w("map.keyboard"))
with right:
    panels.ranking_panel(
        c,
        rates,
        key="overview_ranking",
        labels={
            "value": w("ranking.rate"),
            "numerator": w("ranking.persons"),
            "denominator": w("ranking.surveyed"),
        },
        stars=stars.listed if stars.listed["value"].notna().any() else None,
        on_map=on_map,
    )

with st.container(border=True, key="sentences"):
    st.subheader(w("sentences.heading"), anchor=False)
    for line in sentences(c, rates, profile) or [w("sentences.none")]:
        st.markdown("- " + escape_markdown(line))

left, right = st.columns(2, gap="large")
with left:
    panels.dimension_panel(c, profile, names, year)
with right:
    st.subheader(w("years.heading"), anchor=False)
    rows, definitions = other_years(c, year)
    st.markdown(markdown_table(headings(w, year), rows))
    st.caption(w("years.guard"))
    for text in definitions:
        st.caption(escape_markdown(text))

panels.source_caption(c, profile, year)
