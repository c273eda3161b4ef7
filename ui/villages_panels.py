"""The blocks of the villages page: the map, a village's own card, the top ten provinces, domains beside TPMAP's dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.catalogue import DIMENSIONS, indicator, load_dimensions
from analytics.formatting import number
from analytics.village_specs import observed
from analytics.villages import top
from geo.codes import COUNTRY
from geo.exchange import FeatureTable
from ui import data, export
from ui.downloads import Features, download_buttons, download_place
from ui.export import Sheet
from ui.features import area_table, point_table, with_facts
from ui.frame import Context, choose
from ui.legend import LegendRow, dots_html
from ui.map import (
    MAP_HEIGHT,
    AreaLayer,
    PointColours,
    cluster_layer,
    deck,
    point_layer,
)
from ui.markdown import escape_markdown, markdown_table
from ui.opening import map_opens, row_opens
from ui.outlines import outline_lines, outline_note, synthetic_lines
from ui.palette import OUTLINE, ramp, village_classes
from ui.panels import draw_legend, layer_address, map_classes, tooltip
from ui.plan import levels_for
from ui.print_map import Areas
from ui.print_panels import (
    PaperMap,
    can_print,
    class_legend,
    crowded,
    framed,
    is_made_up,
    on_light,
    scene_map,
    village_dots,
)
from ui.scene import plan_of
from ui.services_text import where
from ui.tables import csv_columns, csv_rows, rows_shown, year_label
from ui.texts import texts
from ui.villages_state import (
    POINT_MODES,
    TOP,
    Choice,
    classed,
    indicator_of,
    measure_name,
    measures,
    province_of,
    standing,
)
from ui.workbook import source_rows
from warehouse.computed_layers import published_shapes
from warehouse.village_layers import class_words, village_url
from warehouse.villages import LEVEL

COLUMNS = (
    "code", "name_th", "name_en", "level", "severe", "some", "fine", "not_applicable", "missing", "best", "worst",
)  # fmt: skip
AREA_COLUMNS = (
    "area_code", "name_th", "name_en", "indicator", "name", "share", "villages_with", "villages_of", "verified",
)  # fmt: skip


def controls(c: Context, choice: Choice) -> None:
    """Survey, measure, level of areas, and points."""
    w, rounds = c.words, c.warehouse.villages.rounds
    by_key = {r.key: r for r in rounds}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="villages_controls"):
        choose(
            st.selectbox, w("villages.round"), "source", list(by_key),
            lambda k: f"{year_label(by_key[k].year, w)} · {w.pick(by_key[k].spec.name_th, by_key[k].spec.name_en)}",
            value=choice.round.key, width=380,
        )  # fmt: skip
        choose(
            st.selectbox, w("villages.measure"), "measure", measures(choice.spec),
            lambda m: measure_name(choice.spec, m, w), value=choice.measure, width=360, help=w("villages.measure_help"),
        )  # fmt: skip
        levels = levels_for(
            c.area.level, c.warehouse.levels_with_data(choice.scene.indicator.id).__contains__
        )
        if len(levels) > 1:
            choose(
                st.segmented_control, w("map.level"), "show", levels, lambda x: w(f"level.{x}"), required=True
            )
        choose(
            st.segmented_control, w("villages.points"), "points", POINT_MODES, lambda p: w(f"villages.points_{p}"),
            required=True, help=w("villages.points_help"),
        )  # fmt: skip


def notices(c: Context, choice: Choice) -> None:
    """What of the specification nobody checked, in front of every number that rests on it."""
    w, spec = c.words, choice.spec
    if not spec.verified:
        note = escape_markdown(w.pick(spec.note_th, spec.note_en))
        st.warning(
            w("villages.not_verified", n=spec.unverified, all=len(spec.indicators)) + " " + note,
            icon=":material/report:",
        )
    inside = c.area if c.area.level != "village" else c.warehouse.area(c.area.code[:6])
    scored, known = c.warehouse.villages.coverage(spec.id, choice.year, inside.code)
    st.caption(
        escape_markdown(
            w("villages.coverage", scored=f"{scored:,}", known=f"{known:,}", area=c.name(inside))
            + " · "
            + w("villages.coverage_rule")
        )
    )


def unverified(choice: Choice, measure: str) -> bool:
    """Whether a measure rests on something that nobody checked."""
    spec = choice.spec
    indicator, domain = spec.indicator(measure), spec.domain(measure)
    if indicator is not None:
        return not indicator.verified
    if domain is not None:
        return not domain.verified or not all(one.verified for one in spec.of_domain(domain.key))
    return not spec.verified


def map_panel(c: Context, choice: Choice) -> None:
    """Areas by their share of villages; from a province down the villages themselves."""
    w, scene = c.words, choice.scene
    p = scene.plan
    if p.missing_level is not None:
        st.info(w("map.no_polygons", level=w(f"level.{p.missing_level}")), icon=":material/info:")
    bbox = c.warehouse.bounds(p.fits)
    url = layer_address(c, scene)
    if url is None and choice.pointed:
        # Villages are drawn one by one wherever they lie, also where too few are known to colour an area.
        url = _any_layer(c, p.draw_level, p.draw_parent or COUNTRY)
    if url is None or bbox is None or p.draw_level is None:
        known = p.draw_level in c.warehouse.levels_with_data(scene.indicator.id)
        st.info(w("map.no_map" if known else "villages.map_none"), icon=":material/map:")
        return
    classes, shared_levels = map_classes(c, scene)
    layer = AreaLayer(
        url,
        scene.indicator.id,
        classes.bounds,
        ramp(scene.indicator.ramp, classes.k) if classes.k else (),
        inside=None if choice.pointed else p.inside,
        focus=p.focus,
        crowded=(p.draw_level, p.draw_parent) == ("subdistrict", COUNTRY),
        filled=not choice.pointed,
        only=c.view.only,
    )
    over = []
    if choice.pointed:
        points = village_url(c.warehouse, choice.round, choice.measure, within=choice.within)
        whole = choice.within == COUNTRY
        colours = PointColours("k", dict(village_classes(c.theme)), c.theme.missing)
        over = [point_layer(points, colours, c.theme, radius=2 if whole else 5)]
    key = f"villages_map_{c.area.code}_{p.draw_level}_{choice.pointed}"

    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="villages_map_panel"):
        with st.container(width="stretch"):
            outline_note(c, p.draw_level, "village" if choice.pointed else None)

            st.pydeck_chart(
                deck(
                    layer,
                    bbox,
                    c.theme,
                    tooltip(c, scene),
                    over=over,
                    over_tooltip=f"<b>{{n}}</b><br>{w.pick('{t_th}', '{t_en}')}" if over else None,
                    mark=c.view.mark,
                ),
                key=key,
                height=MAP_HEIGHT,
                on_select=map_opens(key, points=True),
                selection_mode="single-object",
                alt=w(
                    "villages.map_alt",
                    measure=measure_name(choice.spec, choice.measure, w),
                    area=c.name(c.area),
                    year=year_label(choice.year, w),
                ),
            )
        with st.container(width=250, key="villages_legend"):
            if choice.pointed:
                st.html(_point_legend(c, choice))
            else:
                draw_legend(c, scene, classes, shared_levels)


def _point_legend(c: Context, choice: Choice) -> str:
    """Classes of the villages drawn, and how many of those with scores have no place on the map."""
    return dots_html(*_point_key(c, choice), c.theme, c.words("level.village"))


def _point_key(c: Context, choice: Choice) -> tuple[str, str, list[LegendRow], list[str]]:
    """What the legend of the points says on the screen and on paper, as `dots_html` takes it."""
    w = c.words
    points = data.villages(c.warehouse.snapshot, choice.within)
    found = classed(c.warehouse.snapshot, choice.spec.id, choice.year, choice.measure, choice.within)
    drawn = found[found["code"].isin(points["code"])]["k"]
    unscored = len(points) - len(drawn)
    rows = []
    for k, colour in village_classes(c.theme).items():
        if k or (drawn == 0).any():
            label = w.pick(*class_words(choice.spec, choice.measure, k))
            rows.append(LegendRow(colour, label, int((drawn == k).sum())))
    missing = int(drawn.isna().sum()) + unscored
    rows.append(LegendRow(c.theme.missing, w.pick(*class_words(choice.spec, choice.measure, None)), missing))
    notes = [
        w(
            "villages.legend_area",
            area=c.name(c.warehouse.area(choice.within)),
            year=year_label(choice.year, w),
        ),
        w("villages.legend_unplaced", n=f"{len(found) - len(drawn):,}"),
        w("villages.legend_ring"),
    ]
    if unverified(choice, choice.measure):
        notes.insert(0, w("villages.badge"))
    notes = [*synthetic_lines(c), *notes]
    return measure_name(choice.spec, choice.measure, w), w("villages.legend_unit"), rows, notes


def points_only(c: Context) -> bool:
    """Draw the villages as they lie, where there are points and no scores; whether there are any."""
    w = c.words
    p = plan_of(c)
    within = province_of(c)
    points = data.villages(c.warehouse.snapshot, within)
    if points.empty:
        return False
    bbox, url = c.warehouse.bounds(p.fits), _any_layer(c, p.draw_level, p.draw_parent or COUNTRY)
    if bbox is None or url is None:
        return True
    area = escape_markdown(c.name(c.warehouse.area(within)))
    st.caption(w("villages.points_only", n=f"{len(points):,}", area=area))
    whole = within == COUNTRY
    red, green, blue = (int(c.theme.accent[i : i + 2], 16) for i in (1, 3, 5))
    accent = (red, green, blue)
    address = village_url(c.warehouse, within=within, clusters=whole)
    over = (
        cluster_layer(address, accent, c.theme)
        if whole
        else point_layer(address, PointColours("k", {}, accent), c.theme, radius=4)
    )
    layer = AreaLayer(url, "code", (), (), focus=p.focus, filled=False)
    text = f"<b>{w.pick('{t_th}', '{t_en}')}</b>" if whole else "<b>{n}</b>"
    outline_note(c, p.draw_level, "village")

    st.pydeck_chart(
        deck(
            layer, bbox, c.theme, f"<b>{w.pick('{name_th}', '{name_en}')}</b>", over=[over], over_tooltip=text
        ),
        key=f"villages_points_{c.area.code}",
        height=MAP_HEIGHT,
        alt=w("villages.points_alt", area=c.name(c.area)),
    )
    return True


def _any_layer(c: Context, level: str | None, parent: str) -> str | None:
    """Address of any layer of these areas, for their outlines."""
    for name in c.warehouse.indicators_with_data(level) if level is not None else ():
        for year in reversed(c.warehouse.years(name, level)):
            url = c.warehouse.layer_url(str(level), parent, indicator(name).theme, year, name)
            if url is not None:
                return url
    return None


# -- one village -----------------------------------------------------------------------------------------


def village_card(c: Context, choice: Choice) -> None:
    """A village's own card: its level, and every indicator of the seven domains."""
    w, spec = c.words, choice.spec
    table = standing(c.warehouse.snapshot, spec.id, choice.year, c.area.code[:6])
    own = table[table["code"] == c.area.code]
    with st.container(border=True, key="village_card"):
        name = w.pick(c.area.name_th, f"{c.area.name_th} ({c.area.name_en})")
        st.subheader(escape_markdown(f"{name} · {c.area.code}"), anchor=False)
        st.caption(escape_markdown(where(c, c.area.code[:6])))
        _place_line(c)
        if own.empty:
            st.info(w("villages.no_scores"), icon=":material/info:")
            return
        row = own.iloc[0]
        named = {level.key: level for level in spec.levels}
        if pd.notna(row["level"]):
            level = named[str(int(row["level"]))]
            text = w.pick(level.name_th, level.name_en)
        else:
            text = w("villages.level_open", best=int(row["best"]), worst=int(row["worst"]))
        st.markdown(f"**{w('villages.level')}:** {escape_markdown(text)}")
        st.caption(
            w(
                "villages.card_counts",
                severe=int(row["severe"]), some=int(row["some"]), fine=int(row["fine"]),
                out=int(row["not_applicable"]), missing=int(row["missing"]), all=len(spec.indicators),
                first=spec.severe_from[0], second=spec.severe_from[1],
            )
        )  # fmt: skip
        scores = c.warehouse.villages.scores(spec.id, choice.year, c.area.code)
        headings = [w("villages.card_indicator"), w("villages.card_score")]
        columns = st.columns(2, gap="medium")
        domains = [d for d in spec.domains if spec.of_domain(d.key)]
        for at, domain in enumerate(domains):
            rows = []
            for one in spec.of_domain(domain.key):
                score = scores.get(one.id)
                said = w.pick(*class_words(spec, one.id, score))
                rows.append([measure_name(spec, one.id, w), f"{score} · {said}" if score else said])
            mark = f" · {w('villages.badge')}" if unverified(choice, domain.key) else ""
            with columns[2 * at > len(domains)]:
                name = escape_markdown(w.pick(domain.name_th, domain.name_en))
                st.markdown(f"**{name}**{mark}\n\n" + markdown_table(headings, rows, text=(0, 1)))


def _place_line(c: Context) -> None:
    w = c.words
    point = c.warehouse.villages.point(c.area.code)
    if point is None:
        st.caption(w("villages.no_point"))
        return
    how = str(point["how"])
    st.caption(
        escape_markdown(
            w(
                "villages.point",
                lat=f"{point['latitude']:.5f}",
                lon=f"{point['longitude']:.5f}",
                how=w(f"villages.how_{how}"),
                sure=number(point["confidence"], 2),
            )
        )
    )


# -- areas and villages inside -----------------------------------------------------------------------------


def top_panel(c: Context, choice: Choice) -> None:
    """The ten provinces with the highest share of the measure."""
    w = c.words
    name = indicator_of(choice.spec, choice.measure)
    frame = data.values(c.warehouse.snapshot, name, "province", choice.year, COUNTRY)
    found = top(frame, TOP)
    label = measure_name(choice.spec, choice.measure, w)
    st.subheader(escape_markdown(w("villages.top_heading", measure=label)), anchor=False)
    st.caption(w("villages.top_level" if choice.measure == LEVEL else "villages.top_note"))
    if found.empty:
        st.info(w("villages.top_none"), icon=":material/info:")
        return
    rows = [
        [
            str(r.rank),
            w.pick(r.name_th, r.name_en),
            number(r.value, 1, language=w.language),
            f"{r.numerator:,.0f} / {r.denominator:,.0f}",
        ]
        for r in found.itertuples()
    ]
    headings = [w("ranking.rank"), w("ranking.name"), "%", w("villages.of_villages")]
    st.markdown(markdown_table(headings, rows, text=(1,)))
    known = int(frame["value"].notna().sum())
    st.caption(w("villages.top_known", n=known, all=len(frame)))


def villages_panel(c: Context, choice: Choice) -> None:
    """The villages inside the area, the worst first; a row opens its card."""
    w = c.words
    if c.area.code == COUNTRY:
        return
    within = c.area.code if c.area.level != "village" else c.area.code[:6]
    table = standing(c.warehouse.snapshot, choice.spec.id, choice.year, within)
    st.subheader(w("villages.list_heading", n=f"{len(table):,}"), anchor=False)
    if table.empty:
        st.info(w("villages.list_none"), icon=":material/info:")
        return
    ordered = table.sort_values(["severe", "code"], ascending=[False, True], ignore_index=True)
    shown = ordered.head(rows_shown(len(ordered)))
    frame = pd.DataFrame(
        {
            "name": [
                w.pick(th, f"{en} ({th})") for th, en in zip(shown["name_th"], shown["name_en"], strict=True)
            ],
            "level": [
                str(int(level))
                if pd.notna(level)
                else f"{int(worst)}–{int(best)} ?"
                if pd.notna(best)
                else "–"
                for level, best, worst in zip(shown["level"], shown["best"], shown["worst"], strict=True)
            ],
            "severe": shown["severe"],
            "missing": shown["missing"],
            "where": [where(c, code[:6]) for code in shown["code"]],
            "code": shown["code"],
        }
    )
    key = f"villages_list_{within}_{choice.round.key}"

    st.dataframe(
        pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None),
        key=key,
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn(w("ranking.name"), width=150),
            "code": st.column_config.TextColumn(w("villages.code"), width=90),
            "where": st.column_config.TextColumn(w("villages.where"), width=220),
            "level": st.column_config.TextColumn(w("villages.level_short"), width=65),
            "severe": st.column_config.NumberColumn(w("villages.severe"), width=90),
            "missing": st.column_config.NumberColumn(w("villages.missing"), width=90),
        },
        height=38 + 35 * min(len(frame), 10),
        on_select=row_opens(key, shown["code"]),
        selection_mode="single-row",
        alt=w("villages.list_alt", area=c.name(c.area)),
    )
    line = w("villages.list_note")
    if len(ordered) > len(shown):
        line = w("ranking.shown", n=len(shown), all=f"{len(ordered):,}") + " · " + line
    st.caption(line)


def beside_panel(c: Context, choice: Choice) -> None:
    """The seven domains beside TPMAP's five dimensions, of the same area: two measurements, never one."""
    w, spec = c.words, choice.spec
    code = c.area.code if c.area.level != "village" else c.area.code[:6]
    area = c.warehouse.area(code)
    st.subheader(escape_markdown(w("villages.beside_heading", area=c.name(area))), anchor=False)
    names = [observed(spec, d.key) for d in spec.domains if spec.of_domain(d.key)]
    shares = c.warehouse.profile(code, names, choice.year).set_index("indicator")
    left, right = st.columns(2, gap="medium")
    with left:
        rows = []
        for domain in spec.domains:
            found = (
                shares.loc[observed(spec, domain.key)] if observed(spec, domain.key) in shares.index else None
            )
            known = found is not None and pd.notna(found["value"])
            rows.append(
                [
                    w.pick(domain.name_th, domain.name_en),
                    number(found["value"], 1, language=w.language) if known else "–",
                    f"{found['numerator']:,.0f} / {found['denominator']:,.0f}" if known else "–",
                ]
            )
        mark = "" if spec.verified else f" · {w('villages.badge')}"
        st.markdown(f"**{w('villages.beside_domains', year=year_label(choice.year, w))}{mark}**")
        st.markdown(markdown_table([w("villages.card_domain"), "%", w("villages.of_villages")], rows))
    with right:
        rates = [f"target_{d}_rate" for d in DIMENSIONS]
        years = c.warehouse.years(rates[0], area.level)
        year = min(years, key=lambda y: (abs(y - choice.year), -y)) if years else 0
        found_rates = c.warehouse.profile(code, rates, year).set_index("indicator")
        dimensions = load_dimensions()
        rows = [
            [
                w.pick(dimensions[d].name_th, dimensions[d].name_en),
                number(found_rates.at[rate, "value"], 3, language=w.language)
                if pd.notna(found_rates.at[rate, "value"])
                else "–",
            ]
            for d, rate in zip(DIMENSIONS, rates, strict=True)
        ]
        st.markdown(f"**{w('villages.beside_dimensions', year=year_label(year, w) if year else '–')}**")
        st.markdown(markdown_table([w("villages.dimension"), "%"], rows))
    st.caption(w("villages.beside_note"))


# -- downloads ----------------------------------------------------------------------------------------------


def _villages_rows(c: Context, choice: Choice, within: str) -> Iterator[list[object]]:
    table = standing(c.warehouse.snapshot, choice.spec.id, choice.year, within)
    for row in table.to_dict("records"):
        yield [None if pd.isna(row[name]) else row[name] for name in COLUMNS]


def _area_rows(c: Context, choice: Choice) -> Iterator[list[object]]:
    """Shares of every measure of the areas listed."""
    p = choice.scene.plan
    level, within = ("subdistrict", c.area.code[:6]) if p.level == "village" else (p.level, p.within)
    for measure in measures(choice.spec):
        name = indicator_of(choice.spec, measure)
        frame = data.values(c.warehouse.snapshot, name, level, choice.year, within)
        label = measure_name(choice.spec, measure, c.words)
        checked = str(not unverified(choice, measure)).lower()
        for row in frame.itertuples():
            counts = [None if pd.isna(n) else int(n) for n in (row.numerator, row.denominator)]
            yield [
                row.area_code, row.name_th, row.name_en, name, label, row.value, *counts, checked,
            ]  # fmt: skip


def export_notes(c: Context, choice: Choice) -> list[str]:
    """Survey, specification and what of it nobody checked; every export carries it."""
    w, spec = c.words, choice.spec
    lines = [
        *outline_lines(c),
        f"{w.pick(spec.name_th, spec.name_en)} · {year_label(choice.year, w)} · {c.warehouse.snapshot[:11]}",
        w("villages.export_source", source=spec.source),
    ]
    if not spec.verified:
        lines.append(w("villages.not_verified", n=spec.unverified, all=len(spec.indicators)))
    return lines


def villages_paper(c: Context, choice: Choice) -> PaperMap:
    """Areas by their share of villages, or every village, as they are printed."""
    c = on_light(c)
    w, p = c.words, choice.scene.plan
    badges = [w("villages.badge")] if unverified(choice, choice.measure) else []
    footer = export_notes(c, choice)[len(outline_lines(c)) :]
    if not choice.pointed:
        m = scene_map(c, choice.scene)
        return replace(m, badges=[*badges, *m.badges], footer=footer)
    points = data.villages(c.warehouse.snapshot, choice.within)
    known = classed(c.warehouse.snapshot, choice.spec.id, choice.year, choice.measure, choice.within)
    classes = known.set_index("code")["k"].reindex(points["code"])
    title, unit, rows, notes = _point_key(c, choice)
    shapes = published_shapes(c.warehouse, p.draw_level or "", p.draw_parent or "")
    width = 0.03 if crowded(p.draw_level, p.draw_parent) else 0.1
    used = [choice.round.source_id, *points["source_id"].unique()]
    return PaperMap(
        title=f"{title} · {year_label(choice.year, w)}",
        legends=[class_legend(c, title, unit, rows, None, notes, symbol="circle")],
        drawn=framed(c, [Areas(shapes, None, OUTLINE, width), *village_dots(c, points, classes)]),
        fits=p.fits,
        level=p.draw_level,
        alt=w("villages.map_alt", measure=title, area=c.name(c.area), year=year_label(choice.year, w)),
        made_up=is_made_up(c, used),
        badges=badges,
        outlined=["village"],
        footer=footer,
    )


def villages_features(c: Context, choice: Choice, within: str) -> list[Features]:
    """The areas by the measure shown, and the villages that have a position with how they stand."""
    w, scene = c.words, choice.scene
    title = measure_name(choice.spec, choice.measure, w)
    checked = str(not unverified(choice, choice.measure)).lower()

    def areas() -> FeatureTable:
        columns, rows = with_facts(
            csv_columns(), csv_rows(scene.drawn, scene.indicator), {"verified": checked}
        )
        return area_table(c, "shares", title, columns, rows, scene.plan.draw_level, scene.plan.draw_parent)

    def points() -> FeatureTable:
        found = data.villages(c.warehouse.snapshot, within)
        scores = {row[0]: row[1:] for row in _villages_rows(c, choice, within)}
        titles = data.source_titles(c.warehouse.snapshot)
        facts = {
            "year": choice.year,
            "source": w.pick(*titles[choice.round.source_id]),
            "definition": choice.spec.id,
            "verified": str(choice.spec.verified).lower(),
        }
        none = [None] * (len(COLUMNS) - 3)
        body = [
            [row.code, *(scores.get(row.code) or (*_names(c, row.code), *none)), row.how, row.confidence]
            for row in found.itertuples()
        ]
        columns, rows = with_facts([*COLUMNS, "how", "confidence"], body, facts)
        return point_table("villages", w("level.village"), columns, rows, found)

    layers = [Features(w("level.village"), points)]
    mapped = layer_address(c, scene) is not None
    return [Features(title, areas), *layers] if mapped else layers


def _names(c: Context, code: str) -> tuple[str, str]:
    area = c.warehouse.area(code)
    return area.name_th, area.name_en


def downloads(c: Context, choice: Choice) -> None:
    """Shares of the areas listed and the villages, as tables, with their positions, and on paper."""
    if download_place() is None:
        return
    within = c.area.code if c.area.level != "village" else c.area.code[:6]

    def workbook() -> bytes:
        th, en = texts("th"), texts("en")
        columns = dict.fromkeys((*AREA_COLUMNS, *COLUMNS))
        words = [(name, th[f"villages.export.{name}"], en[f"villages.export.{name}"]) for name in columns]
        spec = choice.spec
        words += [(i.id, i.name_th, i.name_en) for i in spec.indicators]
        facts = [c.warehouse.source(choice.round.source_id)]
        return export.xlsx_bytes(
            [
                Sheet(
                    "areas", AREA_COLUMNS, list(_area_rows(c, choice)), (11, 24, 24, 22, 36, 10, 12, 12, 10)
                ),
                Sheet("villages", COLUMNS, list(_villages_rows(c, choice, within)), (11, 28, 16)),
                Sheet("dictionary", ("column", "ไทย", "English"), words, (26, 70, 70)),
                Sheet("sources", ("key", "value"), source_rows(facts, export_notes(c, choice)), (16, 110)),
            ],
            c.words("page.villages.title"),
        )

    p = choice.scene.plan
    pointed = choice.pointed and c.warehouse.drawable(p.draw_level or "", p.draw_parent or "")
    mapped = c.warehouse.bounds(p.fits) is not None and (pointed or can_print(c, choice.scene))
    download_buttons(
        c,
        ("villages", choice.round.key, c.area.code),
        lambda: export.csv_bytes(AREA_COLUMNS, _area_rows(c, choice), export_notes(c, choice)),
        workbook,
        key="villages",
        notes=lambda: export_notes(c, choice),
        features=villages_features(c, choice, within),
        paper=(lambda: villages_paper(c, choice)) if mapped else None,
        view=replace(c.view, source=choice.round.key, measure=choice.measure),
    )
