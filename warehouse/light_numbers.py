"""Night light as numbers of areas: made when a snapshot is published, from its rasters and its boundaries.

The finest polygons of each province decide; districts, provinces and the country are made of them, so that every level adds
up to the one above. Which cell lies in which area is kept beside the rasters, one file a lattice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from analytics import lights
from analytics.definitions import definition_for
from analytics.lights import Coverage
from geo.boundaries import embedded_provinces
from geo.codes import level_of, official_areas
from geo.nightlight import NO_COUNT, Grid, read_cog
from warehouse.batch import OBSERVATION
from warehouse.light_coverage import (
    SUFFIXES,
    VALID_SHARE,
    coverage_file,
    numbers,
    read_coverage,
    write_coverage,
    write_zones,
    zones_file,
)
from warehouse.light_files import FOLDER
from warehouse.snapshots import Staging

WHOLE = 0.95
"""Least part of a province's imported outline that finer polygons must fill to take its place."""

WHOLE_OF_EMBEDDED = 0.75
"""The same where only the embedded outline is there, which is coarse: the tambons of COD-AB fill 82 to 120 % of it."""

WHOLE_LIST = 0.85
"""Least part of a province's official areas that must have a polygon then: a coarse outline cannot tell that some are missing."""

TOO_MUCH = 1.3
"""Polygons that together are so much larger than the outline lie over each other."""

_INDICATORS: Mapping[str, str] = {
    "light_mean": "mean",
    "light_median": "median",
    "light_density": "density",
    "light_sum": "sum",
    "light_lit_area": "lit_km2",
    "light_max": "max",
    "light_gini": "gini",
}
"""Stored indicators and the column of `analytics.lights.statistics` each comes from; the lit share follows from the lit area."""


def put_light_numbers(
    connection: duckdb.DuckDBPyConnection,
    staging: Staging,
    *,
    boundaries_changed: bool,
    touched: Collection[tuple[str, int]],
    everything: bool,
) -> set[int]:
    """Put the numbers of areas into the draft for every raster that is new or whose areas changed.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        The draft's database, rasters and areas in it.
    staging : Staging
        Boundaries and rasters are in it.
    boundaries_changed : bool
        Whether the polygons of any level are others than in the snapshot the draft began with.
    touched : collection of (product, year)
        Rasters that are new or gone.
    everything : bool
        Compute all of them again.

    Returns
    -------
    set of int
        Years (common era) whose rows changed.
    """
    rasters = connection.execute(
        """
        SELECT source_id, product, year, width, height, west, north, dx, dy, lit_threshold, file, observations_file
        FROM raster ORDER BY width, height, west, north, dx, dy, source_id, year
        """
    ).fetchall()
    grids = {Grid(*(int(n) for n in row[3:5]), *(float(n) for n in row[5:9])) for row in rasters}
    kept = {name(grid).rpartition("/")[2] for grid in grids for name in (coverage_file, zones_file)}
    _remove_stale(staging.path / FOLDER, kept)
    years: set[int] = set()
    for grid in sorted(grids, key=lambda g: g.id):
        here = [row for row in rasters if row[3:9] == numbers(grid)]
        path = staging.path / coverage_file(grid)
        held = path.is_file() and (staging.path / zones_file(grid)).is_file()
        fresh = boundaries_changed or everything or not held
        due = [row for row in here if fresh or (row[1], int(row[2])) in touched]
        if not due:
            continue
        if fresh:
            base = lights.cover(base_zones(staging.path / "boundaries"), grid)
            write_coverage(path, base)
            write_zones(staging.path / zones_file(grid), base)
        else:
            base = read_coverage(path, grid)
        for source_id, _, year, *_, threshold, file, beside in due:
            table = _rows(staging.path, base, str(source_id), int(year), float(threshold), file, beside)
            connection.execute(
                "DELETE FROM observation WHERE source_id = ? AND year = ? AND starts_with(indicator, 'light_')",
                [source_id, year],
            )
            connection.register("incoming", table)
            # A boundary file can hold areas that no list has any more: they are part of those above, and have no row.
            connection.execute(
                """
                INSERT INTO observation
                SELECT i.*, false, false FROM incoming i SEMI JOIN area a ON a.code = i.area_code
                """
            )
            connection.unregister("incoming")
            years.add(int(year))
    return years


def _remove_stale(folder: Path, kept: set[str]) -> None:
    for file in folder.glob("*.parquet"):
        if file.name.endswith(SUFFIXES) and file.name not in kept:
            file.unlink()


def base_zones(folder: Path) -> gpd.GeoDataFrame:
    """Return the polygons numbers are made from: of every province the finest level that fills it.

    Parameters
    ----------
    folder : Path
        Boundaries of a draft or a snapshot, one parquet a level; without provinces the embedded ones are used.

    Returns
    -------
    GeoDataFrame
        Columns ``code``, ``geometry`` in EPSG:4326.

    Notes
    -----
    A province is taken from its subdistricts when these fill at least `WHOLE` of its outline (of the coarse embedded one
    `WHOLE_OF_EMBEDDED`, and then `WHOLE_LIST` of its official subdistricts must be there), else from its districts by the same
    rule, else from its outline: half a province must not look like a whole one. A province without an outline is taken from
    the finest level it has.
    """
    frames = {level: _frame(folder, level) for level in ("subdistrict", "district", "province")}
    least, coarse = WHOLE, False
    if frames["province"] is None:
        frames["province"], least, coarse = embedded_provinces(), WHOLE_OF_EMBEDDED, True
    outline = _areas(frames["province"])
    taken: set[str] = set()
    parts = []
    for level, frame in frames.items():
        if frame is None:
            continue
        areas = _areas(frame)
        whole = {
            province
            for province, area in areas.items()
            if province not in taken
            and (level == "province" or least <= area / outline.get(province, area) <= TOO_MUCH)
            and not (coarse and _listed(frame, level, province) < WHOLE_LIST)
        }
        chosen = frame[frame["code"].str[:2].isin(whole)][["code", "geometry"]]
        parts.append(chosen)
        taken |= whole
    joined = pd.concat(parts, ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs="EPSG:4326")


def _listed(frame: gpd.GeoDataFrame, level: str, province: str) -> float:
    """Part of the province's official areas of a level that have a polygon."""
    official = {a.code for a in official_areas().values() if a.level == level and a.code.startswith(province)}
    return len(official & set(frame["code"])) / len(official) if official else 1.0


def _frame(folder: Path, level: str) -> gpd.GeoDataFrame | None:
    file = folder / f"{level}.parquet"
    return gpd.read_parquet(file, columns=["code", "geometry"]) if file.is_file() else None


def _areas(frame: gpd.GeoDataFrame) -> dict[str, float]:
    """Area by province, in degrees: compared inside one province only, where a degree is alike."""
    areas = pd.Series(shapely.area(frame.geometry.values)).groupby(frame["code"].str[:2].to_numpy()).sum()
    return {str(code): float(area) for code, area in areas.items()}


def _rows(
    folder: Path,
    base: Coverage,
    source_id: str,
    year: int,
    threshold: float,
    file: str,
    beside: str | None,
) -> pa.Table:
    values, _, _ = read_cog(folder / file)
    counts = _counts(folder / beside) if beside else None
    parts = []
    done: set[str] = set()
    for width in (6, 4, 2, 0):
        if 0 < width < 6 and all(len(code) <= width for code in base.zones):
            continue  # no area here is made of smaller ones
        # One level in memory at a time. Districts and provinces that are base zones themselves come again, the same.
        coverage = base if width == 6 else base.up(width)
        frame = lights.statistics(coverage, values, threshold=threshold)
        if counts is not None:
            # By the rule of light itself: of an area of which less than half is known, nothing is said.
            known = lights.means(coverage, np.isfinite(counts)) >= VALID_SHARE
            frame["observations"] = np.where(known, lights.means(coverage, counts), np.nan)
        frame = frame[(frame["valid_share"] >= VALID_SHARE) & ~frame.index.isin(done)]
        done |= set(frame.index)
        parts.append(frame)
    return _table(pd.concat(parts), source_id, year)


def _counts(file: Path) -> NDArray[np.float32]:
    counts, _, _ = read_cog(file)
    return np.where(counts == NO_COUNT, np.nan, counts).astype(np.float32)


def _table(frame: pd.DataFrame, source_id: str, year: int) -> pa.Table:
    named = dict(_INDICATORS)
    if "observations" in frame:
        named["light_observations"] = "observations"
    codes = [str(code) for code in frame.index]
    levels = [level_of(code) for code in codes]
    seen = (frame["area_km2"] * frame["valid_share"]).to_numpy()
    tables = []
    for indicator, column in named.items():
        value = frame[column].to_numpy(dtype=np.float64)
        kept = np.flatnonzero(np.isfinite(value))
        below: Any = np.full(len(frame), np.nan)
        above: Any = below
        if indicator in ("light_lit_area", "light_density"):
            below = seen
            above = value if indicator == "light_lit_area" else frame["sum"].to_numpy(dtype=np.float64)
        columns = {
            "area_code": [codes[i] for i in kept],
            "level": [levels[i] for i in kept],
            "indicator": [indicator] * len(kept),
            "year": [year] * len(kept),
            "numerator": pa.array(above[kept], from_pandas=True),
            "denominator": pa.array(below[kept], from_pandas=True),
            "value": value[kept],
            "basis": ["derived"] * len(kept),
            "definition": [definition_for(indicator, year)] * len(kept),
            "source_id": [source_id] * len(kept),
            "suppressed": [False] * len(kept),
        }
        tables.append(pa.table(columns, schema=OBSERVATION))
    return pa.concat_tables(tables)
