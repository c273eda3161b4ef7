"""Maps of the things compared, at one scale and in one set of colours: two live ones, or small still ones of three and four."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from analytics.classify import Classes, classify
from analytics.formatting import year_text
from geo.outlines import EMBEDDED
from ui import data
from ui.classes import class_spec, colours, legend_rows
from ui.compare_state import Choice, Side
from ui.frame import Context
from ui.legend import legend_html
from ui.map import MAP_HEIGHT, AreaLayer, deck
from ui.markdown import escape_markdown
from ui.opening import map_opens
from ui.outlines import outline_lines, outline_note
from ui.palette import RGB
from ui.panels import source_line
from ui.plan import Plan, plan
from ui.sketch import Box, colours_css, one_scale, outlines_svg
from ui.tables import year_label
from warehouse.computed_layers import published_shapes
from warehouse.query import shared


@dataclass(frozen=True, slots=True)
class Drawn:
    """One side's map: what is drawn, of which year, with which numbers, inside which box (degrees)."""

    side: Side
    plan: Plan
    year: int
    values: pd.DataFrame
    box: Box


@st.cache_resource(max_entries=64, show_spinner=False)
def sketch(
    snapshot: str, level: str, parent: str, inside: str, box: tuple[float, float, float, float], alt: str
) -> str:
    """`ui.sketch.outlines_svg` of the published areas of a level that touch a box, kept."""
    shapes = published_shapes(shared(data.snapshots_with(snapshot), snapshot), level, parent)
    return outlines_svg({code: text for code, text in shapes.items() if code.startswith(inside)}, box, alt)


def maps_panel(c: Context, choice: Choice) -> None:
    """The maps of all sides with their one legend; a line that says why where there are none."""
    w, entry = c.words, choice.indicator
    st.subheader(w("compare.heading_maps"), anchor=False)
    drawn = [found for side in choice.sides if (found := _drawn(c, choice, side)) is not None]
    level = drawn[0].plan.draw_level if drawn else None
    if len(drawn) < len(choice.sides) or level is None or any(d.plan.draw_level != level for d in drawn):
        st.info(w("compare.no_maps"), icon=":material/map:")
        return
    if drawn[0].plan.missing_level is not None:
        missing = w(f"level.{drawn[0].plan.missing_level}")
        st.caption(w("compare.coarser", level=w(f"level.{level}"), missing=missing))
    whole = pd.concat([d.values for d in drawn], ignore_index=True)
    official = whole[whole["kind"] == "official"].drop_duplicates(["area_code", "year"])
    classes, locked = _classes(c, choice, official["value"], level)
    palette = colours(classes, entry)
    if len(drawn) <= 2:
        _live(c, choice, drawn, classes, palette)
    else:
        _still(c, choice, drawn, classes, palette)
    hidden = bool(official["suppressed"].fillna(False).astype(bool).any())
    rows, missing_row = legend_rows(classes, entry, w, c.theme, hidden=hidden)
    notes = [
        *outline_lines(c, level),
        w("compare.one_scale"),
        w("legend.method", method=w(f"method.{classes.method}"), k=classes.k),
        w(f"legend.{locked}"),
        *([w("map.outlines")] if level == "province" and c.warehouse.outline_kind(level) == EMBEDDED else []),
        *dict.fromkeys(source_line(c, d.values, d.year) for d in drawn),
    ]
    with st.container(key="compare_legend"):
        st.html(
            legend_html(
                w.pick(entry.name_th, entry.name_en), w.pick(entry.unit_th, entry.unit_en),
                rows, missing_row, [n for n in notes if n], c.theme, w("legend.areas"),
            )
        )  # fmt: skip


def _drawn(c: Context, choice: Choice, side: Side) -> Drawn | None:
    area = side.area
    if area.kind == "municipal" or area.level == "village":
        return None
    p = plan(area.code, area.level, None, lambda level, parent: c.warehouse.drawable(level, parent))
    # Without polygons inside, the area itself is seen among those around it.
    box = c.warehouse.bounds(area.code if p.missing_level is not None else p.fits)
    year = side.year if side.year is not None else choice.year
    if p.draw_level is None or p.draw_parent is None or box is None or year is None:
        return None
    values = data.values(
        c.warehouse.snapshot, choice.indicator.id, p.draw_level, year, p.inside or p.draw_parent
    )
    return Drawn(side, p, year, values, box)


def _classes(c: Context, choice: Choice, values: pd.Series, level: str) -> tuple[Classes, str]:
    """One set of classes for all sides, and the text that says over what its bounds stay put."""
    entry = choice.indicator
    spec = class_spec(entry, c.view)
    if not c.view.lock:
        return classify(values, spec), "free"
    shared_level = None if entry.unit in ("percent", "stars", "score") else level
    pool = data.steady_classes(c.warehouse.snapshot, entry.id, shared_level, spec.method, spec.k, spec.breaks)
    return pool.recount(values), "locked_level" if shared_level else "locked_all"


def _live(c: Context, choice: Choice, drawn: list[Drawn], classes: Classes, palette: tuple[RGB, ...]) -> None:
    w, entry = c.words, choice.indicator
    outline_note(c, drawn[0].plan.draw_level)
    boxes = one_scale([d.box for d in drawn])
    unit = w.pick(entry.unit_th, entry.unit_en)
    name = "{name_th}" if w.language == "th" else "{name_en}"
    tooltip = f"<b>{name}</b><br>{w.pick(entry.short_th, entry.short_en)}: <b>{{{entry.id}_t}}</b> {unit}"
    for column, one, box in zip(st.columns(len(drawn), gap="small"), drawn, boxes, strict=True):
        p = one.plan
        with column:
            st.markdown(f"**{escape_markdown(one.side.name)}**")
            url = c.warehouse.layer_url(
                p.draw_level or "", p.draw_parent or "", entry.theme, one.year, entry.id
            )
            if url is None:
                level = w(f"level.{p.draw_level}")
                st.info(w("map.no_year", level=level, year=year_label(one.year, w)), icon=":material/map:")
                continue
            layer = AreaLayer(url, entry.id, classes.bounds, palette, inside=p.inside, focus=p.focus)
            place = one.side.year if choice.by == "years" else one.side.area.code
            map_key = f"compare_map_{place}_{p.draw_level}"
            st.pydeck_chart(
                deck(layer, box, c.theme, tooltip, mark=c.view.mark),
                key=map_key,
                height=MAP_HEIGHT,
                on_select=map_opens(map_key),
                selection_mode="single-object",
                alt=w(
                    "map.alt",
                    indicator=w.pick(entry.name_th, entry.name_en),
                    area=c.name(one.side.area),
                    year=year_text(one.year, w.language),
                ),
            )


def _still(
    c: Context, choice: Choice, drawn: list[Drawn], classes: Classes, palette: tuple[RGB, ...]
) -> None:
    w, entry = c.words, choice.indicator
    fills: dict[str, RGB] = {}
    for one in drawn:
        for code, value in zip(one.values["area_code"], one.values["value"], strict=True):
            fills[str(code)] = c.theme.missing if pd.isna(value) else palette[_place(value, classes)]
    outline_note(c, drawn[0].plan.draw_level)
    focus = [one.plan.focus for one in drawn if one.plan.focus is not None]
    st.html(f"<style>{colours_css(fills, c.theme, focus)}</style>")
    boxes = one_scale([d.box for d in drawn])
    for column, one, box in zip(st.columns(len(drawn), gap="small"), drawn, boxes, strict=True):
        p = one.plan
        with column:
            st.markdown(f"**{escape_markdown(one.side.name)}**")
            alt = w(
                "map.alt",
                indicator=w.pick(entry.name_th, entry.name_en),
                area=c.name(one.side.area),
                year=year_text(one.year, w.language),
            )
            st.html(
                sketch(
                    c.warehouse.snapshot, p.draw_level or "", p.draw_parent or "", p.inside or "", box, alt
                )
            )


def _place(value: float, classes: Classes) -> int:
    """Class of a value, by the rounded value and the bounds that the live map uses."""
    rounded = round(value, 4)
    return next((i for i, bound in enumerate(classes.bounds[:-1]) if rounded <= bound), classes.k - 1)
