"""The blocks of the first page: headline, who are you, map and list, what is new and what is missing."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from analytics.formatting import number, year_text
from geo.codes import COUNTRY
from ui import data, panels
from ui.figures import place
from ui.frame import Context, changed, go, link, open_area, recent_areas
from ui.home_state import HEADLINE, News, Said, Way, gaps, headline, highest, news, way
from ui.markdown import escape_markdown
from ui.registry import page
from ui.scene import compose, page_year, star_indicator
from ui.state import ROLES, to_params
from ui.tables import display_name, year_label
from ui.years import day

_ICONS: Mapping[str, str] = {
    "governor": ":material/account_balance:",
    "chief": ":material/location_city:",
    "planner": ":material/query_stats:",
    "nesdc": ":material/layers:",
    "trainer": ":material/co_present:",
}


def style(c: Context) -> None:
    """Sizes of the headline, the cards and the list; all of a card answers to a press, and the chosen one is framed."""
    card, row, accent = ".st-key-home_roles [class*=st-key-role_]", ".st-key-home_highest a", c.theme.accent
    chosen = f".st-key-role_{c.view.role}{{border-color:{accent};border-width:2px}}" if c.view.role else ""
    st.html(
        "<style>.st-key-home_headline h1{font-size:clamp(1.35rem,2.6vw,1.9rem);line-height:1.5;padding:0 0 .4rem}"
        ".st-key-home_roles [data-testid=stHorizontalBlock]{flex-wrap:wrap}"
        ".st-key-home_roles [data-testid=stColumn]{min-width:min(11.5rem,100%);flex:1 1 11.5rem}"
        f"{card}{{position:relative}}{card} [data-testid=stElementContainer]{{margin:0}}{card}:hover{{border-color:{accent}}}"
        f"{card} a,{card} button{{height:2rem;min-height:2rem;margin:0;padding:0;justify-content:flex-start;"
        "background:none;position:static}"
        f"{card} a p,{card} button p{{font-weight:600;font-size:1rem;text-align:left;white-space:normal}}"
        f"{card} a::after,{card} button::after{{content:'';position:absolute;inset:0;border-radius:.4rem}}"
        f"{row}{{padding:.3rem .2rem;border-bottom:1px solid {c.theme.grid};border-radius:0}}{row} p{{font-size:1rem}}"
        f"{chosen}</style>"
    )


def home_year(c: Context) -> int:
    """The year of the first page: the one of target poor, else of MPI-poor; 0 where there is neither."""
    return page_year(c, "target_poor") or page_year(c, "mpi_poor")


def headline_panel(c: Context, year: int) -> None:
    """One sentence on the area, what it rests on, and what it counts."""
    w = c.words
    profile = c.warehouse.profile(c.area.code, list(HEADLINE), year)
    said = headline(profile)
    values = {
        "n": number(float(str(said.values.get("n", 0))), 0, language=w.language),
        "rate": number(float(str(said.values.get("rate", 0))), 2, language=w.language),
    }
    text = w(f"home.{said.key}", area=c.name(c.area), year=year_label(year, w) if year else "", **values)
    with st.container(key="home_headline", gap="xsmall"):
        st.title(escape_markdown(text), anchor=False)
        if not year:
            return
        counted = "mpi_poor" if "mpi_poor" in said.key else "target_poor"
        lines = [f"{w(f'figures.{counted}')}: {w(f'figures.{counted}_help')}", _among(c, year)]
        st.caption(" · ".join(escape_markdown(line) for line in lines if line))
        used = profile[profile["indicator"].isin((counted, f"{counted}_rate"))]
        panels.source_caption(c, used, year)


def _among(c: Context, year: int) -> str:
    """How complete the country's figure is, or which place an area has."""
    w = c.words
    if c.area.level == "country":
        cover = c.warehouse.coverage("target_poor", year, COUNTRY)
        return w("figures.coverage", got=cover.with_data, all=cover.official, level=w("level.province"))
    if c.area.level == "village":
        return ""
    values = data.values(c.warehouse.snapshot, "target_poor_rate", c.area.level, year, COUNTRY)
    rank = place(values, c.area.code)
    return w("stars.rank", rank=rank[0], n=f"{rank[1]:,}", level=w(f"level.{c.area.level}")) if rank else ""


def recent_panel(c: Context) -> None:
    """Buttons for the areas looked at before in this session."""
    areas = recent_areas()
    if not areas:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="home_recent"):
        st.caption(c.words("home.recent"), width="content")
        for area in areas:
            st.button(
                escape_markdown(c.name(area)),
                key=f"recent_{area.code}",
                on_click=open_area,
                args=(area.code,),
            )


# -- who are you ------------------------------------------------------------


def _measured_light(c: Context) -> bool:
    lights = set(c.warehouse.years_by_source("light_sum"))
    return bool(lights - data.made_up_sources(c.warehouse.snapshot))


def roles_panel(c: Context) -> None:
    """A card a role; one press leads to its first view, or asks for the area that view is of."""
    w = c.words
    st.subheader(w("home.roles"), anchor=False)
    measured = _measured_light(c)
    ways = {role: way(role, c.area.code, measured) for role in ROLES}
    with st.container(key="home_roles"):
        for column, (role, where) in zip(st.columns(len(ROLES), gap="small"), ways.items(), strict=True):
            with column, st.container(border=True, height="stretch", gap="xsmall", key=f"role_{role}"):
                label = w(f"home.role_{role}")
                if where.wants:
                    st.button(
                        label,
                        icon=_ICONS[role],
                        type="tertiary",
                        key=f"be_{role}",
                        on_click=go,
                        kwargs={"role": role},
                    )
                else:
                    link(where.key, label, icon=_ICONS[role], **(dict(where.changes) | {"role": role}))
                st.caption(w(f"home.role_{role}_gets"))
        if c.view.role and ways[c.view.role].wants:
            _ask_area(c, c.view.role, ways[c.view.role])


def _ask_area(c: Context, role: str, where: Way) -> None:
    """The province, and for a chief the district, of the person; the last choice opens the page."""
    w = c.words
    province = None if c.area.code == COUNTRY else c.area.code[:2]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="home_ask"):
        provinces = {a.code: w.pick(a.name_th, a.name_en) for a in c.warehouse.children(COUNTRY)}
        chosen = _choice(w("home.your_province"), provinces, province, "home_province")
        districts: dict[str, str] = {}
        if chosen is not None and where.wants == "district":
            districts = {a.code: w.pick(a.name_th, a.name_en) for a in c.warehouse.children(chosen)}
            chosen = _choice(w("home.your_district"), districts, None, f"home_district_{chosen}")
        entry = page(where.key)
        if chosen is not None and entry is not None:
            view = changed(c.view, area=chosen, role=role)
            st.switch_page(str(entry.path), query_params=to_params(view))


def _choice(label: str, names: Mapping[str, str], chosen: str | None, key: str) -> str | None:
    codes = sorted(names, key=lambda code: names[code])
    first = codes.index(chosen) if chosen in codes else None
    found: str | None = st.selectbox(
        label, codes, index=first, format_func=names.__getitem__, placeholder=label, key=key, width=280
    )
    return found


# -- map and list -----------------------------------------------------------


def map_panel(c: Context, year: int) -> None:
    """Stars of the areas inside, or their rates; a click looks at one."""
    w = c.words
    stars = compose(c, star_indicator(c), year)
    scene = stars if stars.drawn["value"].notna().any() else compose(c, "target_poor_rate", year)
    st.subheader(
        w("map.heading", level=w(f"level.{scene.plan.draw_level or scene.plan.level}")), anchor=False
    )
    panels.map_panel(c, scene, key="home_map")


def list_panel(c: Context, year: int) -> None:
    """The areas inside with the highest rates, each a link to its overview."""
    w = c.words
    scene = compose(c, "target_poor_rate", year)
    level = w(f"level.{scene.plan.level}")
    st.subheader(w("home.highest", level=level), anchor=False)
    rows = highest(scene.listed)
    if rows.empty:
        official = scene.listed[scene.listed["kind"] == "official"]["value"]
        known = int(official.notna().sum())
        if known:
            st.caption(w("ranking.partial", n=known, all=len(official)))
        else:
            st.caption(w("year.none", level=level))
    with st.container(gap=None, key="home_highest"):
        for row in rows.itertuples():
            name = display_name(row.name_th, row.name_en, row.kind, w)
            text = w(
                "home.highest_row",
                rank=int(row.rank),
                name=name,
                rate=number(row.value, 2, language=w.language),
                n=number(row.numerator, 0, language=w.language),
            )
            link("overview", escape_markdown(text), icon="", width="stretch", area=str(row.area_code))
    panels.source_caption(c, rows, year)
    link("overview", w("home.open_overview", area=escape_markdown(c.name(c.area))))


# -- the data ---------------------------------------------------------------


def news_panel(c: Context) -> None:
    """The last data that came in."""
    w = c.words
    st.subheader(w("home.news"), anchor=False)
    snapshot = c.warehouse.snapshot
    found = news(data.held_sources(snapshot), data.made_up_sources(snapshot))
    st.markdown("\n".join("- " + _news_line(c, one) for one in found))
    info = c.warehouse.info
    st.caption(w("home.snapshot", snapshot=info.id[:11], day=day(info.created, w.language)))
    link("data", w("home.open_sources"), part="sources")


def _news_line(c: Context, one: News) -> str:
    w = c.words
    first = escape_markdown(w.pick(*one.titles[0]))
    more = len(one.titles) - 1
    title = w("home.news_more", title=first, n=more) if more else first
    years = "–".join(dict.fromkeys(year_text(y, w.language) for y in (*one.years[:1], *one.years[-1:])))
    parts = [
        w("home.news_years", years=years) if years else "",
        w("home.news_rows", n=number(one.rows, 0, language=w.language)),
        w("home.news_day", day=day(one.at, w.language)) if one.at else "",
        w("home.news_made_up") if one.made_up else "",
    ]
    return f"**{title}** · " + " · ".join(part for part in parts if part)


def gaps_panel(c: Context) -> None:
    """What there are no data of, so that nobody takes silence for zero."""
    w = c.words
    st.subheader(w("home.gaps"), anchor=False)
    lines = [escape_markdown(_gap_line(c, said)) for said in gaps(c.warehouse.snapshot)]
    st.markdown("\n".join("- " + line for line in (*lines, w("home.gap_no_source"))))
    link("data", w("home.open_coverage"), part="coverage")


def _gap_line(c: Context, said: Said) -> str:
    w = c.words
    values: dict[str, object] = dict(said.values)
    if "level" in values:
        values["level"] = w(f"level.{values['level']}")
    if "year" in values:
        values["year"] = year_label(int(str(values["year"])), w)
    if isinstance(names := values.get("names"), tuple):
        values["names"] = ", ".join(w.pick(*pair) for pair in names)
    for key in ("n", "all"):
        if key in values:
            values[key] = number(float(str(values[key])), 0, language=w.language)
    return w(f"home.{said.key}", **values)
