"""Maps of the things compared, at one scale and in one set of colours: two live ones, or small still ones of three and four."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd
import streamlit as st

from analytics.classify import Classes, classify
from analytics.formatting import year_text
from geo.codes import COUNTRY, Area
from geo.outlines import EMBEDDED
from ui import data
from ui.classes import class_spec, colours, legend_rows
from ui.compare_state import Choice, Side
from ui.frame import Context
from ui.legend import legend_html
from ui.live_legend import live_legend
from ui.map import MAP_HEIGHT, AreaLayer, deck
from ui.markdown import escape_markdown
from ui.opening import map_opens
from ui.outlines import outline_lines, outline_note
from ui.palette import RGB
from ui.panels import source_line
from ui.plan import Plan, plan
from ui.small_multiples import TALLEST, Picture, address
from ui.tables import year_label

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One side's map: what is drawn, of which year, with which numbers, inside which box (degrees)."""

    side: Side
    plan: Plan
    year: int
    values: pd.DataFrame
    box: Box


def _northing(latitude: float) -> float:
    return math.asinh(math.tan(math.radians(latitude)))


def one_scale(boxes: Sequence[Box]) -> list[Box]:
    """Boxes widened around their middles to the size of the largest, so that maps fitted to them have one scale.

    Parameters
    ----------
    boxes : sequence of (west, south, east, north)
        Degrees (EPSG:4326).

    Returns
    -------
    list of the same
        All as wide, and in Mercator all as high, as the widest and the highest.

    Examples
    --------
    >>> one_scale([(100.0, -1.0, 102.0, 1.0), (104.0, -0.5, 105.0, 0.5)])[1][::2]
    (103.5, 105.5)
    """

    def latitude(northing: float) -> float:
        return math.degrees(math.atan(math.sinh(northing)))

    tall = [(_northing(south), _northing(north)) for _, south, _, north in boxes]
    width = max(east - west for west, _, east, _ in boxes)
    height = max(top - bottom for bottom, top in tall)
    out = []
    for (west, _, east, _), (bottom, top) in zip(boxes, tall, strict=True):
        x, y = (west + east) / 2, (bottom + top) / 2
        out.append((x - width / 2, latitude(y - height / 2), x + width / 2, latitude(y + height / 2)))
    return out


def widths(boxes: Sequence[Box]) -> list[float]:
    """Percent of the widest that each still picture is drawn, so that all have one scale.

    Examples
    --------
    >>> widths([(100.0, -1.0, 102.0, 1.0), (104.0, -0.5, 105.0, 0.5)])
    [100.0, 50.0]
    """
    across = [
        max(math.radians(east - west), (_northing(north) - _northing(south)) / TALLEST)
        for west, south, east, north in boxes
    ]
    return [100 * a / max(across) for a in across]


def maps_panel(c: Context, choice: Choice) -> None:
    """The maps of all sides with their one legend; a line that says why where there are none."""
    w, entry = c.words, choice.indicator
    st.subheader(w("compare.heading_maps"), anchor=False)
    plans = [_plan(c, side.area) for side in choice.sides]
    years = [choice.year if side.year is None else side.year for side in choice.sides]
    # Where the areas inside have no numbers of a side's year, all sides are seen among areas of their own level.
    inside = all(
        p is None or p.draw_level is None or year in c.warehouse.years(entry.id, p.draw_level)
        for p, year in zip(plans, years, strict=True)
    )
    drawn = [
        found
        for side, p in zip(choice.sides, plans, strict=True)
        if p is not None
        and (found := _drawn(c, choice, side, p if inside else _among(c, side.area, p))) is not None
    ]
    level = drawn[0].plan.draw_level if drawn else None
    if len(drawn) < len(choice.sides) or level is None or any(d.plan.draw_level != level for d in drawn):
        st.info(w("compare.no_maps"), icon=":material/map:")
        return
    if (missing := drawn[0].plan.missing_level) is not None:
        why = "compare.coarser" if inside else "compare.coarser_year"
        st.caption(w(why, level=w(f"level.{level}"), missing=w(f"level.{missing}")))
    whole = pd.concat([d.values for d in drawn], ignore_index=True)
    official = whole[whole["kind"] == "official"].drop_duplicates(["area_code", "year"])
    classes, locked = _classes(c, choice, official["value"], level)
    palette = colours(classes, entry)
    if not official["value"].notna().any() and not official["suppressed"].eq(True).any():
        year = year_label(drawn[0].year, w)
        st.info(w("map.no_year", level=w(f"level.{level}"), year=year), icon=":material/map:")
        return
    # Of NEET, whose sources have layers of their own, there is no published layer either.
    still = len(drawn) > 2 or any(_layer(c, choice, d) is None for d in drawn)
    if still:
        _still(c, choice, drawn, classes)
    else:
        _live(c, choice, drawn, classes, palette)
    hidden = bool(official["suppressed"].fillna(False).astype(bool).any())
    rows, missing_row = legend_rows(classes, entry, w, c.theme, hidden=hidden)
    notes = [
        *outline_lines(c, level),
        w("compare.one_scale"),
        *([w("compare.patterns")] if still else []),
        w("legend.method", method=w(f"method.{classes.method}"), k=classes.k),
        w(f"legend.{locked}"),
        *([w("map.outlines")] if level == "province" and c.warehouse.outline_kind(level) == EMBEDDED else []),
        *dict.fromkeys(source_line(c, d.values, d.year) for d in drawn),
    ]
    notes = [n for n in notes if n]
    title, unit = w.pick(entry.name_th, entry.name_en), w.pick(entry.unit_th, entry.unit_en)
    with st.container(key="compare_legend"):
        if still:
            st.html(legend_html(title, unit, rows, missing_row, notes, c.theme, w("legend.areas")))
        else:
            live_legend(c, title, unit, rows, missing_row, notes, w("legend.areas"), key="compare_classes")


def _plan(c: Context, area: Area) -> Plan | None:
    if area.kind == "municipal" or area.level == "village":
        return None
    return plan(area.code, area.level, None, c.warehouse.drawable)


def _among(c: Context, area: Area, p: Plan) -> Plan:
    """The area among those of its own level instead of the areas inside it, where there are polygons of these."""
    parent = COUNTRY if area.level == "province" else area.code[:2]
    if area.level == "country" or p.draw_level == area.level or not c.warehouse.drawable(area.level, parent):
        return p
    return Plan(p.level, p.within, area.level, parent, None, area.code, area.code, missing_level=p.draw_level)


def _drawn(c: Context, choice: Choice, side: Side, p: Plan) -> Drawn | None:
    # Without polygons or numbers inside, the area itself is seen among those around it.
    box = c.warehouse.bounds(side.area.code if p.missing_level is not None else p.fits)
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


def _layer(c: Context, choice: Choice, one: Drawn) -> str | None:
    p, entry = one.plan, choice.indicator
    return c.warehouse.layer_url(p.draw_level or "", p.draw_parent or "", entry.theme, one.year, entry.id)


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
            layer = AreaLayer(
                _layer(c, choice, one) or "",
                entry.id,
                classes.bounds,
                palette,
                inside=p.inside,
                focus=p.focus,
                only=c.view.only,
            )
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


def _still(c: Context, choice: Choice, drawn: list[Drawn], classes: Classes) -> None:
    """Pictures that the browser fetches and keeps; three and four live maps would be too much for a plain machine."""
    w, entry = c.words, choice.indicator
    outline_note(c, drawn[0].plan.draw_level)
    figures = []
    for one, width in zip(drawn, widths([d.box for d in drawn]), strict=True):
        p = one.plan
        shown = Picture(
            p.draw_level or "", p.draw_parent or "", entry.id, one.year, classes.bounds,
            p.inside or ("" if one.side.area.level == "country" else one.side.area.code),
            "" if p.missing_level is not None else p.focus or "", c.theme.name,
        )  # fmt: skip
        alt = w(
            "map.alt",
            indicator=w.pick(entry.name_th, entry.name_en),
            area=c.name(one.side.area),
            year=year_text(one.year, w.language),
        )
        figures.append(
            f"<figure><figcaption>{escape(one.side.name)}</figcaption>"
            f'<img style="width:{width:.2f}%" src="{escape(address(c.warehouse.snapshot, shown))}" alt="{escape(alt)}"></figure>'
        )
    n = len(figures)
    style = (
        f".daomap-beside{{display:grid;grid-template-columns:repeat({n},minmax(0,1fr));gap:14px 18px;max-width:{270 * n}px}}"
        "@media(max-width:640px){.daomap-beside{grid-template-columns:repeat(2,minmax(0,1fr))}}"
        f".daomap-beside figure{{margin:0}}.daomap-beside figcaption{{font-weight:600;color:{c.theme.text}}}"
    )
    st.html(f'<style>{style}</style><div class="daomap-beside">{"".join(figures)}</div>')
