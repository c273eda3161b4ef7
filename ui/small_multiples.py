"""Small multiples: one still picture a number, side by side, all with the same areas and the same colours.

A picture is an SVG that the browser fetches by an address that says everything it depends on, so it is drawn once, kept for
good, and a rerun sends the address alone. Text stands beside the pictures, in the page's own font; a picture holds shapes only.
Areas without data are hatched and hidden ones dotted, so that neither is taken for a low number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from analytics.catalogue import load_catalogue
from geo.codes import COUNTRY
from ui.palette import MAP_GROUNDS, RGB, Theme, hex_of, ramp, theme
from warehouse.computed_layers import Kept, published_shapes
from warehouse.report import QueryError

if TYPE_CHECKING:
    from warehouse.query import Warehouse

MOST_AREAS: Final = 1000
"""Of more shapes than these a picture of a hand's width shows nothing but their outlines."""
KEPT_BYTES: Final = 16_000_000
WIDE: Final = 1000
"""Units across a picture; one is a fifth of a pixel where it is shown."""
TALLEST: Final = 1.9
"""Height of a picture to its width at most; what is taller is drawn narrower."""
VERSION: Final = 1
"""Of how pictures are drawn: browsers keep what they got."""

_LEVELS = ("province", "district", "subdistrict")
_PLACE = re.compile(r"(province|district|subdistrict)/(TH|\d{2})")
_NAME = re.compile(r"([a-z][a-z0-9_]{0,79})-(\d{4})", re.ASCII)
_CODE = re.compile(r"TH|\d{2}|\d{4}|\d{6}", re.ASCII)
_BOUND = r"-?\d{1,15}(?:\.\d{1,4})?"
_BOUNDS = re.compile(rf"{_BOUND}(?:_{_BOUND}){{0,8}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Picture:
    """What one picture shows.

    Attributes
    ----------
    level, parent : str
        A published layer: the areas of `level` inside `parent`, the country or a province.
    indicator : str
        Of the catalogue.
    year : int
        Common era.
    bounds : tuple of float
        Upper bounds of the classes, which all pictures of a row share; empty where there are no numbers.
    inside : str
        Code of the parent whose areas alone are drawn, or empty.
    focus : str
        Code of the area that is outlined, or empty.
    theme : str
        ``light`` or ``dark``.
    """

    level: str
    parent: str
    indicator: str
    year: int
    bounds: tuple[float, ...]
    inside: str = ""
    focus: str = ""
    theme: str = "light"


def address(snapshot: str, picture: Picture) -> str:
    """Address of a picture, below ``/multiples``."""
    query = {
        "b": "_".join(f"{bound:.4f}".rstrip("0").rstrip(".") for bound in picture.bounds),
        "in": picture.inside,
        "focus": picture.focus,
        "t": picture.theme,
        "v": str(VERSION),
    }
    asked = "&".join(f"{key}={value}" for key, value in query.items() if value)
    place = f"{snapshot}/{picture.level}/{picture.parent}/{picture.indicator}-{picture.year}"
    return f"/multiples/{place}.svg?{asked}"


def read_address(level: str, parent: str, name: str, query: Mapping[str, str]) -> Picture | None:
    """The picture an address means; None for one that `address` does not write.

    Parameters
    ----------
    level, parent, name, query
        Parts of the address behind the snapshot, from outside and therefore matched whole.
    """
    found = _NAME.fullmatch(name)
    if (
        found is None
        or not _PLACE.fullmatch(f"{level}/{parent}")
        or set(query) - {"b", "in", "focus", "t", "v"}
    ):
        return None
    bounds = query.get("b", "")
    inside, focus = query.get("in", ""), query.get("focus", "")
    if (
        (bounds and not _BOUNDS.fullmatch(bounds))
        or not all(code == "" or _CODE.fullmatch(code) for code in (inside, focus))
        or query.get("t") not in ("light", "dark")
        or query.get("v") != str(VERSION)
    ):
        return None
    steps = tuple(float(bound) for bound in bounds.split("_")) if bounds else ()
    if any(a >= b for a, b in pairwise(steps)):
        return None
    return Picture(level, parent, found[1], int(found[2]), steps, inside, focus, query["t"])


def picture_bytes(house: Warehouse, picture: Picture) -> bytes | None:
    """A picture as SVG (UTF-8), drawn once; None for what there are no shapes or numbers of.

    Parameters
    ----------
    house : Warehouse
    picture : Picture
        From `read_address`.
    """
    entry = load_catalogue().get(picture.indicator)
    if entry is None or picture.level not in _LEVELS:
        return None

    def make() -> bytes:
        shapes = drawn_shapes(house, picture.level, picture.parent, picture.inside)
        if not shapes or len(shapes) > MOST_AREAS:
            return b""
        within = picture.inside or picture.parent
        values = house.values(picture.indicator, level=picture.level, year=picture.year, within=within)
        colours = theme(picture.theme)
        steps = ramp(entry.ramp, len(picture.bounds)) if picture.bounds else ()
        classes: dict[str, int | None] = {}
        for code, value in zip(values["area_code"], values["value"], strict=True):
            classes[str(code)] = class_of(float(value), picture.bounds)
        hidden = {str(c) for c in values[values["suppressed"].to_numpy(dtype=bool)]["area_code"]}
        return svg(shapes, classes, hidden, steps, colours, picture.focus).encode()

    try:
        made = _pictures.get((house.info.path, picture), make)
    except QueryError:
        return None
    return made or None


def class_of(value: float, bounds: Sequence[float]) -> int | None:
    """Place of a value in classes with inclusive upper bounds, as the map's expression has it; None for no data."""
    if value != value or not bounds:
        return None
    rounded = round(value, 4)
    return next((i for i, bound in enumerate(bounds) if rounded <= bound), len(bounds) - 1)


def drawn_shapes(house: Warehouse, level: str, parent: str, inside: str = "") -> dict[str, str]:
    """GeoJSON geometry by code (EPSG:4326) of the areas a picture draws."""
    start = "" if inside in ("", COUNTRY) else inside
    return {
        code: text for code, text in published_shapes(house, level, parent).items() if code.startswith(start)
    }


def svg(
    shapes: Mapping[str, str],
    classes: Mapping[str, int | None],
    hidden: set[str],
    colours: Sequence[RGB],
    theme: Theme,
    focus: str = "",
) -> str:
    """Areas filled by class, hatched without data, dotted where hidden.

    Parameters
    ----------
    shapes : mapping of str to str
        Code to GeoJSON geometry (Polygon or MultiPolygon, EPSG:4326).
    classes : mapping of str to int or None
        Code to place in `colours`.
    hidden : set of str
        Codes whose number is hidden.
    colours : sequence of RGB
        From the lowest class.
    focus : str
        Code of the area that is outlined.

    Returns
    -------
    str
        One SVG, `WIDE` units across, in spherical Mercator so that shapes are kept. It holds numbers and colours only.
    """
    codes = list(shapes)
    geometry = shapely.from_geojson(list(shapes.values()))
    geometry = shapely.transform(geometry, _mercator)
    west, south, east, north = shapely.total_bounds(geometry)
    across = max(east - west, (north - south) / TALLEST, 1e-9)
    unit = WIDE / across
    high = max(1, math.ceil((north - south) * unit))
    left = west - (across - (east - west)) / 2
    # As a coverage, so that neighbours keep one edge; three units are about half a pixel.
    geometry = shapely.coverage_simplify(geometry, 3.0 / unit)
    by_fill: dict[str, list[str]] = {}
    outline = ""
    for code, shape in zip(codes, geometry, strict=True):
        path = _path(shape, left, north, unit)
        if not path:
            continue
        place = classes.get(code)
        fill = "url(#h)" if code in hidden else "url(#n)" if place is None else hex_of(colours[place])
        by_fill.setdefault(fill, []).append(path)
        if code == focus:
            outline = f'<path d="{path}" fill="none" stroke="{hex_of(theme.focus)}" stroke-width="12"/>'
    groups = "".join(
        f'<g fill="{fill}">' + "".join(f'<path d="{path}"/>' for path in paths) + "</g>"
        for fill, paths in sorted(by_fill.items())
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {high}">{_patterns(theme)}'
        f'<g fill-rule="evenodd" stroke="{hex_of(theme.line)}" stroke-width="2">{groups}</g>{outline}</svg>'
    )


def _patterns(theme: Theme) -> str:
    """Hatching for no data, dots for hidden numbers."""
    ground, ink = hex_of(theme.missing), hex_of(theme.hatch)
    return (
        '<defs><pattern id="n" width="24" height="24" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="24" height="24" fill="{ground}"/><rect width="7" height="24" fill="{ink}"/></pattern>'
        '<pattern id="h" width="26" height="26" patternUnits="userSpaceOnUse">'
        f'<rect width="26" height="26" fill="{ground}"/><circle cx="13" cy="13" r="6" fill="{ink}"/></pattern></defs>'
    )


def _mercator(lonlat: np.ndarray) -> np.ndarray:
    return np.column_stack([np.radians(lonlat[:, 0]), np.arcsinh(np.tan(np.radians(lonlat[:, 1])))])


def _path(shape: shapely.Geometry, left: float, north: float, unit: float) -> str:
    parts = []
    for polygon in shapely.get_parts(shape):
        for ring in (polygon.exterior, *polygon.interiors):
            xy = shapely.get_coordinates(ring)
            places = np.rint((xy - [left, north]) * [unit, -unit]).astype(int)
            keep = np.ones(len(places), dtype=bool)
            keep[1:] = (places[1:] != places[:-1]).any(axis=1)
            places = places[keep][:-1]
            if len(places) < 3:
                continue
            steps = np.diff(places, axis=0)
            parts.append(f"M{places[0, 0]} {places[0, 1]}l" + " ".join(f"{x} {y}" for x, y in steps) + "z")
    return "".join(parts)


_pictures: Kept[bytes] = Kept(KEPT_BYTES, len)


# ------------------------------------------------------------------------------------------------------------
# On the page


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture with its words; all are data or texts and are escaped.

    Attributes
    ----------
    url : str
        From `address`.
    title, value : str
        What it shows, and what the area itself comes to.
    alt : str
        What a reader who does not see it is told.
    """

    url: str
    title: str
    value: str
    alt: str


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of the legend: a colour and what it says; ``mark`` is ``none`` or ``hidden`` for the patterns."""

    label: str
    colour: RGB = (0, 0, 0)
    mark: str = ""


def row_html(figures: Sequence[Figure], legend: Sequence[Key], caption: str, theme: Theme) -> str:
    """A row of pictures that wraps on a narrow screen, and the one legend they share.

    Parameters
    ----------
    caption : str
        What the colours mean, read before the legend.
    """
    ground, ink = hex_of(theme.missing), hex_of(theme.hatch)
    style = (
        ".daomap-multiples{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:14px 18px}"
        ".daomap-multiples figure{margin:0;display:flex;flex-direction:column;gap:4px}"
        ".daomap-multiples img{width:100%;max-height:300px;object-fit:contain;padding:8px;box-sizing:border-box;"
        f"border-radius:6px;background:{hex_of(MAP_GROUNDS[theme.name])}}}"
        f".daomap-multiples figcaption{{font-size:.9rem;line-height:1.45;color:{theme.text}}}"
        f".daomap-multiples figcaption span{{display:block;font-size:.82rem;color:{theme.muted}}}"
        f".daomap-keys{{font-size:.84rem;line-height:1.6;color:{theme.text};margin-top:10px}}"
        ".daomap-keys ul{display:flex;flex-wrap:wrap;gap:2px 16px;list-style:none;margin:2px 0 0;padding:0}"
        ".daomap-keys li{margin:0;display:flex;align-items:center;gap:6px;white-space:nowrap}"
        f".daomap-keys i{{display:inline-block;width:26px;height:15px;border:1px solid {theme.grid};border-radius:2px}}"
        f".daomap-keys i.none{{background:repeating-linear-gradient(45deg,{ink} 0 1.5px,{ground} 1.5px 5px)}}"
        f".daomap-keys i.hidden{{background:radial-gradient({ink} 24%,{ground} 26%) 0 0/5px 5px}}"
    )
    pictures = "".join(
        f"<figure><figcaption><b>{escape(f.title)}</b><span>{escape(f.value)}</span></figcaption>"
        f'<img loading="lazy" src="{escape(f.url)}" alt="{escape(f.alt)}"></figure>'
        for f in figures
    )
    keys = "".join(
        f'<li><i class="{key.mark}"></i>{escape(key.label)}</li>'
        if key.mark
        else f'<li><i style="background:{hex_of(key.colour)}"></i>{escape(key.label)}</li>'
        for key in legend
    )
    return (
        f'<style>{style}</style><div class="daomap-multiples">{pictures}</div>'
        f'<div class="daomap-keys">{escape(caption)}<ul>{keys}</ul></div>'
    )
