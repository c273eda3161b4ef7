"""Schematic outlines: made-up areas of every district and subdistrict, for workshops and tests without official boundaries.

They carry official codes and names and nest exactly inside the shipped provinces, but where they run was drawn by chance: nobody
may take them for real boundaries, so every frame here says what it is in ``attrs["kind"]``. Made by
``data/boundaries/make_schematic.py``; villages are placed when they are asked for.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.boundaries import CRS
from geo.codes import COUNTRY, official_areas, village_name
from geo.outlines import SCHEMATIC
from geo.points import POINT_DECIMALS

SCHEMATIC_FILE: Final = (
    Path(__file__).resolve().parent.parent / "data" / "boundaries" / "schematic.geojson.gz"
)

_SEED: Final = 2566
_VILLAGES: Final = 10.3  # of a subdistrict, on average: about 75,000 outside the capital
_CAPITAL: Final = "10"  # has no villages of the kind that are numbered
_TRIES: Final = 6  # places looked at for each village: the one farthest from the others is taken


@cache
def _subdistricts() -> gpd.GeoDataFrame:
    features = json.loads(gzip.decompress(SCHEMATIC_FILE.read_bytes()))["features"]
    codes = [f["properties"]["code"] for f in features]
    texts = [json.dumps(f["geometry"]) for f in features]
    return _frame(codes, shapely.from_geojson(texts))


@cache
def _districts() -> gpd.GeoDataFrame:
    below = _subdistricts()
    parent = below["code"].str[:4]
    # Cells share their corners, so that a union is nothing but leaving out the lines between them.
    unions = below.geometry.groupby(parent).agg(lambda cells: shapely.coverage_union_all(cells.to_numpy()))
    return _frame(list(unions.index), unions.to_numpy())


def _frame(codes: list[str], geometry: npt.NDArray[np.object_]) -> gpd.GeoDataFrame:
    areas = official_areas()
    whole = [shapely.multipolygons(shapely.get_parts(one)) for one in geometry]
    frame = gpd.GeoDataFrame(
        {
            "code": codes,
            "name_th": [areas[c].name_th for c in codes],
            "name_en": [areas[c].name_en for c in codes],
        },
        geometry=whole,
        crs=CRS,
    )
    frame.attrs["kind"] = SCHEMATIC
    return frame


def schematic_subdistricts(within: str = COUNTRY) -> gpd.GeoDataFrame:
    """Made-up outlines of the official subdistricts.

    Parameters
    ----------
    within : str
        Code of the country, a province or a district: only subdistricts inside it.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``code, name_th, name_en, geometry`` (MultiPolygon, EPSG:4326), sorted by code, ``attrs["kind"]`` is
        `geo.outlines.SCHEMATIC`; a fresh copy. Neighbours share every corner.

    Examples
    --------
    >>> frame = schematic_subdistricts("7501")
    >>> len(frame), frame["code"].iloc[0], frame.attrs["kind"]
    (11, '750101', 'schematic')
    """
    return _inside(_subdistricts(), within)


def schematic_districts(within: str = COUNTRY) -> gpd.GeoDataFrame:
    """Made-up outlines of the official districts: each is exactly what its `schematic_subdistricts` cover.

    Parameters
    ----------
    within : str
        Code of the country or of a province.

    Returns
    -------
    geopandas.GeoDataFrame
        As `schematic_subdistricts`.

    Examples
    --------
    >>> len(schematic_districts("10"))
    50
    """
    return _inside(_districts(), within)


def _inside(frame: gpd.GeoDataFrame, within: str) -> gpd.GeoDataFrame:
    if within == COUNTRY:
        return frame.copy()
    return frame[frame["code"].str.startswith(within)].reset_index(drop=True)


def schematic_villages(within: str = COUNTRY) -> gpd.GeoDataFrame:
    """Made-up points of villages, each inside its schematic subdistrict: about 75,000 in the country, none in the capital.

    The same codes and points every time, whichever part of the country is asked for; how many a subdistrict has is made up too.

    Parameters
    ----------
    within : str
        Code of the country, a province, a district or a subdistrict.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``code`` (8 digits), ``name_th``, ``name_en``, ``geometry`` (Point, EPSG:4326, 5 decimals), sorted by code;
        ``attrs["kind"]`` as `schematic_subdistricts`.

    Examples
    --------
    >>> villages = schematic_villages("750101")
    >>> villages["code"].iloc[0], villages["name_th"].iloc[0]
    ('75010101', 'หมู่ที่ 1')
    """
    cells = schematic_subdistricts(within)
    cells = cells[~cells["code"].str.startswith(_CAPITAL)]
    codes: list[str] = []
    places: list[npt.NDArray[np.float64]] = [np.empty((0, 2))]
    for code, cell in zip(cells["code"], cells.geometry, strict=True):
        points = _scattered(cell, np.random.default_rng([_SEED, int(code)]))
        codes += [f"{code}{number + 1:02d}" for number in range(len(points))]
        places.append(points)
    frame = gpd.GeoDataFrame(
        {
            "code": codes,
            "name_th": [village_name(c) for c in codes],
            "name_en": [f"Village {int(c[6:])}" for c in codes],
        },
        geometry=shapely.points(np.concatenate(places)),
        crs=CRS,
    )
    frame.attrs["kind"] = SCHEMATIC
    return frame


def _scattered(cell: shapely.Geometry, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Places of the villages of one cell, shape (n, 2) in degrees, apart from each other."""
    count = int(np.clip(rng.lognormal(np.log(_VILLAGES) - 0.08, 0.4), 2, 30).round())
    shapely.prepare(cell)
    west, south, east, north = cell.bounds
    inside = np.empty((0, 2))
    while len(inside) < _TRIES * count:
        tried = np.round(rng.uniform((west, south), (east, north), (2 * _TRIES * count, 2)), POINT_DECIMALS)
        inside = np.concatenate([inside, tried[shapely.contains_xy(cell, tried)]])
    chosen = [0]
    nearest = ((inside - inside[0]) ** 2).sum(axis=1)
    for number in range(1, count):
        # Only so many are looked at for each: the farthest of all would line up along the border.
        ahead = slice(number * _TRIES, (number + 1) * _TRIES)
        best = number * _TRIES + int(np.argmax(nearest[ahead]))
        chosen.append(best)
        nearest = np.minimum(nearest, ((inside - inside[best]) ** 2).sum(axis=1))
    return inside[chosen]
