"""Where a row of an agency's table lies: coordinates as people write them, turned into degrees and checked against the map.

Numbers come with decimal commas, Thai digits, degrees and minutes, as UTM metres, or with latitude and longitude in each other's
column. A repair is made only where its result can be proved: a swap is undone, and a UTM zone is chosen, only where the point then
falls into the row's own area. What cannot be proved is turned away with its reason; nothing is guessed and nothing is moved.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

Repair = Literal["decimal_comma", "degrees_minutes_seconds", "swapped", "utm_47n", "utm_48n"]
Fault = Literal[
    "missing", "not_a_number", "zero", "same", "outside", "swapped_unproved", "utm_unproved", "other_area"
]

THAILAND: Final = (97.2, 5.5, 105.8, 20.6)
"""West, south, east, north in degrees; every point of the country lies inside."""

EDGE_KM: Final = 3.0
"""A point this near to its own area counts as inside: outlines are simplified, piers and islets lie off them."""

_KM_A_DEGREE: Final = 111.32
# Easting and northing of Thailand in both zones, in metres, widely drawn.
_EASTING: Final = (100_000.0, 900_000.0)
_NORTHING: Final = (600_000.0, 2_300_000.0)
_ZONES: Final = ((32647, "utm_47n"), (32648, "utm_48n"))

_HEMISPHERE: Final = re.compile(r"^(?:[NE]|เหนือ|ตะวันออก)|(?:[NE]|เหนือ|ตะวันออก)$", re.IGNORECASE)
_DMS: Final = re.compile(
    r"""^(?P<d>\d{1,3})\s*(?:°|องศา|d|\s)\s*(?P<m>\d{1,2}(?:\.\d+)?)\s*(?:'|ลิปดา|m|$|\s)\s*"""
    r"""(?:(?P<s>\d{1,2}(?:\.\d+)?)\s*(?:"|''|ฟิลิปดา|พิลิปดา|s)?)?$""",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(r"^[+-]?\d+(?:\.\d*)?$|^[+-]?\.\d+$")
# Replaced before Unicode's compatibility forms are, which would make letters and accents of some.
_MARKS: Final = str.maketrans(
    {"º": "°", "′": "'", "’": "'", "‘": "'", "´": "'", "`": "'", "″": '"', "”": '"', "“": '"'}
)
_ODD: Final = re.compile("[\u200b-\u200f\u2060\ufeff]")


@dataclass(frozen=True, slots=True)
class Angle:
    """One coordinate as read from text.

    Attributes
    ----------
    value : float
        Degrees, or metres.
    repair : str or None
        How it had to be read: ``decimal_comma`` or ``degrees_minutes_seconds``.
    """

    value: float
    repair: Repair | None = None


def read_angle(text: str | None) -> Angle | None:
    """One coordinate from a cell, or None where it is no number.

    Examples
    --------
    >>> read_angle("13,7563").value, read_angle("๑๓.๕").value
    (13.7563, 13.5)
    >>> round(read_angle("13°45'22.7\\"N").value, 4), round(read_angle("13 องศา 45.5 ลิปดา").value, 4)
    (13.7563, 13.7583)
    >>> read_angle("1,234,567.5").value
    1234567.5
    >>> read_angle("-"), read_angle("13°75'00\\"")
    (None, None)
    """
    if text is None:
        return None
    plain = _ODD.sub("", unicodedata.normalize("NFKC", str(text).translate(_MARKS))).strip()
    plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in plain)
    plain = _HEMISPHERE.sub("", _HEMISPHERE.sub("", plain)).strip()
    if _PLAIN.match(plain):
        return Angle(float(plain))
    if (dms := _DMS.match(plain)) is not None:
        degrees, minutes, seconds = float(dms["d"]), float(dms["m"]), float(dms["s"] or 0)
        if minutes >= 60 or seconds >= 60 or ("." in dms["m"] and dms["s"]):
            return None
        return Angle(degrees + minutes / 60 + seconds / 3600, "degrees_minutes_seconds")
    if re.fullmatch(r"[+-]?\d{1,3},\d+", plain) and abs(float(plain.partition(",")[0])) <= 180:
        return Angle(float(plain.replace(",", ".")), "decimal_comma")  # of degrees
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", plain):
        return Angle(float(plain.replace(",", "")))  # thousands marks, of metres
    return None


class Land:
    """The areas of the country, to look up where points lie.

    Parameters
    ----------
    frames : mapping of str to GeoDataFrame
        Boundaries by level, each with ``code`` and ``geometry`` in EPSG:4326; provinces are needed, finer levels help.
    edge_km : float
        A point this near to an area counts as inside; more than `EDGE_KM` where outlines are generalised.
    """

    def __init__(self, frames: Mapping[str, gpd.GeoDataFrame], edge_km: float = EDGE_KM) -> None:
        if "province" not in frames:
            raise ValueError(f"found the levels {sorted(frames)}, expected province among them")
        self._edge = edge_km / _KM_A_DEGREE
        self._geometry: dict[str, shapely.Geometry] = {}
        for frame in frames.values():
            self._geometry |= dict(zip(frame["code"].astype(str), frame.geometry, strict=True))
        provinces = frames["province"]
        self._codes = provinces["code"].astype(str).to_numpy()
        self._tree = shapely.STRtree(provinces.geometry.to_numpy())
        for geometry in self._geometry.values():
            shapely.prepare(geometry)

    def province(self, longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> list[str | None]:
        """Code of the province each point lies in, or of the nearest within the edge; None beyond."""
        points = shapely.points(np.asarray(longitude, float), np.asarray(latitude, float))
        found: list[str | None] = [None] * len(points)
        rows, places = self._tree.query_nearest(points, max_distance=self._edge, all_matches=False)
        for row, place in zip(rows.tolist(), places.tolist(), strict=True):
            found[row] = str(self._codes[place])
        return found

    def near(self, longitude: float, latitude: float, code: str) -> bool:
        """Whether a point lies in an area, or within the edge of it.

        Without a polygon of the area itself the nearest area above it that has one is taken; at least the province.
        """
        while code and code not in self._geometry:
            code = code[:-2]
        if not code:
            return False
        point = shapely.Point(longitude, latitude)
        area = self._geometry[code]
        return bool(area.covers(point) or area.distance(point) <= self._edge)


class Zones:
    """The areas of one level, to look up which of them points lie in.

    Parameters
    ----------
    frame : GeoDataFrame or None
        ``code`` and ``geometry`` in EPSG:4326; None where there are no polygons, and nothing lies anywhere then.
    """

    def __init__(self, frame: gpd.GeoDataFrame | None) -> None:
        self._codes = [] if frame is None else frame["code"].astype(str).tolist()
        self._tree = shapely.STRtree([] if frame is None else frame.geometry.to_numpy())
        self.codes = frozenset(self._codes)

    def lying(self, longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> list[str | None]:
        """Code of the area each point lies in, of two on a border the later one; None outside all of them."""
        points = shapely.points(np.asarray(longitude, float), np.asarray(latitude, float))
        found: list[str | None] = [None] * len(points)
        rows, places = self._tree.query(points, predicate="intersects")
        for row, place in zip(rows.tolist(), places.tolist(), strict=True):
            found[row] = self._codes[place]
        return found


@dataclass(frozen=True, slots=True)
class Position:
    """Where one row lies, or why it cannot be told.

    Attributes
    ----------
    longitude, latitude : float
        Degrees, EPSG:4326; NaN where there is a fault.
    repairs : tuple of str
        What was mended on the way.
    fault : str or None
    province : str or None
        Code of the province the point lies in, also where that is the fault (``other_area``).
    """

    longitude: float = float("nan")
    latitude: float = float("nan")
    repairs: tuple[Repair, ...] = ()
    fault: Fault | None = None
    province: str | None = None


def locate(
    longitudes: Sequence[str | None],
    latitudes: Sequence[str | None],
    areas: Sequence[str | None],
    land: Land,
) -> list[Position]:
    """Read the coordinate columns of a table.

    Parameters
    ----------
    longitudes, latitudes : sequence of str or None
        Cells of the columns that hold longitude (or easting) and latitude (or northing).
    areas : sequence of str or None
        Code of each row's own area, of any level, where the table says it.
    land : Land

    Returns
    -------
    list of Position
        One a row, in order.
    """
    read = [_read(lon, lat, area, land) for lon, lat, area in zip(longitudes, latitudes, areas, strict=True)]
    good = [i for i, position in enumerate(read) if position.fault is None]
    provinces = land.province([read[i].longitude for i in good], [read[i].latitude for i in good])
    for i, province in zip(good, provinces, strict=True):
        position, own = read[i], areas[i]
        fault: Fault | None = None
        if province is None:
            fault = "outside"
        elif own and province != own[:2] and not land.near(position.longitude, position.latitude, own[:2]):
            fault = "other_area"
        if fault is not None:
            read[i] = Position(repairs=position.repairs, fault=fault, province=province)
        else:
            # On a border the row's own word decides.
            read[i] = Position(
                position.longitude, position.latitude, position.repairs, None, own[:2] if own else province
            )
    return read


def _read(lon_text: str | None, lat_text: str | None, area: str | None, land: Land) -> Position:
    if not (lon_text or "").strip() or not (lat_text or "").strip():
        return Position(fault="missing")
    lon, lat = read_angle(lon_text), read_angle(lat_text)
    if lon is None or lat is None:
        return Position(fault="not_a_number")
    repairs = tuple(dict.fromkeys(r for r in (lon.repair, lat.repair) if r is not None))
    x, y = lon.value, lat.value
    if x == 0 or y == 0:
        return Position(repairs=repairs, fault="zero")
    if x == y:
        return Position(repairs=repairs, fault="same")
    if _in_box(x, y):
        return Position(x, y, repairs)
    if _in_box(y, x):
        if area and land.near(y, x, area):
            return Position(y, x, (*repairs, "swapped"))
        return Position(repairs=repairs, fault="swapped_unproved")
    return _from_metres(x, y, repairs, area, land)


def _from_metres(x: float, y: float, repairs: tuple[Repair, ...], area: str | None, land: Land) -> Position:
    """UTM metres of either zone, in either order; the zone is the one that puts the row into its own area."""
    turned = _NORTHING[0] <= x <= _NORTHING[1] and _EASTING[0] <= y <= _EASTING[1]
    straight = _EASTING[0] <= x <= _EASTING[1] and _NORTHING[0] <= y <= _NORTHING[1]
    if not (straight or turned):
        return Position(repairs=repairs, fault="outside")
    if not area:
        return Position(repairs=repairs, fault="utm_unproved")
    found = []
    for order, extra in (((x, y), ()), ((y, x), ("swapped",))):
        if not (straight if not extra else turned):
            continue
        for epsg, name in _ZONES:
            lon, lat = _to_degrees(epsg).transform(*order)
            if _in_box(lon, lat) and land.near(lon, lat, area):
                found.append(Position(float(lon), float(lat), (*repairs, *extra, name)))  # type: ignore[arg-type]
    # The zones lie six degrees apart: no area is in reach of both.
    return found[0] if len(found) == 1 else Position(repairs=repairs, fault="utm_unproved")


_transformers: dict[int, pyproj.Transformer] = {}


def _to_degrees(epsg: int) -> pyproj.Transformer:
    if epsg not in _transformers:
        _transformers[epsg] = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)
    return _transformers[epsg]


def _in_box(longitude: float, latitude: float) -> bool:
    west, south, east, north = THAILAND
    return west <= longitude <= east and south <= latitude <= north
