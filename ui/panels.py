"""The blocks pages are made of; each draws what it is given and decides nothing about numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import streamlit as st

from analytics.catalogue import Indicator
from analytics.catalogue import indicator as entry
from analytics.classify import Classes, classify
from analytics.formatting import number, withheld_text, year_text
from analytics.stars import StarSettings, method_text
from geo.codes import COUNTRY, Area
from geo.outlines import EMBEDDED
from ui import data, export
from ui.charts import bars, radar
from ui.classes import class_spec, colours, legend_rows
from ui.downloads import Features, download_buttons, download_place
from ui.features import scene_table
from ui.figures import ranks
from ui.frame import Context, choose, go
from ui.live_legend import live_legend
from ui.map import MAP_HEIGHT, AreaLayer, deck
from ui.markdown import escape_markdown, markdown_table
from ui.opening import map_opens, row_opens
from ui.outlines import outline_lines, outline_note
from ui.plan import levels_for
from ui.scene import Scene
from ui.state import MAX_CLASSES, METHODS, MIN_CLASSES, PEERS
from ui.tables import OVERLAP_PROFILE, csv_columns, csv_rows, overlap_table, ranking, rows_shown, year_label
from ui.workbook import view_sheets

# Beside the indicator itself, a tooltip of these themes shows the figures people ask for first.
_TOOLTIP_EXTRAS = {"poverty": ("target_poor_rate", "target_poor")}


def year_picker(c: Context, years: Sequence[int], year: int) -> None:
    """Choice of the year, newest first; `year` is the one shown."""
    if years:
        st.session_state["w_year"] = year
        st.selectbox(
            c.words("year.label"),
            list(years),
            key="w_year",
            format_func=lambda y: year_label(y, c.words),
            on_change=lambda: go(year=st.session_state["w_year"]),
            width=150,
        )


def level_picker(c: Context, indicator_id: str) -> None:
    """Choice of the level shown, where an area can be broken down to more than one."""
    have = c.warehouse.levels_with_data(indicator_id)
    levels = levels_for(c.area.level, have.__contains__)
    if len(levels) > 1:
        choose(
            st.segmented_control,
            c.words("map.level"),
            "show",
            levels,
            lambda x: c.words(f"level.{x}"),
            required=True,
        )


def peers_picker(c: Context) -> None:
    """Whom stars compare with."""
    choose(
        st.segmented_control,
        c.words("stars.peers"),
        "peers",
        PEERS,
        lambda p: c.words(f"stars.peers_{p}"),
        required=True,
    )


def class_controls(c: Context) -> None:
    """How the map's values are classed: method, number of classes or own bounds, and whether bounds stay put."""
    w = c.words
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choose(st.selectbox, w("method.label"), "method", METHODS, lambda m: w(f"method.{m}"), width=200)
        if c.view.method == "user_defined":
            st.session_state["w_breaks"] = c.view.breaks
            st.text_input(
                w("method.breaks"),
                key="w_breaks",
                placeholder=w("method.breaks_hint"),
                on_change=lambda: go(breaks=st.session_state["w_breaks"]),
                width=260,
            )
        elif c.view.method != "catalogue":
            choose(st.selectbox, w("method.k"), "k", range(MIN_CLASSES, MAX_CLASSES + 1), str, width=120)
        st.session_state["w_lock"] = c.view.lock
        st.toggle(
            w("method.lock"),
            key="w_lock",
            help=w("method.lock_help"),
            on_change=lambda: go(lock=st.session_state["w_lock"]),
        )


def municipal_panel(c: Context) -> None:
    """Municipalities known to lie in the subdistrict looked at: their people are counted apart from it."""
    if c.area.level != "subdistrict" or c.area.parent is None:
        return
    inside = c.warehouse.municipalities_in(c.area.code)
    if not inside:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="municipal"):
        st.markdown(c.words("map.municipal_here"), width="content")
        for area in inside:
            st.button(
                escape_markdown(c.name(area)),
                key=f"municipal_{area.code}",
                on_click=go,
                kwargs={"area": area.code},
            )


def year_note(c: Context, year: int) -> None:
    """Say so when the year of the address has no data and another one is shown."""
    if c.view.year is not None and year and c.view.year != year:
        st.info(
            c.words(
                "year.replaced", wanted=year_label(c.view.year, c.words), shown=year_label(year, c.words)
            ),
            icon=":material/info:",
        )


def source_line(c: Context, values: pd.DataFrame, year: int) -> str:
    """Where the numbers of a table come from, as plain text: titles of sources are data (`source_caption`)."""
    titles = data.source_titles(c.warehouse.snapshot)
    names = [c.words.pick(*titles[s]) for s in values["source_id"].dropna().unique()]
    if not names:
        return ""
    line = c.words(
        "source.line",
        source="; ".join(names),
        year=year_label(year, c.words),
        snapshot=c.warehouse.snapshot[:11],
    )
    hidden = int(values["suppressed"].fillna(False).astype(bool).sum()) if "suppressed" in values else 0
    if hidden:
        line += " · " + c.words("source.hidden", count=hidden, minimum=c.warehouse.minimum)
    return line


def source_caption(c: Context, values: pd.DataFrame, year: int) -> None:
    """The line of `source_line` under a table or a chart."""
    line = source_line(c, values, year)
    if line:
        st.caption(escape_markdown(line))


def map_panel(c: Context, scene: Scene, *, key: str) -> None:
    """The map of a scene with its legend beside it."""
    p = scene.plan
    if p.missing_level is not None:
        st.info(c.words("map.no_polygons", level=c.words(f"level.{p.missing_level}")), icon=":material/info:")
    path = c.warehouse.path(c.area.code)
    if any(a.kind == "municipal" for a in path):
        st.info(
            c.words("map.no_polygon_area", parent=escape_markdown(c.name(path[2]))), icon=":material/info:"
        )
    url = None
    if p.draw_level is not None and p.draw_parent is not None:
        url = layer_address(c, scene)
    bbox = c.warehouse.bounds(p.fits)
    if url is None or bbox is None or p.draw_level is None:
        key_text = (
            "map.no_year" if c.warehouse.drawable(p.draw_level or "", p.draw_parent or "") else "map.no_map"
        )
        st.info(
            c.words(
                key_text,
                level=c.words(f"level.{p.draw_level or p.level}"),
                year=year_label(scene.year, c.words),
            ),
            icon=":material/map:",
        )
        return
    classes, shared_levels = map_classes(c, scene)
    layer = AreaLayer(
        url,
        scene.indicator.id,
        classes.bounds,
        colours(classes, scene.indicator),
        inside=p.inside,
        focus=p.focus,
        crowded=(p.draw_level, p.draw_parent) == ("subdistrict", COUNTRY),
        only=c.view.only,
    )
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key=f"{key}_panel"):
        with st.container(width="stretch"):
            map_key = f"{key}_{c.area.code}_{p.draw_level}"
            outline_note(c, p.draw_level)

            st.pydeck_chart(
                deck(layer, bbox, c.theme, tooltip(c, scene), mark=c.view.mark),
                key=map_key,
                height=MAP_HEIGHT,
                on_select=map_opens(map_key),
                selection_mode="single-object",
                alt=c.words(
                    "map.alt",
                    indicator=c.words.pick(scene.indicator.name_th, scene.indicator.name_en),
                    area=c.name(c.area),
                    year=year_text(scene.year, c.words.language),
                ),
            )
        with st.container(width=230, key=f"{key}_legend"):
            draw_legend(c, scene, classes, shared_levels)


def map_classes(c: Context, scene: Scene) -> tuple[Classes, str | None]:
    """Classes of the areas drawn, as the view wants them, and the level whose years share them; None where all do."""
    spec = class_spec(scene.indicator, c.view)
    official = scene.drawn[scene.drawn["kind"] == "official"]["value"]  # only these have polygons
    shared_level = None if scene.indicator.unit in ("percent", "stars", "score") else scene.plan.draw_level
    if not c.view.lock:
        return classify(official, spec), shared_level
    pool = data.steady_classes(
        c.warehouse.snapshot, scene.indicator.id, shared_level, spec.method, spec.k, spec.breaks
    )
    return pool.recount(official), shared_level


def draw_legend(
    c: Context, scene: Scene, classes: Classes, shared_level: str | None, *, key: str = "legend"
) -> None:
    """The legend of a map: classes with counts, no data, year, method, source; of several on a page each has a key."""
    w, ind = c.words, scene.indicator
    rows, missing = legend_rows(
        classes, ind, w, c.theme, hidden=bool(scene.drawn["suppressed"].fillna(False).astype(bool).any())
    )
    live_legend(
        c,
        w.pick(ind.name_th, ind.name_en),
        w.pick(ind.unit_th, ind.unit_en),
        rows,
        missing,
        legend_lines(c, scene, classes, shared_level),
        w("legend.areas"),
        key=key,
    )


def legend_lines(c: Context, scene: Scene, classes: Classes, shared_level: str | None) -> list[str]:
    """What stands below the classes of a legend: year, level, method, source."""
    w, ind = c.words, scene.indicator
    lines = [
        w(
            "legend.year",
            year=year_label(scene.year, w),
            level=w(f"level.{scene.plan.draw_level}"),
        ),
    ]
    if ind.ramp == "stars":
        lines.append(method_text(star_settings(c), w.language))
        if scene.plan.draw_level == "subdistrict":
            lines.append(w("legend.municipal"))
    else:
        name = w(f"method.{classes.method}")
        lines.append(w("legend.method", method=name, k=number(classes.k, 0, language=w.language)))
        lines.append(
            w(
                "legend.free"
                if not c.view.lock
                else "legend.locked_level"
                if shared_level
                else "legend.locked_all"
            )
        )
        lines += [
            w(f"legend.note_{n.key}", **{k: number(v, 0, language=w.language) for k, v in n.params})
            for n in classes.notes
        ]
    if scene.plan.draw_level == "province" and c.warehouse.outline_kind("province") == EMBEDDED:
        lines.append(w("map.outlines"))
    drawn = outline_lines(c, scene.plan.draw_level)
    return [*drawn, *lines, source_line(c, scene.drawn, scene.year)]


def star_settings(c: Context) -> StarSettings:
    """How the stars of this snapshot were given; the settings may have changed since."""
    used = c.warehouse.info.contents["stars"]
    fixed = tuple(used["thresholds"]) if used["method"] == "thresholds" else None
    return StarSettings(minimum_siblings=used["minimum_siblings"], thresholds=fixed)


def layer_address(c: Context, scene: Scene, indicator: Indicator | None = None) -> str | None:
    """Address of the layer that a scene draws, of its own indicator or another; None where none was built."""
    p, indicator = scene.plan, indicator or scene.indicator
    return c.warehouse.layer_url(
        p.draw_level or "", p.draw_parent or "", indicator.theme, scene.year, indicator.id
    )


def tooltip(c: Context, scene: Scene) -> str:
    """Tooltip template: the browser fills in the feature's texts and escapes them."""
    name = "{name_th}" if c.words.language == "th" else "{name_en}"
    shown = scene.indicator
    url = layer_address(c, scene, shown)
    # Only what stands in the same layer file can be filled in.
    extras = [
        e
        for e in map(entry, _TOOLTIP_EXTRAS.get(shown.theme, ()))
        if e.id != shown.id and layer_address(c, scene, e) == url
    ]
    lines = [
        f"{c.words.pick(e.short_th, e.short_en)}: <b>{{{e.id}_t}}</b> {c.words.pick(e.unit_th, e.unit_en)}"
        for e in (shown, *extras)
    ]
    return f"<b>{name}</b><br>" + "<br>".join(lines)


def about_panel(c: Context, indicator: Indicator) -> None:
    """What an indicator means and how it is computed."""
    w = c.words
    st.markdown(w.pick(indicator.description_th, indicator.description_en))
    for part in ("numerator", "denominator", "method"):
        text = w.pick(getattr(indicator, f"{part}_th"), getattr(indicator, f"{part}_en"))
        if text:
            st.markdown(f"**{w(f'indicator.{part}')}**: {text}")


def ranking_panel(
    c: Context,
    scene: Scene,
    *,
    key: str,
    labels: dict[str, str],
    stars: pd.DataFrame | None = None,
    on_map: Scene | None = None,
) -> None:
    """The table of a scene and its downloads; a chosen row opens its area.

    Parameters
    ----------
    labels : dict
        Headings of the columns ``value``, ``numerator`` and ``denominator``; a column without heading is left out.
    on_map : Scene, optional
        What the page's map shows where that is another indicator: it is what is printed.
    """
    w = c.words
    st.subheader(w("ranking.heading", level=w(f"level.{scene.plan.level}")), anchor=False)
    values, level, year = scene.listed, scene.plan.level, scene.year
    if values["value"].notna().sum() == 0:
        st.info(
            w(
                "ranking.empty" if year else "ranking.never",
                level=w(f"level.{level}"),
                area=escape_markdown(c.name(c.area)),
                year=year_label(year, w) if year else "",
            ),
            icon=":material/table_rows:",
        )
        if scene.plan.draw_level is None or scene.drawn["value"].notna().sum() == 0:
            return
        # The areas on the map, among which this one lies, are better than an empty page.
        values, level, year, stars = scene.drawn, scene.plan.draw_level, scene.year, None
        st.markdown(f"**{w('ranking.heading', level=w(f'level.{level}'))}**")
    areas = {a.code: a for a in c.warehouse.children(scene.plan.within)} if level == "subdistrict" else {}
    shown = ranking(values, scene.indicator, areas, w, stars, rows_shown(len(values)), c.warehouse.minimum)
    table_key = f"{key}_{c.area.code}_{level}"

    columns = ["rank", "name", *(["stars"] if stars is not None else []), *labels]
    if shown["note"].any():
        columns.append("note")
    config = {
        "rank": st.column_config.NumberColumn(w("ranking.rank"), width=55),
        "name": st.column_config.TextColumn(w("ranking.name"), width=130),
        "stars": st.column_config.TextColumn(w("ranking.stars"), width=82),
        "note": st.column_config.TextColumn(w("ranking.note")),
    }
    for column, heading in labels.items():
        if column == "value" and scene.indicator.ramp == "stars":
            config[column] = st.column_config.TextColumn(heading)
            continue
        decimals = scene.indicator.decimals if column == "value" else 0
        config[column] = st.column_config.NumberColumn(
            heading, format="localized" if decimals == 0 else f"%.{decimals}f"
        )
    # Without the library's notes on its columns the table is two kilobytes smaller.
    sent = pa.Table.from_pandas(shown[columns], preserve_index=False).replace_schema_metadata(None)
    st.dataframe(
        sent,
        key=table_key,
        hide_index=True,
        placeholder="–",
        column_config=config,
        height=min(38 + 35 * len(shown), 480),
        on_select=row_opens(table_key, shown["code"]),
        selection_mode="single-row",
        alt=w(
            "ranking.alt",
            indicator=w.pick(scene.indicator.name_th, scene.indicator.name_en),
            area=c.name(c.area),
            year=year_label(year or 0, w),
        ),
    )
    line = w("ranking.select")
    if not ranks(values):
        official = values[values["kind"] == "official"]["value"]
        line = w("ranking.partial", n=int(official.notna().sum()), all=len(official)) + " · " + line
    if len(values) > len(shown):
        line = w("ranking.shown", n=len(shown), all=f"{len(values):,}") + " · " + line
    st.caption(line)
    download(c, scene.indicator, values, level, year, key=key, scene=scene, on_map=on_map)


def download(
    c: Context,
    indicator: Indicator,
    values: pd.DataFrame,
    level: str,
    year: int | None,
    *,
    key: str,
    scene: Scene | None = None,
    on_map: Scene | None = None,
) -> None:
    """The whole view as tables, map data and paper, each made only when asked for.

    Parameters
    ----------
    scene : Scene, optional
        The scene of the table, whose areas are given out with their outlines.
    on_map : Scene, optional
        What the map shows where that is another indicator.
    """
    if download_place() is None:
        return
    from ui.print_panels import can_print, definition_lines, scene_map  # they are made of what stands here

    def notes() -> list[str]:
        return [*outline_lines(c), source_line(c, values, year or 0), *definition_lines(c, values)]

    def csv_file() -> bytes:
        return export.csv_bytes(csv_columns(), csv_rows(values, indicator), notes())

    def workbook() -> bytes:
        facts = [c.warehouse.source(str(s)) for s in values["source_id"].dropna().unique()]
        title = c.words.pick(indicator.name_th, indicator.name_en)
        return export.xlsx_bytes(view_sheets(values, indicator, facts, notes()), title)

    title = c.words.pick(indicator.name_th, indicator.name_en)
    drawable = scene is not None and c.warehouse.drawable(
        scene.plan.draw_level or "", scene.plan.draw_parent or ""
    )
    shown = on_map or scene
    download_buttons(
        c,
        (indicator.id, level, c.area.code, str(year)),
        csv_file,
        workbook,
        key=key,
        notes=notes,
        features=[Features(title, lambda: scene_table(c, scene))] if scene is not None and drawable else [],
        paper=(lambda: scene_map(c, shown)) if shown is not None and can_print(c, shown) else None,
        view=replace(c.view, year=year) if year else None,
    )


def dimension_panel(c: Context, profile: pd.DataFrame, names: dict[str, str], year: int) -> None:
    """Five bars: how many of the target poor fail each dimension, and their share."""
    w = c.words
    st.subheader(w("dimensions.heading"), anchor=False)
    rows = profile.set_index("indicator")
    counts = [rows["value"].get(f"target_{d}") for d in names]
    shares = [rows["value"].get(f"target_{d}_share") for d in names]
    hidden = [bool(rows["suppressed"].get(f"target_{d}", False)) for d in names]
    if all(pd.isna(v) for v in counts) and not any(hidden):
        st.info(w("dimensions.empty"), icon=":material/info:")
        return
    texts = [
        (withheld_text("persons", c.warehouse.minimum) if h else w("figures.no_data"))
        if pd.isna(n)
        else w(
            "dimensions.bar",
            count=number(n, 0, language=w.language),
            share=f"{number(s, 1, language=w.language)}%" if pd.notna(s) else withheld_text("percent", 0),
        )
        for n, s, h in zip(counts, shares, hidden, strict=True)
    ]
    st.plotly_chart(
        bars(tuple(names.values()), tuple(counts), tuple(texts), c.theme),
        key=f"dimensions_{c.area.code}",
        theme=None,
        config={"displayModeBar": False, "staticPlot": True},
        alt=w("dimensions.bars_alt", area=c.name(c.area))
        + " "
        + "; ".join(f"{n} {t}" for n, t in zip(names.values(), texts, strict=True)),
    )
    st.caption(w("dimensions.note"))
    source_caption(c, profile[profile["indicator"].isin([f"target_{d}" for d in names])], year)


def radar_panel(c: Context, names: dict[str, str], year: int) -> None:
    """Radar of the five dimensions for the area, its parent and the country, with the same numbers as a table.

    Parameters
    ----------
    names : dict
        Dimension to its name.
    """
    wanted = [f"target_{d}_rate" for d in names]
    profiles = {c.name(a): c.warehouse.profile(a.code, wanted, year) for a in parent_of_view(c)}
    rates = {name: list(profile["value"]) for name, profile in profiles.items()}
    w = c.words
    st.subheader(w("dimensions.radar_heading"), anchor=False)
    if all(v is None or pd.isna(v) for values in rates.values() for v in values):
        st.info(w("dimensions.empty"), icon=":material/info:")
        return
    series = tuple((name, tuple(values)) for name, values in rates.items())
    st.plotly_chart(
        radar(tuple(w(f"radar.{d}") for d in names), series, w("dimensions.radar_unit"), c.theme),
        key=f"radar_{c.area.code}",
        theme=None,
        config={"displayModeBar": False},
        alt=w("dimensions.radar_alt", area=c.name(c.area)),
    )
    st.markdown(
        markdown_table(
            [w("dimensions.column_dimension"), *rates],
            [
                [
                    name,
                    *(
                        withheld_text("percent", c.warehouse.minimum)
                        if bool(profile["suppressed"].iloc[i])
                        else number(profile["value"].iloc[i], 2, language=w.language)
                        for profile in profiles.values()
                    ),
                ]
                for i, name in enumerate(names.values())
            ],
        )
    )
    st.caption(w("dimensions.column_rate"))
    source_caption(c, pd.concat(profiles.values()), year)


def parent_of_view(c: Context) -> list[Area]:
    """The area, its parent and the country, without repeats."""
    path = c.warehouse.path(c.area.code)
    return list(dict.fromkeys([path[-1], *path[-2:-1], path[0]]))


def overlap_panel(c: Context, year: int) -> None:
    """How many dimensions the target poor fail at once, with H, A and M0 at every k."""
    w = c.words
    st.subheader(w("overlap.heading"), anchor=False)
    profile = c.warehouse.profile(c.area.code, OVERLAP_PROFILE, year)
    table = overlap_table(profile, w)
    if table is None:
        st.info(w("overlap.empty"), icon=":material/info:")
        return
    values = profile.set_index("indicator")["value"]
    with st.container(key="overlap_table"):
        # On a phone the table scrolls, and the page does not.
        st.html("<style>.st-key-overlap_table [data-testid=stMarkdownContainer]{overflow-x:auto}</style>")
        st.markdown(markdown_table(*table), help=" · ".join(w(f"overlap.{m}_help") for m in ("h", "a", "m0")))
    source_caption(c, profile, year)
    st.caption(
        w(
            "overlap.note",
            mean=number(values["mean_dimensions"], 3, language=w.language),
            population=number(values["surveyed_persons"], 0, language=w.language),
        )
    )
