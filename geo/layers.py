"""Browser layers: GeoJSON text made once when a snapshot is published, and the view that fits it.

Text in, bytes out: nothing here opens a file. The same input always gives the same bytes, so a layer's
address can carry the snapshot's name and be cached for good.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

DECIMALS: Final = 4
"""Decimals of a coordinate in a layer: 0.0001 degrees are 11 metres, less than a pixel at any zoom used."""

SIMPLIFY_TOLERANCE: Final[Mapping[tuple[str, str], float]] = {
    ("province", "national"): 0.012,
    ("province", "local"): 0.005,
    ("district", "national"): 0.007,
    ("district", "local"): 0.002,
    ("subdistrict", "national"): 0.016,
    ("subdistrict", "local"): 0.002,
}
"""Degrees for `geo.boundaries.simplify`, by level and scope.

National layers are seen at zoom 5-8, where a pixel is 0.3-2.4 km, and have to arrive fast: with 0.016 and
coordinates of 3 decimals the corners dropped and moved are smaller than a pixel, and the file of 7,425 subdistricts with
three indicators stays below 0.6 MB gzipped. Local layers hold one province (at most 290
subdistricts) and are seen at zoom 8-12, where the coarse edges would show; 0.002 leaves the published
simplified boundaries as they are (at most 0.18 MB a province) and takes out six in seven bytes of
full-resolution ones. Provinces are what a browser without a graphics card has to pick a click from: at 0.012,
half a pixel, 10,000 corners are left of 44,000, and with 23,000 clicks went unnoticed in software rendering.
"""

_MAX_LATITUDE: Final = 85.051129
_TILE: Final = 512.0
_MAX_ZOOM: Final = 16.0


def decimals_for(level: str, scope: str) -> int:
    """Decimals of the coordinates of a layer: fewer on the one crowded file that is only seen from afar.

    >>> decimals_for("subdistrict", "national"), decimals_for("subdistrict", "local")
    (3, 4)
    """
    return 3 if (level, scope) == ("subdistrict", "national") else DECIMALS


def tolerance(level: str, scope: str) -> float:
    """Simplification for the layer of a level, in degrees.

    Parameters
    ----------
    level : str
        ``province``, ``district`` or ``subdistrict``.
    scope : str
        ``national`` for the layer of the whole country, ``local`` for the layer of one province.

    Raises
    ------
    ValueError
        For any other level or scope.

    Examples
    --------
    >>> tolerance("subdistrict", "local") < tolerance("subdistrict", "national")
    True
    """
    try:
        return SIMPLIFY_TOLERANCE[level, scope]
    except KeyError:
        known = ", ".join(f"{lev}/{sc}" for lev, sc in SIMPLIFY_TOLERANCE)
        raise ValueError(f"level/scope: found {level}/{scope}, expected one of {known}") from None


# ------------------------------------------------------------------------------------------------------------
# Geometry text


def feature_geometries(gdf: gpd.GeoDataFrame, decimals: int = DECIMALS) -> dict[str, str]:
    """GeoJSON geometry of every area as compact text.

    Parameters
    ----------
    gdf : geopandas.GeoDataFrame
        Columns ``code`` and ``geometry`` (Polygon or MultiPolygon, EPSG:4326).
    decimals : int
        Decimals kept, 0-15.

    Returns
    -------
    dict of str to str
        Code -> GeoJSON geometry, in the order of the rows. Corners that fall together after rounding are
        written once; rings that shrink to a line are left out; an area whose every ring would go keeps its
        largest one with as many more decimals as it needs.

    Raises
    ------
    ValueError
        For a repeated code, or a geometry that is no polygon or empty.
    """
    result: dict[str, str] = {}
    for code, geometry in zip(gdf["code"], gdf.geometry, strict=True):
        if code in result:
            raise ValueError(f"code: found {code} twice, expected once")
        if geometry is None or geometry.is_empty or geometry.geom_type not in ("Polygon", "MultiPolygon"):
            found = "nothing" if geometry is None or geometry.is_empty else geometry.geom_type
            raise ValueError(f"geometry of {code}: found {found}, expected Polygon or MultiPolygon")
        result[str(code)] = _geometry_text(geometry, decimals)
    return result


def _geometry_text(geometry: shapely.Geometry, decimals: int) -> str:
    parts = list(shapely.get_parts(geometry))
    polygons = [text for part in parts if (text := _polygon_text(part, decimals)) is not None]
    if not polygons:
        largest = max(parts, key=lambda part: float(part.area))
        for finer in range(decimals + 1, 16):
            text = _polygon_text(largest, finer)
            if text is not None:
                polygons = [text]
                break
        else:
            raise ValueError("geometry: found a polygon without area, expected an area")
    if len(polygons) == 1:
        return '{"type":"Polygon","coordinates":' + polygons[0] + "}"
    return '{"type":"MultiPolygon","coordinates":[' + ",".join(polygons) + "]}"


def _polygon_text(polygon: shapely.Polygon, decimals: int) -> str | None:
    outer = _ring_text(polygon.exterior, decimals)
    if outer is None:
        return None
    holes = [text for ring in polygon.interiors if (text := _ring_text(ring, decimals)) is not None]
    return "[" + ",".join([outer, *holes]) + "]"


def _ring_text(ring: shapely.LinearRing, decimals: int) -> str | None:
    """A closed ring, or None when rounding leaves fewer than three corners or no area."""
    xy = np.round(shapely.get_coordinates(ring), decimals)
    keep = np.ones(len(xy), dtype=bool)
    keep[1:] = (xy[1:] != xy[:-1]).any(axis=1)
    xy = xy[keep]
    if len(xy) < 4:
        return None
    x, y = xy[:, 0] - xy[0, 0], xy[:, 1] - xy[0, 1]
    twice_area = float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]))
    # Below half a unit square of the rounding grid there is only a spike back and forth.
    if abs(twice_area) < 0.5 * 10.0 ** (-2 * decimals):
        return None
    return "[" + ",".join([f"[{_number(px)},{_number(py)}]" for px, py in xy.tolist()]) + "]"


def _number(value: float) -> str:
    # repr is the shortest text that reads back the same; "101.0" and "-0.0" would only cost bytes.
    text = repr(value)
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


# ------------------------------------------------------------------------------------------------------------
# Layers


def layer_bytes(geometries: Mapping[str, str], properties: Sequence[Mapping[str, Any]]) -> bytes:
    """A GeoJSON FeatureCollection, UTF-8.

    Parameters
    ----------
    geometries : mapping of str to str
        Code -> GeoJSON geometry text, from `feature_geometries`.
    properties : sequence of mapping
        One a feature, in the order of the layer, each with its ``code``. Values are text, numbers, booleans,
        None or lists and dictionaries of these; keys keep their order.

    Returns
    -------
    bytes
        The same for the same input. An area without a geometry is left out, as it cannot be drawn.

    Raises
    ------
    ValueError
        For NaN or infinity (no JSON value; no data is None), a repeated code, or properties without ``code``.

    Examples
    --------
    >>> layer_bytes({"95": "null"}, [{"code": "95", "name_th": "ยะลา"}]).decode()[40:]
    '{"type":"Feature","properties":{"code":"95","name_th":"ยะลา"},"geometry":null}]}'
    """
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    features: list[str] = []
    seen: set[str] = set()
    for row in properties:
        code = row.get("code")
        if not isinstance(code, str):
            raise ValueError(f"properties: found {sorted(row)} without a code, expected code")
        if code in seen:
            raise ValueError(f"code: found {code} twice, expected once")
        seen.add(code)
        geometry = geometries.get(code)
        if geometry is not None:
            features.append(f'{{"type":"Feature","properties":{encode(dict(row))},"geometry":{geometry}}}')
    return ('{"type":"FeatureCollection","features":[' + ",".join(features) + "]}").encode("utf-8")


def gz_bytes(data: bytes) -> bytes:
    """Gzip, level 6, without a time stamp: the same bytes for the same data.

    Examples
    --------
    >>> gz_bytes(b"a") == gz_bytes(b"a")
    True
    """
    return gzip.compress(data, compresslevel=6, mtime=0)


# ------------------------------------------------------------------------------------------------------------
# Views


def bounds_of(gdf: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """West, south, east and north of all geometries, in the units of the frame (degrees).

    Raises
    ------
    ValueError
        When there is no geometry.
    """
    west, south, east, north = (float(v) for v in gdf.total_bounds)
    if not all(map(math.isfinite, (west, south, east, north))):
        raise ValueError("bounds: found no geometry, expected at least one")
    return west, south, east, north


def view_for(
    bounds: tuple[float, float, float, float], width: float, height: float, padding: float = 16.0
) -> tuple[float, float, float]:
    """Longitude, latitude and zoom that show an area in a deck.gl map.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east, north in degrees.
    width, height : float
        Size of the map in CSS pixels.
    padding : float
        Pixels kept free on each side; reduced where the map is too small for it.

    Returns
    -------
    tuple of float
        Longitude and latitude of the centre in degrees (the middle of the web-mercator rectangle) and a zoom
        from 0 to 16, rounded to 6 and 3 decimals so that the view is the same on every rerun.

    Raises
    ------
    ValueError
        For a map without size, or bounds that are not finite or in the wrong order.

    Examples
    --------
    >>> view_for((97.3, 5.6, 105.7, 20.5), 600, 800)
    (101.5, 13.163089, 5.137)
    """
    west, south, east, north = bounds
    if not (width > 0 and height > 0):
        raise ValueError(f"map size: found {width} x {height}, expected more than 0")
    if not all(map(math.isfinite, bounds)) or east < west or north < south:
        raise ValueError(f"bounds: found {bounds}, expected west <= east and south <= north")
    left, right = west / 360.0, east / 360.0
    bottom, top = _mercator(south), _mercator(north)
    padding = max(0.0, min(padding, 0.4 * width, 0.4 * height))
    zoom = _MAX_ZOOM
    for extent, pixels in ((right - left, width - 2 * padding), (top - bottom, height - 2 * padding)):
        if extent > 0:
            zoom = min(zoom, math.log2(pixels / (extent * _TILE)))
    middle = (bottom + top) / 2
    latitude = math.degrees(2 * math.atan(math.exp(2 * math.pi * middle)) - math.pi / 2)
    # Rounded down: a hair more zoom would cut the edge off.
    return round((west + east) / 2, 6), round(latitude, 6), max(0.0, math.floor(zoom * 1000) / 1000)


def _mercator(latitude: float) -> float:
    """Height above the equator as a share of the world's circumference."""
    latitude = max(-_MAX_LATITUDE, min(_MAX_LATITUDE, latitude))
    return math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)) / (2 * math.pi)
