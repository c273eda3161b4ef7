"""Small maps that do not move, as SVG: outlines once, colours apart from them.

The outlines of an area are the same for every indicator and year. They are sent in one piece that the browser keeps, and the
colours follow as a style sheet of a few hundred bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import shapely

from ui.palette import RGB, Theme, hex_of
from ui.print_map import Sheet

Box = tuple[float, float, float, float]


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

    def northing(latitude: float) -> float:
        return math.asinh(math.tan(math.radians(latitude)))

    def latitude(northing: float) -> float:
        return math.degrees(math.atan(math.sinh(northing)))

    tall = [(northing(south), northing(north)) for _, south, _, north in boxes]
    width = max(east - west for west, _, east, _ in boxes)
    height = max(top - bottom for bottom, top in tall)
    out = []
    for (west, _, east, _), (bottom, top) in zip(boxes, tall, strict=True):
        x, y = (west + east) / 2, (bottom + top) / 2
        out.append((x - width / 2, latitude(y - height / 2), x + width / 2, latitude(y + height / 2)))
    return out


def outlines_svg(
    shapes: Mapping[str, str], bbox: Box, alt: str, *, size: tuple[float, float] = (260.0, 260.0)
) -> str:
    """Areas without colours; each is a path of the class ``k<code>`` inside an element of the class ``daomap-sketch``.

    Parameters
    ----------
    shapes : mapping of str to str
        Code to GeoJSON geometry (EPSG:4326).
    bbox : tuple of float
        West, south, east, north in degrees, fitted into the picture.
    alt : str
        What the map shows, for those who cannot see it.
    size : tuple of float
        Width and height in pixels.
    """
    sheet = Sheet.fit(bbox, size)
    geometry = shapely.from_geojson(list(shapes.values()))
    west, south, east, north = sheet.bounds
    edges = shapely.bounds(geometry)
    # What does not reach into the picture is not sent.
    inside = (edges[:, 0] <= east) & (edges[:, 2] >= west) & (edges[:, 1] <= north) & (edges[:, 3] >= south)
    paths = "".join(
        f'<path class="k{escape(code)}" d="{_path(shape, sheet)}"/>'
        for code, shape, seen in zip(shapes, geometry, inside, strict=True)
        if seen
    )
    return (
        f'<svg class="daomap-sketch" role="img" aria-label="{escape(alt)}" viewBox="0 0 {size[0]:g} {size[1]:g}" '
        f'width="100%" preserveAspectRatio="xMidYMid meet">{paths}</svg>'
    )


def _path(shape: shapely.Geometry, sheet: Sheet) -> str:
    """Rings in half pixels; corners that fall together are written once, and rings smaller than that not at all."""
    rings = []
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            xy = np.round(sheet.place(shapely.get_coordinates(ring)) * 2) / 2
            keep = np.ones(len(xy), dtype=bool)
            keep[1:] = (xy[1:] != xy[:-1]).any(axis=1)
            if keep.sum() > 3:
                rings.append("M" + " ".join(f"{x:g},{y:g}" for x, y in xy[keep].tolist()) + "Z")
    return "".join(rings)


def colours_css(colours: Mapping[str, RGB], theme: Theme, focus: Sequence[str] = ()) -> str:
    """Style of all sketches on a page: the colour of every area, grouped by colour.

    Parameters
    ----------
    colours : mapping of str to RGB
        By code; areas that are not in it have the colour of surroundings.
    focus : sequence of str
        Codes of areas with a strong outline.
    """
    by_colour: dict[str, list[str]] = {}
    for code, colour in colours.items():
        by_colour.setdefault(hex_of(colour), []).append(f".daomap-sketch .k{code}")
    rules = "".join(f"{','.join(codes)}{{fill:{colour}}}" for colour, codes in by_colour.items())
    outlined = ",".join(f".daomap-sketch .k{code}" for code in focus)
    if outlined:
        rules += f"{outlined}{{stroke:{hex_of(theme.focus)};stroke-width:2}}"
    return (
        f".daomap-sketch path{{fill:{hex_of(theme.outside)};stroke:{hex_of(theme.line)};stroke-width:.6;"
        f"fill-rule:evenodd}}{rules}"
    )
