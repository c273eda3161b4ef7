"""The blocks of the services page; numbers come from `ui.services_state` and are not worked on here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.access_measures import MEASURES, classes_of
from analytics.classify import Classes
from analytics.formatting import NO_DATA, number
from analytics.services import MAX_KM, NARROWEST_KM, UNKNOWN, WHOLE_KM, load_services, tidy_radius
from geo.codes import COUNTRY
from geo.exchange import FeatureTable
from ui import data, export, services_export
from ui.downloads import Features, download_buttons, download_place
from ui.features import area_table, point_table, with_facts
from ui.frame import Context, choose, go
from ui.legend import LegendRow, dots_html, legend_html
from ui.map import (
    MAP_HEIGHT,
    AreaLayer,
    PointColours,
    cluster_layer,
    deck,
    point_layer,
    ring_layer,
)
from ui.markdown import escape_markdown, markdown_table
from ui.opening import map_opens, row_opens
from ui.outlines import outline_lines, outline_note, synthetic_lines
from ui.palette import RGB, grade_colours, ramp
from ui.plan import levels_for
from ui.print_map import RING, Drawn
from ui.print_panels import PaperMap, class_legend, dots, framed, is_made_up, on_light, painted
from ui.services_state import (
    POINTS_HERE,
    Choice,
    duplicates,
    least_served,
    listed,
    measures,
)
from ui.services_text import (
    caveats,
    class_labels,
    counted_text,
    grade_name,
    kind_name,
    km_text,
    measure_name,
    method_lines,
    partial,
    people_lines,
    persons,
    place_lines,
    place_name,
    unit_text,
    where,
)
from ui.tables import display_name, rows_shown
from warehouse.access_layers import ALL, access_url
from warehouse.place_layers import place_url

LEAST = 10
LISTED = 50


def controls(c: Context, choice: Choice) -> None:
    """What is looked at: kind, source, measure, radius, level, points and grades."""
    w = c.words
    kinds = load_services().kinds
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="services_controls"):
        choose(
            st.segmented_control, w("services.kind"), "kind", choice.kinds,
            lambda k: w.pick(kinds[k].name_th, kinds[k].name_en), value=choice.kind.id, required=True,
        )  # fmt: skip
        if len(choice.sources) > 1:
            titles = data.source_titles(c.warehouse.snapshot)
            choose(
                st.selectbox, w("services.source"), "source", (*choice.sources, ALL),
                lambda s: w("services.source_all") if s == ALL else w.pick(*titles[s]),
                value=choice.reach.source or ALL, width=320,
            )  # fmt: skip
        choose(
            st.selectbox, w("services.measure_label"), "measure", list(MEASURES),
            lambda m: measure_name(MEASURES[m], choice, w), value=choice.measure.key, width=330,
            help=w("services.measure_help"),
        )  # fmt: skip
        st.session_state["w_km"] = choice.reach.km
        st.number_input(
            w("services.km"),
            min_value=NARROWEST_KM,
            max_value=MAX_KM,
            step=1.0 if choice.reach.km > WHOLE_KM else 0.5,
            format="%.1f",
            key="w_km",
            on_change=lambda: go(km=tidy_radius(st.session_state["w_km"])),
            help=w("services.km_help", km=km_text(choice.kind.radius_km)),
            width=190,
        )
        levels = levels_for(c.area.level, c.warehouse.drawable)
        if len(levels) > 1:
            choose(
                st.segmented_control, w("map.level"), "show", levels, lambda x: w(f"level.{x}"), required=True
            )
        choose(
            st.segmented_control, w("services.points"), "points", POINTS_HERE[choice.whole_country],
            lambda p: w(f"services.points_{p}_country" if choice.whole_country and p == "auto" else f"services.points_{p}"),
            value=choice.points, required=True,
        )  # fmt: skip
    _grades(c, choice)


def _grades(c: Context, choice: Choice) -> None:
    """Which grades count, and whether places without coordinates of their own do."""
    w = c.words
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="services_grades"):
        if len(choice.grades) > 1:
            counts = dict(zip(choice.grades["grade"], choice.grades["count"], strict=True))
            st.session_state["w_grades"] = list(choice.shown_grades)

            def chosen() -> None:
                go(grades=".".join(st.session_state["w_grades"]))

            st.pills(
                w("services.grades"),
                list(counts),
                selection_mode="multi",
                format_func=lambda g: f"{grade_name(choice.kind.id, g, w)} ({counts[g]:,})",
                key="w_grades",
                on_change=chosen,
                wrap=True,
            )
        if choice.grades["approximate"].sum() or choice.reach.approximate:
            st.session_state["w_approx"] = choice.reach.approximate
            st.toggle(
                w("services.approximate"),
                key="w_approx",
                help=w("services.approximate_help"),
                on_change=lambda: go(approx=st.session_state["w_approx"]),
            )


def table_of(c: Context, choice: Choice, level: str, within: str) -> pd.DataFrame:
    return measures(c.warehouse.snapshot, *choice.reach.arguments, level, within)


def figures(c: Context, choice: Choice) -> None:
    """The area looked at in four numbers."""
    w = c.words
    level = c.area.level
    table = table_of(c, choice, level, c.area.code if level != "village" else c.area.code[:6])
    own = table[table["area_code"] == c.area.code]
    if own.empty:
        st.caption(w("services.no_figures"))
        return
    row = own.iloc[0]
    km, people = km_text(choice.reach.km), persons(choice.people, w)
    shown = (
        ("places", number(row["places"], 0), w("services.unit.places")),
        ("per", number(row["per_10000"], 2), f"{w('services.unit.per_10000')} · {counted_text(c, own)}"),
        ("nearest", number(row["nearest_km"], 1), w("services.unit.km")),
        ("within", number(100 * row["share_people_within"], 1), w("services.unit.percent_people")),
    )
    # A source of some provinces does not speak for the country.
    some = partial(c, choice.kind.id, choice.reach.source) if level == "country" else ""
    with st.container(horizontal=True, gap="medium", key="services_figures"):
        for name, value, unit in shown:
            with st.container(border=True, width="stretch", height="stretch"):
                known = value != NO_DATA
                label = w(f"services.figure_{name}", km=km, people=people)
                st.metric(
                    label,
                    value if known else w("figures.no_data"),
                    help=w(f"services.figure_{name}_help", km=km, people=people),
                )
                told = escape_markdown(" · ".join(part for part in (unit, some) if part))
                st.caption(told if known else "\u00a0")


def notices(c: Context, choice: Choice) -> None:
    """What has to be known before a number is read."""
    st.caption(escape_markdown(" · ".join(method_lines(c, choice))))


def colours_of(choice: Choice, k: int) -> tuple[RGB, ...]:
    """One colour a class: darker is farther for distances, more for the others."""
    if not k:
        return ()
    return ramp("poverty" if choice.measure.worse == "high" else "population", k)


def point_colours(c: Context, choice: Choice) -> dict[str, RGB]:
    """The colour of every grade of the kind, the same whichever are shown."""
    grades = list(load_services().of_kind(choice.kind.id))
    return dict(zip(grades, grade_colours(c.theme, len(grades)), strict=True))


def map_panel(c: Context, choice: Choice) -> None:
    """Areas by the measure, the places above them, and both legends."""
    w, p, measure = c.words, choice.plan, choice.measure
    if p.missing_level is not None:
        st.info(w("map.no_polygons", level=w(f"level.{p.missing_level}")), icon=":material/info:")
    bbox = c.warehouse.bounds(p.fits)
    url = None
    if p.draw_level is not None:
        url = access_url(c.warehouse, choice.reach, measure, p.draw_level, choice.draw_parent)
    if url is None or bbox is None or p.draw_level is None:
        st.info(w("map.no_map"), icon=":material/map:")
        return
    drawn = table_of(c, choice, p.draw_level, p.inside or choice.draw_parent)
    classes = classes_of(measure, measure.of(drawn))
    colours = colours_of(choice, classes.k)
    crowded = (p.draw_level, p.draw_parent) == ("subdistrict", COUNTRY)
    layer = AreaLayer(
        url, measure.key, classes.bounds, colours, inside=p.inside, focus=p.focus, crowded=crowded
    )
    by_grade = point_colours(c, choice)
    clusters = choice.points == "auto" and choice.whole_country
    over, rings = [], False
    if choice.points != "none":
        points = place_url(c.warehouse, choice.reach, within=choice.province, clusters=clusters)
        if clusters:
            over = [cluster_layer(points, _accent(c), c.theme)]
        else:
            known = {g: colour for g, colour in by_grade.items() if g != UNKNOWN}
            grades = PointColours("g", known, by_grade[UNKNOWN])
            rings = choice.points == "rings"
            over = [ring_layer(points, choice.reach.km, _accent(c))] if rings else []
            over.append(point_layer(points, grades, c.theme, radius=2 if choice.whole_country else 5))
    name = "{name_th}" if w.language == "th" else "{name_en}"
    text = "{t_th}" if w.language == "th" else "{t_en}"
    tooltip = (
        f"<b>{name}</b><br>{measure_name(measure, choice, w)}: "
        f"<b>{{{measure.key}_t}}</b> {unit_text(measure, w)}"
    )
    point_tooltip = f"<b>{text}</b>" if clusters else f"<b>{{n}}</b><br>{text}"
    map_key = f"services_map_{c.area.code}_{p.draw_level}"

    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="services_map_panel"):
        with st.container(width="stretch"):
            outline_note(c, p.draw_level)

            st.pydeck_chart(
                deck(
                    layer,
                    bbox,
                    c.theme,
                    tooltip,
                    over=over,
                    over_tooltip=point_tooltip if over else None,
                    mark=c.view.mark,
                ),
                key=map_key,
                height=MAP_HEIGHT,
                on_select=map_opens(map_key, points=clusters),
                selection_mode="single-object",
                alt=w(
                    "services.map_alt",
                    measure=measure_name(measure, choice, w),
                    kind=kind_name(choice, w),
                    area=c.name(c.area),
                ),
            )
        with st.container(width=250, key="services_legend"):
            key = _area_key(c, choice, drawn, classes, colours)
            st.html(legend_html(*key, c.theme, w("legend.areas")))
            if over:
                st.html(_point_legend(c, choice, by_grade, clusters=clusters, rings=rings))


def _area_key(
    c: Context, choice: Choice, drawn: pd.DataFrame, classes: Classes, colours: tuple[RGB, ...]
) -> tuple[Any, ...]:
    """What the legend of the areas says on the screen and on paper, as `legend_html` and `class_legend` take it."""
    w, measure, level = c.words, choice.measure, choice.plan.draw_level
    labels = class_labels(classes, measure.decimals, w)
    rows = [LegendRow(*row) for row in zip(colours, labels, classes.counts, strict=True)]
    missing = LegendRow(c.theme.missing, w("legend.missing"), classes.missing) if classes.missing else None
    km, people = km_text(choice.reach.km), persons(choice.people, w)
    notes = [
        *outline_lines(c, level),
        w(f"services.meaning.{measure.key}", km=km, people=people),
        w("services.legend_level", level=w(f"level.{level}")),
        *(people_lines(c, drawn) if measure.by_people else []),
    ]
    in_order = rows if measure.worse == "low" else rows[::-1]
    return measure_name(measure, choice, w), unit_text(measure, w), in_order, missing, notes


def _accent(c: Context) -> RGB:
    value = c.theme.accent.lstrip("#")
    return int(value[0:2], 16), int(value[2:4], 16), int(value[4:6], 16)


def _point_legend(
    c: Context, choice: Choice, by_grade: dict[str, RGB], *, clusters: bool, rings: bool
) -> str:
    """The grades of the points that the map was sent, or its bubbles."""
    key = _point_key(c, choice, by_grade, clusters=clusters, rings=rings)
    return dots_html(*key, c.theme, c.words("services.dots_caption"))


def _shown_points(c: Context, choice: Choice) -> pd.DataFrame:
    """The places that count and have a position."""
    found = listed(c.warehouse.snapshot, *choice.reach.arguments, choice.province)
    return found[found["longitude"].notna() & (choice.reach.approximate | ~found["approximate"])]


def _point_key(
    c: Context, choice: Choice, by_grade: dict[str, RGB], *, clusters: bool, rings: bool
) -> tuple[str, str, list[LegendRow], list[str]]:
    """What the legend of the points says, as `dots_html` takes it."""
    w, shown = c.words, _shown_points(c, choice)
    counts = shown["grade"].value_counts()
    rows = [
        LegendRow(by_grade[grade], grade_name(choice.kind.id, grade, w), int(counts.get(grade, 0)))
        for grade in choice.shown_grades
    ]
    notes = [*synthetic_lines(c), w("services.dots_note", area=c.name(c.warehouse.area(choice.province)))]
    if clusters:
        rows = [LegendRow(_accent(c), w("services.bubbles"), len(shown))]
        notes.append(w("services.bubbles_note"))
    if choice.reach.approximate:
        notes.append(w("services.hollow"))
    if rings:
        notes.append(w("services.rings", km=km_text(choice.reach.km)))
    notes += place_lines(c, choice)
    unit = "services.bubbles_unit" if clusters else "services.dots_unit"
    return kind_name(choice, w), w(unit), rows, notes


def least_panel(c: Context, choice: Choice) -> None:
    """The villages and subdistricts farthest from a place, with the distance and what is nearest."""
    w, reach = c.words, choice.reach
    within = c.area.code if c.area.level not in ("subdistrict", "village") else c.area.code[:4]
    st.subheader(w("services.least_heading", kind=kind_name(choice, w)), anchor=False)
    some = False
    for by in ("village", "subdistrict"):
        found = least_served(c.warehouse.snapshot, *reach.arguments, by, within, LEAST)
        if found.empty:
            continue
        if not some:
            told = _farthest(c, choice, found.iloc[0])
            if within == COUNTRY and (provinces := partial(c, choice.kind.id, choice.reach.source)):
                told = w("services.farthest_partial", provinces=provinces, sentence=told)
            st.markdown(escape_markdown(told))
        some = True
        _least_table(c, choice, found, by, within)
    if not some:
        st.info(w("services.least_none"), icon=":material/info:")
        return
    st.caption(w("services.least_note"))


def _farthest(c: Context, choice: Choice, row: pd.Series) -> str:
    w = c.words
    return w(
        "services.farthest",
        name=w.pick(row["name_th"], row["name_en"] or row["name_th"]),
        where=where(c, row["parent"]),
        km=number(row["nearest_km"], 1, language=w.language),
        place=place_name(c, choice, row),
    )


def _least_table(c: Context, choice: Choice, found: pd.DataFrame, by: str, within: str) -> None:
    w = c.words
    st.markdown(f"**{w(f'services.least_{by}')}**")
    assumed = found["people_assumed"].to_numpy(dtype=bool)
    shown = pd.DataFrame(
        {
            "name": [w.pick(th, en or th) for th, en in zip(found["name_th"], found["name_en"], strict=True)],
            "km": found["nearest_km"].round(1),
            "where": [where(c, parent) for parent in found["parent"]],
            "people": [
                "" if pd.isna(n) else f"{'≈ ' if guess else ''}{number(n, 0)}"
                for n, guess in zip(found["people"], assumed, strict=True)
            ],
            "place": [place_name(c, choice, row) for _, row in found.iterrows()],
            "why": [
                w("services.why_beyond" if beyond else "services.why_inside", km=km_text(choice.reach.km))
                for beyond in found["beyond"]
            ],
        }
    )
    key = f"services_least_{by}_{within}_{choice.kind.id}"

    st.dataframe(
        pa.Table.from_pandas(shown, preserve_index=False).replace_schema_metadata(None),
        key=key,
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn(w("ranking.name"), width=140),
            "where": st.column_config.TextColumn(w("services.where"), width=150),
            "km": st.column_config.NumberColumn(w("services.km_column"), format="%.1f", width=80),
            "people": st.column_config.TextColumn(w("services.people_column"), width=80),
            "place": st.column_config.TextColumn(w("services.nearest_column"), width=180),
            "why": st.column_config.TextColumn(w("services.why_column"), width=160),
        },
        height=38 + 35 * min(len(shown), 6),
        on_select=row_opens(key, found["code"]),
        selection_mode="single-row",
        alt=w("services.least_alt", by=w(f"services.least_{by}"), kind=kind_name(choice, w)),
    )


TABLE_COLUMNS = (
    "places",
    "per_10000",
    "people",
    "nearest_km",
    "nearest_km_people",
    "share_villages_within",
    "share_people_within",
    "access_2sfca",
    "access_e2sfca",
)


def table_panel(c: Context, choice: Choice) -> None:
    """All measures of the areas listed, the worst served first."""
    w, measure = c.words, choice.measure
    st.subheader(w("services.table_heading", level=w(f"level.{choice.level}")), anchor=False)
    table = table_of(c, choice, choice.level, choice.within)
    if table.empty:
        st.info(w("services.table_none"), icon=":material/table_rows:")
        return
    order = table.sort_values(
        [measure.column, "area_code"], ascending=[measure.worse == "low", True], na_position="last"
    ).head(rows_shown(len(table)))
    shown = pd.DataFrame(
        {
            "name": [
                display_name(th, en or th, "official", w)
                for th, en in zip(order["name_th"], order["name_en"], strict=True)
            ]
        }
    )
    config = {"name": st.column_config.TextColumn(w("ranking.name"), width=150)}
    km = km_text(choice.reach.km)
    for column in TABLE_COLUMNS:
        values = order[column].to_numpy(dtype=float)
        share = column.startswith("share_")
        decimals = 0 if column in ("places", "people") else 2 if "10000" in column or "sfca" in column else 1
        shown[column] = (100 * values if share else values).round(decimals)
        config[column] = st.column_config.NumberColumn(
            w(f"services.column_{column}", km=km, people=persons(choice.people, w)),
            format="localized" if decimals == 0 else f"%.{decimals}f",
        )
    if choice.level == "village":
        shown = shown.drop(columns=["places", "per_10000"])
    key = f"services_table_{choice.within}_{choice.level}"

    st.dataframe(
        pa.Table.from_pandas(shown, preserve_index=False).replace_schema_metadata(None),
        key=key,
        hide_index=True,
        placeholder="–",
        column_config=config,
        height=min(38 + 35 * len(shown), 480),
        on_select=row_opens(key, order["area_code"]),
        selection_mode="single-row",
        alt=w("services.table_alt", kind=kind_name(choice, w), area=c.name(c.area)),
    )
    line = w("ranking.select")
    if len(table) > len(order):
        line = w("ranking.shown", n=len(order), all=f"{len(table):,}") + " · " + line
    st.caption(line)
    coarse = [w("services.coarse")] if table["places_coarse"].sum() else []
    st.caption(escape_markdown(" · ".join([*people_lines(c, table), *coarse])))


def places_panel(c: Context, choice: Choice) -> None:
    """Places by name, for those who do not use the map."""
    w = c.words
    box = st.expander(
        w("services.places_heading"), icon=":material/list:", on_change="rerun", key="services_places"
    )
    if not box.open:
        return
    with box:
        found = listed(c.warehouse.snapshot, *choice.reach.arguments, c.area.code)
        if found.empty:
            st.info(w("services.places_none"), icon=":material/info:")
            return
        some = found.head(LISTED)
        rows = [
            [
                w.pick(row.name_th or row.name_en, row.name_en or row.name_th) or "–",
                grade_name(choice.kind.id, row.grade, w),
                where(c, row.area_code),
                w(_position(row)),
            ]
            for row in some.itertuples()
        ]
        headings = [w(f"services.places_{name}") for name in ("name", "grade", "where", "position")]
        st.markdown(markdown_table(headings, rows, text=(0, 1, 2, 3)))
        if len(found) > len(some):
            st.caption(w("ranking.shown", n=len(some), all=f"{len(found):,}"))


def _position(row: Any) -> str:
    if row.approximate:
        return "services.position_approximate"
    return "services.position_none" if pd.isna(row.longitude) else "services.position_own"


def duplicates_panel(c: Context, choice: Choice) -> None:
    """Places of one kind within 50 metres of each other, for whoever keeps the lists."""
    w = c.words
    box = st.expander(
        w("services.duplicates_heading"),
        icon=":material/content_copy:",
        on_change="rerun",
        key="services_twice",
    )
    if not box.open:
        return
    with box:
        found = duplicates(c.warehouse.snapshot, choice.kind.id, choice.reach.source or ALL, c.area.code)
        st.markdown(w("services.duplicates_text"))
        if found.empty:
            st.info(w("services.duplicates_none"), icon=":material/check:")
            return
        titles = data.source_titles(c.warehouse.snapshot)
        some = found[found["group"] <= LISTED]
        rows = [
            [
                str(row.group),
                w.pick(row.name_th or row.name_en, row.name_en or row.name_th) or "–",
                grade_name(choice.kind.id, row.grade, w),
                where(c, row.area_code),
                w.pick(*titles[row.source_id]),
            ]
            for row in some.itertuples()
        ]
        headings = [
            w(f"services.duplicates_{name}") for name in ("group", "name", "grade", "where", "source")
        ]
        st.markdown(markdown_table(headings, rows, text=(1, 2, 3, 4)))
        groups = int(found["group"].max())
        if groups > LISTED:
            st.caption(w("ranking.shown", n=LISTED, all=f"{groups:,}"))


def caveat_panel(c: Context, choice: Choice) -> None:
    """How not to misread it, and where the places come from."""
    w = c.words
    with st.container(border=True, key="services_caveats"):
        st.subheader(w("services.heading_caveats"), anchor=False)
        for line in caveats(choice, w):
            st.markdown(f"- {line}")
        for line in place_lines(c, choice):
            st.caption(escape_markdown(line))


def services_paper(c: Context, choice: Choice) -> PaperMap:
    """Areas by the measure and every place above them, as they are printed."""
    c = on_light(c)
    w, p, measure = c.words, choice.plan, choice.measure
    drawn = table_of(c, choice, p.draw_level or "", p.inside or choice.draw_parent)
    values = measure.of(drawn)
    classes = classes_of(measure, values)
    colours = colours_of(choice, classes.k)
    legends = [class_legend(c, *_area_key(c, choice, drawn, classes, colours))]
    by_code = pd.Series(values.to_numpy(), index=drawn["area_code"])
    parts: list[Drawn] = [
        painted(c, p.draw_level, choice.draw_parent, by_code, classes.bounds, colours, inside=p.inside)
    ]
    if choice.points != "none":
        by_grade = point_colours(c, choice)
        title, unit, rows, notes = _point_key(c, choice, by_grade, clusters=False, rings=False)
        legends.insert(0, class_legend(c, title, unit, rows, None, notes, symbol="circle"))
        shown = _shown_points(c, choice)
        for vague, symbol in ((True, RING), (False, "circle")):
            some = shown[shown["approximate"] == vague]
            if len(some):
                parts.append(dots(some, [by_grade[str(grade)] for grade in some["grade"]], symbol))
    title = f"{measure_name(measure, choice, w)} · {kind_name(choice, w)}"
    return PaperMap(
        title=title,
        legends=legends,
        drawn=framed(c, parts),
        fits=p.fits,
        level=p.draw_level,
        alt=w(
            "services.map_alt",
            measure=measure_name(measure, choice, w),
            kind=kind_name(choice, w),
            area=c.name(c.area),
        ),
        made_up=is_made_up(c, choice.sources if choice.reach.source is None else [choice.reach.source]),
        footer=method_lines(c, choice),
    )


def services_features(c: Context, choice: Choice) -> list[Features]:
    """The areas with every measure, and the places that have a position."""
    w, p = c.words, choice.plan
    within = p.inside or choice.draw_parent
    titles = data.source_titles(c.warehouse.snapshot)
    used = choice.sources if choice.reach.source is None else (choice.reach.source,)
    facts = {
        "source": "; ".join(w.pick(*titles[s]) for s in used),
        "definition": " · ".join(method_lines(c, choice)),
    }

    def areas() -> FeatureTable:
        rows = services_export.rows(choice, table_of(c, choice, p.draw_level or "", within))
        columns, body = with_facts(services_export.COLUMNS, rows, facts)
        title = measure_name(choice.measure, choice, w)
        return area_table(c, "access", title, columns, body, p.draw_level, choice.draw_parent)

    def places() -> FeatureTable:
        found = listed(c.warehouse.snapshot, *choice.reach.arguments, c.area.code)
        found = found[found["longitude"].notna()]
        columns = services_export.PLACE_COLUMNS
        named = found.rename(columns={"source_id": "place_source"})[list(columns)]
        rows = named.to_numpy(dtype=object).tolist()
        return point_table("places", kind_name(choice, w), columns, rows, found)

    layers = [Features(kind_name(choice, w), places)]
    return [Features(measure_name(choice.measure, choice, w), areas), *layers] if p.draw_level else layers


def downloads(c: Context, choice: Choice) -> None:
    """All measures of the areas listed with the places and poverty beside access, as tables, with positions, and on paper."""
    if download_place() is None:
        return

    def table() -> pd.DataFrame:
        return table_of(c, choice, choice.level, choice.within)

    def notes() -> list[str]:
        return services_export.notes(c, choice, table())

    p = choice.plan
    mapped = (
        p.draw_level is not None
        and c.warehouse.bounds(p.fits) is not None
        and access_url(c.warehouse, choice.reach, choice.measure, p.draw_level, choice.draw_parent)
        is not None
    )
    download_buttons(
        c,
        ("services", choice.kind.id, choice.level, choice.within, km_text(choice.reach.km)),
        lambda: export.csv_bytes(services_export.COLUMNS, services_export.rows(choice, table()), notes()),
        lambda: export.xlsx_bytes(services_export.sheets(c, choice, table()), c.words("page.services.title")),
        key="services",
        notes=notes,
        features=services_features(c, choice),
        paper=(lambda: services_paper(c, choice)) if mapped else None,
        view=replace(c.view, kind=choice.kind.id, measure=choice.measure.key, km=choice.reach.km),
    )
