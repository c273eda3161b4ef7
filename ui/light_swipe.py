"""Two years of light side by side: swiped over each other, and close up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

import streamlit as st

from analytics.formatting import year_text
from analytics.light_measures import MEASURES
from geo.nightlight import Product
from ui.export import SYNTHETIC
from ui.frame import Context
from ui.light_map import grid_of, layer_url, picture_legend
from ui.light_state import LightScene
from ui.light_text import period_line, raster_row, threshold_line, warning_lines
from ui.markdown import escape_markdown
from ui.outlines import outline_lines
from ui.swipe import Side, picture_name, swipe
from ui.tables import year_label
from warehouse.computed_layers import published_shape
from warehouse.light_images import image_bounds, image_url

WIDE = 1000
"""Width of a close-up's drawing in its own units."""


def swipe_panel(c: Context, s: LightScene) -> None:
    """The area looked at in both years, one over the other, with a handle between them."""
    w, pair = c.words, s.choice.pair
    if pair is None or not s.compared:
        return
    box = c.warehouse.bounds(c.area.code)
    if box is None or s.level is None:
        st.info(w("light.no_boundaries"), icon=":material/map:")
        return
    before = _side(c, s.product0, pair.source0, pair.y0, box)
    after = _side(c, s.product, pair.source1, pair.y1, box)
    if before.bounds != after.bounds:
        st.info(w("light.warn.pixels"), icon=":material/grid_off:")
        return
    # The layer of the map: names and outlines come from it, and the browser has it already.
    lines = layer_url(c, s, MEASURES["light_mean"])
    made_up = outline_lines(c, s.plan.draw_level)
    notes = [
        *warning_lines(c, s),
        *made_up,
        w("light.not_poverty"),
        threshold_line(c, pair.source1, pair.y1, pair),
    ]
    swipe(w, before, after, place=c.name(c.area), lines=lines, own=s.plan.focus, notes=notes)


def _side(
    c: Context, product: Product, source: str, year: int, box: tuple[float, float, float, float]
) -> Side:
    row = raster_row(c, source, year)
    whole = (f"{year}-01-01", f"{year}-12-31") == (row["period_start"], row["period_end"])
    whole = whole or product.kind == "modelled"
    about = (product.name(c.words.language), product.publisher, product.licence)
    return Side(
        url=image_url(c.warehouse.snapshot, product.id, (year,), area=c.area.code),
        bounds=image_bounds(grid_of(row), box),
        year=year_text(year, c.words.language),
        year_long=year_label(year, c.words),
        period="" if whole else period_line(c, source, year),
        product=" · ".join(part for part in about if part and part != "-"),
        file=(SYNTHETIC if c.synthetic else "") + picture_name(product.id, c.area.code, year),
        unit=product.unit,
        modelled=product.kind == "modelled",
    )


def closeup_panel(c: Context, s: LightScene) -> None:
    """The area looked at in both years, at one colour scale, with its outline."""
    w, pair = c.words, s.choice.pair
    if pair is None or not s.compared:
        return
    box = c.warehouse.bounds(c.area.code)
    if box is None:
        st.info(w("light.no_boundaries"), icon=":material/map:")
        return
    if c.area.level == "country":
        st.caption(w("light.closeup.choose"))
    st.subheader(escape_markdown(w("light.closeup.heading", area=c.name(c.area))), anchor=False)
    shape = published_shape(c.warehouse, c.area.code)
    figures = []
    for source, product, year in (
        (pair.source0, s.product0, pair.y0),
        (pair.source1, s.product, pair.y1),
    ):
        bounds = image_bounds(grid_of(raster_row(c, source, year)), box)
        label = year_label(year, w) + (
            f" · {w('light.modelled_short')}" if product.kind == "modelled" else ""
        )
        url = image_url(c.warehouse.snapshot, product.id, (year,), area=c.area.code)
        alt = w("light.closeup.alt", area=c.name(c.area), year=year_label(year, w))
        figures.append(figure_html(url, alt, label, bounds, shape))
    with st.container(horizontal=True, vertical_alignment="top", gap="medium", key="light_panel"):
        with st.container(width="stretch"):
            st.html(closeup_html(figures))
        with st.container(width=230, key="light_legend"):
            st.html(picture_legend(c, s))


def closeup_html(figures: Sequence[str]) -> str:
    """Figures beside each other, below each other where there is no room."""
    style = (
        ".daomap-pair{display:flex;flex-wrap:wrap;gap:12px}.daomap-pair figure{flex:1 1 280px;margin:0;position:relative}"
        ".daomap-pair img{width:100%;display:block;image-rendering:pixelated;border-radius:6px}"
        ".daomap-pair figure div{position:relative}"
        ".daomap-pair .outline{position:absolute;inset:0;height:100%;image-rendering:auto}"
        ".daomap-pair figcaption{font-weight:600;margin-bottom:4px}"
    )
    return f'<style>{style}</style><div class="daomap-pair">{"".join(figures)}</div>'


def figure_html(
    url: str,
    alt: str,
    label: str,
    bounds: tuple[float, float, float, float],
    shape: Mapping[str, Any] | None,
) -> str:
    """One picture with the outline of its area; every text is escaped.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north of the picture in degrees; its rows are evenly spaced in Web Mercator.
    shape : mapping or None
        GeoJSON Polygon or MultiPolygon in degrees.
    """
    tall = _height(bounds)
    outline = ""
    if shape is not None:
        path = "".join(_rings(shape, bounds, tall))
        # The page's filter takes drawings out of HTML, but not out of a picture's address.
        drawing = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {tall}" preserveAspectRatio="none">'
            f'<path d="{path}" fill="none" stroke="#fff" stroke-width="2" vector-effect="non-scaling-stroke"/></svg>'
        )
        outline = f'<img class="outline" alt="" src="data:image/svg+xml,{quote(drawing)}">'
    return (
        f"<figure><figcaption>{escape(label)}</figcaption><div>"
        f'<img src="{escape(url)}" alt="{escape(alt)}" style="aspect-ratio:{WIDE}/{tall}">{outline}</div></figure>'
    )


def _mercator(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))


def _height(bounds: tuple[float, float, float, float]) -> int:
    """Height of a picture that is `WIDE` wide."""
    west, south, east, north = bounds
    return round(WIDE * (_mercator(north) - _mercator(south)) / math.radians(east - west))


def _rings(shape: Mapping[str, Any], bounds: tuple[float, float, float, float], tall: int) -> Iterator[str]:
    west, south, east, north = bounds
    top, span = _mercator(north), _mercator(north) - _mercator(south)
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    for polygon in polygons:
        for ring in polygon:
            corners = (
                f"{WIDE * (x - west) / (east - west):.0f} {tall * (top - _mercator(y)) / span:.0f}"
                for x, y in ring
            )
            yield "M" + "L".join(corners) + "Z"
